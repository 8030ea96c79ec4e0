"""Looks at what every BNG spends: samples for the trend, the peak, what nears a limit, what its box says otherwise."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from bngcorr.accountant.cost import CostTable
from bngcorr.accountant.observed import Difference, compare, usage_then
from bngcorr.accountant.places import Place, places
from bngcorr.accountant.thresholds import Name, near_limits, over, subject_of, tell
from bngcorr.config import Bng
from bngcorr.config import Capacity as CapacitySettings
from bngcorr.errors import StoreError
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Finding, Scope
from bngcorr.store.contract import CapacityStore, Clock, QueryStore
from bngcorr.store.lesson import FindingSeen, Lesson
from bngcorr.store.nodes import ONE_NODE, Nodes
from bngcorr.store.rows import FindingRow, Observed, Peak, Sample

EVERY_S: Final = 5.0
SLOW_MS: Final = 30_000  # between looks at what changes slowly or is not urgent: traffic, peaks, the word of the box
TIDY_MS: Final = 300_000  # between looks for findings that nobody holds any more
NOBODY_MS: Final = 180_000  # a finding of another process that was not told for so long is nobody's
FRESH_MS: Final = 3_600_000  # a box's word is no finding any more when it is so old
MOST_FINDINGS: Final = 500  # of a domain, looked through for those that nobody holds


class SteadyClock(Clock, Protocol):
    """The store's clock, and whether it can be relied upon now."""

    @property
    def steady(self) -> bool:
        """Not before the first measurement, nor after a jump."""
        ...


@dataclass(slots=True, kw_only=True)
class Watched:
    """What was last seen of one BNG."""

    bng: Bng
    table: CostTable
    looked_at: bool = False
    usage: Usage = field(default_factory=Usage)
    host_resources: int = 0
    limited: tuple[Place, ...] = ()  # the BNG, its cards and its ports, as far as they have limits
    peak: Peak | None = None
    traffic: Traffic = field(default_factory=Traffic)
    observed: Observed | None = None
    differences: tuple[Difference, ...] = ()  # of ours of that time from its word; none if nothing is known of then


@dataclass(slots=True)
class _Domain:
    """What the watch keeps of a domain."""

    bngs: dict[str, Watched]
    told: Mapping[Name, FindingSeen] = field(default_factory=dict)  # findings that hold
    slow_ms: int | None = None  # when what is slow was last looked at
    tidy_ms: int | None = None


