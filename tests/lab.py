"""A network in virtual time: BNGs send real RADIUS packets, the pure rules judge them, a store remembers.

No sockets and no waiting: stage after stage as the pipeline has them, over one request at a time. What the pipeline
does in its shell (the hold, the settling of a verdict, what an Accept teaches) is done here in the lab's own time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from ipaddress import ip_network
from typing import Any, Final, Protocol, TypeVar

from bngcorr.accountant.grant import granted
from bngcorr.correlator import findings
from bngcorr.correlator.caretaker import BUCKETS, Caretaker
from bngcorr.correlator.judge import recall_of
from bngcorr.correlator.keys import place_hash
from bngcorr.correlator.ladder import NO_RUNGS, climb
from bngcorr.correlator.limits import AskGuard
from bngcorr.correlator.question import Question
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import Finding, Mode, Outcome, Rung
from bngcorr.proxy import lessons, port_id, rewrite
from bngcorr.proxy.admit import authenticate, describe, own_verdict, which
from bngcorr.proxy.nas import Nas, NasTable
from bngcorr.proxy.normalise import normalised
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.proxy.rewrite import Hop
from bngcorr.proxy.settle import rejects, settled
from bngcorr.store.contract import CorrelationStore, PlanStore, QueryStore, UpkeepStore
from bngcorr.store.lesson import Lesson, Sighting
from bngcorr.store.recollection import Recollection
from bngcorr.store.rows import FindingRow
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.radius import HEADER_OCTETS
from tests.lab_parts import MIDNIGHT, SECRET, Aaa, LabClock, Told
from tests.wire.radius_packets import packet

REMEMBER_MS: Final = 86_400_000
NUMBERS: Final = Numbers()
WALK_ROUNDS: Final = 4096 // BUCKETS + 1
_HOP: Final = Hop(SECRET, bytes(16))

Answer = TypeVar("Answer")


class Store(CorrelationStore, UpkeepStore, Protocol):
    """All that a store does."""

    @property
    def queries(self) -> QueryStore:
        """Reading for people."""
        ...

    @property
    def plans(self) -> PlanStore:
        """The operator's plans."""
        ...


