"""The store's clock as this process knows it: an offset to the local one, measured now and then.

The local clock is the monotonic one: when somebody sets the wall clock of this host, store time goes on undisturbed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol

from bngcorr.errors import StoreError

MEASURE_EVERY_S: Final = 10.0
MEASURE_SOON_S: Final = 1.0  # after a failure, and while the clock is unsteady
TRIES: Final = 3
JUMP_MS: Final = 500  # two measurements that differ by more do not agree
SETTLED: Final = 2  # measurements that have to agree after a jump


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One question for the time and its answer."""

    sent_ms: float  # local monotonic
    got_ms: float  # local monotonic
    told_ms: int  # the store's, epoch milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearing:
    """Where the store's clock is, seen from the local one, and how far that can be relied upon."""

    offset_ms: float  # store's epoch milliseconds minus local monotonic ones
    agreeing: int = SETTLED  # measurements in a row that agree with the one before, 0 … SETTLED

    @property
    def steady(self) -> bool:
        """No jump, or enough measurements since that agree."""
        return self.agreeing >= SETTLED


def offset_ms(trips: Sequence[Trip]) -> float:
    """Store time minus local time by the quickest of some trips: its answer is the least uncertain (at least one)."""
    best = min(trips, key=lambda trip: trip.got_ms - trip.sent_ms)
    return best.told_ms - (best.sent_ms + best.got_ms) / 2


def take_bearing(before: Bearing | None, measured_ms: float) -> Bearing:
    """The bearing after one more measurement. A jump of more than JUMP_MS makes it unsteady; the first is no jump."""
    if before is None:
        return Bearing(offset_ms=measured_ms)
    if abs(measured_ms - before.offset_ms) > JUMP_MS:
        return Bearing(offset_ms=measured_ms, agreeing=0)
    return Bearing(offset_ms=measured_ms, agreeing=min(before.agreeing + 1, SETTLED))


class TimeSource(Protocol):
    """What tells the store's time."""

    async def now_ms(self) -> int:
        """Epoch milliseconds. Raises StoreError."""
        ...


class StoreClock:
    """Store time for this process: by the last measurement while the store is away, by the wall clock before any."""

    def __init__(self) -> None:
        self._bearing: Bearing | None = None

    def now_ms(self) -> int:
        """Epoch milliseconds by the store's clock."""
        bearing = self._bearing
        if bearing is None:
            return time.time_ns() // 1_000_000
        return int(monotonic() * 1000.0 + bearing.offset_ms + 0.5)

    @property
    def steady(self) -> bool:
        """Whether instants of before and after can be compared: not before the first measurement, nor after a jump."""
        return self._bearing is not None and self._bearing.steady

    @property
    def offset_ms(self) -> int:
        """How far the store's clock is ahead of this host's wall clock."""
        return self.now_ms() - time.time_ns() // 1_000_000

    async def measure(self, source: TimeSource) -> None:
        """Take the offset from the quickest of a few round trips. Raises StoreError if none succeeded."""
        trips: list[Trip] = []
        trouble: StoreError | None = None
        for _ in range(TRIES):
            sent_ms = _local_ms()
            try:
                told_ms = await source.now_ms()
            except StoreError as error:
                trouble = error
            else:
                trips.append(Trip(sent_ms=sent_ms, got_ms=_local_ms(), told_ms=told_ms))
        if trips:
            self._bearing = take_bearing(self._bearing, offset_ms(trips))
        elif trouble is not None:
            raise trouble

    async def run(self, source: TimeSource) -> None:
        """Measure until cancelled."""
        while True:
            try:
                await self.measure(source)
            except StoreError:
                await asyncio.sleep(MEASURE_SOON_S)
            else:
                await asyncio.sleep(MEASURE_EVERY_S if self.steady else MEASURE_SOON_S)


def _local_ms() -> float:
    return monotonic() * 1000.0
