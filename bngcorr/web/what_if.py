"""`/v1/what-if`: what a BNG would spend if its lines, its cost table or the BNG itself were different."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web

from bngcorr.accountant.cost import CostTable, tables_of
from bngcorr.accountant.what_if import Census, Situation, drop_ia_na, dual_stack, merge, with_table
from bngcorr.config import Bng, Config
from bngcorr.model.usage import USAGE_FIELDS
from bngcorr.store.contract import QueryStore
from bngcorr.web.filters import bng_of, one_of, only
from bngcorr.web.problems import Problem
from bngcorr.web.shown import JsonObject, capacity_shown, census_shown, usage_shown


class WhatIf:
    """Handler over the store."""

    def __init__(self, store: QueryStore, config: Config, costs: Mapping[str, CostTable]) -> None:
        """`costs`: the cost table of each BNG, by its name."""
        self._store = store
        self._bngs = {bng.name: bng for bng in config.bngs}
        self._costs = costs
        self._tables = tables_of(config.cost_tables)

    async def what_if(self, request: web.Request) -> web.Response:
        """GET /v1/what-if: bng; merge (further BNGs), dual_stack, drop_ia_na, cost_table, in this order."""
        query = request.query
        only(query, ("bng", "dual_stack", "drop_ia_na", "cost_table", "merge"), many=("merge",))
        if "bng" not in query:
            raise Problem(400, "Bad filter", "bng is missing: the BNG that is asked about")
        bng = bng_of(self._bngs, "bng", query["bng"])
        merged = [bng_of(self._bngs, "merge", name) for name in query.getall("merge", [])]
        if len({bng.name, *(other.name for other in merged)}) <= len(merged):
            raise Problem(400, "Bad filter", f"merge={merged[-1].name!r} is the BNG itself, or is named twice")
        steps = [name for name in ("dual_stack", "drop_ia_na") if _flag(query, name)]
        table = self._tables[one_of(self._tables, "cost_table", query["cost_table"])] if "cost_table" in query else None

        before = after = await self._situation(bng)
        for other in merged:
            after = merge(after, await self._situation(other), other.name)
        if "dual_stack" in steps:
            after = dual_stack(after)
        if "drop_ia_na" in steps:
            after = drop_ia_na(after)
        if table is not None:
            after = with_table(after, table)
        return web.json_response(_compared(bng, before, after))

    async def _situation(self, bng: Bng) -> Situation:
        domain = bng.domain_name
        usages, census = await asyncio.gather(self._store.usage(domain, [bng.name]), self._store.census(domain))
        lines = census.get(bng.name)
        return Situation(
            usage=usages[bng.name],
            census=None if lines is None else Census(dual=lines[0], v4_only=lines[1], v6_only=lines[2]),
            table=self._costs[bng.name],
            limit=bng.limits.host_resources,
        )


def _flag(query: Mapping[str, str], name: str) -> bool:
    text = query.get(name, "false")
    if text not in ("true", "false"):
        raise Problem(400, "Bad filter", f"{name}={text[:64]!r} is neither true nor false")
    return text == "true"


def _situation_shown(here: Situation) -> JsonObject:
    lines = here.census
    return {
        "usage": usage_shown(here.usage),
        "cost_table": here.table.name,
        **capacity_shown(here.spent),
        "census": census_shown(None if lines is None else (lines.dual, lines.v4_only, lines.v6_only)),
    }


def _compared(bng: Bng, before: Situation, after: Situation) -> JsonObject:
    more = {name: getattr(after.usage, name) - getattr(before.usage, name) for name in USAGE_FIELDS}
    return {
        "bng": bng.name,
        "before": _situation_shown(before),
        "after": _situation_shown(after),
        "difference": {
            "usage": more,
            "host_resources": after.spent.host_resources - before.spent.host_resources,
        },
        "assumed": list(after.assumed),
    }
