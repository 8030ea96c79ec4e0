"""The route table: what there is, and the scope that it needs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from bngcorr.config.web import Scope


@dataclass(frozen=True, slots=True)
class Route:
    """One way in."""

    method: str  # GET answers HEAD as well
    path: str
    handler: Handler
    scope: Scope | None  # None: open to everybody, also without a token
    page: bool  # for people: whoever is not logged in is sent to /login
    unlimited: bool  # asked by machines all the time, for next to nothing: no rate holds


def route(
    method: str, path: str, handler: Handler, *, scope: Scope | None, page: bool = False, unlimited: bool = False
) -> Route:
    """An entry of the table. `scope` has no default: who writes a route decides who may take it.

    None opens it to everybody, also without a token: for /healthz, /login and what is the same for all (style sheets).
    """
    return Route(method, path, handler, scope, page, unlimited)


Table = dict[tuple[str, str], Route]  # by method and path as written
ROUTES: Final = web.AppKey("routes", Table)


def add_routes(app: web.Application, routes: Iterable[Route]) -> None:
    """Make them known to the application and to the middleware. A route that came any other way is refused to all."""
    table = app.setdefault(ROUTES, {})
    for one in routes:
        app.router.add_route(one.method, one.path, one.handler)
        table[one.method, one.path] = one
        if one.method == "GET":
            app.router.add_route("HEAD", one.path, one.handler)


def route_of(request: web.Request) -> Route | None:
    """The entry that a request came by; None where nothing is, or what is there has no entry."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    return request.app[ROUTES].get((method, resource.canonical))
