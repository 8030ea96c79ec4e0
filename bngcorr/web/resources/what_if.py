"""What a BNG would spend if its lines, its cost table or the BNG itself were different."""

from __future__ import annotations

import asyncio

from bngcorr.accountant import what_if
from bngcorr.config import Bng
from bngcorr.model.usage import USAGE_FIELDS
from bngcorr.store.contract import QueryStore
from bngcorr.web.models.capacity import UsageShown
from bngcorr.web.models.what_if import Difference, Situation, WhatIf, WhatIfQuery
from bngcorr.web.problem import bad_value, none_of
from bngcorr.web.resources.capacity_shown import census_shown, spent_shown
from bngcorr.web.resources.estate import Estate


class WhatIfs:
    """Over the present usage."""

    def __init__(self, store: QueryStore, estate: Estate) -> None:
        self._store = store
        self._estate = estate
        self._tables = estate.cost_tables

    async def compare(self, query: WhatIfQuery) -> WhatIf:
        """Before and after."""
        bng = self._estate.bng(query.bng)
        merged = [self._estate.bng(name, "merge") for name in query.merge]
        if len({bng.name, *(other.name for other in merged)}) <= len(merged):
            raise bad_value("merge", merged[-1].name, "is the BNG itself, or is named twice")
        if query.cost_table is not None and query.cost_table not in self._tables:
            raise none_of(self._tables, "cost_table", query.cost_table)
        before = after = await self._situation(bng)
        for other in merged:
            after = what_if.merge(after, await self._situation(other), other.name)
        if query.dual_stack:
            after = what_if.dual_stack(after)
        if query.drop_ia_na:
            after = what_if.drop_ia_na(after)
        if query.cost_table is not None:
            after = what_if.with_table(after, self._tables[query.cost_table])
        return _compared(bng, before, after)

    async def _situation(self, bng: Bng) -> what_if.Situation:
        domain = bng.domain_name
        usages, census = await asyncio.gather(self._store.usage(domain, [bng.name]), self._store.census(domain))
        lines = census.get(bng.name)
        return what_if.Situation(
            usage=usages[bng.name],
            census=None if lines is None else what_if.Census(dual=lines[0], v4_only=lines[1], v6_only=lines[2]),
            table=self._estate.costs[bng.name],
            limit=bng.limits.host_resources,
        )


def _shown(here: what_if.Situation) -> Situation:
    lines = here.census
    return Situation(
        **spent_shown(here.usage, here.table, here.spent).model_dump(),
        census=census_shown(None if lines is None else (lines.dual, lines.v4_only, lines.v6_only)),
    )


def _compared(bng: Bng, before: what_if.Situation, after: what_if.Situation) -> WhatIf:
    more = {name: getattr(after.usage, name) - getattr(before.usage, name) for name in USAGE_FIELDS}
    return WhatIf(
        bng=bng.name,
        before=_shown(before),
        after=_shown(after),
        difference=Difference(
            usage=UsageShown(**more), host_resources=after.spent.host_resources - before.spent.host_resources
        ),
        assumed=tuple(after.assumed),
    )
