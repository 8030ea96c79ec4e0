"""Writes behind the request path: in order, in batches, kept while a part of the store is away, bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import structlog

from bngcorr.store.contract import CorrelationStore
from bngcorr.store.lesson import (
    AWAY,
    Distances,
    Event,
    FindingSeen,
    Lesson,
    NumberSeen,
    Restart,
    SessionChange,
    Sighting,
)

BATCH: Final = 256  # lessons in one write
EVENT_BATCH: Final = 256
MOST_EVENTS: Final = 4096  # waiting
RETRY_S: Final = 0.25

Kept = Sighting | SessionChange | Restart | NumberSeen | FindingSeen | Distances
_EXPENDABLE: Final = (Sighting, Distances, FindingSeen, SessionChange)  # given up in this order, a restart never

log = structlog.get_logger()


class Clock(Protocol):
    """The store's clock as this process knows it."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        ...


class WriteBehind:
    """Queues in front of `CorrelationStore.write`.

    Lessons of a domain keep their order (a session vouches for a line that its sighting made). Those of domains whose
    node does not answer are parked and tried again, while the others go on. Verdicts for people have a small queue of
    their own, come
    after, and are lost rather than tried again: a second try could write them twice. When too much waits, sightings are
    given up first, the oldest of them, then steps of sessions, never a restart; `lost` counts them. A lesson that the
    store can't take is reported through `written` and dropped: it must not block others.
    """

    def __init__(
        self,
        store: CorrelationStore,
        clock: Clock,
        *,
        limit: int,
        written: Callable[[Sequence[Lesson], Sequence[str]], None],
    ) -> None:
        """`written` is told of all that reached the store, with the store's word on each lesson."""
        self._store = store
        self._clock = clock
        self._limit = limit
        self._written = written
        self._lessons: deque[Kept] = deque()
        self._parked: dict[str, deque[Kept]] = {}
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writing = 0  # of the batch under way
        self._retry_at = 0.0
        self.lost = 0

    def __len__(self) -> int:
        return len(self._events) + self._writing + self._waiting

    @property
    def _waiting(self) -> int:
        return len(self._lessons) + sum(map(len, self._parked.values()))

    @property
    def failing(self) -> bool:
        """Whether some domain's node takes no writes."""
        return bool(self._parked)

    def put(self, lesson: Lesson) -> None:
        """Queue one lesson; never waits."""
        if isinstance(lesson, Event):
            self._events.append(lesson)
        else:
            if self._waiting >= self._limit:
                self._make_room()
            self._lessons.append(lesson)  # behind older ones of its domain; `_next` puts them where they have to wait
        self._idle.clear()
        self._wake.set()

    def _make_room(self) -> None:
        """Lose the oldest tenth of the most expendable kind that there is."""
        for kind in _EXPENDABLE:
            most = max(self._limit // 10, 1)
            for queue in (*self._parked.values(), self._lessons):
                kept: list[Kept] = []
                for lesson in queue:
                    if most and isinstance(lesson, kind):
                        most -= 1
                        self.lost += 1
                    else:
                        kept.append(lesson)
                queue.clear()
                queue.extend(kept)
            if most < max(self._limit // 10, 1):
                return

    async def run(self) -> None:
        """Write until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            if not (self._lessons or self._events):
                if not self._parked:
                    self._idle.set()
                    self._wake.clear()
                    await self._wake.wait()
                else:
                    await self._until(self._retry_at - loop.time())
            if self._parked and loop.time() >= self._retry_at:
                await self._try_parked()
                self._retry_at = loop.time() + RETRY_S
            await self._write(self._next())

    async def _until(self, seconds: float) -> None:
        """Wait for the next lesson, or so long."""
        self._wake.clear()
        try:
            async with asyncio.timeout(max(seconds, 0.0)):
                await self._wake.wait()
        except TimeoutError:
            return

    def _next(self) -> list[Lesson]:
        """What goes out next; lessons of domains that are away are put to those that wait there."""
        batch: list[Lesson] = []
        while self._lessons and len(batch) < BATCH:
            lesson = self._lessons.popleft()
            parked = self._parked.get(lesson.domain)
            if parked is None:
                batch.append(lesson)
            else:
                parked.append(lesson)
        batch.extend(self._events.popleft() for _ in range(min(EVENT_BATCH, len(self._events))))
        return batch

    async def _write(self, batch: Sequence[Lesson]) -> None:
        if not batch:
            return
        self._writing = len(batch)
        words = await self._store.write(batch, self._clock.now_ms())
        self._writing = 0
        for lesson, word in zip(batch, words, strict=True):
            if word == AWAY and not isinstance(lesson, Event):
                if lesson.domain not in self._parked:
                    self._parked[lesson.domain] = deque()
                    self._retry_at = asyncio.get_running_loop().time() + RETRY_S
                    log.warning("store takes no writes, keeping them", domain=lesson.domain, waiting=len(self))
                self._parked[lesson.domain].append(lesson)
        self._tell(batch, words)

    async def _try_parked(self) -> None:
        """Once more, domain by domain, all of a domain if its node answers."""
        for domain, queue in list(self._parked.items()):
            while queue:
                batch = [queue.popleft() for _ in range(min(BATCH, len(queue)))]
                self._writing = len(batch)
                words = await self._store.write(batch, self._clock.now_ms())
                self._writing = 0
                away = [lesson for lesson, word in zip(batch, words, strict=True) if word == AWAY]
                queue.extendleft(reversed(away))
                self._tell(batch, words)
                if away:
                    break
            if not queue:
                del self._parked[domain]
                log.warning("store takes writes again", domain=domain, waiting=len(self))

    def _tell(self, batch: Iterable[Lesson], words: Iterable[str]) -> None:
        done = [pair for pair in zip(batch, words, strict=True) if pair[1] != AWAY]
        if done:
            self._written([lesson for lesson, _ in done], [word for _, word in done])

    async def drained(self, timeout_s: float) -> bool:
        """Wait until everything is written; False if that takes longer than `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