class Watch:
    """One look at every domain in `EVERY_S`. What it saw stands in `seen`, for metrics."""

    def __init__(
        self,
        queries: QueryStore,
        capacity: CapacityStore,
        clock: SteadyClock,
        bngs: Sequence[Bng],
        costs: Mapping[str, CostTable],
        settings: CapacitySettings,
        learn: Callable[[Lesson], None],
        *,
        nodes: Nodes = ONE_NODE,
    ) -> None:
        """`costs` has the cost table of each BNG by its name; `learn` is told of findings."""
        self._queries = queries
        self._capacity = capacity
        self._clock = clock
        self._learn = learn
        self._nodes = nodes
        self._domains: dict[str, _Domain] = {}
        self.look_after(bngs, costs, settings)
        self._slots: dict[str, int] = {}  # by BNG: the last slot of time for which a sample was told

    def look_after(self, bngs: Sequence[Bng], costs: Mapping[str, CostTable], settings: CapacitySettings) -> None:
        """Look at these BNGs from the next round on. Findings that were told of a domain are still known there."""
        self._settings = settings
        self._every_ms = max(round(settings.sample_every * 1000), 1)
        before, self._domains = self._domains, {}
        for bng in bngs:
            domain = self._domains.get(bng.domain_name)
            known = before.get(bng.domain_name)
            if domain is None:
                domain = self._domains[bng.domain_name] = _Domain({}, known.told if known is not None else {})
            one = known.bngs.get(bng.name) if known is not None else None
            table = costs[bng.name]
            domain.bngs[bng.name] = Watched(bng=bng, table=table) if one is None else replace(one, bng=bng, table=table)

    @property
    def seen(self) -> list[Watched]:
        """Of each BNG that was looked at, what was seen last."""
        return [one for domain in self._domains.values() for one in domain.bngs.values() if one.looked_at]

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await self.round()
            await asyncio.sleep(EVERY_S)

    async def round(self) -> None:
        """One look at each domain, node beside node; a node that does not answer is left for the next time."""
        groups: dict[str, list[str]] = {}
        for name in self._domains:
            groups.setdefault(self._nodes.where(name), []).append(name)
        await asyncio.gather(*(self._look_at(names) for names in groups.values()))

    async def _look_at(self, names: Sequence[str]) -> None:
        for name in names:
            domain = self._domains.get(name)
            if domain is None:  # it is gone since the round began
                continue
            try:
                await self._look(name, domain)
            except StoreError:
                return

    async def _look(self, name: str, domain: _Domain) -> None:
        await self._count(name, domain)
        if not self._clock.steady:  # else something could be noted in a time that never was
            return
        now_ms = self._clock.now_ms()
        await self._note(name, domain, now_ms)
        if domain.slow_ms is None or abs(now_ms - domain.slow_ms) >= SLOW_MS:
            await self._look_slowly(name, domain, now_ms)
            domain.slow_ms = now_ms
        if domain.tidy_ms is None or abs(now_ms - domain.tidy_ms) >= TIDY_MS:
            await self._tidy(name, domain, now_ms)
            domain.tidy_ms = now_ms
        lessons, domain.told = tell(domain.told, self._standing(name, domain, now_ms), name, now_ms)
        for lesson in lessons:
            self._learn(lesson)

    async def _count(self, name: str, domain: _Domain) -> None:
        usages = await self._queries.usage(name, list(domain.bngs))
        split = [bng for bng, one in domain.bngs.items() if one.bng.limits.cards or one.bng.limits.ports]
        ports = await self._queries.usage_by_port(name, split) if split else {}
        for bng, one in domain.bngs.items():
            one.looked_at = True
            one.usage = usages[bng]
            one.host_resources = one.table.resources(one.usage)
            one.limited = tuple(
                place
                for scope in _limited(one.bng)
                for place in places(one.bng, one.table, one.usage, ports.get(bng, {}), scope)
                if place.spent.limit is not None
            )

    async def _note(self, name: str, domain: _Domain, now_ms: int) -> None:
        """Tell the store of a new slot of time or a new peak; all else it knows."""
        slot = now_ms // self._every_ms
        for bng, one in domain.bngs.items():
            if slot != self._slots.get(bng) or one.peak is None or one.host_resources > one.peak.host_resources:
                sample = Sample(at_ms=now_ms, usage=one.usage)
                await self._capacity.sample(name, bng, sample, one.host_resources, self._every_ms)
                self._slots[bng] = slot
                if one.peak is None or one.host_resources > one.peak.host_resources:
                    one.peak = (await self._capacity.peaks(name, [bng])).get(bng)

    async def _look_slowly(self, name: str, domain: _Domain, now_ms: int) -> None:
        bngs = list(domain.bngs)
        traffic = await self._queries.traffic(name, bngs)
        peaks = await self._capacity.peaks(name, bngs)
        observed = await self._capacity.observed(name, bngs)
        for bng, one in domain.bngs.items():
            one.traffic = traffic[bng]
            one.peak = peaks.get(bng)
            said = observed.get(bng)
            if said != one.observed:
                one.differences = () if said is None else await self._compared(name, one, said, now_ms)
                one.observed = said

    async def _compared(self, name: str, one: Watched, said: Observed, now_ms: int) -> tuple[Difference, ...]:
        samples = [*await self._capacity.samples(name, one.bng.name), Sample(at_ms=now_ms, usage=one.usage)]
        then = usage_then(samples, said.at_ms, 2 * self._every_ms)
        return () if then is None else compare(said, then.usage, one.table)

    # ---- findings

    def _standing(self, name: str, domain: _Domain, now_ms: int) -> dict[Name, FindingSeen]:
        """Findings that hold, as they are now."""
        limited = [place for one in domain.bngs.values() for place in one.limited]
        found = near_limits(limited, self._settings.thresholds, domain.told.keys(), name, now_ms)
        for bng, one in domain.bngs.items():
            apart = [pair for pair in one.differences if not pair.within(self._settings.tolerance)]
            if apart and one.observed is not None and now_ms - one.observed.at_ms < FRESH_MS:
                found[Finding.LEDGER_DIFFERS, bng] = FindingSeen(
                    domain=name, bng=bng, finding=Finding.LEDGER_DIFFERS, subject=bng, at_ms=now_ms,
                    detail=_detail(one.observed, one.differences),
                )  # fmt: skip
        return found

    async def _tidy(self, name: str, domain: _Domain, now_ms: int) -> None:
        """Take over findings that are open and hold, and end those that do not: of this process before it was started
        anew, of one that is gone, of limits that are no longer configured.
        """
        open_ = {
            (row.finding, row.subject): row
            for row in await self._queries.findings([name], MOST_FINDINGS)
            if row.finding in _OURS and row.bng in domain.bngs and not row.over_ms
        }
        adopted = {key: _as_told(row) for key, row in open_.items() if key not in domain.told}
        held = {**adopted, **domain.told}
        standing = self._standing(name, _Domain(domain.bngs, held), now_ms)
        domain.told = {key: finding for key, finding in held.items() if key in standing or key in domain.told}
        known = {
            (Finding.NEAR_LIMIT, subject_of(place, threshold))
            for one in domain.bngs.values()
            for place in one.limited
            for threshold in self._settings.thresholds
        }
        for key, row in open_.items():
            # what is known here is judged alike by all; else another process may hold it, which it says every minute
            if key not in domain.told and (key in known or now_ms - row.last_ms >= NOBODY_MS):
                self._learn(over(_as_told(row), name, now_ms))


_OURS: Final = frozenset({Finding.NEAR_LIMIT, Finding.LEDGER_DIFFERS})


def _limited(bng: Bng) -> list[Scope]:
    """Of what it has limits."""
    limits = {Scope.BNG: bng.limits.host_resources, Scope.CARD: bng.limits.cards, Scope.PORT: bng.limits.ports}
    return [scope for scope, limit in limits.items() if limit]


def _as_told(row: FindingRow) -> FindingSeen:
    return FindingSeen(
        domain=row.domain, bng=row.bng, finding=row.finding, subject=row.subject, at_ms=row.last_ms, detail=row.detail
    )


def _detail(said: Observed, differences: Sequence[Difference]) -> str:
    return json.dumps({
        "observed_ms": said.at_ms,
        "figures": {
            one.figure: {"observed": one.observed, "ours": one.ours, "difference": one.difference}
            for one in differences
        },
    })  # fmt: skip
