"""Writes behind the request path: in order, in batches, kept while the store is away, bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from bngcorr.errors import StoreError
from bngcorr.store.contract import CorrelationStore, Event, Lesson, NumberSeen, Restart, SessionChange, Sighting

BATCH: Final = 256
RETRY_S: Final = 0.25


class Clock(Protocol):
    """The store's clock as this process knows it."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        ...


class WriteBehind:
    """A queue in front of `CorrelationStore.write`.

    Sightings and events go first (a session vouches on keys that its sighting made), steps of sessions and restarts
    keep their order. When the store is away and the backlog is full, the oldest sighting or event is lost first;
    `lost` counts them.
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
        self._seen: deque[Sighting | NumberSeen | Event] = deque()
        self._steps: deque[SessionChange | Restart] = deque()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.lost = 0
        self.failing = False

    def __len__(self) -> int:
        return len(self._seen) + len(self._steps)

    def put(self, lesson: Lesson) -> None:
        """Queue one lesson; never waits."""
        if len(self) >= self._limit:
            self.lost += 1
            if self._seen:
                self._seen.popleft()
            else:
                self._steps.popleft()
        if isinstance(lesson, Sighting | NumberSeen | Event):
            self._seen.append(lesson)
        else:
            self._steps.append(lesson)
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while len(self):
                seen = [self._seen.popleft() for _ in range(min(BATCH, len(self._seen)))]
                steps = [self._steps.popleft() for _ in range(min(BATCH - len(seen), len(self._steps)))]
                batch: list[Lesson] = [*seen, *steps]
                try:
                    words = await self._store.write(batch, self._clock.now_ms())
                except StoreError:
                    self.failing = True
                    self._seen.extendleft(reversed(seen))
                    self._steps.extendleft(reversed(steps))
                    await asyncio.sleep(RETRY_S)
                    continue
                self.failing = False
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
