"""BNGs: what they hold and may hold, and how well their requests are matched."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from bngcorr.accountant.capacity import Capacity
from bngcorr.accountant.places import places
from bngcorr.accountant.trend import forecast
from bngcorr.config import Bng as BngEntry
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Scope
from bngcorr.store.contract import CapacityStore, QueryStore
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS
from bngcorr.web.models.bng import Bng, BngDetail, BngQuery, BngsQuery, Distance, EnterpriseSeen, Window
from bngcorr.web.models.capacity import Place
from bngcorr.web.models.enterprise_number import EnterpriseBng, EnterpriseNumber, EnterpriseNumbersQuery
from bngcorr.web.models.model import Page
from bngcorr.web.problem import not_found
from bngcorr.web.resources.capacity_shown import (
    census_shown,
    forecast_shown,
    observed_shown,
    peak_shown,
    place_shown,
    spent_shown,
    spread_shown,
)
from bngcorr.web.resources.domains import from_each
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.growth import Growths
from bngcorr.web.resources.shown import if_ever


@dataclass(frozen=True, slots=True)
class _Figures:
    """What the store says of the BNGs of one domain, each by its name."""

    usage: dict[str, Usage]
    traffic: dict[str, Traffic]
    census: dict[str, tuple[int, int, int]]
    numbers: dict[str, dict[int, int]]
    distances: dict[str, tuple[int, ...]]


class Bngs:
    """Those of the configuration."""

    def __init__(self, store: QueryStore, capacity: CapacityStore, estate: Estate, growths: Growths) -> None:
        self._store = store
        self._capacity = capacity
        self._estate = estate
        self._growths = growths

    async def page(self, query: BngsQuery) -> Page[Bng]:  # noqa: ARG002 -- there is nothing to choose yet
        """Usage against limits, traffic, lines, enterprise numbers, distances of matches; all of them at once."""
        domains = self._estate.domains
        found, silent = await from_each(tuple(domains), lambda domain: self._figures(domain, domains[domain]))
        return Page(
            items=tuple(
                self._shown(bng, found[bng.domain_name])
                for bng in self._estate.bngs.values()
                if bng.domain_name in found
            ),
            partial=silent,
        )

    async def _figures(self, domain: str, names: Sequence[str]) -> _Figures:
        return _Figures(
            *await asyncio.gather(
                self._store.usage(domain, names),
                self._store.traffic(domain, names),
                self._store.census(domain),
                self._store.enterprise_numbers(domain, names),
                self._store.distances(domain, names),
            )
        )

    def _shown(self, bng: BngEntry, found: _Figures) -> Bng:
        table, usage = self._estate.costs[bng.name], found.usage[bng.name]
        spent = spent_shown(usage, table, Capacity(table.resources(usage), bng.limits.host_resources))
        return Bng(
            name=bng.name,
            domain=bng.domain_name,
            addresses=tuple(str(network) for network in bng.address),
            profile=bng.profile,
            mode=bng.mode,
            **spent.model_dump(),
            traffic=spread_shown(found.traffic.get(bng.name, Traffic())),
            census=census_shown(found.census.get(bng.name)),
            enterprise_numbers=tuple(
                EnterpriseSeen(number=number, first_seen=if_ever(at))
                for number, at in sorted(found.numbers[bng.name].items())
            ),
            window=Window(
                window_ms=round(bng.window * 1000),
                distances=tuple(
                    Distance(up_to_ms=bound, matches=count)
                    for bound, count in zip((*DISTANCE_BUCKETS_MS, None), found.distances[bng.name], strict=True)
                ),
            ),
        )

    async def one(self, name: str, query: BngQuery) -> BngDetail:
        """One with its trend, cards and ports. Raises Problem if there is none of that name."""
        bng = self._estate.bngs.get(name)
        if bng is None:
            raise not_found("BNG", name)
        domain, names = bng.domain_name, [name]
        figures, ports, peaks, observed = await asyncio.gather(
            self._figures(domain, names),
            self._store.usage_by_port(domain, names),
            self._capacity.peaks(domain, names),
            self._capacity.observed(domain, names),
        )
        table, said = self._estate.costs[name], observed.get(name)
        growth = await self._growths.of(bng, table, query.days, said, figures.usage[name])
        whole = self._shown(bng, figures)

        def parts(scope: Scope) -> tuple[Place, ...]:
            return tuple(place_shown(one, table) for one in places(bng, table, Usage(), ports.get(name, {}), scope))

        return BngDetail(
            **{field: getattr(whole, field) for field in Bng.model_fields},
            peak=peak_shown(peaks.get(name)),
            forecast=forecast_shown(forecast(growth.trend, max(growth.busy, whole.host_resources), whole.limit)),
            observed=observed_shown(said, growth.then, table),
            trend=growth.points,
            cards=parts(Scope.CARD),
            ports=parts(Scope.PORT),
            thresholds=tuple(sorted(self._estate.config.capacity.thresholds)),
        )

    async def enterprise_numbers(self, query: EnterpriseNumbersQuery) -> Page[EnterpriseNumber]:
        """Those that were found, the lowest first; all of them at once."""
        domains = self._estate.in_scope(query.bng)
        found, silent = await from_each(
            tuple(domains), lambda domain: self._store.enterprise_numbers(domain, domains[domain])
        )
        seen: dict[int, dict[str, int]] = {}
        for by_bng in found.values():
            for bng, numbers in by_bng.items():
                for number, at_ms in numbers.items():
                    seen.setdefault(number, {})[bng] = at_ms
        accept = self._estate.config.enterprise_numbers.accept
        return Page(
            items=tuple(
                EnterpriseNumber(
                    number=number,
                    accepted=not accept or number in accept,
                    first_seen=if_ever(min(by_bng.values())),
                    bngs=tuple(EnterpriseBng(bng=bng, first_seen=if_ever(at)) for bng, at in sorted(by_bng.items())),
                )
                for number, by_bng in sorted(seen.items())
            ),
            partial=silent,
        )
