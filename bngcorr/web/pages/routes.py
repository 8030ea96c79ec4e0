"""The table of all pages."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bngcorr.config.web import Scope
from bngcorr.web.access.routes import Route, route, route_of
from bngcorr.web.pages.acts import Acts
from bngcorr.web.pages.bngs import Bngs
from bngcorr.web.pages.lines import Lines
from bngcorr.web.pages.overview import Overview
from bngcorr.web.pages.reference import Reference
from bngcorr.web.pages.service import ServicePages
from bngcorr.web.pages.site import Site
from bngcorr.web.pages.traces import Traces
from bngcorr.web.pages.watch import Watch
from bngcorr.web.problem import Problem
from bngcorr.web.problems import problem_of
from bngcorr.web.resources.desk import Desk

FOR_PROGRAMS: Final = ("/v1/", "/openapi", "/healthz", "/static/")


def page_routes(site: Site, desk: Desk) -> list[Route]:
    """All pages, and what they are made of."""
    overview, lines, watch = Overview(site, desk), Lines(site, desk), Watch(site, desk)
    bngs = Bngs(site, desk, tuple(desk.estate.cost_tables))
    service, traces, acts = ServicePages(site, desk), Traces(site, desk), Acts(site, desk)

    def read(path: str, handler: Handler) -> Route:
        return route("GET", path, handler, scope=Scope.READ, page=True)

    def act(path: str, ask: Handler, do: Handler) -> list[Route]:
        """A page that asks for confirmation, and what happens then."""
        return [
            route("GET", path, ask, scope=Scope.ACT, page=True),
            route("POST", path, do, scope=Scope.ACT, page=True),
        ]

    return [
        route("GET", "/static/{name}", site.static, scope=None, unlimited=True),
        route("GET", "/appearance", site.appearance, scope=None, page=True),
        read("/", overview.overview),
        read("/search", lines.search),
        read("/lines", lines.lines),
        read("/lines/{id}", lines.line),
        read("/sessions", lines.sessions),
        read("/sessions/{id}", lines.session),
        read("/bngs", bngs.bngs),
        read("/bngs/{name}", bngs.bng),
        read("/findings", watch.findings),
        read("/live", watch.live),
        read("/live/rows", watch.rows),
        read("/upstreams", service.upstreams),
        read("/config", service.config),
        read("/docs", Reference(site, desk).show),
        read("/traces", traces.traces),
        *act("/traces/new", traces.ask_new, traces.new),
        read("/traces/{id}", traces.trace),
        *act("/traces/{id}/end", traces.ask_end, traces.end),
        read("/acts", acts.acts),
        read("/acts/{id}", acts.act),
        *act("/sessions/{id}/disconnect", acts.ask_disconnect, acts.disconnect),
        *act("/sessions/{id}/coa", acts.ask_coa, acts.coa),
        *act("/lines/{id}/forget", acts.ask_forget, acts.forget),
        *act("/upstreams/{pool}/{name}/{admin}", acts.ask_upstream, acts.upstream),
        *act("/ledger/repair", acts.ask_repair, acts.repair),
    ]


def page_problems(site: Site) -> Middleware:
    """A middleware that tells people in a page what went wrong; what programs ask for it leaves alone."""

    @web.middleware
    async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not _for_people(request):
            return await handler(request)
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return site.problem(request, Problem(error.status, error.reason, f"{request.method} {request.path}"))
        except Exception as error:
            return site.problem(request, problem_of(error, request.path))

    return told


def _for_people(request: web.Request) -> bool:
    found = route_of(request)
    if found is not None:
        return found.page
    return not request.path.startswith(FOR_PROGRAMS) and "text/html" in request.headers.get("Accept", "")
