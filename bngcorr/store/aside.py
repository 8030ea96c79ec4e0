"""What timelines in a Cluster are told: aside, so that no node waits for another, and in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from bngcorr.errors import StoreError
from bngcorr.store.lane.commands import Command, Reply

BUDGET_S: Final = 2.0
MOST_DOMAINS: Final = 64  # timelines of as many are under way at a time
MOST_WAITING: Final = 16  # and as many batches of one domain wait meanwhile


class Aside:
    """Those of one domain go one after the other: the oldest entries of a line give way to what comes later."""

    def __init__(self, run: Callable[[Sequence[Command], float], Awaitable[list[Reply]]]) -> None:
        """`run` is that of a Lane: `run_each`."""
        self._run = run
        self._waiting: dict[str, deque[Command]] = {}  # by domain, for what is on its way
        self._tellers: set[asyncio.Task[None]] = set()

    def tell(self, domains: Sequence[str], commands: Sequence[Command]) -> None:
        """One of each domain; what is too much is lost."""
        for domain, command in zip(domains, commands, strict=True):
            waiting = self._waiting.get(domain)
            if waiting is None and len(self._waiting) < MOST_DOMAINS:
                self._waiting[domain] = deque([command])
                task = asyncio.get_running_loop().create_task(self._tell(domain))
                self._tellers.add(task)
                task.add_done_callback(self._tellers.discard)
            elif waiting is not None and len(waiting) < MOST_WAITING:
                waiting.append(command)

    async def _tell(self, domain: str) -> None:
        waiting = self._waiting[domain]
        try:
            while waiting:
                some = list(waiting)
                waiting.clear()
                with suppress(StoreError):
                    await self._run(some, BUDGET_S)
        finally:
            del self._waiting[domain]

    async def told(self) -> None:
        """All of it has arrived, or is lost."""
        await asyncio.gather(*self._tellers, return_exceptions=True)

    def close(self) -> None:
        """What has not arrived is lost."""
        for task in self._tellers:
            task.cancel()
