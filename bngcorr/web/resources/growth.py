"""What the samples of a BNG's usage tell, worked out anew when there may be another one."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from bngcorr.accountant.cost import CostTable
from bngcorr.accountant.observed import usage_then
from bngcorr.accountant.trend import DAY_MS, Trend, busiest, trend
from bngcorr.config import Bng
from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import NoForecast
from bngcorr.store.contract import CapacityStore
from bngcorr.store.rows import Observed, Sample
from bngcorr.web.models.capacity import TrendPoint
from bngcorr.web.resources.capacity_shown import usage_shown
from bngcorr.web.resources.shown import if_ever

MOST_KEPT: Final = 1_000  # results of reading samples
MOST_POINTS: Final = 400  # of a trend that is told


class Growth:
    """What samples told."""

    __slots__ = ("busy", "points", "then", "trend", "until_s")

    def __init__(
        self, found: Trend | NoForecast, busy: float, then: Usage | None, points: tuple[TrendPoint, ...], until_s: float
    ) -> None:
        self.trend = found
        self.busy = busy  # host resources of the busiest hour
        self.then = then  # usage when the box said what it said; None: not known
        self.points = points
        self.until_s = until_s  # monotonic; then there may be another sample


class Growths:
    """Of all BNGs, kept as long as they hold."""

    def __init__(self, capacity: CapacityStore, sample_every_s: float) -> None:
        self._capacity = capacity
        self._every_s = sample_every_s
        self._kept: dict[tuple[str, int, int], Growth] = {}

    async def of(self, bng: Bng, table: CostTable, days: int, said: Observed | None, usage: Usage) -> Growth:
        """`usage`: at present. `said`: what the box said last."""
        key = (bng.name, days, said.at_ms if said is not None else 0)
        known = self._kept.get(key)
        if known is not None and time.monotonic() < known.until_s:
            return known
        samples = await self._capacity.samples(bng.domain_name, bng.name)
        recent = [one for one in samples if one.at_ms >= samples[-1].at_ms - days * DAY_MS]
        points = [(one.at_ms, float(table.resources(one.usage))) for one in recent]
        found, busy = await asyncio.to_thread(lambda: (trend(points), busiest(points, 0)))
        samples.append(Sample(at_ms=time.time_ns() // 1_000_000, usage=usage))
        then = usage_then(samples, said.at_ms, round(2000 * self._every_s)) if said is not None else None
        usage_of_then = then.usage if then is not None else None
        growth = Growth(found, busy, usage_of_then, _thinned(recent, table), time.monotonic() + self._every_s)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[key] = growth
        return growth


def _thinned(samples: list[Sample], table: CostTable) -> tuple[TrendPoint, ...]:
    """At most so many of them, evenly, the last one among them."""
    step = -(-len(samples) // MOST_POINTS) or 1
    return tuple(
        TrendPoint(at=if_ever(one.at_ms), host_resources=table.resources(one.usage), usage=usage_shown(one.usage))
        for one in samples[::-1][::step][::-1]
    )
