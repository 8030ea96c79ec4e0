"""BNGs: how full they are, how they grow, what would change that."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from bngcorr.model.vocabulary import Scope
from bngcorr.web.models.bng import BngDetail, BngQuery
from bngcorr.web.models.capacity import WholePlace
from bngcorr.web.models.hosts import HostsQuery
from bngcorr.web.models.what_if import WhatIf, WhatIfQuery
from bngcorr.web.pages.asking import asked, seen
from bngcorr.web.pages.charts import gauge
from bngcorr.web.pages.figures import bars, distances, full_told, tone_of, trend
from bngcorr.web.pages.site import Site
from bngcorr.web.problem import Problem
from bngcorr.web.resources.desk import Desk

MOST_PLACES: Final = 200  # rows of cards and ports
_CHANGES: Final = ("merge", "dual_stack", "drop_ia_na", "cost_table")


def fullest_first(rows: tuple[object, ...]) -> list[WholePlace]:
    """BNGs by the part of their limit that is spent; those without a limit last, the biggest first."""
    whole = [row for row in rows if isinstance(row, WholePlace)]
    return sorted(whole, key=lambda row: (-(row.use if row.use is not None else -1.0), -row.host_resources, row.bng))


class Bngs:
    """Pages about BNGs."""

    def __init__(self, site: Site, desk: Desk, cost_tables: tuple[str, ...]) -> None:
        """`cost_tables`: names that a what-if may choose from."""
        self._site = site
        self._desk = desk
        self._cost_tables = cost_tables

    async def bngs(self, request: web.Request) -> web.StreamResponse:
        """GET /bngs: all of them, the fullest first."""
        page = seen(request, await self._desk.hosts.page(HostsQuery(by=Scope.BNG)))
        rows = [
            {"bars": bars(place.bng, place, page.thresholds), "place": place, "full": _full(place)}
            for place in fullest_first(page.items)
        ]
        return self._site.page(request, "bngs.html", {"rows": rows, "partial": page.partial}, section="/bngs")

    async def bng(self, request: web.Request) -> web.StreamResponse:
        """GET /bngs/{name}: filters days, and what would be different (merge, dual_stack, drop_ia_na, cost_table)."""
        name = request.match_info["name"]
        query = asked(BngQuery, request)
        bng = seen(request, await self._desk.bngs.one(name, query))
        given = {
            "merge": tuple(one for one in request.query.getall("merge", []) if one),
            "dual_stack": request.query.get("dual_stack") == "true",
            "drop_ia_na": request.query.get("drop_ia_na") == "true",
            "cost_table": request.query.get("cost_table", ""),
        }
        compared, fault = None, ""
        if any(given.values()):
            try:
                compared = seen(request, await self._desk.what_ifs.compare(asked(WhatIfQuery, request, bng=name)))
            except Problem as problem:
                if problem.status != 400:
                    raise
                fault = problem.detail
        return self._site.page(
            request,
            "bng.html",
            {
                "bng": bng,
                "asked_days": query.days,
                "asked": given,
                "compared": compared,
                "what_if_fault": fault,
                "others": [one for one in self._desk.estate.bngs if one != name],
                "cost_tables": self._cost_tables,
                **_shapes(bng, compared),
            },
            section="/bngs",
        )


def _full(place: WholePlace) -> str:
    when, grows = full_told(place.forecast)
    return f"{when}, {grows}" if when != "—" and grows else grows if when == "—" else when


def _shapes(bng: BngDetail, compared: WhatIf | None) -> dict[str, object]:
    full, growth = full_told(bng.forecast)
    rows = [*bng.cards, *bng.ports]
    places = [
        (place, gauge(place.host_resources, place.limit, kind=tone_of(place.use, bng.thresholds)))
        for place in rows[:MOST_PLACES]
    ]
    shapes: dict[str, object] = {
        "bars": bars(bng.name, bng, bng.thresholds),
        "full": full,
        "growth": growth,
        "chart": trend(bng.trend, bng.limit, bng.forecast),
        "chart_label": f"Host resources of {bng.name} over time",
        "distances": distances([bng.window.distances], bng.window.window_ms),
        "places": places,
        "places_more": len(rows) if len(rows) > MOST_PLACES else 0,
        "before": None,
        "after": None,
    }
    if compared is not None:
        sides = (compared.before, compared.after)
        scale = max(float(figure) for one in sides for figure in (one.limit or 0, one.host_resources, one.usage.v4))
        shapes["before"], shapes["after"] = (
            bars(f"{bng.name}, {one.cost_table}", one, bng.thresholds, scale) for one in sides
        )
    return shapes
