"""First rounds: vectors whose questions are on their way to the store, and who is told of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, Generic, TypeVar

from bngcorr.model.verdict import Verdict
from bngcorr.store.contract import Asking, CorrelationStore, Told
from bngcorr.store.pending import Pending
from bngcorr.store.recollection import Recall, Recollection

RequestT = TypeVar("RequestT")

Answers = list[Recollection | None]
Then = Callable[[list[RequestT], list[Verdict]], None]  # is told of requests and their verdicts


class Round(Generic[RequestT]):
    """A vector that waits for its answers."""

    __slots__ = ("_rounds", "now_ms", "requests", "then", "turn")

    def __init__(
        self,
        rounds: Rounds[RequestT],
        requests: list[RequestT],
        then: Then[RequestT],
        now_ms: int,
        turn: int,
    ) -> None:
        self._rounds: Final = rounds
        self.requests: Final = requests
        self.then: Final = then
        self.now_ms: Final = now_ms
        self.turn: Final = turn  # of `Pending`

    def told(self, said: Answers | Exception) -> None:
        """The store has answered, or failed in a way that nobody foresaw."""
        self._rounds.over(self, said)


class Rounds(Generic[RequestT]):
    """Those that are under way."""

    def __init__(
        self, store: CorrelationStore, pending: Pending, tell: Callable[[Round[RequestT], Answers | Exception], None]
    ) -> None:
        """`tell` is called with each that is over."""
        self._awaited = _Awaited(store)
        self._ask: Final = store.ask if isinstance(store, Asking) else self._awaited.ask
        self._pending: Final = pending
        self._tell: Final = tell
        self._under_way: set[Round[RequestT]] = set()
        self._none: asyncio.Event | None = None  # set when none is under way, if anybody waits for that

    def begin(self, requests: list[RequestT], recalls: list[Recall], then: Then[RequestT], now_ms: int) -> None:
        """Ask the store about some requests."""
        asked = Round(self, requests, then, now_ms, self._pending.begin())
        self._under_way.add(asked)
        try:
            self._ask(recalls, now_ms, asked.told)
        except Exception as error:
            self.over(asked, error)

    def over(self, asked: Round[RequestT], said: Answers | Exception) -> None:
        """One of them, unless it was given up."""
        if asked not in self._under_way:
            return
        self._under_way.remove(asked)
        if self._none is not None and not self._under_way:
            self._none.set()
        try:
            self._tell(asked, said)
        finally:
            self._pending.end(asked.turn)

    async def wait(self) -> None:
        """Until none is under way."""
        if self._under_way:
            self._none = asyncio.Event()
            await self._none.wait()

    async def close(self) -> None:
        """Give up all of them: nobody is told."""
        for asked in self._under_way:
            self._pending.end(asked.turn)
        self._under_way.clear()
        if self._none is not None:
            self._none.set()
        await self._awaited.close()


class _Awaited:
    """A store that has to be waited for, asked like one that calls back."""

    def __init__(self, store: CorrelationStore) -> None:
        self._store: Final = store
        self._asked: Final[set[asyncio.Future[Answers]]] = set()

    def ask(self, questions: Sequence[Recall], now_ms: int, told: Told) -> None:
        """As `Asking.ask`."""
        asked: asyncio.Future[Answers] = asyncio.ensure_future(self._store.recall(questions, now_ms))
        self._asked.add(asked)
        asked.add_done_callback(partial(self._over, told))

    def _over(self, told: Told, asked: asyncio.Future[Answers]) -> None:
        self._asked.discard(asked)
        if asked.cancelled():
            return
        error = asked.exception()
        if error is None:
            told(asked.result())
        elif isinstance(error, Exception):
            told(error)

    async def close(self) -> None:
        """Wait for nobody any more."""
        some = list(self._asked)
        for asked in some:
            asked.cancel()
        await asyncio.gather(*some, return_exceptions=True)
