"""Acts over HTTP, and what is about packet processes: operations like those of `web.operations`."""

from __future__ import annotations

from typing import Final

from bngcorr.web.access.caller import Caller
from bngcorr.web.models.act import Act, ActsQuery, CoaWanted, DisconnectWanted, ForgetWanted, RepairWanted
from bngcorr.web.models.model import Model, Page
from bngcorr.web.models.process import Process
from bngcorr.web.models.trace import Trace, TraceKept, TraceQuery, TraceWanted
from bngcorr.web.models.upstream import Upstream, UpstreamWanted
from bngcorr.web.operation import NoQuery, Operation, act, read, read_one
from bngcorr.web.resources.desk import Desk

UPSTREAMS: Final = "Packet processes"
TRACES: Final = "Traces"
ACTS: Final = "Acts"


class Nothing(Model):
    """Nothing has to be said."""


def act_operations(desk: Desk) -> tuple[Operation, ...]:
    """Over these resources. An act answers within some seconds with its audit record, whatever became of it."""
    acts = desk.acts

    async def processes(_: NoQuery) -> Page[Process]:
        return await desk.processes.page()

    async def upstreams(_: NoQuery) -> Page[Upstream]:
        return await desk.upstreams.page()

    async def upstream(name: str, _: NoQuery) -> Page[Upstream]:
        return await desk.upstreams.named(name)

    async def traces(_: NoQuery) -> Page[Trace]:
        return await desk.traces.page()

    async def one(name: str, _: NoQuery) -> Act:
        return await acts.one(name)

    async def disconnect(name: str, wanted: DisconnectWanted, caller: Caller) -> Act:
        return await acts.disconnect(name, wanted, who=caller.name, origin=caller.address)

    async def coa(name: str, wanted: CoaWanted, caller: Caller) -> Act:
        return await acts.coa(name, wanted, who=caller.name, origin=caller.address)

    async def forget(name: str, wanted: ForgetWanted, caller: Caller) -> Act:
        return await acts.forget(name, wanted, who=caller.name, origin=caller.address)

    async def switch(name: str, wanted: UpstreamWanted, caller: Caller) -> Act:
        return await acts.upstream(name, wanted, who=caller.name, origin=caller.address)

    async def repair(_: str, wanted: RepairWanted, caller: Caller) -> Act:
        return await acts.repair(wanted, who=caller.name, origin=caller.address)

    async def start_trace(_: str, wanted: TraceWanted, caller: Caller) -> Act:
        return await acts.start_trace(wanted, who=caller.name, origin=caller.address)

    async def end_trace(name: str, _: Nothing, caller: Caller) -> Act:
        return await acts.end_trace(name, who=caller.name, origin=caller.address)

    return (
        read("/v1/processes", "Packet processes that were heard of within the last 10 s.", UPSTREAMS, NoQuery,
             Page[Process], processes),
        read("/v1/upstreams", "AAA servers, as the packet processes see them.", UPSTREAMS, NoQuery, Page[Upstream],
             upstreams),
        read_one("/v1/upstreams/{upstream}", "AAA servers of one name, in every pool that has it.", UPSTREAMS, NoQuery,
                 Page[Upstream], upstream),
        act("PUT", "/v1/upstreams/{upstream}", "Switch an AAA server in every packet process: up, drain or down.",
            UPSTREAMS, UpstreamWanted, Act, switch),
        read("/v1/traces", "Subject traces that run, or ended within the last hour.", TRACES, NoQuery, Page[Trace],
             traces),
        act("POST", "/v1/traces", "Start a trace: keep decoded packets of some requests, for a while.", TRACES,
            TraceWanted, Act, start_trace),
        read_one("/v1/traces/{trace}", "One trace, and what it has kept.", TRACES, TraceQuery, TraceKept,
                 desk.traces.one),
        act("DELETE", "/v1/traces/{trace}", "End a trace; what it has kept can still be read.", TRACES, Nothing, Act,
            end_trace),
        read("/v1/acts", "The audit trail: who did what, the newest first.", ACTS, ActsQuery, Page[Act], acts.page),
        read_one("/v1/acts/{act}", "One audit record.", ACTS, NoQuery, Act, one),
        act("POST", "/v1/sessions/{session}/disconnect", "End a session: Disconnect-Request to its BNG.", ACTS,
            DisconnectWanted, Act, disconnect),
        act("POST", "/v1/sessions/{session}/coa", "Change a session: CoA-Request to its BNG.", ACTS, CoaWanted, Act,
            coa),
        act("POST", "/v1/lines/{line}/forget", "Forget what was learnt of a line, and its history.", ACTS, ForgetWanted,
            Act, forget),
        act("POST", "/v1/ledger/repair", "Recount the ledger from the sessions, and mend it.", ACTS, RepairWanted, Act,
            repair),
    )  # fmt: skip
