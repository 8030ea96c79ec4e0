"""The application of `bngcorr web`, whatever its routes are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Middleware

from bngcorr.web.access.headers import headers
from bngcorr.web.access.middleware import Access
from bngcorr.web.access.routes import Route, add_routes
from bngcorr.web.problems import problems

MOST_OCTETS: Final = 65_536  # of a request's body


def application(
    routes: Iterable[Route], access: Access, *, outer: Sequence[Middleware] = (), inner: Sequence[Middleware] = ()
) -> web.Application:
    """An application of these routes, of which each lets in whom `access` says.

    `outer` sees whole answers, refusals too; `inner` sees each `Problem` before it becomes an answer.
    """
    app = web.Application(middlewares=[*outer, problems, *inner, access.middleware], client_max_size=MOST_OCTETS)
    app.on_response_prepare.append(headers(over_tls=access.over_tls))
    add_routes(app, routes)
    return app
