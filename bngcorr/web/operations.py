"""Everything that can be asked and done over HTTP, in the order in which the documentation tells it."""

from __future__ import annotations

from typing import Final

from bngcorr import __version__
from bngcorr.web.models.act import (
    Act,
    ActsQuery,
    CoaWanted,
    DisconnectWanted,
    ForgetWanted,
    RepairWanted,
)
from bngcorr.web.models.bng import Bng, BngDetail, BngQuery, BngsQuery
from bngcorr.web.models.config import ConfigShown
from bngcorr.web.models.correlation import Correlation, CorrelationsQuery, EventsQuery
from bngcorr.web.models.enterprise_number import EnterpriseNumber, EnterpriseNumbersQuery
from bngcorr.web.models.finding import Finding, FindingsQuery
from bngcorr.web.models.hosts import HostsPage, HostsQuery
from bngcorr.web.models.line import Line, LineDetail, LinesQuery
from bngcorr.web.models.lookup import Lookup, LookupQuery
from bngcorr.web.models.model import Page
from bngcorr.web.models.process import Process
from bngcorr.web.models.service import Health, Index
from bngcorr.web.models.session import Session, SessionDetail, SessionsQuery
from bngcorr.web.models.trace import Trace, TraceKept, TraceQuery, TraceWanted
from bngcorr.web.models.upstream import Upstream, UpstreamWanted
from bngcorr.web.models.what_if import WhatIf, WhatIfQuery
from bngcorr.web.operation import NoQuery, Operation, act, end, read, read_all, read_one, stream
from bngcorr.web.resources.desk import Desk

SUBSCRIBERS: Final = "Subscribers"
EVIDENCE: Final = "Evidence"
CAPACITY: Final = "Capacity"
SERVICE: Final = "Service"
ACTS: Final = "Acts"


def operations(desk: Desk) -> tuple[Operation, ...]:
    """Over these resources."""
    told: list[Operation] = []

    async def index() -> Index:
        return Index(version=__version__, resources=tuple(dict.fromkeys(one.path for one in told)))

    async def health() -> Health:
        return Health()

    told += (*_about_subscribers(desk), *_about_bngs(desk), *_acts(desk), *_about_the_service(desk))
    told += (
        read_all("/healthz", "This process is alive; the store is not asked.", SERVICE, Health, health,
                 scope=None, unlimited=True),
        read_all("/v1", "What there is.", SERVICE, Index, index, scope=None),
    )  # fmt: skip
    return tuple(told)


# fmt: off


def _about_subscribers(desk: Desk) -> tuple[Operation, ...]:
    async def session(name: str, _: NoQuery) -> SessionDetail:
        return await desk.lines.session(name)

    async def line(name: str, _: NoQuery) -> LineDetail:
        return await desk.lines.one(name)

    return (
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
        read_all("/v1/traces", "Traces, running ones and those that have ended.", EVIDENCE, Page[Trace],
                 desk.traces.page),
        read_one("/v1/traces/{trace}", "One trace, with the packets that it has kept.", EVIDENCE, TraceQuery, TraceKept,
                 desk.traces.one),
    )


def _about_bngs(desk: Desk) -> tuple[Operation, ...]:
    return (
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
    )


def _about_the_service(desk: Desk) -> tuple[Operation, ...]:
    async def one_act(name: str, _: NoQuery) -> Act:
        return await desk.acts.one(name)

    return (
        read_all("/v1/upstreams", "AAA servers, as the packet processes see them.", SERVICE, Page[Upstream],
                 desk.upstreams.page),
        read_all("/v1/processes", "Packet processes, as they say of themselves.", SERVICE, Page[Process],
                 desk.processes.page),
        read_all("/v1/config", "The configuration in force, without secrets.", SERVICE, ConfigShown,
                 desk.configuration.shown, tagged=True),
        read("/v1/acts", "Who did what, when, from where, and what became of it.", SERVICE, ActsQuery, Page[Act],
             desk.acts.page),
        read_one("/v1/acts/{act}", "One act, with what each packet process answered.", SERVICE, NoQuery, Act, one_act),
    )


def _acts(desk: Desk) -> tuple[Operation, ...]:
    do = desk.acts
    return (
        act("POST", "/v1/sessions/{session}/disconnect", "Have the BNG end a session (RFC 5176).", ACTS,
            DisconnectWanted, Act,
            lambda name, wanted, by: do.disconnect(name, wanted, who=by.name, origin=by.address)),
        act("POST", "/v1/sessions/{session}/coa", "Have the BNG change a session (RFC 5176).", ACTS, CoaWanted, Act,
            lambda name, wanted, by: do.coa(name, wanted, who=by.name, origin=by.address)),
        act("POST", "/v1/lines/{line}/forget", "Forget what was learnt of a line, and its history.", ACTS, ForgetWanted,
            Act, lambda name, wanted, by: do.forget(name, wanted, who=by.name, origin=by.address)),
        act("PUT", "/v1/upstreams/{upstream}", "Use an AAA server, drain it, or take it out.", ACTS, UpstreamWanted,
            Act, lambda name, wanted, by: do.upstream(name, wanted, who=by.name, origin=by.address)),
        act("POST", "/v1/ledger/repair", "Recount the ledger from the sessions, and mend it.", ACTS, RepairWanted, Act,
            lambda _, wanted, by: do.repair(wanted, who=by.name, origin=by.address)),
        act("POST", "/v1/traces", "Start a trace: packets of these requests are kept, decoded.", ACTS, TraceWanted, Act,
            lambda _, wanted, by: do.start_trace(wanted, who=by.name, origin=by.address)),
        end("/v1/traces/{trace}", "End a trace; what it has kept can still be read.", ACTS, Act,
            lambda name, by: do.end_trace(name, who=by.name, origin=by.address)),
    )
