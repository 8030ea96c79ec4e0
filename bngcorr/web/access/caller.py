"""Who asks, and what they may."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from bngcorr.config.web import Scope

NOBODY: Final = "anonymous"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks. A handler finds it by `caller_of`, and need not look at its scopes: the route table names what a route
    needs, and the middleware refuses.
    """

    name: str  # of the token; `NOBODY` without one
    scopes: frozenset[Scope]
    address: str  # where from
    csrf: str = field(default="", repr=False)  # of the login, for forms; "" where there is none

    def may(self, scope: Scope | None) -> bool:
        """Whether a route that needs `scope` is open to it. None: to everybody. Whoever sees masked data may read."""
        return scope is None or scope in self.scopes or (scope is Scope.READ and Scope.MASKED in self.scopes)

    @property
    def masked(self) -> bool:
        """Whether personal data is kept from it; also if it has `read` beside `masked`."""
        return Scope.MASKED in self.scopes

    @property
    def logged_in(self) -> bool:
        """Whether a login stands behind it, so that there is something to log out of."""
        return self.csrf != ""


CALLER: Final = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Who asks, once the middleware has let the request in."""
    return request[CALLER]
