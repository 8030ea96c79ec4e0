"""A few routes behind `Access`, and callers of every kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import BaseModel

from bngcorr.app.web import WebProcess
from bngcorr.config import parse
from bngcorr.config.loading import Loaded
from bngcorr.config.web import Scope, Token, Web
from bngcorr.web.access.caller import caller_of
from bngcorr.web.access.csrf import csrf_of
from bngcorr.web.access.mask import outgoing
from bngcorr.web.access.middleware import Access
from bngcorr.web.access.routes import Route, route
from bngcorr.web.access.tokens import hash_of, new_token
from bngcorr.web.application import application
from bngcorr.web.models.personal import Kind, Personal

TOKENS = {name: new_token(name.encode().ljust(32)) for name in ("reader", "actor", "both", "desk")}
SCOPES = {
    "reader": {Scope.READ}, "actor": {Scope.ACT}, "both": {Scope.READ, Scope.ACT}, "desk": {Scope.READ, Scope.MASKED},
}  # fmt: skip
STRANGE = new_token(bytes(32))  # of nobody

Visit = Callable[["Door"], Awaitable[None]]


def guarded(**more: Any) -> Web:
    """Settings with one token of each kind."""
    tokens = tuple(
        Token(name=name, hash=hash_of(token), scopes=frozenset(SCOPES[name])) for name, token in TOKENS.items()
    )
    return Web.model_validate({"tokens": tokens, **more})


class Seen(BaseModel):
    """Something personal."""

    mac: Annotated[str, Personal(Kind.MAC)] = "00:00:5e:00:53:01"


class Clock:
    """Stands still until it is put on."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Door:
    """A client, and what moves time."""

    def __init__(self, client: TestClient[web.Request, web.Application], access: Access, clock: Clock) -> None:
        self.client, self.access, self.clock = client, access, clock

    async def ask(self, method: str, path: str, name: str | None = None, **more: Any) -> ClientResponse:
        """`name`: whose token goes along."""
        headers = dict(more.pop("headers", {}))
        if name is not None:
            headers["Authorization"] = f"Bearer {TOKENS.get(name, name)}"
        return await self.client.request(method, path, headers=headers, allow_redirects=False, **more)

    async def log_in(self, name: str, **more: Any) -> ClientResponse:
        """The cookie stays with the client."""
        return await self.ask("POST", "/login", data={"token": TOKENS[name]}, **more)


def routes() -> list[Route]:
    """One of each kind."""

    async def who(request: web.Request) -> web.Response:
        return web.json_response({"name": caller_of(request).name, "csrf": csrf_of(request)})

    async def seen(request: web.Request) -> web.Response:
        return web.Response(text=outgoing(Seen(), caller_of(request)).model_dump_json())

    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b": hello\n\n")
        while "long" in request.query:
            await asyncio.sleep(0.01)
            await response.write(b": still here\n\n")
        await response.write(f"data: {outgoing(Seen(), caller_of(request)).model_dump_json()}\n\n".encode())
        return response

    async def fails(_: web.Request) -> web.Response:
        raise RuntimeError("a bug")

    async def style(_: web.Request) -> web.Response:
        return web.Response(text="p {}", headers={"Cache-Control": "max-age=60"})

    return [
        route("GET", "/v1/who", who, scope=Scope.READ),
        route("GET", "/v1/seen", seen, scope=Scope.READ),
        route("GET", "/v1/events", stream, scope=Scope.READ),
        route("GET", "/v1/fails", fails, scope=Scope.READ),
        route("POST", "/v1/act", who, scope=Scope.ACT),
        route("DELETE", "/v1/act", who, scope=Scope.ACT),
        route("GET", "/lines/{id}", who, scope=Scope.READ, page=True),
        route("GET", "/style", style, scope=None),
        route("GET", "/healthz", who, scope=None, unlimited=True),
    ]


def whole() -> web.Application:
    """The application of `bngcorr web` with all its routes; nobody listens and no store is asked."""
    server = {"address": "192.0.2.10:1812", "secret": "x"}
    bngs = [{"name": "bng1", "address": "192.0.2.1", "secret": "s"}]
    store = {"url": "redis://127.0.0.1:1/0"}
    config = parse({"upstream": {"auth": server, "acct": server}, "bngs": bngs, "store": store})

    async def build() -> web.Application:
        process = WebProcess(Path("none.yaml"), Loaded(config, ""))
        try:
            return process.application()
        finally:
            await process.stop(asyncio.Event())

    return asyncio.run(build())


async def forgotten(_: web.Request) -> web.Response:
    """A handler that came past the table."""
    return web.json_response({})


@asynccontextmanager
async def opened(settings: Web) -> AsyncIterator[Door]:
    """The application on a port of its own."""
    clock = Clock()
    access = Access(settings, clock=clock)
    app = application([*routes(), *access.routes()], access)
    app.router.add_get("/v1/forgotten", forgotten)
    async with TestClient(TestServer(app)) as client:
        yield Door(client, access, clock)


def visit(settings: Web, go: Visit) -> None:
    """Do all of `go`."""

    async def run() -> None:
        async with asyncio.timeout(20), opened(settings) as door:
            await go(door)

    asyncio.run(run())
