"""Store in, verdicts out: one round trip for all questions of a vector, and the hold for those whose sighting may come.

A request may be held, briefly and bounded, but never swallowed: BNGs count timeouts against the whole server.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import structlog

from bngcorr.correlator.breaker import Breaker
from bngcorr.correlator.hold import HoldPays
from bngcorr.correlator.ladder import NO_RUNGS, climb
from bngcorr.correlator.overlay import IN_DOUBT, verdict_over
from bngcorr.correlator.own_id import line_to_ask_for, looks_at
from bngcorr.correlator.question import Question
from bngcorr.correlator.rounds import Answers, Round, Rounds, Then
from bngcorr.errors import StoreError
from bngcorr.model.verdict import UNKNOWN, Verdict
from bngcorr.model.vocabulary import Outcome, Rung
from bngcorr.store.contract import CorrelationStore
from bngcorr.store.lesson import Lesson, Sighting
from bngcorr.store.nodes import ONE_NODE, Nodes
from bngcorr.store.pending import Pending
from bngcorr.store.recollection import Recall, Recollection

ASK_AGAIN_S: Final[tuple[float, ...]] = (0.02, 0.06, 0.14, 0.3)  # after arrival; and at the end of the hold
MOST_HELD: Final = 4096
RELEASE_WITHIN_S: Final = 0.5
_NO_WINDOW: Final = frozenset((Rung.WINDOW,))
_UNMATCHED: Final = Outcome.UNMATCHED
_UNKNOWN: Final = Outcome.UNKNOWN
_MATCHED: Final = Outcome.MATCHED


class Asked(Protocol):
    """A request that waits for its verdict."""

    question: Question
    hold_s: float  # 0: not to be held

    @property
    def bng(self) -> str:
        """Name of its BNG."""
        ...


class SteadyClock(Protocol):
    """The store's clock as this process knows it."""

    @property
    def steady(self) -> bool:
        """Whether instants can be compared now: False for a while after a jump."""
        ...

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        ...


log = structlog.get_logger()

RequestT = TypeVar("RequestT", bound=Asked)


def recall_of(question: Question) -> Recall:
    """What a question needs to know of the store."""
    ring = question.keyring
    if question.own is not None:
        return Recall(
            domain=question.domain, keys=looks_at(ring), mac=ring.mac, session=None, place=ring.place,
            line=line_to_ask_for(question),
        )  # fmt: skip
    return Recall(
        domain=question.domain, keys=ring.hashes, mac=ring.mac, session=question.session, place=ring.place
    )  # fmt: skip


def _recalls(requests: Sequence[Asked]) -> list[Recall]:
    return [recall_of(request.question) for request in requests]


def _may_change(verdict: Verdict) -> bool:
    """Whether a sighting that is on its way could bring another one."""
    return verdict.outcome is _UNMATCHED or verdict is IN_DOUBT


class _Group(Generic[RequestT]):
    """Requests of one vector that are held."""

    __slots__ = ("held", "keys", "started", "then", "woken")

    def __init__(self, held: list[RequestT], then: Then[RequestT], started: float) -> None:
        self.held = held  # those without their verdict
        self.then = then
        self.started = started  # monotonic seconds
        self.keys = {name for request in held for name in request.question.keyring.hashes}
        self.woken = asyncio.Event()

    def next_look_s(self, waited: float) -> float:
        """How long to wait for a sighting before the store is asked again, having `waited` so long already."""
        due = [request.hold_s for request in self.held]
        due += [at for at in ASK_AGAIN_S if at > waited]
        return max(min(due) - waited, 0.0)


