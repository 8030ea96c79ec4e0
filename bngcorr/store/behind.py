"""Writes behind the request path: in order, in batches, kept while the store is away, bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from bngcorr.errors import StoreError
from bngcorr.store.contract import CorrelationStore, Event, Lesson, NumberSeen, Restart, SessionChange, Sighting

BATCH: Final = 256  # lessons in one write
EVENT_BATCH: Final = 256
MOST_EVENTS: Final = 4096  # waiting
RETRY_S: Final = 0.25


log = structlog.get_logger()


class Clock(Protocol):
    """The store's clock as this process knows it."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        ...


class WriteBehind:
    """Queues in front of `CorrelationStore.write`.

    Lessons keep their order (a session vouches on keys that its sighting made). Events have a small queue of their own,
    come after, and are lost rather than tried again: a second try could write them twice. When the store is away and
    the backlog is full, sightings are lost first, the oldest of them, then steps of sessions, never a restart; `lost`
    counts them. A lesson that the store can't take is reported through `written` and dropped: it must not block others.
    """

    def __init__(
        self,
        store: CorrelationStore,
        clock: Clock,
        *,
        limit: int,
        written: Callable[[Sequence[Lesson], Sequence[str]], None],
    ) -> None:
        """`written` is told of every batch that reached the store, with the store's word on each lesson."""
        self._store = store
        self._clock = clock
        self._limit = limit
        self._written = written
        self._lessons: deque[Sighting | NumberSeen | SessionChange | Restart] = deque()
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writing = 0  # of the batch under way
        self.lost = 0
        self.failing = False

    def __len__(self) -> int:
        return len(self._lessons) + len(self._events) + self._writing

    def put(self, lesson: Lesson) -> None:
        """Queue one lesson; never waits."""
        if isinstance(lesson, Event):
            self._events.append(lesson)
        else:
            if len(self._lessons) >= self._limit:
                self._make_room()
            self._lessons.append(lesson)
        self._idle.clear()
        self._wake.set()

    def _make_room(self) -> None:
        """Lose the oldest tenth of the sightings; without any, of the steps."""
        for kind in (Sighting, SessionChange):
            most = max(self._limit // 10, 1)
            kept: deque[Sighting | NumberSeen | SessionChange | Restart] = deque()
            for lesson in self._lessons:
                if most and isinstance(lesson, kind):
                    most -= 1
                    self.lost += 1
                else:
                    kept.append(lesson)
            found = len(kept) < len(self._lessons)
            self._lessons = kept
            if found:
                return

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._lessons or self._events:
                lessons = [self._lessons.popleft() for _ in range(min(BATCH, len(self._lessons)))]
                events = [self._events.popleft() for _ in range(min(EVENT_BATCH, len(self._events)))]
                batch: list[Lesson] = [*lessons, *events]
                self._writing = len(batch)
                try:
                    words = await self._store.write(batch, self._clock.now_ms())
                except StoreError as error:
                    if not self.failing:
                        log.warning("store takes no writes, keeping them", error=str(error), waiting=len(self))
                    self.failing = True
                    self._writing = 0
                    self._lessons.extendleft(reversed(lessons))
                    await asyncio.sleep(RETRY_S)
                    continue
                if self.failing:
                    log.warning("store takes writes again", waiting=len(self))
                self.failing = False
                self._writing = 0
                self._written(batch, words)
            self._idle.set()

    async def drained(self, timeout_s: float) -> bool:
        """Wait until everything is written; False if that takes longer than `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
