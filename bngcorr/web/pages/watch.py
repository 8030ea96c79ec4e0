"""What is going on: findings, and events as they come."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from bngcorr.model.vocabulary import Finding as FindingKind
from bngcorr.model.vocabulary import Outcome
from bngcorr.web.models.correlation import Correlation, CorrelationsQuery, EventsQuery
from bngcorr.web.models.finding import FindingsQuery
from bngcorr.web.models.model import Page
from bngcorr.web.pages.asking import asked, fields, seen
from bngcorr.web.pages.site import Site
from bngcorr.web.problem import Problem
from bngcorr.web.resources.desk import Desk

SHOWN: Final = 100
_FINDINGS: Final = ("finding", "bng", "state", "line")
_EVENTS: Final = ("bng", "outcome", "mac", "line")
Recent = Page[Correlation]


class Watch:
    """Pages of what comes."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self._site = site
        self._desk = desk

    async def findings(self, request: web.Request) -> web.StreamResponse:
        """GET /findings: filters finding, bng, state, line."""
        given = fields(request.query, _FINDINGS)
        told = {
            "section": "/findings", "asked": given, "filtered": any(given.values()), "limit": SHOWN,
            "kinds": tuple(FindingKind), "bng_names": tuple(self._desk.estate.bngs),
        }  # fmt: skip
        try:
            page = seen(request, await self._desk.findings.page(asked(FindingsQuery, request, limit=SHOWN)))
        except Problem as problem:
            if problem.status != 400:
                raise
            return self._site.page(
                request, "findings.html", {"page": {"items": ()}, "fault": problem.detail, **told}, status=400
            )
        return self._site.page(request, "findings.html", {"page": page, "fault": "", "partial": page.partial, **told})

    async def live(self, request: web.Request) -> web.StreamResponse:
        """GET /live: the last events, and those that come; filters bng, outcome, mac, line."""
        given = fields(request.query, _EVENTS)
        told = {
            "section": "/live", "asked": given, "filtered": any(given.values()), "limit": SHOWN,
            "outcomes": tuple(Outcome), "bng_names": tuple(self._desk.estate.bngs),
            "live_query": urlencode({name: value for name, value in given.items() if value}),
        }  # fmt: skip
        try:
            asked(EventsQuery, request)
            page = await self._recent(request)
        except Problem as problem:
            if problem.status != 400:
                raise
            told["live_query"] = ""
            return self._site.page(request, "live.html", {"events": (), "fault": problem.detail, **told}, status=400)
        return self._site.page(
            request, "live.html", {"events": page.items, "fault": "", "partial": page.partial, **told}
        )

    async def rows(self, request: web.Request) -> web.StreamResponse:
        """GET /live/rows: rows of the table behind event `behind`, at most the newest hundred, for the script."""
        page = await self._recent(request)
        last = place_in_stream(request.query.get("behind", ""))
        events = [one for one in page.items if one.id is None or place_in_stream(one.id) > last]
        return self._site.page(request, "live_rows.html", {"events": events})

    async def _recent(self, request: web.Request) -> Recent:
        query = asked(CorrelationsQuery, request, order="newest", limit=SHOWN, after="")
        return seen(request, await self._desk.correlations.page(query))


def place_in_stream(cursor: str) -> tuple[int, ...]:
    """For comparing two cursors; () for what is none."""
    parts = cursor.replace(".", "-").split("-")
    return tuple(int(part) for part in parts) if all(part.isdecimal() and part.isascii() for part in parts) else ()
