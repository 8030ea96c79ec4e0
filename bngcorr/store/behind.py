"""Writes behind the request path: in order, in batches, kept while a part of the store is away, bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog

from bngcorr.store.backlog import Backlog, Domain, Road
from bngcorr.store.contract import Clock, CorrelationStore
from bngcorr.store.lesson import AWAY, SUPERSEDED, Event, Lesson, Sighting
from bngcorr.store.nodes import ONE_NODE, Nodes
from bngcorr.store.pending import Pending
from bngcorr.store.waiting import BATCH, Kept

EVENT_BATCH: Final = 256
MOST_EVENTS: Final = 4096  # waiting
# From one write to a node to the next, if that is no whole batch: each costs as much as a few lessons, and while a
# server is busy with a long one it answers no question.
GATHER_S: Final = 0.001
RETRY_S: Final = 0.25
MOST_UNFINISHED: Final = 4  # batches, beyond which their nodes are not free for the next ones
FULL: Final = 0.75  # of what may wait
LAGGING: Final = 0.5  # answers to records then wait, though no longer than PATIENCE_S
SPARE: Final = 0.05
PROGRESS_S: Final = 0.25  # a store that has taken nothing for so long may be away
PATIENCE_S: Final = 1.0  # and is, for whoever can wait

_NEVER: Final = float("inf")

log = structlog.get_logger()


class _Batch:
    """One write."""

    __slots__ = ("domains", "freed", "lessons", "road", "words")

    def __init__(self, road: Road, lessons: list[Lesson], domains: list[Domain]) -> None:
        self.road = road
        self.lessons = lessons
        self.domains = domains  # that may go on once it is taken
        self.words: list[str] | None = None  # the store's; None: it has said nothing yet
        self.freed = False  # whether node and domains may go on


class WriteBehind:
    """Queues in front of `CorrelationStore.write`, one for each domain, and one write at a time to each node.

    Lessons of a domain are told in order; while more of them wait than one write takes, restarts come first, and
    sightings pass the steps of sessions, since somebody may wait for one: both are true whatever is told later. Those
    that their node does not take are kept and tried again, while what other nodes take goes on. Sightings alike but for
    their instants become one while they wait. Verdicts for people have a small queue of their own, come after, and are
    lost rather than tried again: a second try could write them twice. When too much waits, sightings are given up
    first, the oldest of them, then steps of sessions, never a restart; `lost` counts them. A lesson that the store
    can't take is reported through `written` and dropped: it must not block others.
    """

    def __init__(
        self,
        store: CorrelationStore,
        clock: Clock,
        *,
        limit: int,
        written: Callable[[Sequence[Lesson], Sequence[str]], None],
        lost: Callable[[Sequence[Lesson]], None] | None = None,
        nodes: Nodes = ONE_NODE,
        pending: Pending | None = None,
    ) -> None:
        """`written` is told of all that reached the store, with the store's word on each lesson; `lost` of what was
        given up. Both get the very objects that were put. `pending` has the sightings that are neither.
        """
        self._store = store
        self._clock = clock
        self._limit = limit
        self._written = written
        self._tell_lost = lost
        self._nodes = nodes
        self._pending = Pending() if pending is None else pending
        self._undivided = nodes.undivided
        self._backlog = Backlog(limit, None if nodes.undivided else nodes.where)
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._writing = 0  # lessons under way that are not taken yet
        self._taken_at = 0.0  # when the store last took some, or had nothing to take; monotonic seconds
        self._unfinished = 0  # batches whose addresses may still have to be noted
        self._away: dict[str, Domain] = {}  # domains whose node did not take the last lessons
        self._resting: deque[tuple[float, list[Domain]]] = deque()  # when they are tried again
        self._sleeper: asyncio.Future[None] | None = None  # the writer, while it has nothing to do
        self._timer: asyncio.TimerHandle | None = None  # that wakes it
        self._timer_at = _NEVER
        self._waiters: list[asyncio.Future[None]] = []  # for everything to be written
        self.lost = 0

    def __len__(self) -> int:
        return len(self._events) + self._writing + self._backlog.count

    @property
    def failing(self) -> bool:
        """Whether some domain's node takes no writes."""
        return any(domain.away for domain in self._away.values())

    @property
    def full(self) -> bool:
        """Whether the store answers and yet does not keep up: whoever may send again should do so later."""
        return self._backlog.count >= self._limit * FULL and self._progresses(PROGRESS_S)

    @property
    def room(self) -> int:
        """Lessons that may be put until so many wait that records had better come no faster than the store takes them;
        the whole limit while it takes nothing.
        """
        room = round(self._limit * LAGGING) - self._backlog.count
        return room if room > 0 or self._progresses(PATIENCE_S) else self._limit

    def _progresses(self, within_s: float) -> bool:
        """Whether the store has taken some of late, and refuses none."""
        return not self.failing and asyncio.get_running_loop().time() - self._taken_at < within_s

    @property
    def has_room(self) -> bool:
        """Whether so little waits that lessons which nobody sent us take no room from those of requests, nor much time,
        whether the store answers or not.
        """
        return self._backlog.count < self._limit * SPARE

    def waiting(self, domain: str) -> int:
        """Lessons of a domain that wait, but for those under way."""
        return self._backlog.waiting(domain)

    def put(self, lesson: Lesson) -> None:
        """Queue one lesson; never waits."""
        road: Road | None
        backlog = self._backlog
        if isinstance(lesson, Event):
            self._events.append(lesson)
            road = backlog.road("" if self._undivided else self._nodes.where_events())
        else:
            if isinstance(lesson, Sighting):
                if backlog.joined(lesson):
                    self._written((lesson,), (SUPERSEDED,))
                    return
                self._pending.put(lesson)
            if backlog.is_full:
                self._make_room()
            road = backlog.put(lesson)
        if road is not None and not road.writing and (not road.awaited or road.waiting >= BATCH):
            self._call_for(road)

    def _make_room(self) -> None:
        given_up = self._backlog.make_room()
        self.lost += len(given_up)
        self._forget(given_up)
        if self._tell_lost is not None:
            self._tell_lost(given_up)

    # ---- the writer

    def _call_for(self, road: Road) -> None:
        """Something waits for a node: wake the writer once it may have it."""
        road.awaited = True
        self._wake_at(0.0 if road.waiting >= BATCH else road.free_at)

    async def run(self) -> None:
        """Write until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.TaskGroup() as writes:
                while True:
                    now = loop.time()
                    again_at = self._rested(now)
                    for road in self._backlog.roads.values():
                        if road.writing or not road.awaited:
                            continue
                        if now < road.free_at and road.waiting < BATCH:
                            again_at = min(again_at, road.free_at)
                            continue
                        batch = self._next(road)
                        if batch.lessons:
                            road.free_at = now + GATHER_S
                            writes.create_task(self._write(batch))
                    self._tell_waiters()
                    await self._sleep(loop, again_at)
        finally:
            if self._timer is not None:
                self._timer.cancel()
                self._ring()

    async def _sleep(self, loop: asyncio.AbstractEventLoop, until: float) -> None:
        """Wait until something is to be done: then, unless it is earlier."""
        sleeper = self._sleeper = loop.create_future()
        if until != _NEVER:
            self._wake_at(until)
        try:
            await sleeper
        finally:
            self._sleeper = None

    def _wake(self) -> None:
        sleeper = self._sleeper
        if sleeper is not None and not sleeper.done():
            sleeper.set_result(None)

    def _wake_at(self, at: float) -> None:
        """The same at an instant by the loop's clock, unless it is woken before. A writer that is awake needs no timer:
        it looks at all that waits before it sleeps.
        """
        sleeper = self._sleeper
        if sleeper is None or sleeper.done() or at >= self._timer_at:
            return
        loop = sleeper.get_loop()
        if at <= loop.time():
            sleeper.set_result(None)
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._timer_at = _NEVER
        self._wake()

    def _rested(self, now: float) -> float:
        """Domains that have rested long enough stand in line again; when the next ones will have."""
        while self._resting and self._resting[0][0] <= now:
            for domain in self._resting.popleft()[1]:
                self._backlog.release(domain)
        return self._resting[0][0] if self._resting else _NEVER

    def _next(self, road: Road) -> _Batch:
        """What goes out to a node now, and then what people are told."""
        road.awaited = False
        kept, domains = self._backlog.next(road)
        lessons: list[Lesson] = [*kept]
        events = self._events
        if events and (self._undivided or self._nodes.where_events() == road.name):
            if len(events) <= EVENT_BATCH:
                lessons.extend(events)
                events.clear()
            else:
                lessons += [events.popleft() for _ in range(EVENT_BATCH)]
        road.writing = bool(lessons)
        if not self._writing:
            self._taken_at = asyncio.get_running_loop().time()
        self._writing += len(lessons)
        return _Batch(road, lessons, domains)

    async def _write(self, batch: _Batch) -> None:
        """Write one batch. Its node is free for the next one as soon as the lessons are taken: who holds which address
        follows, though not for too many batches at a time.
        """
        self._unfinished += 1
        try:
            words = await self._store.write(batch.lessons, self._clock.now_ms(), partial(self._taken, batch))
            first = batch.words
            if first is not None and words != first:
                for lesson, word, before in zip(batch.lessons, words, first, strict=True):
                    if word != before:
                        self._written((lesson,), (word.removeprefix(f"{before},"),))
        except asyncio.CancelledError:
            if batch.words is None:
                self._backlog.put_back([lesson for lesson in batch.lessons if not isinstance(lesson, Event)])
            raise
        except Exception:
            if batch.words is None:
                self._forget(batch.lessons)
            raise
        finally:
            self._unfinished -= 1
            self._free(batch)
            if self._waiters:
                self._wake()

    def _taken(self, batch: _Batch, words: list[str]) -> None:
        """The store has said a word on each lesson."""
        batch.words = [*words]
        lessons = batch.lessons
        if AWAY in words:
            self._refused(batch, words)
            lessons = [lesson for lesson, word in zip(lessons, words, strict=True) if word != AWAY]
            words = [word for word in words if word != AWAY]
        if self._away:
            for domain in batch.domains:
                if self._away.pop(domain.name, None) is not None:
                    domain.away = False
                    log.warning("store takes writes again", domain=domain.name, waiting=self._backlog.count)
        if lessons:
            self._taken_at = asyncio.get_running_loop().time()
            pending = self._pending
            for lesson in lessons:
                if isinstance(lesson, Sighting):
                    pending.taken(lesson)
            self._written(lessons, words)
        if self._unfinished < MOST_UNFINISHED:
            self._free(batch)

    def _forget(self, lessons: Sequence[Lesson]) -> None:
        """The store will not have these."""
        for lesson in lessons:
            if isinstance(lesson, Sighting):
                self._pending.lost(lesson)

    def _refused(self, batch: _Batch, words: Sequence[str]) -> None:
        """Keep what was not taken, and let its domains rest."""
        refused: list[Kept] = []
        for lesson, word in zip(batch.lessons, words, strict=True):
            if word == AWAY and not isinstance(lesson, Event):
                refused.append(lesson)
        self._backlog.put_back(refused)
        names = {lesson.domain for lesson in refused}
        resting = [domain for domain in batch.domains if domain.name in names]
        if not resting:
            return
        batch.domains = [domain for domain in batch.domains if domain.name not in names]
        for domain in resting:
            if not domain.away:
                log.warning(
                    "store takes no writes, keeping them",
                    domain=domain.name, waiting=self._backlog.count, error=self._nodes.trouble(domain.name) or None,
                )  # fmt: skip
            domain.away = True
            self._away[domain.name] = domain
        self._resting.append((asyncio.get_running_loop().time() + RETRY_S, resting))
        self._backlog.line_up_again(batch.road)
        self._wake()

    def _free(self, batch: _Batch) -> None:
        """The next lessons of these domains may follow, and others to this node."""
        if not batch.freed:
            batch.freed = True
            batch.road.writing = False
            batch.road.awaited = bool(batch.road.line or self._events)
            self._writing -= len(batch.lessons)
            backlog = self._backlog
            for domain in batch.domains:
                backlog.release(domain)
            for road in backlog.roads.values():  # one of a domain that has moved meanwhile, too
                if road.awaited and not road.writing:
                    self._call_for(road)

    # ---- until everything is written

    @property
    def _is_idle(self) -> bool:
        return not len(self) and not self._unfinished

    def _tell_waiters(self) -> None:
        if self._waiters and self._is_idle:
            for waiter in self._waiters:
                if not waiter.done():
                    waiter.set_result(None)
            self._waiters.clear()

    async def drained(self, timeout_s: float) -> bool:
        """Wait until everything is written; False if that takes longer than `timeout_s`."""
        if self._is_idle:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter
        except TimeoutError:
            return False
        return True
