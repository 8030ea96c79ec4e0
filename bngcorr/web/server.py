"""Starting and stopping an aiohttp application on one address."""

from __future__ import annotations

import ssl
from typing import Final

from aiohttp import web

from bngcorr.web.http_log import http_logger

IDLE_S: Final = 75.0  # a connection that asks nothing, or does not come to the end of its question


async def serve(
    app: web.Application, host: str, port: int, tls: ssl.SSLContext | None = None
) -> tuple[web.AppRunner, int]:
    """Listen; returns what stops it, and the port (the system's choice for port 0). Raises OSError."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0, keepalive_timeout=IDLE_S, logger=http_logger())
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, int(runner.addresses[0][1])
