"""What is counted of requests, and what is written down of them behind their back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bngcorr.accountant.grant import granted
from bngcorr.correlator import findings
from bngcorr.correlator.evidence import WindowDistances, WindowEvidence
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Finding
from bngcorr.proxy import lessons
from bngcorr.proxy.expecting import Expecting
from bngcorr.proxy.meters import Meters, NasMeters
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.request import Request
from bngcorr.store.contract import Clock
from bngcorr.store.lesson import Lesson, NumberSeen, SessionChange
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView

_PROXY_STATE: Final = int(a.PROXY_STATE)
MOST_NUMBERS: Final = 10_000  # enterprise numbers told to the store; a BNG sees a handful


class _OfNas:
    """What is noted of one BNG, and by whom."""

    __slots__ = ("by", "distances", "meters", "numbers")

    def __init__(self, by: Notes, meters: NasMeters, distances: WindowDistances, numbers: set[int]) -> None:
        self.by: Final = by
        self.meters: Final = meters
        self.distances: Final = distances
        self.numbers: Final = numbers  # of enterprises that the store was told of


class Notes:
    """Metrics by BNG, and lessons for the store."""

    def __init__(self, learn: Callable[[Lesson], None], clock: Clock, meters: Meters, remember_ms: int) -> None:
        self._learn: Final = learn
        self._clock: Final = clock
        self._meters: Final = meters
        self._remember_ms: Final = remember_ms
        self._numbers: Final[dict[str, set[int]]] = {}  # of enterprises that the store was told of, by BNG
        self._count = 0  # of them
        self._evidence: Final = WindowEvidence()
        self._expecting: Final = Expecting()

    def _of(self, nas: Nas) -> _OfNas:
        """What is noted of a BNG, which the BNG keeps."""
        noted = nas.noted
        if isinstance(noted, _OfNas) and noted.by is self:
            return noted
        made = _OfNas(
            self, self._meters.nas(nas.name), self._evidence.of(nas.domain, nas.name),
            self._numbers.setdefault(nas.name, set()),
        )  # fmt: skip
        nas.note(made)
        return made

    def admitted(self, request: Request) -> None:
        """A request that is no retransmission."""
        meters = self._of(request.nas).meters
        (meters.acct if request.accounting else meters.auth).inc()
        if not request.authentic:
            meters.unsigned.inc()
            if _PROXY_STATE in request.view.first_spans:
                meters.unsigned_states.inc()

    def answered(self, request: Request, code: int, took_s: float) -> None:
        """Its reply of that code is on its way to the BNG, so long after the request came."""
        meters = self._of(request.nas).meters
        meters.responded(code).inc()
        (meters.acct_took if request.accounting else meters.auth_took).observe(took_s)

    def limited(self, request: Request) -> None:
        """Its port asks too much; it is not looked up."""
        self._of(request.nas).meters.limited.inc()

    def found(self, request: Request, finding: Finding) -> None:
        """Tell operations what this request shows."""
        identity, nas = request.identity, request.nas
        at = identity.attachment
        self._learn(
            findings.of_request(finding, nas.domain, nas.name, identity.ids, at, identity.mac, request.arrived_ms)
        )

    def judged(self, request: Request, verdict: Verdict) -> None:
        """The verdict, and what an Access-Request taught by itself."""
        record = request.record
        if record is not None and record.step is None:
            return  # Accounting-On and the like ask for no line: there is no verdict to count
        noted = self._of(request.nas)
        meters = noted.meters
        meters.judged(verdict.outcome, verdict.rung).inc()
        if verdict.distance_ms is not None:
            meters.distance.observe(abs(verdict.distance_ms) / 1000)
            noted.distances.add(verdict.distance_ms)
        number = request.identity.enterprise_number
        if number is not None:
            meters.strips.inc()
            if number not in noted.numbers:
                self._number_seen(request, noted, number)
        if record is None:
            seen = lessons.sighting(request, verdict, request.arrived_ms, self._remember_ms, accepted=False)
            if seen is not None:
                self._learn(seen)

    def over(self, request: Request, answer: int) -> None:
        """It was answered with that code, or given up (0): people are told of it, if it was judged."""
        verdict, record = request.verdict, request.record
        if verdict is not None and (record is None or record.step is not None):
            self._learn(lessons.event(request, verdict, answer, self._clock.now_ms()))

    def recorded(self, request: Request, verdict: Verdict) -> None:
        """What an Accounting-Request teaches."""
        if request.record is not None:
            for lesson in lessons.accounting(request, request.record, verdict, self._remember_ms):
                self._expecting.told(lesson)
                self._learn(lesson)

    def accepted(self, request: Request, accept: PacketView) -> None:
        """What the Access-Accept teaches, unless the store was told just that moments ago."""
        verdict = request.verdict
        if verdict is None:
            return
        now_ms = self._clock.now_ms()
        if request.authentic and self._expecting.repeats(request, verdict, accept, now_ms):
            return
        for lesson in lessons.accepted(request, verdict, now_ms, self._remember_ms, granted(accept)):
            if isinstance(lesson, SessionChange):
                if self._expecting.knows(lesson):
                    continue
                self._expecting.keep(lesson, request, accept)
            self._learn(lesson)

    def _number_seen(self, request: Request, noted: _OfNas, number: int) -> None:
        """Tell the store once about each number of each BNG; the store knows whether it is new."""
        if self._count < MOST_NUMBERS:
            self._count += 1
            noted.numbers.add(number)
            nas = request.nas
            self._learn(NumberSeen(domain=nas.domain, bng=nas.name, number=number, at_ms=request.arrived_ms))

    def tell(self) -> None:
        """Write down what has been gathered by now."""
        for distances in self._evidence.take():
            self._learn(distances)
