"""What `bngcorr web` counts of requests."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bngcorr.app.registry import Registry, process_registry
from bngcorr.config.web import Scope, Web
from bngcorr.web.access.middleware import Access
from bngcorr.web.access.routes import route
from bngcorr.web.application import application
from bngcorr.web.meters import WebMeters

HASH = "sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"  # of "password"


def asked(tokens: bool, *paths: str) -> Registry:
    """What is counted after these requests."""
    registry = process_registry()
    meters = WebMeters(registry)

    async def line(_: web.Request) -> web.Response:
        return web.Response(text="a line")

    async def broken(_: web.Request) -> web.Response:
        raise ValueError

    async def events(request: web.Request) -> web.StreamResponse:
        open_now = registry.get_sample_value("bngcorr_http_open_requests", {"route": "/v1/events"})
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(str(open_now).encode())
        await response.write_eof()
        return response

    routes = [
        route("GET", "/v1/lines/{id}", line, scope=Scope.READ),
        route("GET", "/v1/broken", broken, scope=Scope.READ),
        route("GET", "/v1/events", events, scope=Scope.READ),
        *meters.routes(registry.text),
    ]
    settings = Web.model_validate({"tokens": [{"name": "noc", "hash": HASH, "scopes": ["read"]}] if tokens else []})

    async def ask() -> None:
        app = application(routes, Access(settings), outer=[meters.middleware])
        async with TestClient(TestServer(app)) as client:
            for path in paths:
                async with client.get(path) as response:
                    text = await response.text()
                    if path == "/v1/events" and not tokens:
                        assert "1.0" == text
                    if path == "/metrics" and not tokens:
                        assert "bngcorr_http_requests_total" in text

    asyncio.run(ask())
    return registry


def count(registry: Registry, where: str, status: int) -> float | None:
    """Requests with that answer."""
    labels = {"route": where, "method": "GET", "status": str(status)}
    return registry.get_sample_value("bngcorr_http_requests_total", labels)


def test_requests_are_counted_by_route_and_not_by_what_is_asked_for() -> None:
    """A million lines are one series, and so are all paths that somebody makes up."""
    registry = asked(
        False, "/v1/lines/bng1~a", "/v1/lines/bng1~b", "/nonsense/1", "/nonsense/2", "/v1/broken", "/metrics"
    )

    assert 2 == count(registry, "/v1/lines/{id}", 200)
    assert 2 == count(registry, "none", 404)
    assert 1 == count(registry, "/v1/broken", 500)
    assert 2 == registry.get_sample_value("bngcorr_http_request_duration_seconds_count", {"route": "/v1/lines/{id}"})


def test_live_events_are_counted_while_they_last_and_not_timed() -> None:
    """An hour of listening is no slow answer."""
    registry = asked(False, "/v1/events")

    assert 1 == count(registry, "/v1/events", 200)
    assert registry.get_sample_value("bngcorr_http_request_duration_seconds_count", {"route": "/v1/events"}) is None
    assert 0 == registry.get_sample_value("bngcorr_http_open_requests", {"route": "/v1/events"})


@pytest.mark.parametrize("path", ["/metrics", "/v1/events"])
def test_what_is_refused_is_counted_and_metrics_are_refused_too(path: str) -> None:
    """Where there are tokens, whoever has none is told nothing, and somebody sees that he tried."""
    assert 1 == count(asked(True, path), path, 401)