class Judge(Generic[RequestT]):
    """Asks the store. While the node that keeps a domain is away, a request of that domain is `unknown` at once.

    Sightings that are `pending` count as if the store had them.
    """

    def __init__(
        self, store: CorrelationStore, clock: SteadyClock, nodes: Nodes = ONE_NODE, pending: Pending | None = None
    ) -> None:
        self._store = store
        self._pending = Pending() if pending is None else pending
        self._clock = clock
        self._nodes = nodes
        self._undivided = nodes.undivided
        self._rounds: Rounds[RequestT] = Rounds(store, self._pending, self._told)
        self._holding: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, set[_Group[RequestT]]] = {}  # by key
        self._breaker = Breaker(store, nodes)
        self._pays: dict[str, HoldPays] = {}
        self._closing = False
        self.held = 0  # requests on hold now

    @property
    def broken(self) -> bool:
        """Whether any domain's node does not answer."""
        return bool(self._breaker.away)

    @property
    def away(self) -> int:
        """Domains whose node does not answer."""
        return len(self._breaker.away)

    def ask(self, requests: list[RequestT], then: Then[RequestT]) -> None:
        """Judge a vector; `then` is called with each request and its verdict once, with as many together as are settled
        at a time; at once where the store is known to be away.
        """
        away = self._breaker.away
        if away:
            lost = [request for request in requests if request.question.domain in away]
            if lost:
                then(lost, [UNKNOWN] * len(lost))
            requests = [request for request in requests if request.question.domain not in away]
        for ours in self._by_node(requests):
            self._rounds.begin(ours, _recalls(ours), then, self._clock.now_ms())

    def _by_node(self, requests: list[RequestT]) -> Iterable[list[RequestT]]:
        """One round for each node of the store: nobody waits for a node that is not his."""
        if len(requests) <= 1 or self._undivided:
            return [requests] if requests else []
        where = self._nodes.where
        rounds: dict[str, list[RequestT]] = {}
        for request in requests:
            node = where(request.question.domain)
            ours = rounds.get(node)
            if ours is None:
                rounds[node] = [request]
            else:
                ours.append(request)
        return rounds.values()

    def sighted(self, lessons: Sequence[Lesson]) -> None:
        """Wake whoever waits for what has just reached the store."""
        if not self._waiting:
            return
        for lesson in lessons:
            if isinstance(lesson, Sighting):
                for key in lesson.keys:
                    for group in self._waiting.get(key, ()):
                        group.woken.set()

    def holds(self, bng: str) -> bool:
        """Whether holding pays at this BNG now."""
        pays = self._pays.get(bng)
        return pays is None or pays.pays

    async def release(self) -> None:
        """Hold nobody any more: whoever waits gets the verdict of this moment."""
        self._closing = True
        self._breaker.rest()
        for groups in self._waiting.values():
            for group in groups:
                group.woken.set()
        rounds = asyncio.get_running_loop().create_task(self._rounds.wait())
        await asyncio.wait((rounds, *self._holding), timeout=RELEASE_WITHIN_S)
        rounds.cancel()

    async def close(self) -> None:
        """End all tasks, and give up what is under way."""
        await self._rounds.close()
        tasks = list(self._holding)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._breaker.close()

    # ---- the first round

    def _told(self, asked: Round[RequestT], said: Answers | Exception) -> None:
        """Tell the verdicts of a vector, and hold those that may find their sighting yet."""
        requests, then = asked.requests, asked.then
        if isinstance(said, Exception):
            self._go_on(requests, then, said)
            return
        try:
            verdicts = self._verdicts(requests, said, asked.now_ms)
        except Exception as error:
            self._go_on(requests, then, error)
            return
        settled: list[RequestT] = []
        judged: list[Verdict] = []
        held: list[RequestT] = []
        for number, request in enumerate(requests):
            verdict = verdicts[number]
            if request.hold_s > 0 and _may_change(verdict) and self._may_hold(request, len(held)):
                held.append(request)
            else:
                settled.append(request)
                judged.append(verdict)
        if held:
            task = asyncio.get_running_loop().create_task(self._hold(_Group(held, then, time.monotonic())))
            self._holding.add(task)
            task.add_done_callback(self._holding.discard)
        if settled:
            then(settled, judged)

    def _go_on(self, requests: list[RequestT], then: Then[RequestT], error: Exception) -> None:
        """After an error that nobody foresaw."""
        log.error("internal error, requests go on as they are", requests=len(requests), exc_info=error)
        then(requests, [UNKNOWN] * len(requests))

    def _verdicts(
        self, requests: Sequence[RequestT], recalled: Sequence[Recollection | None], now_ms: int
    ) -> list[Verdict]:
        """One verdict for each request."""
        suspended = NO_RUNGS if self._clock.steady else _NO_WINDOW
        return [self._verdict(requests[number].question, one, now_ms, suspended) for number, one in enumerate(recalled)]

    def _verdict(
        self, question: Question, recalled: Recollection | None, now_ms: int, suspended: frozenset[Rung]
    ) -> Verdict:
        if recalled is not None:
            ring, pending = question.keyring, self._pending
            try:
                if recalled.alone:  # whatever is pending, see `overlay`
                    return climb(question, recalled, now_ms, suspended)
                some = pending.like(question.domain, ring.mac, ring.attachment, ring.session)
                if some:
                    return verdict_over(question, recalled, some, now_ms, suspended)
                return climb(question, recalled, now_ms, suspended)
            except StoreError:
                pass  # what matters can't be read: as good as no answer
        self._breaker.lost(question.domain)
        return UNKNOWN

    # ---- the hold

    def _may_hold(self, request: RequestT, more: int) -> bool:
        """Whether a request may be held beside so many more of its vector."""
        if self._closing or self.held + more >= MOST_HELD:
            return False
        pays = self._pays.get(request.bng)
        if pays is None:
            pays = self._pays[request.bng] = HoldPays()
        return pays.holds(time.monotonic())

    async def _hold(self, group: _Group[RequestT]) -> None:
        """Ask again when a sighting on one of their keys arrives here, and at a few instants for those that do not."""
        for key in group.keys:
            self._waiting.setdefault(key, set()).add(group)
        most = len(group.held)
        self.held += most
        try:
            while group.held:
                await self._look_again(group)
        except Exception as error:
            self._go_on(group.held, group.then, error)
        finally:
            self.held -= most
            for key in group.keys:
                groups = self._waiting[key]
                groups.discard(group)
                if not groups:
                    del self._waiting[key]

    async def _look_again(self, group: _Group[RequestT]) -> None:
        """Wait, ask, and tell those that have their verdict or whose hold has ended."""
        wait_s = group.next_look_s(time.monotonic() - group.started)
        waking = asyncio.get_running_loop().call_later(wait_s, group.woken.set)
        try:
            await group.woken.wait()
        finally:
            waking.cancel()
        group.woken.clear()
        now_ms = self._clock.now_ms()
        turn = self._pending.begin()
        try:
            recalled = await self._store.recall(_recalls(group.held), now_ms)
            verdicts = self._verdicts(group.held, recalled, now_ms)
        finally:
            self._pending.end(turn)
        waited = time.monotonic() - group.started
        settled: list[RequestT] = []
        judged: list[Verdict] = []
        held: list[RequestT] = []
        for request, verdict in zip(group.held, verdicts, strict=True):
            if _may_change(verdict) and waited < request.hold_s and not self._closing:
                held.append(request)
                continue
            if verdict.outcome is not _UNKNOWN:
                self._pays[request.bng].ended(verdict.outcome is _MATCHED, group.started + waited)
            settled.append(request)
            judged.append(verdict.with_held(round(waited * 1000)))
        group.held = held
        if settled:
            group.then(settled, judged)
