"""Store in, verdicts out: one round trip for all questions of a vector, and the hold for those whose sighting may come.

A request may be held, briefly and bounded, but never swallowed: BNGs count timeouts against the whole server.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Final, Generic, Protocol, TypeVar

import structlog

from bngcorr.correlator.ladder import Question, climb
from bngcorr.errors import StoreError
from bngcorr.model.verdict import UNKNOWN, Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.store.behind import Clock
from bngcorr.store.contract import CorrelationStore, Lesson, Recall, Sighting

ASK_AGAIN_S: Final = (0.02, 0.06, 0.14, 0.3)  # after arrival; and at the end of the hold
PROBE_EVERY_S: Final = 0.25
MOST_HELD: Final = 4096
RELEASE_WITHIN_S: Final = 0.5


class Asked(Protocol):
    """A request that waits for its verdict."""

    question: Question
    hold_s: float  # 0: not to be held


log = structlog.get_logger()

RequestT = TypeVar("RequestT", bound=Asked)


class Judge(Generic[RequestT]):
    """Asks the store. While it is away a breaker answers `unknown` at once, until a probe succeeds."""

    def __init__(self, store: CorrelationStore, clock: Clock, *, probe: Callable[[], Awaitable[object]]) -> None:
        """`probe` is the cheapest call that shows the store is back; it raises StoreError otherwise."""
        self._store = store
        self._clock = clock
        self._probe = probe
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._mending: asyncio.Task[None] | None = None
        self._closing = False
        self.held = 0  # requests on hold now
        self.broken = False
        self.failures = 0  # rounds that the store did not answer

    def ask(self, requests: list[RequestT], then: Callable[[RequestT, Verdict], None]) -> None:
        """Judge a vector; `then` is called once for each request, at once if the store is known to be away."""
        if self.broken:
            for request in requests:
                then(request, UNKNOWN)
            return
        self._start(self._story(requests, then))

    def sighted(self, lessons: Sequence[Lesson]) -> None:
        """Wake whoever waits for what has just reached the store."""
        if not self._waiting:
            return
        for lesson in lessons:
            if isinstance(lesson, Sighting):
                for key in (*lesson.keys, *lesson.mac_keys):
                    for woken in self._waiting.get(key, ()):
                        woken.set()

    async def release(self) -> None:
        """Hold nobody any more: whoever waits gets the verdict of this moment."""
        self._closing = True
        for groups in self._waiting.values():
            for woken in groups:
                woken.set()
        stories = [task for task in self._tasks if task is not self._mending]
        if stories:
            await asyncio.wait(stories, timeout=RELEASE_WITHIN_S)

    async def close(self) -> None:
        """End all tasks."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, story: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(story)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _round(self, requests: Sequence[RequestT]) -> list[Verdict]:
        """One verdict for each request, from one round trip."""
        recalls = [
            Recall(
                domain=request.question.domain,
                keys=tuple(handle.hash for handle in request.question.keyring.handles),
                mac=request.question.keyring.mac,
                session=request.question.session,
            )
            for request in requests
        ]
        now_ms = self._clock.now_ms()
        try:
            recalled = await self._store.recall(recalls, now_ms)
        except StoreError as error:
            self.failures += 1
            if not self.broken:
                self.broken = True
                log.warning("store does not answer, requests without a line id go on as they are", error=str(error))
                self._mending = self._start(self._mend())
            return [UNKNOWN] * len(requests)
        return [climb(request.question, one, now_ms) for request, one in zip(requests, recalled, strict=True)]

    async def _mend(self) -> None:
        while self.broken:
            await asyncio.sleep(PROBE_EVERY_S)
            try:
                await self._probe()
            except StoreError:
                continue
            self.broken = False
            log.warning("store answers again, correlation is back")

    async def _story(self, requests: list[RequestT], then: Callable[[RequestT, Verdict], None]) -> None:
        waiting = list(requests)
        try:
            verdicts = await self._round(requests)
            held: list[RequestT] = []
            for request, verdict in zip(requests, verdicts, strict=True):
                may_wait = verdict.outcome is Outcome.UNMATCHED and request.hold_s > 0 and not self._closing
                if may_wait and self.held + len(held) < MOST_HELD:
                    held.append(request)
                else:
                    waiting.remove(request)
                    then(request, verdict)
            if held:
                await self._hold(held, waiting, then)
        except Exception:
            log.exception("internal error, requests go on as they are", requests=len(waiting))
            for request in waiting:
                then(request, UNKNOWN)

    async def _hold(
        self, held: list[RequestT], waiting: list[RequestT], then: Callable[[RequestT, Verdict], None]
    ) -> None:
        """Ask again when a sighting on one of their keys arrives here, and at a few instants for those that do not.

        Whoever has its verdict leaves `waiting`.
        """
        started = time.monotonic()
        woken = asyncio.Event()
        keys = {handle.hash for request in held for handle in request.question.keyring.handles}
        for key in keys:
            self._waiting.setdefault(key, set()).add(woken)
        self.held += len(held)
        most = len(held)
        try:
            while held:
                waited = time.monotonic() - started
                due = [request.hold_s for request in held] + [at for at in ASK_AGAIN_S if at > waited]
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(min(due) - waited, 0.0)):
                        await woken.wait()
                woken.clear()
                verdicts = await self._round(held)
                waited = time.monotonic() - started
                still: list[RequestT] = []
                for request, verdict in zip(held, verdicts, strict=True):
                    if verdict.outcome is Outcome.UNMATCHED and waited < request.hold_s and not self._closing:
                        still.append(request)
                    else:
                        waiting.remove(request)
                        then(request, replace(verdict, held_ms=round(waited * 1000)))
                held = still
        finally:
            self.held -= most
            for key in keys:
                groups = self._waiting[key]
                groups.discard(woken)
                if not groups:
                    del self._waiting[key]
