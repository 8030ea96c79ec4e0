"""Ends sessions whose deadline has passed without a word, in bounded batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from bngcorr.errors import StoreError
from bngcorr.store.behind import Clock
from bngcorr.store.contract import Lesson, QueryStore, SessionChange, SessionStep

EVERY_S: Final = 5.0
BATCH: Final = 1000


def expiry(domain: str, bng: str, session: str, nas: str, now_ms: int) -> SessionChange:
    """The step that ends a session; the store applies it only if the deadline has still passed."""
    return SessionChange(
        domain=domain, bng=bng, session=session, nas=nas, step=SessionStep.EXPIRE, at_ms=now_ms, until_ms=now_ms,
        line=None, ids=None, own=False, keys=(), fingerprint="", digest="", hosts=None, shown="",
    )  # fmt: skip


class Sweeper:
    """Looks at every BNG now and then."""

    def __init__(
        self, store: QueryStore, clock: Clock, bngs: Sequence[tuple[str, str]], learn: Callable[[Lesson], None]
    ) -> None:
        """`bngs`: (domain, BNG)."""
        self._store = store
        self._clock = clock
        self._bngs = bngs
        self._learn = learn

    async def sweep(self) -> int:
        """One round; how many sessions were due. Raises StoreError."""
        found = 0
        now_ms = self._clock.now_ms()
        for domain, bng in self._bngs:
            for row in await self._store.due(domain, bng, now_ms, BATCH):
                found += 1
                self._learn(expiry(domain, bng, row.session, row.nas, now_ms))
        return found

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.sweep()
            except StoreError:
                continue
