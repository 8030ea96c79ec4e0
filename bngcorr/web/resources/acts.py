"""What people do that changes something, and the audit trail of it.

Each act has its audit record before it begins. The methods answer within some seconds; an act that is still under way
then is told as pending, and its record says what became of it.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bngcorr.model.vocabulary import ActKind, ActOutcome, CommandKind, TraceBy
from bngcorr.store.audit_trail import Asked, AuditTrail
from bngcorr.store.commands import FOR_ONE, CommandStore, Json
from bngcorr.store.contract import AuditStore, Clock, QueryStore
from bngcorr.store.processes import ProcessStore
from bngcorr.store.traces import MOST_TRACES, TraceRule, TraceStore
from bngcorr.web.models.act import (
    Act,
    ActsQuery,
    CoaWanted,
    DisconnectWanted,
    ForgetWanted,
    RepairWanted,
)
from bngcorr.web.models.model import Page
from bngcorr.web.models.names import read_record_name
from bngcorr.web.models.problem import Fault
from bngcorr.web.models.trace import TraceWanted
from bngcorr.web.models.upstream import UpstreamWanted
from bngcorr.web.problem import Problem, none_of, not_found
from bngcorr.web.resources.acts_shown import act_shown
from bngcorr.web.resources.courier import Courier
from bngcorr.web.resources.cursors import EVENT, shaped
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.forgetting import Forgetting, Memory
from bngcorr.web.resources.performer import Carry, Performer, Progress, Result
from bngcorr.web.resources.repair import Repair
from bngcorr.web.resources.traces import value_shown
from bngcorr.wire.change import Vocabulary
from bngcorr.wire.values import Named

TRACE_OCTETS: Final = 6  # of an id


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """What acts go through, and are noted in; what CoAs may have in them; the store's clock."""

    named: Mapping[int, Named]  # attributes, as the dictionaries have them
    clock: Clock
    commands: CommandStore
    processes: ProcessStore
    traces: TraceStore
    trail: AuditTrail
    memory: Memory
    audits: AuditStore


