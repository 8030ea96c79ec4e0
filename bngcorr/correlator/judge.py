"""Store in, verdicts out: one round trip for all questions of a vector, and the hold for those whose sighting may come.

A request may be held, briefly and bounded, but never swallowed: BNGs count timeouts against the whole server.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Final, Generic, Protocol, TypeVar

import structlog

from bngcorr.correlator.hold import HoldPays
from bngcorr.correlator.ladder import NO_RUNGS, climb
from bngcorr.correlator.question import Question
from bngcorr.model.verdict import UNKNOWN, Verdict
from bngcorr.model.vocabulary import Outcome, Rung
from bngcorr.store.contract import CorrelationStore
from bngcorr.store.lesson import Lesson, Sighting
from bngcorr.store.nodes import ONE_NODE, Nodes
from bngcorr.store.recollection import Recall

ASK_AGAIN_S: Final = (0.02, 0.06, 0.14, 0.3)  # after arrival; and at the end of the hold
PROBE_EVERY_S: Final = 0.25
MOST_HELD: Final = 4096
RELEASE_WITHIN_S: Final = 0.5
_NO_WINDOW: Final = frozenset((Rung.WINDOW,))


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
    return Recall(
        domain=question.domain,
        keys=tuple([handle.hash for handle in ring.handles]),
        mac=ring.mac,
        session=question.session if question.own is None else None,
        place=ring.place,
    )


class Judge(Generic[RequestT]):
    """Asks the store. While the node that keeps a domain is away, a breaker answers `unknown` at once for that domain,
    until a probe succeeds.
    """

    def __init__(self, store: CorrelationStore, clock: SteadyClock, nodes: Nodes = ONE_NODE) -> None:
        self._store = store
        self._clock = clock
        self._nodes = nodes
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: dict[str, set[asyncio.Event]] = {}
        self._away: dict[str, asyncio.Task[None]] = {}  # domains whose node does not answer, and who probes it
        self._pays: dict[str, HoldPays] = {}
        self._closing = False
        self.held = 0  # requests on hold now

    @property
    def broken(self) -> bool:
        """Whether any domain's node does not answer."""
        return bool(self._away)

    @property
    def away(self) -> int:
        """Domains whose node does not answer."""
        return len(self._away)

    def ask(self, requests: list[RequestT], then: Callable[[RequestT, Verdict], None]) -> None:
        """Judge a vector; `then` is called once for each request, at once where the store is known to be away."""
        if self._away:
            for request in requests:
                if request.question.domain in self._away:
                    then(request, UNKNOWN)
            requests = [request for request in requests if request.question.domain not in self._away]
        for ours in self._by_node(requests):
            self._start(self._story(ours, then))

    def _by_node(self, requests: list[RequestT]) -> Iterable[list[RequestT]]:
        """One story for each node of the store: nobody waits for a node that is not his."""
        domains = {request.question.domain for request in requests}
        if len(domains) <= 1:
            return [requests] if requests else []
        nodes = {domain: self._nodes.where(domain) for domain in domains}
        stories: dict[str, list[RequestT]] = {}
        for request in requests:
            stories.setdefault(nodes[request.question.domain], []).append(request)
        return stories.values()

    def sighted(self, lessons: Sequence[Lesson]) -> None:
        """Wake whoever waits for what has just reached the store."""
        if not self._waiting:
            return
        for lesson in lessons:
            if isinstance(lesson, Sighting):
                for key in lesson.keys:
                    for woken in self._waiting.get(key, ()):
                        woken.set()

    def holds(self, bng: str) -> bool:
        """Whether holding pays at this BNG now."""
        pays = self._pays.get(bng)
        return pays is None or pays.pays

    async def release(self) -> None:
        """Hold nobody any more: whoever waits gets the verdict of this moment."""
        self._closing = True
        for groups in self._waiting.values():
            for woken in groups:
                woken.set()
        stories = [task for task in self._tasks if task not in self._away.values()]
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
        """One verdict for each request, from one round trip per node."""
        now_ms = self._clock.now_ms()
        recalled = await self._store.recall([recall_of(request.question) for request in requests], now_ms)
        suspended = NO_RUNGS if self._clock.steady else _NO_WINDOW
        verdicts = []
        for request, one in zip(requests, recalled, strict=True):
            if one is None:
                self._lost(request.question.domain)
                verdicts.append(UNKNOWN)
            else:
                verdicts.append(climb(request.question, one, now_ms, suspended))
        return verdicts

    def _lost(self, domain: str) -> None:
        if domain not in self._away and not self._closing:
            log.warning(
                "store does not answer, requests without a line id go on as they are",
                domain=domain, error=self._nodes.trouble(domain) or None,
            )  # fmt: skip
            self._away[domain] = self._start(self._mend(domain))

    async def _mend(self, domain: str) -> None:
        try:
            while True:
                await asyncio.sleep(PROBE_EVERY_S)
                if await self._store.ping(domain):
                    break
            log.warning("store answers again, correlation is back", domain=domain)
        finally:
            del self._away[domain]

    async def _story(self, requests: list[RequestT], then: Callable[[RequestT, Verdict], None]) -> None:
        waiting = list(requests)
        try:
            verdicts = await self._round(requests)
            held: list[RequestT] = []
            for request, verdict in zip(requests, verdicts, strict=True):
                may_wait = verdict.outcome is Outcome.UNMATCHED and request.hold_s > 0 and not self._closing
                if may_wait and self.held + len(held) < MOST_HELD and self._pays_off(request.bng):
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

    def _pays_off(self, bng: str) -> bool:
        pays = self._pays.get(bng)
        if pays is None:
            pays = self._pays[bng] = HoldPays()
        return pays.holds(time.monotonic())

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
                        if verdict.outcome is not Outcome.UNKNOWN:
                            self._pays[request.bng].ended(verdict.outcome is Outcome.MATCHED, started + waited)
                        then(request, verdict.with_held(round(waited * 1000)))
                held = still
        finally:
            self.held -= most
            for key in keys:
                groups = self._waiting[key]
                groups.discard(woken)
                if not groups:
                    del self._waiting[key]
