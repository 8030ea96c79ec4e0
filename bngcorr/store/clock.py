"""The store's clock as this process knows it: an offset to the local one, measured now and then."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

from bngcorr.errors import StoreError

MEASURE_EVERY_S: Final = 10.0
TRIES: Final = 3


class TimeSource(Protocol):
    """What tells the store's time."""

    async def now_ms(self) -> int:
        """Epoch milliseconds. Raises StoreError."""
        ...


class StoreClock:
    """Local time plus the offset of the best of a few round trips; the last good offset while the store is away."""

    def __init__(self) -> None:
        self.offset_ms = 0

    def now_ms(self) -> int:
        """Epoch milliseconds by the store's clock."""
        return time.time_ns() // 1_000_000 + self.offset_ms

    async def measure(self, source: TimeSource) -> None:
        """Take the offset from the quickest of a few round trips. Raises StoreError if none succeeded."""
        best: tuple[float, int] | None = None
        for _ in range(TRIES):
            before = time.monotonic()
            local = time.time_ns() // 1_000_000
            remote = await source.now_ms()
            trip = time.monotonic() - before
            if best is None or trip < best[0]:
                best = (trip, remote - local - round(trip * 500))
        if best is not None:
            self.offset_ms = best[1]

    async def run(self, source: TimeSource) -> None:
        """Measure until cancelled."""
        while True:
            try:
                await self.measure(source)
            except StoreError:
                await asyncio.sleep(1.0)
            else:
                await asyncio.sleep(MEASURE_EVERY_S)