class Acts:
    """All of them. `who`: name of the token of whoever asks; `origin`: the address that it came from."""

    def __init__(self, acting: Acting, store: QueryStore, estate: Estate) -> None:
        """Nothing is asked yet."""
        stores = self._stores = acting
        clock = acting.clock
        self._store = store
        self._estate = estate
        self._vocabulary = Vocabulary(acting.named)
        self._clock = clock
        self._courier = Courier(stores.commands)
        self._performer = Performer(stores.trail, clock)

    async def close(self) -> None:
        """End what is under way."""
        await self._performer.close()

    # ---- the trail

    async def page(self, query: ActsQuery) -> Page[Act]:
        """The newest first."""
        before = shaped("cursor", query.cursor, EVENT)
        rows, following = await self._stores.trail.acts(before, query.limit)
        now_ms = self._clock.now_ms()
        return Page(items=tuple(act_shown(row, now_ms) for row in rows), next=following)

    async def one(self, act: str) -> Act:
        """The one of that id. Raises Problem."""
        row = await self._stores.trail.act(act) if EVENT.fullmatch(act) and "." not in act else None
        if row is None:
            raise not_found("act", act)
        return act_shown(row, self._clock.now_ms())

    # ---- sessions and lines

    async def disconnect(self, session: str, wanted: DisconnectWanted, *, who: str, origin: str) -> Act:
        """End a session: its BNG gets a Disconnect-Request."""
        whom = self._whom("session", session)
        arguments = {"session": whom, "dry_run": wanted.dry_run}
        return await self._command(ActKind.DISCONNECT, CommandKind.DISCONNECT, session, arguments, (who, origin))

    async def coa(self, session: str, wanted: CoaWanted, *, who: str, origin: str) -> Act:
        """Change a session: its BNG gets a CoA-Request with these attributes."""
        whom = self._whom("session", session)
        try:
            self._vocabulary.change([(one.name, one.value) for one in wanted.attributes])
        except ValueError as error:
            fault = Fault(parameter="attributes", value=None, detail=str(error))
            raise Problem(400, "Bad value", str(error), (fault,)) from None
        attributes = [{"name": one.name, "value": one.value} for one in wanted.attributes]
        arguments = {"session": whom, "attributes": attributes, "dry_run": wanted.dry_run}
        return await self._command(ActKind.COA, CommandKind.COA, session, arguments, (who, origin))

    async def forget(self, line: str, wanted: ForgetWanted, *, who: str, origin: str) -> Act:
        """Forget what was learnt of a line, and its history; sessions stay."""
        domain, _, name = self._whom("line", line).partition("/")
        forgetting = Forgetting(
            self._store, self._stores.memory, self._clock, self._estate.config.history.directory, domain, name,
            dry_run=wanted.dry_run,
        )  # fmt: skip
        return await self._perform(ActKind.FORGET, line, {"dry_run": wanted.dry_run}, (who, origin), forgetting.carry)

    def _whom(self, what: str, name: str) -> str:
        """ "domain/24 digits". Raises Problem."""
        try:
            domain, record = read_record_name(name)
        except ValueError:
            raise not_found(what, name) from None
        if domain not in self._estate.domains:
            raise not_found(what, name)
        return f"{domain}/{record}"

    # ---- upstreams, ledger

    async def upstream(self, name: str, wanted: UpstreamWanted, *, who: str, origin: str) -> Act:
        """Switch an AAA server in every packet process: by its name in every pool that has it, or as "pool/name"."""
        rows = [row for process in await self._stores.processes.all() for row in process.upstreams]
        known = dict.fromkeys(one for row in rows for one in (row.name, f"{row.pool}/{row.name}"))
        if rows and name not in known:
            raise not_found("upstream", name)
        arguments = {"name": name, "admin": str(wanted.admin)}
        return await self._command(ActKind.UPSTREAM, CommandKind.UPSTREAM, name, arguments, (who, origin))

    async def repair(self, wanted: RepairWanted, *, who: str, origin: str) -> Act:
        """Recount the ledger from the sessions, and mend it."""
        domains = self._estate.domains
        if wanted.domain is not None and wanted.domain not in domains:
            raise none_of(domains, "domain", wanted.domain)
        chosen = list(domains) if wanted.domain is None else [wanted.domain]
        repair = Repair(self._stores.audits, self._clock, chosen, mend=not wanted.dry_run)
        subject = wanted.domain or "all domains"
        return await self._perform(ActKind.REPAIR, subject, {"dry_run": wanted.dry_run}, (who, origin), repair.carry)

    # ---- traces

    async def start_trace(self, wanted: TraceWanted, *, who: str, origin: str) -> Act:
        """Keep packets of these requests from now on; the act's subject is the id of the trace."""
        by, value = self._subject(wanted)
        now_ms = self._clock.now_ms()
        rule = TraceRule(
            id=secrets.token_hex(TRACE_OCTETS), by=by, value=value, who=who, at_ms=now_ms,
            until_ms=now_ms + wanted.lasts_s * 1000,
        )  # fmt: skip
        running = [one for one in await self._stores.traces.rules() if one.holds(now_ms)]
        if len(running) >= MOST_TRACES:
            raise Problem(409, "Too many traces", f"{MOST_TRACES} traces are running: end one of them")
        arguments = {str(by): value_shown(by, value), "lasts_s": wanted.lasts_s}

        async def start() -> bool:
            return await self._stores.traces.start(rule)

        return await self._command(ActKind.TRACE, CommandKind.TRACE, rule.id, arguments, (who, origin), start)

    async def end_trace(self, trace: str, *, who: str, origin: str) -> Act:
        """Keep nothing more; what was kept can still be read. Raises Problem."""
        now_ms = self._clock.now_ms()
        if not any(one.id == trace and one.holds(now_ms) for one in await self._stores.traces.rules()):
            raise not_found("running trace", trace)

        async def end() -> bool:
            return await self._stores.traces.end(trace)

        return await self._command(ActKind.END_TRACE, CommandKind.TRACE, trace, {}, (who, origin), end)

    def _subject(self, wanted: TraceWanted) -> tuple[TraceBy, bytes]:
        """Raises Problem for a BNG or a domain that is not configured."""
        if wanted.mac is not None:
            return TraceBy.MAC, bytes(wanted.mac)
        if wanted.id is not None:
            return TraceBy.ID, wanted.id
        if wanted.user_name is not None:
            return TraceBy.USER_NAME, wanted.user_name.encode("utf-8", "surrogateescape")
        if wanted.line is not None:
            self._whom("line", wanted.line)
            return TraceBy.LINE, wanted.line.encode()
        return TraceBy.BNG, self._estate.bng(wanted.bng or "").name.encode()

    # ---- carrying out

    async def _command(
        self, kind: ActKind, command: CommandKind, subject: str, arguments: Json, by: tuple[str, str],
        first: Callable[[], Awaitable[bool]] | None = None,
    ) -> Act:  # fmt: skip
        """By packet processes: all that are there now, or one of them; if `first` is done and did not fail."""
        expected = tuple(row.id for row in await self._stores.processes.all())

        async def carry(progress: Progress) -> Result:
            if first is not None and not await first():
                return Result(outcome=ActOutcome.REFUSED, said="somebody else was faster", body={})
            return await self._courier.send(command, arguments, by[0], expected, progress)

        asked = () if command in FOR_ONE else expected
        return await self._perform(kind, subject, arguments, by, carry, asked)

    async def _perform(
        self, kind: ActKind, subject: str, arguments: Json, by: tuple[str, str], carry: Carry,
        expected: tuple[str, ...] = (),
    ) -> Act:  # fmt: skip
        who, origin = by
        asked = Asked(kind=kind, subject=subject, arguments=arguments, who=who, origin=origin, expected=expected)
        row = await self._performer.perform(asked, carry)
        return act_shown(row, self._clock.now_ms())
