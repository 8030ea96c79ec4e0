"""Writes behind the request path: in order, in batches, kept while a part of the store is away, bounded."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from bngcorr.store.contract import Clock, CorrelationStore
from bngcorr.store.lesson import (
    AWAY,
    SUPERSEDED,
    Distances,
    Event,
    FindingSeen,
    Lesson,
    SessionChange,
    Sighting,
)
from bngcorr.store.nodes import ONE_NODE, Nodes
from bngcorr.store.waiting import Kept, Queue, alike

BATCH: Final = 128  # lessons in one write: a server is busy with them for some 20 ms, and answers nobody else
EVENT_BATCH: Final = 256
MOST_EVENTS: Final = 4096  # waiting
RETRY_S: Final = 0.25
MOST_UNFINISHED: Final = 4  # batches, beyond which their nodes are not free for the next ones
FULL: Final = 0.75  # of what may wait
PROGRESS_S: Final = 0.25  # a store that has taken nothing for so long may be away

_EXPENDABLE: Final = (Sighting, Distances, FindingSeen, SessionChange)  # given up in this order, a restart never

log = structlog.get_logger()


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
    ) -> None:
        """`written` is told of all that reached the store, with the store's word on each lesson; `lost` of what was
        given up. Both get the very objects that were put.
        """
        self._store = store
        self._clock = clock
        self._limit = limit
        self._written = written
        self._tell_lost = lost
        self._nodes = nodes
        self._lessons: dict[str, Queue] = {}  # by domain, none of them empty; who was served last comes last
        self._sightings: dict[tuple[object, ...], Sighting] = {}  # those that wait
        self._events: deque[Event] = deque(maxlen=MOST_EVENTS)
        self._waiting = 0  # lessons in all queues
        self._writing: dict[str, int] = {}  # how much is under way to each node
        self._taken_at = 0.0  # when the store last took some; monotonic seconds
        self._unfinished = 0  # batches whose addresses may still have to be noted
        self._carried: set[str] = set()  # domains that something is under way for
        self._retry_at: dict[str, float] = {}  # domains whose node did not take the last lessons
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self.lost = 0

    def __len__(self) -> int:
        return len(self._events) + sum(self._writing.values()) + self._waiting

    @property
    def failing(self) -> bool:
        """Whether some domain's node takes no writes."""
        return bool(self._retry_at)

    @property
    def full(self) -> bool:
        """Whether the store answers and yet does not keep up: whoever may send again should do so later."""
        if self._waiting < self._limit * FULL or self._retry_at:
            return False
        return asyncio.get_running_loop().time() - self._taken_at < PROGRESS_S

    def waiting(self, domain: str) -> int:
        """Lessons of a domain that wait, but for those under way."""
        return len(self._lessons.get(domain, ()))

    def put(self, lesson: Lesson) -> None:
        """Queue one lesson; never waits."""
        if isinstance(lesson, Event):
            self._events.append(lesson)
        elif not (isinstance(lesson, Sighting) and self._joined(lesson)):
            if self._waiting >= self._limit:
                self._make_room()
            self._queue(lesson.domain).append(lesson)
            self._waiting += 1
        self._idle.clear()
        self._wake.set()

    def _queue(self, domain: str) -> Queue:
        queue = self._lessons.get(domain)
        if queue is None:
            queue = self._lessons[domain] = Queue()
        return queue

    def _joined(self, late: Sighting) -> bool:
        """Whether one like it waits already, which then speaks for both."""
        what = alike(late)
        waits = self._sightings.get(what)
        if waits is None:
            self._sightings[what] = late
            return False
        waits.at_ms = max(waits.at_ms, late.at_ms)
        waits.until_ms = max(waits.until_ms, late.until_ms)
        self._written((late,), (SUPERSEDED,))
        return True

    def _leaves(self, lesson: Kept) -> Kept:
        """A lesson waits no longer."""
        if isinstance(lesson, Sighting):
            what = alike(lesson)
            if self._sightings.get(what) is lesson:
                del self._sightings[what]
        return lesson

    def _make_room(self) -> None:
        """Lose the oldest tenth of the most expendable kind that there is."""
        most = max(self._limit // 10, 1)
        given_up: list[Kept] = []
        for kind in _EXPENDABLE:
            for domain, queue in list(self._lessons.items()):
                given_up += map(self._leaves, queue.give_up(kind, most - len(given_up)))
                self._keep(domain, queue)
                if not queue:
                    self._retry_at.pop(domain, None)  # nothing is left to try
            if given_up:
                break
        self._waiting -= len(given_up)
        self.lost += len(given_up)
        if self._tell_lost is not None:
            self._tell_lost(given_up)

    def _keep(self, domain: str, queue: Queue) -> None:
        if queue:
            self._lessons[domain] = queue
        else:
            self._lessons.pop(domain, None)

    async def run(self) -> None:
        """Write until cancelled."""
        async with asyncio.TaskGroup() as writes:
            while True:
                self._wake.clear()
                now = asyncio.get_running_loop().time()
                for node, batch in self._due(now).items():
                    self._writing[node] = len(batch)
                    writes.create_task(self._write(node, batch))
                if not len(self) and not self._unfinished:
                    self._idle.set()
                await self._woken(min((at - now for at in self._retry_at.values() if at > now), default=None))

    async def _woken(self, within_s: float | None) -> None:
        """Wait for a lesson, or the end of a write, or so long."""
        try:
            async with asyncio.timeout(within_s):
                await self._wake.wait()
        except TimeoutError:
            return

    def _due(self, now: float) -> dict[str, list[Lesson]]:
        """What goes out now, by node: to none that has not answered yet, for no domain that was refused just now."""
        due: dict[str, list[Lesson]] = {}
        for domain in list(self._lessons):
            node = self._nodes.where(domain)
            if node in self._writing or domain in self._carried or self._retry_at.get(domain, now) > now:
                continue
            batch = due.setdefault(node, [])
            if len(batch) == BATCH:
                continue
            queue = self._lessons.pop(domain)
            taken = queue.take(BATCH - len(batch))
            batch.extend(map(self._leaves, taken))
            self._waiting -= len(taken)
            self._carried.add(domain)
            self._keep(domain, queue)
        if self._events and (node := self._nodes.where_events()) not in self._writing:
            batch = due.setdefault(node, [])
            batch.extend(self._events.popleft() for _ in range(min(EVENT_BATCH, len(self._events))))
        return due

    async def _write(self, node: str, batch: Sequence[Lesson]) -> None:
        """Write one batch. Its node is free for the next one as soon as the lessons are taken: who holds which address
        follows, though not for too many batches at a time.
        """
        first: list[str] = []
        freed = False
        self._unfinished += 1

        def free() -> None:
            nonlocal freed
            if not freed:
                freed = True
                del self._writing[node]
                self._carried -= {lesson.domain for lesson in batch if not isinstance(lesson, Event)}
            self._wake.set()

        def taken(words: list[str]) -> None:
            first.extend(words)
            self._settle(batch, words)
            done = [pair for pair in zip(batch, words, strict=True) if pair[1] != AWAY]
            if done:
                self._taken_at = asyncio.get_running_loop().time()
                self._written([lesson for lesson, _ in done], [word for _, word in done])
            if self._unfinished < MOST_UNFINISHED:
                free()

        try:
            try:
                words = await self._store.write(batch, self._clock.now_ms(), taken)
            except asyncio.CancelledError:
                if not first:
                    self._put_back([lesson for lesson in batch if not isinstance(lesson, Event)])
                raise
            for lesson, word, before in zip(batch, words, first, strict=True):
                if word != before:
                    self._written((lesson,), (word.removeprefix(f"{before},"),))
        finally:
            self._unfinished -= 1
            free()

    def _settle(self, batch: Sequence[Lesson], words: Sequence[str]) -> None:
        """Keep what was not taken; tell where that begins and where it ends."""
        kept = [(lesson, word) for lesson, word in zip(batch, words, strict=True) if not isinstance(lesson, Event)]
        refused = [lesson for lesson, word in kept if word == AWAY]
        self._put_back(refused)
        away = {lesson.domain for lesson in refused}
        for domain in away:
            if domain not in self._retry_at:
                log.warning(
                    "store takes no writes, keeping them",
                    domain=domain, waiting=self._waiting, error=self._nodes.trouble(domain) or None,
                )  # fmt: skip
            self._retry_at[domain] = asyncio.get_running_loop().time() + RETRY_S
        for domain in {lesson.domain for lesson, _ in kept} - away:
            if self._retry_at.pop(domain, None) is not None:
                log.warning("store takes writes again", domain=domain, waiting=self._waiting)

    def _put_back(self, lessons: Sequence[Kept]) -> None:
        """In front of their queues, in order."""
        for lesson in reversed(lessons):
            self._queue(lesson.domain).appendleft(lesson)
        self._waiting += len(lessons)

    async def drained(self, timeout_s: float) -> bool:
        """Wait until everything is written; False if that takes longer than `timeout_s`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True
