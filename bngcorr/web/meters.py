"""Prometheus metrics of `bngcorr web`: what was asked, how it was answered, how long that took, who listens now.

A new one is a field of `WebMeters` and a row of docs/metrics.md.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram

from bngcorr.config.web import Scope
from bngcorr.web.access.routes import Route, route

NOWHERE: Final = "none"  # label of what no route is for: paths that others make up are no labels
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_TOOK_S: Final = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class WebMeters:
    """All metrics of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "bngcorr_http_requests", "Requests answered, by route and status.", ("route", "method", "status"),
            registry=registry,
        )  # fmt: skip
        self._took = Histogram(
            "bngcorr_http_request_duration_seconds", "Time to answer, live events not counted.", ("route",),
            buckets=_TOOK_S, registry=registry,
        )  # fmt: skip
        self._open = Gauge(
            "bngcorr_http_open_requests", "Requests that are being answered now.", ("route",), registry=registry
        )

    @property
    def middleware(self) -> Middleware:
        """To stand before all others, so that what they refuse is counted."""

        @web.middleware
        async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
            resource = request.match_info.route.resource
            where = NOWHERE if resource is None else resource.canonical
            method = request.method if request.method in _METHODS else "other"
            status, streamed = 0, False
            began = time.monotonic()
            self._open.labels(where).inc()
            try:
                response = await handler(request)
                status, streamed = response.status, not isinstance(response, web.Response | web.FileResponse)
            except web.HTTPException as answer:
                status = answer.status
                raise
            finally:
                self._open.labels(where).dec()
                self._requests.labels(where, method, str(status or "none")).inc()
                if status and not streamed:
                    self._took.labels(where).observe(time.monotonic() - began)
            return response

        return count

    @staticmethod
    def routes(text: Callable[[], Awaitable[bytes]]) -> list[Route]:
        """/metrics. `text` writes them out in the Prometheus text format."""

        async def metrics(_: web.Request) -> web.Response:
            return web.Response(body=await text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

        return [route("GET", "/metrics", metrics, scope=Scope.READ)]
