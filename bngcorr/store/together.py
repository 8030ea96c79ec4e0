"""Reads that are asked side by side, together: one write to each node, and the same question put once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Final

from bngcorr.errors import StoreError
from bngcorr.store.lane import Command, Lane, Reply, checked

TURNS: Final = 2  # of the event loop, in which tasks that were started together come to their first questions
MOST: Final = 256  # commands that go out together; whoever asks as many at once waits for nobody


class Together:
    """A lane for those that only read. A write costs both ends more than what most questions are about.

    Each node's questions go by themselves: who asks one node does not wait for another.
    """

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._open: dict[str, _Round] = {}  # by node: takes more questions
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, commands: Sequence[Command], budget_s: float) -> list[Reply]:
        """All replies, which are not to be changed: others may have the same. Raises StoreError as `Lane.run` does.

        The key of each command is its second word.
        """
        if len(commands) >= MOST:
            return await self._lane.run(commands, budget_s)
        if self._lane.undivided:
            return checked(await self._ask("", commands, budget_s)) if commands else []
        parts: dict[str, list[int]] = {}
        for place, command in enumerate(commands):
            parts.setdefault(self._lane.where(str(command[1])), []).append(place)
        asked = [(some, self._ask(node, [commands[at] for at in some], budget_s)) for node, some in parts.items()]
        replies: list[Reply] = [None] * len(commands)
        for some, answer in asked:
            for place, reply in zip(some, await answer, strict=True):
                replies[place] = reply
        return checked(replies)

    def _ask(self, node: str, commands: Sequence[Command], budget_s: float) -> asyncio.Future[list[Reply]]:
        loop = asyncio.get_running_loop()
        some = self._open.get(node)
        if some is None or some.loop is not loop or len(some.places) >= MOST:
            some = self._open[node] = _Round(loop)
            task = loop.create_task(self._send(node, some))
            self._under_way.add(task)
            task.add_done_callback(partial(self._over, node, some))
        return some.ask(commands, budget_s)

    async def _send(self, node: str, some: _Round) -> None:
        try:
            for _ in range(TURNS - 1):  # the first one is that in which this begins
                await asyncio.sleep(0)
            self._close(node, some)
            replies = await self._lane.run_each(list(some.places), some.budget_s)
        except StoreError as error:
            replies = [error] * len(some.places)
        for places, answer in some.waiting:
            if not answer.done():
                answer.set_result([replies[place] for place in places])

    def _over(self, node: str, some: _Round, task: asyncio.Task[None]) -> None:
        """Whoever still waits then waits for nothing: it was cancelled, maybe before it began."""
        self._under_way.discard(task)
        self._close(node, some)
        for _, answer in some.waiting:
            answer.cancel()  # nothing, if it is there

    def _close(self, node: str, some: _Round) -> None:
        """It takes no more questions."""
        if self._open.get(node) is some:
            del self._open[node]


class _Round:
    """Questions that go out together, and who waits for which."""

    __slots__ = ("budget_s", "loop", "places", "waiting")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.budget_s = 0.0  # the longest
        self.places: dict[Command, int] = {}  # of each reply
        self.waiting: list[tuple[list[int], asyncio.Future[list[Reply]]]] = []

    def ask(self, commands: Sequence[Command], budget_s: float) -> asyncio.Future[list[Reply]]:
        """The replies to come."""
        places = self.places
        self.budget_s = max(self.budget_s, budget_s)
        answer: asyncio.Future[list[Reply]] = self.loop.create_future()
        self.waiting.append(([places.setdefault(command, len(places)) for command in commands], answer))
        return answer
