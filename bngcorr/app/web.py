"""`bngcorr web`, composed: the API over the store."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from aiohttp import web

from bngcorr import __version__
from bngcorr.app.parts import StartError, open_store
from bngcorr.bng_profiles import costs_of
from bngcorr.config import Endpoint
from bngcorr.config.loading import Loaded
from bngcorr.web.api import Api
from bngcorr.web.server import serve as serve_http

log = structlog.get_logger()


class WebProcess:
    """The API process."""

    def __init__(self, file: Path, loaded: Loaded) -> None:
        """`loaded`: what is in the file."""
        config = self._config = loaded.config
        self._file = file
        self._store = open_store(config)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises StartError. The store may be away: requests are then answered 503."""
        at = self._config.web.listen
        try:
            api = Api(self._store.queries, self._config, costs_of(self._config), self._store.capacity)
            self._runner, port = await serve_http(api.app(), at.host, at.port)
        except OSError as error:
            raise StartError(f"web.listen {at}: {error.strerror}") from None
        log.info("ready", web=f"http://{Endpoint(at.host, port)}", version=__version__)

    async def reload(self) -> None:
        """Nothing is taken: whoever reads the API is served by another start in a moment."""
        log.warning("bngcorr web takes a changed configuration by a restart", file=str(self._file))

    async def retire(self, at_once: asyncio.Event) -> None:
        """Nobody has to take over first."""

    async def stop(self, at_once: asyncio.Event) -> None:  # noqa: ARG002 -- it is quick
        """Close everything."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self._store.close()
