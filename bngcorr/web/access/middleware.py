"""Who is let in: the middleware before every handler, and the routes of logging in and out."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from bngcorr.config.web import Rate, Scope, Token, Web
from bngcorr.web.access import csrf
from bngcorr.web.access.buckets import Buckets
from bngcorr.web.access.caller import CALLER, NOBODY, Caller, caller_of
from bngcorr.web.access.login import (
    LOGIN,
    LOGOUT,
    NEXT,
    TOKEN,
    LoginPage,
    LoginShown,
    from_elsewhere,
    once_more,
    place_of,
    plain_login,
    to_login,
)
from bngcorr.web.access.logins import Login, Logins
from bngcorr.web.access.refusals import Refusals, forbidden, too_often, unauthorized
from bngcorr.web.access.routes import Route, route, route_of
from bngcorr.web.access.tokens import Tokens
from bngcorr.web.problem import Problem

_LOCALLY: Final = frozenset({Scope.READ})  # what everybody on this machine may, without tokens
BODY_WITHIN_S: Final = 10.0
FAILURES: Final = Rate(per_second=0.2, burst=10)  # wrong tokens of one address that are looked at and told of


class Access:
    """Of one process."""

    def __init__(
        self, settings: Web, *, clock: Callable[[], float] = time.monotonic, random: Callable[[], str] | None = None
    ) -> None:
        """`clock`: seconds, never going back. `random`: texts that nobody guesses."""
        self._clock = clock
        self._random = random or secrets.token_urlsafe
        self._logins = Logins()
        self._failures = Buckets(FAILURES.per_second, FAILURES.burst)
        self._refusals = Refusals(clock)
        self._under_way: dict[int, web.Request] = {}
        self._settings = settings
        self._take(settings)

    def take(self, settings: Web) -> None:
        """Other tokens, rates and lifetimes, from the next request on. Who is logged in with a token that is gone is
        out, and streams to whoever may see something else from now on are cut off. Where to listen, and over what,
        stays.
        """
        self._settings = settings
        self._take(settings)
        held = {token.name: token.scopes for token in settings.tokens} or {NOBODY: _LOCALLY}
        self._cut_off(lambda caller: caller.scopes != held.get(caller.name, frozenset()))

    def _cut_off(self, whom: Callable[[Caller], bool]) -> None:
        """Streams go on for hours: end those to these callers."""
        for request in self._under_way.values():
            if whom(caller_of(request)) and request.transport is not None:
                request.transport.abort()

    def _take(self, settings: Web) -> None:
        self._tokens = Tokens(settings.tokens)
        self._buckets = Buckets(settings.rate.per_second, settings.rate.burst)

    @property
    def over_tls(self) -> bool:
        """Whether this process speaks TLS itself."""
        return self._settings.tls.certificate is not None

    @property
    def _secure(self) -> bool:
        """Whether browsers speak TLS, with this process or with the proxy in front of it."""
        return self.over_tls or self._settings.behind_proxy

    @property
    def cookie(self) -> str:
        """The login's: with `__Host-` in front no other host of the domain can set it (RFC 6265bis §4.1.3)."""
        return "__Host-bngcorr" if self._secure else "bngcorr"

    # ---- the middleware

    @property
    def middleware(self) -> Middleware:
        """Says who asks (`caller_of`), and refuses by raising a `Problem`, or by sending to the login page."""

        @web.middleware
        async def let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
            refused = await self._judge(request)
            if refused is not None:
                return refused
            self._under_way[id(request)] = request
            try:
                return await handler(request)
            finally:
                del self._under_way[id(request)]

        return let_in

    async def _judge(self, request: web.Request) -> web.Response | None:
        """None: it may go on. Raises Problem."""
        address = self._address_of(request)
        if not self._tokens and not _is_local(request.headers.get("Host", "localhost")):
            # a page of any site could have its own name point to 127.0.0.1, and read what the browser may
            detail = f"without web.tokens only localhost and its addresses are answered, not {request.host[:64]!r}"
            raise Problem(421, "Misdirected request", detail)
        bearer = request.headers.get("Authorization") if self._tokens else None
        login = None if bearer is not None else self._login_of(request)
        token = self._token_of(bearer, login)
        if token is not None:
            caller = Caller(name=token.name, scopes=token.scopes, address=address, csrf=login.csrf if login else "")
        else:
            scopes = frozenset[Scope]() if self._tokens else _LOCALLY
            caller = Caller(name=NOBODY, scopes=scopes, address=address)
        request[CALLER] = caller
        wanted = route_of(request)
        if wanted is not None and wanted.unlimited:
            return None
        name = _network_of(address) if token is None else f"{caller.name} {caller.csrf}"
        if wait := self._buckets.take(name, self._clock()):
            raise too_often(wait)
        return await self._refused(request, wanted, caller, wrong=bearer is not None and token is None)

    async def _refused(
        self, request: web.Request, wanted: Route | None, caller: Caller, *, wrong: bool
    ) -> web.Response | None:
        nowhere = request.match_info.http_exception is not None  # 404 or 405, which strangers are not told
        scope = wanted.scope if wanted is not None else Scope.READ
        if wrong and scope is not None:
            self._wrong(caller.address, request.path)
            raise unauthorized(wrong=True)
        if caller.name == NOBODY and self._tokens and scope is not None:
            if wanted is None or not wanted.page or request.method not in csrf.SAFE:
                raise unauthorized(wrong=False)
            return once_more(request) if from_elsewhere(request) else to_login(request)
        if wanted is None and not nowhere:
            raise Problem(403, "Forbidden", "nobody said who may do this")  # not in the route table
        if not caller.may(scope):
            assert scope is not None  # noqa: S101 -- to everybody, else
            self._refusals.tell("scope missing", caller=caller.name, address=caller.address, path=request.path)
            raise forbidden(scope, known=bool(self._tokens))
        if request.method not in csrf.SAFE and not nowhere:
            await self._check_unsafe(request, caller)
        return None

    async def _check_unsafe(self, request: web.Request, caller: Caller) -> None:
        if request.content_type.startswith("multipart/"):
            raise Problem(415, "Unsupported media type", "a form is application/x-www-form-urlencoded")
        try:
            async with asyncio.timeout(BODY_WITHIN_S):
                await request.read()  # kept by aiohttp, for the handler
        except TimeoutError:
            raise Problem(408, "Request timeout", f"the body did not come within {BODY_WITHIN_S:g} s") from None
        if request.headers.get("Authorization") is not None and self._tokens:
            return
        entering = request.path == LOGIN
        if not csrf.from_here(request) or not (entering or csrf.same(caller.csrf, await csrf.brought(request))):
            self._refusals.tell("no csrf token", caller=caller.name, address=caller.address, path=request.path)
            detail = f"the form, or the header {csrf.HEADER}, lacks the text that belongs to this login: load it anew"
            raise Problem(403, "Not from here", detail)

    def _wrong(self, address: str, path: str) -> None:
        """Somebody brought a token that is none. Raises Problem if he does so all the time."""
        if wait := self._failures.take(_network_of(address), self._clock()):
            raise too_often(wait)
        self._refusals.tell("token refused", address=address, path=path)

    def _token_of(self, bearer: str | None, login: Login | None) -> Token | None:
        if login is not None:
            return self._tokens.with_hash(login.token_hash)
        if bearer is None:
            return None
        scheme, _, presented = bearer.partition(" ")
        return self._tokens.find(presented.strip()) if scheme.lower() == "bearer" else None

    def _login_of(self, request: web.Request) -> Login | None:
        cookie = request.cookies.get(self.cookie)
        return None if cookie is None else self._logins.find(cookie, self._clock())

    def _address_of(self, request: web.Request) -> str:
        """Where a request comes from: what the proxy in front says, if there is one; its own word stands last."""
        address = request.remote or ""
        if self._settings.behind_proxy:
            told = request.headers.getall("X-Forwarded-For", [])
            address = (told[-1].rpartition(",")[2].strip() if told else "") or address
        try:
            return str(ip_address(address))
        except ValueError:
            return request.remote or ""

    # ---- logging in and out

    def routes(self, page: LoginPage = plain_login) -> list[Route]:
        """/login and /logout. `page` shows the login page."""

        async def show(request: web.Request) -> web.Response:
            shown = LoginShown(next=place_of(request.query.get(NEXT)), refused=False, needed=bool(self._tokens))
            return await page(request, shown)

        async def enter(request: web.Request) -> web.Response:
            return await self._enter(request, page)

        return [
            route("GET", LOGIN, show, scope=None, page=True),
            route("POST", LOGIN, enter, scope=None, page=True),
            route("POST", LOGOUT, self._leave, scope=None, page=True),
        ]

    async def _enter(self, request: web.Request, page: LoginPage) -> web.Response:
        form = await request.post()
        given, place = form.get(TOKEN), form.get(NEXT)
        place = place_of(place if isinstance(place, str) else None)
        token = self._tokens.find(given.strip()) if isinstance(given, str) else None
        if token is None:
            self._wrong(caller_of(request).address, request.path)
            response = await page(request, LoginShown(next=place, refused=True, needed=bool(self._tokens)))
            response.set_status(401)
            return response
        self._end_login(request)
        lifetime = self._settings.session_lifetime
        cookie = self._random()
        until = self._clock() + lifetime
        self._logins.begin(cookie, Login(token_hash=token.hash, csrf=self._random(), until=until))
        response = web.Response(status=303, headers={"Location": place})
        response.set_cookie(
            self.cookie, cookie, max_age=int(lifetime), path="/", httponly=True, samesite="Strict", secure=self._secure
        )
        return response

    async def _leave(self, request: web.Request) -> web.Response:
        self._end_login(request)
        left = caller_of(request)
        self._cut_off(lambda caller: caller.csrf == left.csrf != "" and caller is not left)
        response = web.Response(status=303, headers={"Location": LOGIN})
        response.del_cookie(self.cookie, path="/", httponly=True, samesite="Strict", secure=self._secure)
        return response

    def _end_login(self, request: web.Request) -> None:
        if (cookie := request.cookies.get(self.cookie)) is not None:
            self._logins.end(cookie)


def _is_local(host: str) -> bool:
    """Whether a Host header names this machine's own loopback."""
    name = host.rpartition(":")[0] if host[-1:].isdigit() and ":" in host else host
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name.lower() == "localhost"


def _network_of(address: str) -> str:
    """What counts as one: an IPv4 address, an IPv6 network of /64, of which one host may take any address."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((int(found) & ~((1 << 64) - 1), 64)))
    return str(found)