class Lab:
    """BNGs, AAA, a store, and the time of day."""

    def __init__(self, store: Store, runner: asyncio.Runner) -> None:
        self.store = store
        self.aaa = Aaa()
        self.clock = LabClock()
        self.suspended: frozenset[Rung] = NO_RUNGS
        self._runner = runner
        self._bngs: dict[str, Nas] = {}
        self._hosts: dict[str, str] = {}
        self._table = NasTable([])
        self._held: list[Told] = []
        self._guard = AskGuard()
        self._learnt: list[Lesson] = []

    # ---- the network

    def add(self, *bngs: Nas) -> None:
        """Put BNGs into service."""
        for one in bngs:
            self._bngs[one.name] = one
            self._hosts.setdefault(one.name, f"192.0.2.{len(self._hosts) + 1}")
        self._table = NasTable([(ip_network(self._hosts[name]), one) for name, one in self._bngs.items()])

    def host(self, bng: str) -> str:
        """The address that a BNG sends from."""
        return self._hosts[bng]

    @property
    def domains(self) -> list[str]:
        """All correlation domains."""
        return sorted({one.domain for one in self._bngs.values()})

    def plan(self, bng: str, places: Mapping[str, LineIds]) -> None:
        """The operator's plan for the ports of a BNG, as "1/1/4:100.20"."""
        one = self._bngs[bng]
        entries = {}
        for text, ids in places.items():
            attachment = port_id.sros(text)
            assert attachment is not None
            entries[place_hash(one.ports_of(one.box(self.host(bng))), attachment)] = ids
        self.run(self.store.plans.replace_plan(one.domain, entries, self.clock.ms))

    # ---- time

    def at(self, clock: str, *, day: int = 0) -> Lab:
        """Let time pass until "10:00:00" or "10:00:00.030", so many days after the first."""
        hours, minutes, seconds = clock.split(":")
        ms = round((int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * 1000) + day * 86_400_000
        return self.later(MIDNIGHT + ms - self.clock.ms)

    def later(self, ms: int) -> Lab:
        """Let so many milliseconds pass: holds end, sessions run out, upkeep goes its rounds."""
        assert ms >= 0, "time does not go back"
        until = self.clock.ms + ms
        for told in sorted(self._held, key=_ends_ms):
            if told in self._held and _ends_ms(told) <= until:
                self.clock.ms = _ends_ms(told)
                self._held.remove(told)
                self._settle(told, self._climb(told))
        self.clock.ms = until
        if ms >= 1000:
            self.run(self._rounds(min(ms // 1000, WALK_ROUNDS)))
        self._write()
        return self

    async def _rounds(self, rounds: int) -> None:
        caretaker = Caretaker(self.store, self.clock, self.domains, self._learnt.append)
        for _ in range(rounds):
            await caretaker.round()

    def run(self, story: Coroutine[Any, Any, Answer]) -> Answer:
        """Wait for the store."""
        return self._runner.run(story)

    # ---- one request's way

    def receive(self, bng: str, octets: bytes) -> Told:
        """A datagram of a BNG: admitted, judged or held, forwarded, learnt from."""
        view = radius.decode(octets)
        one = which(self._table.find(self.host(bng)), view)
        authentic = authenticate(view, one, a.Code(view.code))
        told = Told(
            describe(one, view, self.host(bng), at_ms=self.clock.ms, authentic=authentic, numbers=NUMBERS)
        )  # fmt: skip
        verdict = own_verdict(told.request)
        if verdict is None and not self._may_ask(told.request):
            verdict = UNMATCHED
        if verdict is None:
            verdict = self._climb(told)
            if verdict.outcome is Outcome.UNMATCHED and told.request.hold_s > 0:
                self._held.append(told)
                return told
        self._settle(told, verdict)
        return told

    def _may_ask(self, request: Request) -> bool:
        ring, now = request.keyring, self.clock.ms / 1000
        if request.accounting or request.question.own is not None or self._guard.allows(ring, now):
            return True
        if self._guard.to_be_told(ring, now):
            self._find(request, Finding.MAC_FLOOD)
        return False

    def _find(self, request: Request, finding: Finding) -> None:
        said, one = request.identity, request.nas
        self._learnt.append(
            findings.of_request(
                finding, one.domain, one.name, said.ids, said.attachment, said.mac, request.arrived_ms
            )
        )  # fmt: skip

    def _climb(self, told: Told) -> Verdict:
        question = told.request.question
        known = self.run(self._recalled(question))
        assert known is not None
        return climb(question, known, self.clock.ms, self.suspended)

    async def _recalled(self, question: Question) -> Recollection | None:
        (known,) = await self.store.recall([recall_of(question)], self.clock.ms)
        return known

    def _settle(self, told: Told, verdict: Verdict) -> None:
        request = told.request
        verdict = settled(request, verdict, NUMBERS)
        if request.question.own is not None and verdict.outcome is Outcome.CONFLICT:
            self._find(request, Finding.CONFLICT)
        told.verdict = request.verdict = verdict
        if request.record is not None:
            self._learnt += lessons.accounting(request, request.record, verdict, REMEMBER_MS)
        else:
            seen = lessons.sighting(request, verdict, request.arrived_ms, REMEMBER_MS, accepted=False)
            if seen is not None:
                self._learnt.append(seen)
        if rejects(request, verdict):
            told.accepted = False
        else:
            self._forward(told, verdict)
        self._write()

    def _forward(self, told: Told, verdict: Verdict) -> None:
        request, view = told.request, told.request.view
        inherited = verdict.ids if verdict.outcome is Outcome.MATCHED else None
        mode = Mode.OBSERVE if verdict.outcome is Outcome.CONFLICT else request.nas.mode
        edits, appended = normalised(
            view, request.nas.profile, mode, request.identity, inherited, request.nas.name
        )  # fmt: skip
        attributes = rewrite.to_upstream(
            view, _HOP, _HOP, edits=edits, appended=appended, proxy_state=b"lab", hidden={}
        )
        head = view.octets[:2] + (HEADER_OCTETS + len(attributes)).to_bytes(2, "big") + view.authenticator
        told.sent = radius.decode(head + attributes)
        self.aaa.requests.append(told.sent)
        if request.accounting:
            return
        told.accepted = self.aaa.accepts(told.sent)
        if told.accepted:
            accept = radius.decode(packet(2, 1, bytes(16), tuple(self.aaa.gives(told.sent))).octets)
            self._learnt += lessons.accepted(request, verdict, self.clock.ms, REMEMBER_MS, granted(accept))

    def _write(self) -> None:
        """Tell the store, tell it what its words amount to, wake those on hold."""
        while self._learnt:
            told, self._learnt = self._learnt, []
            words = self.run(self.store.write(told, self.clock.ms))
            assert not any(word.startswith("failed") for word in words), words
            for lesson, word in zip(told, words, strict=True):
                self._learnt += findings.of(lesson, word)
            self._wake([lesson for lesson in told if isinstance(lesson, Sighting)])

    def _wake(self, sightings: Sequence[Sighting]) -> None:
        seen = {key for sighting in sightings for key in sighting.keys}
        for told in list(self._held):
            if seen.isdisjoint(handle.hash for handle in told.request.keyring.handles):
                continue
            verdict = self._climb(told)
            if verdict.outcome is not Outcome.UNMATCHED:
                self._held.remove(told)
                self._settle(told, verdict)

    # ---- what operations see

    def findings(self) -> list[FindingRow]:
        """All findings, the newest first."""
        return self.run(self.store.queries.findings(self.domains, 100))

    @property
    def open_findings(self) -> set[tuple[Finding, str]]:
        """Kind and subject of those that are not over."""
        return {(row.finding, row.subject) for row in self.findings() if not row.over_ms}


def _ends_ms(told: Told) -> int:
    return told.request.arrived_ms + round(told.request.hold_s * 1000)
