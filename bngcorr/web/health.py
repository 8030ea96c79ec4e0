"""/healthz, /readyz and /metrics of the packet process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether requests should be sent here, and how the parts are."""

    ready: bool
    parts: dict[str, str]


def health_app(
    readiness: Callable[[], Readiness], metrics: Callable[[], Awaitable[bytes]]
) -> web.Application:  # fmt: skip
    """`metrics` writes them out in the Prometheus text format."""

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def readyz(_: web.Request) -> web.Response:
        state = readiness()
        body = {"status": "ready" if state.ready else "not ready", **state.parts}
        return web.json_response(body, status=200 if state.ready else 503)

    async def told(_: web.Request) -> web.Response:
        return web.Response(body=await metrics(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", told)])
    return app
