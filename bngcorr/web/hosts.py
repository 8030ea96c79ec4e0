"""`/v1/hosts`: what BNGs, cards and ports spend of what they have, and for how long that will do."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from bngcorr.accountant.cost import CostTable
from bngcorr.accountant.observed import Difference, compare, usage_then
from bngcorr.accountant.places import Place, places
from bngcorr.accountant.trend import DAY_MS, MOST_DAYS, Forecast, Trend, busiest, forecast, trend
from bngcorr.config import Bng, Config
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import NoForecast, Scope
from bngcorr.store.contract import CapacityStore, QueryStore
from bngcorr.store.rows import Observed, Peak, Sample
from bngcorr.web.filters import bng_of, only
from bngcorr.web.problems import Problem
from bngcorr.web.shown import JsonObject, capacity_shown, census_shown, if_ever, spread_shown, usage_shown

MOST_KEPT: Final = 1_000  # results of reading samples


class Hosts:
    """Handlers over the store."""

    def __init__(
        self, store: QueryStore, capacity: CapacityStore, config: Config, costs: Mapping[str, CostTable]
    ) -> None:
        """`costs`: the cost table of each BNG, by its name."""
        self._store = store
        self._capacity = capacity
        self._bngs = {bng.name: bng for bng in config.bngs}
        self._costs = costs
        self._settings = config.capacity
        self._growths: dict[tuple[str, int, int], _Growth] = {}

    async def hosts(self, request: web.Request) -> web.Response:
        """GET /v1/hosts: filters bng, by (bng, card, port), days (looked back for the trend)."""
        query = request.query
        only(query, ("bng", "by", "days"))
        scope = _scope(query.get("by", str(Scope.BNG)))
        over_ms = _days(query.get("days", "14")) * DAY_MS
        chosen = [bng_of(self._bngs, "bng", query["bng"])] if "bng" in query else list(self._bngs.values())
        domains: dict[str, list[Bng]] = {}
        for bng in chosen:
            domains.setdefault(bng.domain_name, []).append(bng)
        found: dict[str, list[JsonObject]] = {}
        for domain, bngs in domains.items():
            if scope is Scope.BNG:
                found.update(await self._whole(domain, bngs, over_ms))
            else:
                found.update(await self._parts(domain, bngs, scope))
        items = [item for bng in chosen for item in found[bng.name]]
        return web.json_response({"items": items, "thresholds": sorted(self._settings.thresholds)})

    # ---- whole BNGs

    async def _whole(self, domain: str, bngs: list[Bng], over_ms: int) -> dict[str, list[JsonObject]]:
        names = [bng.name for bng in bngs]
        usages, traffics, census, peaks, observed = await asyncio.gather(
            self._store.usage(domain, names),
            self._store.traffic(domain, names),
            self._store.census(domain),
            self._capacity.peaks(domain, names),
            self._capacity.observed(domain, names),
        )
        found: dict[str, list[JsonObject]] = {}
        for bng in bngs:
            (place,) = places(bng, self._costs[bng.name], usages[bng.name], {}, Scope.BNG)
            said = observed.get(bng.name)
            growth = await self._growth(bng, over_ms, said, usages[bng.name])
            spent = place.spent.host_resources
            found[bng.name] = [{
                **_place_shown(place, self._costs[bng.name]),
                "peak": _peak_shown(peaks.get(bng.name)),
                "forecast": _forecast_shown(forecast(growth.trend, max(growth.busy, spent), place.spent.limit)),
                "traffic": spread_shown(traffics.get(bng.name, Traffic())),
                "census": census_shown(census.get(bng.name)),
                "observed": _observed_shown(said, growth.then, self._costs[bng.name]),
            }]  # fmt: skip
        return found

    async def _growth(self, bng: Bng, over_ms: int, said: Observed | None, usage: Usage) -> _Growth:
        """What the samples tell, worked out anew when there may be another one."""
        key = (bng.name, over_ms, said.at_ms if said is not None else 0)
        known = self._growths.get(key)
        if known is not None and time.monotonic() < known.until_s:
            return known
        every_s = self._settings.sample_every
        samples = await self._capacity.samples(bng.domain_name, bng.name)
        table = self._costs[bng.name]
        points = [(sample.at_ms, float(table.resources(sample.usage))) for sample in samples]
        if points:
            points = [point for point in points if point[0] >= points[-1][0] - over_ms]
        found, busy = await asyncio.to_thread(lambda: (trend(points), busiest(points, 0)))
        samples.append(Sample(at_ms=time.time_ns() // 1_000_000, usage=usage))
        then = usage_then(samples, said.at_ms, round(2000 * every_s)) if said is not None else None
        growth = _Growth(found, busy, then.usage if then is not None else None, time.monotonic() + every_s)
        if len(self._growths) >= MOST_KEPT:
            self._growths.clear()
        self._growths[key] = growth
        return growth

    # ---- cards and ports

    async def _parts(self, domain: str, bngs: list[Bng], scope: Scope) -> dict[str, list[JsonObject]]:
        ports = await self._store.usage_by_port(domain, [bng.name for bng in bngs])
        found: dict[str, list[JsonObject]] = {}
        for bng in bngs:
            table = self._costs[bng.name]
            rows = places(bng, table, Usage(), ports.get(bng.name, {}), scope)
            found[bng.name] = [_place_shown(place, table) for place in rows]
        return found


class _Growth:
    """What samples told."""

    __slots__ = ("busy", "then", "trend", "until_s")

    def __init__(self, found: Trend | NoForecast, busy: float, then: Usage | None, until_s: float) -> None:
        self.trend = found
        self.busy = busy  # host resources of the busiest hour
        self.then = then  # usage when the box said what it said; None: not known
        self.until_s = until_s  # monotonic; then there may be another sample


# ---- the question


def _scope(text: str) -> Scope:
    try:
        return Scope(text)
    except ValueError:
        raise Problem(400, "Bad filter", f"by={text[:64]!r} is none of {', '.join(Scope)}") from None


def _days(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= MOST_DAYS):
        raise Problem(400, "Bad filter", f"days={text[:64]!r} is not 1 … {MOST_DAYS}")
    return int(text)


# ---- the answer


def _place_shown(place: Place, table: CostTable) -> JsonObject:
    return {
        "scope": str(place.scope),
        "bng": place.bng,
        "box": place.box or None,
        "name": place.name or None,
        "usage": usage_shown(place.usage),
        "cost_table": table.name,
        **capacity_shown(place.spent),
    }


def _peak_shown(peak: Peak | None) -> JsonObject | None:
    return None if peak is None else {"host_resources": peak.host_resources, "at": if_ever(peak.at_ms)}


def _forecast_shown(found: Forecast) -> JsonObject:
    growth, full = found.trend, found.full
    shown: JsonObject = {"per_day": None, "full_in_s": None, "reason": None if found.why is None else str(found.why)}
    if growth is not None:
        shown["per_day"] = {
            "expected": round(growth.per_day, 1), "low": round(growth.low, 1), "high": round(growth.high, 1),
            "samples": growth.samples, "span_s": round(growth.span_s), "daily_rhythm": growth.daily_rhythm,
        }  # fmt: skip
    if full is not None:
        ends = (("expected", full.expected_s), ("earliest", full.earliest_s), ("latest", full.latest_s))
        shown["full_in_s"] = {name: None if seconds is None else round(seconds) for name, seconds in ends}
    return shown


def _observed_shown(said: Observed | None, then: Usage | None, table: CostTable) -> JsonObject | None:
    """What the box said, beside what the ledger had at that time; alone if nothing is known of then."""
    if said is None:
        return None
    compared = {row.figure: row for row in compare(said, then, table)} if then is not None else {}
    return {
        "at": if_ever(said.at_ms),
        "figures": [_figure_shown(name, figure, compared.get(name)) for name, figure in said.figures],
    }


def _figure_shown(name: str, figure: int, row: Difference | None) -> JsonObject:
    per_cent = None if row is None or row.per_cent is None else round(row.per_cent, 1)
    return {
        "figure": name,
        "observed": figure,
        "ours": None if row is None else row.ours,
        "difference": None if row is None else row.difference,
        "per_cent": per_cent,
    }
