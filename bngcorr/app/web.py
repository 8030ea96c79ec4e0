"""`bngcorr web`, composed: the API and the pages over the store, and who is let in."""

from __future__ import annotations

import asyncio
from pathlib import Path

import structlog
from aiohttp import web

from bngcorr import __version__
from bngcorr.app import memory
from bngcorr.app.acts import acting
from bngcorr.app.parts import StartError, open_store, settle_schema, settle_schema_later
from bngcorr.app.registry import process_registry
from bngcorr.bng_profiles import costs_of
from bngcorr.config import Endpoint
from bngcorr.config.changes import web_changes
from bngcorr.config.loading import Loaded, load_with_digest
from bngcorr.errors import ConfigError
from bngcorr.resources import resource
from bngcorr.store.clock import StoreClock
from bngcorr.web.access.middleware import Access
from bngcorr.web.api import Api
from bngcorr.web.application import application
from bngcorr.web.meters import WebMeters
from bngcorr.web.pages.routes import page_problems, page_routes
from bngcorr.web.pages.site import Site
from bngcorr.web.resources.desk import Desk
from bngcorr.web.server import serve as serve_http
from bngcorr.web.tls import Certificate, TlsError
from bngcorr.wire.dictionary import Dictionary

MOST_NAMED = 20  # faults in one line

log = structlog.get_logger()


class WebProcess:
    """The process of the API and the pages."""

    def __init__(self, file: Path, loaded: Loaded) -> None:
        """`loaded`: what is in the file."""
        config = self._config = loaded.config
        self._file = file
        self._store = open_store(config)
        self._clock = StoreClock()
        dictionary = Dictionary(resource("dictionaries") / "dictionary")
        self._desk = Desk(
            self._store.queries, self._store.capacity, config, costs_of(config),
            acting(self._store, dictionary, self._clock), loaded.digest,
        )  # fmt: skip
        self._access = Access(config.web)
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def application(self) -> web.Application:
        """All routes, and what stands before them."""
        site, registry = Site(), process_registry()
        meters = WebMeters(registry)
        routes = [
            *Api(self._desk).routes(),
            *page_routes(site, self._desk),
            *meters.routes(registry.text),
            *self._access.routes(site.login),
        ]
        return application(routes, self._access, outer=[meters.middleware], inner=[page_problems(site)])

    async def start(self) -> None:
        """Listen. Raises StartError. The store may be away: requests are then answered 503."""
        settings = self._config.web
        at, tls = settings.listen, settings.tls
        settled = await settle_schema(self._store)
        try:
            pair = None if tls.certificate is None or tls.key is None else Certificate(tls.certificate, tls.key)
            context = None if pair is None else pair.context
            self._runner, port = await serve_http(self.application(), at.host, at.port, context)
        except OSError as error:
            raise StartError(f"web.listen {at}: {error.strerror}") from None
        except TlsError as error:
            raise StartError(f"web.tls: {error}") from None
        self._tasks.append(asyncio.create_task(self._clock.run(self._store)))
        if not settled:
            self._tasks.append(asyncio.create_task(settle_schema_later(self._store)))
        if pair is not None:
            self._tasks.append(asyncio.create_task(pair.watch()))
        if settings.in_the_clear:
            log.warning("tokens and customers' data go in the clear: set web.tls, or web.behind_proxy", web=str(at))
        if not settings.tokens:
            log.info("everybody on this machine may read, nobody may act: there are no web.tokens")
        memory.settle(memory.YOUNG_OF_PEOPLE)
        scheme = "http" if pair is None else "https"
        log.info("ready", web=f"{scheme}://{Endpoint(at.host, port)}", version=__version__)

    async def reload(self) -> None:
        """Take tokens, rates and the lifetime of logins. Raises ConfigError; nothing has changed then."""
        try:
            loaded = await asyncio.to_thread(load_with_digest, self._file)
        except ConfigError as error:
            faults = [str(fault) for fault in error.faults][:MOST_NAMED]
            log.error(  # noqa: TRY400 -- the file is wrong, not we
                "new configuration refused, the old one holds", file=str(self._file), faults=faults
            )
            raise
        changed = web_changes(self._config, loaded.config)
        self._config = changed.effective
        self._access.take(self._config.web)
        log.info(
            "new configuration taken", file=str(self._file), config=loaded.digest, changed=", ".join(changed.taken)
        )
        if changed.needs_restart:
            log.warning("needs a restart", keys=", ".join(changed.needs_restart))

    async def retire(self, at_once: asyncio.Event) -> None:
        """Nobody has to take over first."""

    async def stop(self, at_once: asyncio.Event) -> None:  # noqa: ARG002 -- it is quick
        """Close everything."""
        for task in self._tasks:
            task.cancel()
        await self._desk.close()  # ends the streams, for which the listener would wait
        if self._runner is not None:
            await self._runner.cleanup()
        await self._store.close()
