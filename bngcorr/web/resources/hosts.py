"""What BNGs, cards and ports spend of what they have, and for how long that will do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bngcorr.accountant.places import places
from bngcorr.accountant.trend import forecast
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Scope
from bngcorr.store.contract import CapacityStore, QueryStore
from bngcorr.web.models.capacity import Place, WholePlace
from bngcorr.web.models.hosts import HostsPage, HostsQuery
from bngcorr.web.resources.capacity_shown import (
    census_shown,
    forecast_shown,
    observed_shown,
    peak_shown,
    place_shown,
    spread_shown,
)
from bngcorr.web.resources.domains import from_each
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.growth import Growths

Rows = dict[str, list[WholePlace | Place]]  # by BNG


class Hosts:
    """Of all BNGs."""

    def __init__(self, store: QueryStore, capacity: CapacityStore, estate: Estate, growths: Growths) -> None:
        self._store = store
        self._capacity = capacity
        self._estate = estate
        self._growths = growths

    async def page(self, query: HostsQuery) -> HostsPage:
        """A row for each BNG, card or port, in the order of the configuration; all of them at once."""
        domains = self._estate.in_scope(query.bng)
        found, silent = await from_each(
            tuple(domains),
            lambda domain: (
                self._whole(domain, domains[domain], query.days)
                if query.by is Scope.BNG
                else self._parts(domain, domains[domain], query.by)
            ),
        )
        rows: Rows = {bng: some for by_bng in found.values() for bng, some in by_bng.items()}
        return HostsPage(
            items=tuple(row for bng in self._estate.bngs for row in rows.get(bng, ())),
            partial=silent,
            thresholds=tuple(sorted(self._estate.config.capacity.thresholds)),
        )

    async def _whole(self, domain: str, names: Sequence[str], days: int) -> Rows:
        usages, traffics, census, peaks, observed = await asyncio.gather(
            self._store.usage(domain, names),
            self._store.traffic(domain, names),
            self._store.census(domain),
            self._capacity.peaks(domain, names),
            self._capacity.observed(domain, names),
        )
        found: Rows = {}
        for name in names:
            bng, table, said = self._estate.bngs[name], self._estate.costs[name], observed.get(name)
            (place,) = places(bng, table, usages[name], {}, Scope.BNG)
            growth = await self._growths.of(bng, table, days, said, usages[name])
            spent = place.spent.host_resources
            shown = place_shown(place, table)
            found[name] = [
                WholePlace(
                    **{field: getattr(shown, field) for field in Place.model_fields},
                    peak=peak_shown(peaks.get(name)),
                    forecast=forecast_shown(forecast(growth.trend, max(growth.busy, spent), place.spent.limit)),
                    traffic=spread_shown(traffics.get(name, Traffic())),
                    census=census_shown(census.get(name)),
                    observed=observed_shown(said, growth.then, table),
                )
            ]
        return found

    async def _parts(self, domain: str, names: Sequence[str], scope: Scope) -> Rows:
        ports = await self._store.usage_by_port(domain, names)
        return {
            name: [
                place_shown(place, self._estate.costs[name])
                for place in places(
                    self._estate.bngs[name], self._estate.costs[name], Usage(), ports.get(name, {}), scope
                )
            ]
            for name in names
        }
