"""Everything that can be asked and done over HTTP, in the order in which the documentation tells it."""

from __future__ import annotations

from typing import Final

from bngcorr import __version__
from bngcorr.web.models.bng import Bng, BngDetail, BngQuery, BngsQuery
from bngcorr.web.models.config import ConfigShown
from bngcorr.web.models.correlation import Correlation, CorrelationsQuery, EventsQuery
from bngcorr.web.models.enterprise_number import EnterpriseNumber, EnterpriseNumbersQuery
from bngcorr.web.models.finding import Finding, FindingsQuery
from bngcorr.web.models.hosts import HostsPage, HostsQuery
from bngcorr.web.models.line import Line, LineDetail, LinesQuery
from bngcorr.web.models.lookup import Lookup, LookupQuery
from bngcorr.web.models.model import Page
from bngcorr.web.models.service import Health, Index
from bngcorr.web.models.session import Session, SessionDetail, SessionsQuery
from bngcorr.web.models.what_if import WhatIf, WhatIfQuery
from bngcorr.web.operation import NoQuery, Operation, read, read_one, stream
from bngcorr.web.resources.desk import Desk

SUBSCRIBERS: Final = "Subscribers"
EVIDENCE: Final = "Evidence"
CAPACITY: Final = "Capacity"
SERVICE: Final = "Service"
ACTS: Final = "Acts"


def operations(desk: Desk) -> tuple[Operation, ...]:
    """Over these resources."""
    told: tuple[Operation, ...] = ()

    async def index(_: NoQuery) -> Index:
        return Index(version=__version__, resources=tuple(dict.fromkeys(one.path for one in told)))

    async def health(_: NoQuery) -> Health:
        return Health()

    async def config(_: NoQuery) -> ConfigShown:
        return await desk.configuration.shown()

    async def session(name: str, _: NoQuery) -> SessionDetail:
        return await desk.lines.session(name)

    async def line(name: str, _: NoQuery) -> LineDetail:
        return await desk.lines.one(name)

    told = (
        read("/healthz", "This process is alive; the store is not asked.", SERVICE, NoQuery, Health, health,
             scope=None, unlimited=True),
        read("/v1", "What there is.", SERVICE, NoQuery, Index, index, scope=None),
        read("/v1/lookup", "Find anything: MAC, id, user name, address, prefix, Acct-Session-Id, BNG or port.",
             SUBSCRIBERS, LookupQuery, Lookup, desk.lookups.find),
        read("/v1/sessions", "Sessions, with line, addresses and state.", SUBSCRIBERS, SessionsQuery, Page[Session],
             desk.sessions.page),
        read_one("/v1/sessions/{session}", "One session, with its diagnosis.", SUBSCRIBERS, NoQuery, SessionDetail,
                 session),
        read("/v1/lines", "Access lines that were seen.", SUBSCRIBERS, LinesQuery, Page[Line], desk.lines.page),
        read_one("/v1/lines/{line}", "One line, with diagnosis, timeline, sessions and findings.", SUBSCRIBERS, NoQuery,
                 LineDetail, line),
        read("/v1/correlations", "Recent requests, with verdict, reasons and answer.", EVIDENCE, CorrelationsQuery,
             Page[Correlation], desk.correlations.page),
        read("/v1/findings", "What operations should look at.", EVIDENCE, FindingsQuery, Page[Finding],
             desk.findings.page),
        stream("/v1/events", "Requests and findings as they come.", EVIDENCE, EventsQuery),
        read("/v1/bngs", "BNGs, their hosts and limits, and how far apart matched requests are.", CAPACITY, BngsQuery,
             Page[Bng], desk.bngs.page),
        read_one("/v1/bngs/{bng}", "One BNG, with trend, cards and ports.", CAPACITY, BngQuery, BngDetail,
                 desk.bngs.one),
        read("/v1/hosts", "What BNGs, cards and ports spend, and when they will be full.", CAPACITY, HostsQuery,
             HostsPage, desk.hosts.page),
        read("/v1/what-if", "What a BNG would spend if something were different.", CAPACITY, WhatIfQuery, WhatIf,
             desk.what_ifs.compare),
        read("/v1/enterprise-numbers", "Enterprise numbers that were found in front of Remote-Ids.", CAPACITY,
             EnterpriseNumbersQuery, Page[EnterpriseNumber], desk.bngs.enterprise_numbers),
        read("/v1/config", "The configuration in force, without secrets.", SERVICE, NoQuery, ConfigShown, config,
             tagged=True),
    )  # fmt: skip
    return told
