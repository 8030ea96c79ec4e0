"""`bngcorr serve`, composed: sockets, pipeline, judge, writer, caretaker, and the health listener."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry, Info

from bngcorr import __version__
from bngcorr.accountant.spool.file import SpoolError
from bngcorr.accountant.watch import Watch
from bngcorr.app.history import history_exporter
from bngcorr.app.parts import StartError, greet_store, open_store
from bngcorr.app.ports import Ports
from bngcorr.app.spool import look_into, spool_of
from bngcorr.bng_profiles import compile_all, costs_of, nas_of
from bngcorr.config import Config, Endpoint
from bngcorr.correlator import findings
from bngcorr.correlator.caretaker import Caretaker
from bngcorr.correlator.judge import Judge
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.nas import NasTable
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.pipeline import Pipeline
from bngcorr.proxy.relearning import Reader
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.resources import resource
from bngcorr.store.behind import WriteBehind
from bngcorr.store.clock import StoreClock
from bngcorr.store.embedded import EmbeddedValkey
from bngcorr.store.lesson import FAILED, NEW, SUPERSEDED, FindingSeen, Lesson
from bngcorr.web.health import Readiness, health_app
from bngcorr.web.server import serve as serve_http
from bngcorr.wire.dictionary import Dictionary

FINISH_S: Final = 1.2  # how long requests under way may take at the end
LOOK_AGAIN_S: Final = 0.01
DRAIN_S: Final = 1.5  # how long the last writes may take at the end

log = structlog.get_logger()


class PacketProcess:
    """The packet process."""

    def __init__(self, config: Config) -> None:
        """Build everything; nothing is opened yet."""
        self._config = config
        dictionary = Dictionary(resource("dictionaries") / "dictionary")
        profiles = compile_all(config, dictionary)
        self._registry = CollectorRegistry()
        Info("bngcorr_build", "What is running.", registry=self._registry).info({"version": __version__})
        self._meters = Meters(self._registry)
        self._clock = StoreClock()
        self._embedded = EmbeddedValkey(config.store.data_dir) if config.store.url == "embedded" else None
        self._store = open_store(config)
        self._store.lane.took = self._meters.store_call.observe
        self._judge: Judge[Request] = Judge(self._store, self._clock, self._store)
        self._behind = WriteBehind(
            self._store, self._clock, limit=config.store.write_backlog, written=self._written, lost=self._lost,
            nodes=self._store,
        )  # fmt: skip
        domains = list(dict.fromkeys(bng.domain_name for bng in config.bngs))
        self._caretaker = Caretaker(self._store, self._clock, domains, self._behind.put, nodes=self._store)
        self._watch = Watch(
            self._store.queries, self._store.capacity, self._clock, config.bngs, costs_of(config), config.capacity,
            self._behind.put, nodes=self._store,
        )  # fmt: skip
        self._exporter = history_exporter(config, self._store.history, self._clock, self._meters.history)
        servers = [server for server in (config.upstream.auth, config.upstream.acct) if server is not None]
        holds = [bng.hold for bng in config.bngs]
        self._noise = Noise()
        table = NasTable([(network, nas_of(bng, profiles[bng.name])) for bng in config.bngs for network in bng.address])
        numbers = Numbers(config.enterprise_numbers.accept, config.enterprise_numbers.ceiling)
        remember_ms = round(config.store.remember * 1000)
        reader = Reader(table, numbers, remember_ms, self._noise)
        self._spool = spool_of(config, self._behind, reader, self._meters, self._noise)
        self._pipeline = Pipeline(
            table=table,
            numbers=numbers,
            hidden=dictionary.hidden,
            judge=self._judge,
            notes=Notes(self._behind.put, self._clock, self._meters, remember_ms),
            clock=self._clock,
            meters=self._meters,
            in_flight_s=max(server.timeout for server in servers) + max(holds) + 1.0,
            noise=self._noise,
            spool=self._spool,
            keeps_up=lambda: self._spool is not None or not self._behind.full,
        )
        self._ports = Ports(config, self._pipeline, self._spool, self._meters)
        self._tasks: list[asyncio.Task[None]] = []
        self._health: web.AppRunner | None = None

    def _written(self, lessons: Sequence[Lesson], words: Sequence[str]) -> None:
        self._judge.sighted([lesson for lesson, word in zip(lessons, words, strict=True) if word != SUPERSEDED])
        if self._spool is not None:
            self._spool.written(lessons)
        for lesson, word in zip(lessons, words, strict=True):
            if isinstance(lesson, FindingSeen):
                if word == NEW:
                    self._tell(lesson)
            elif word.startswith(FAILED):
                self._meters.failed.inc()
                log.error("store can't take this, it is lost", lesson=type(lesson).__name__, error=word)
            else:
                for finding in findings.of(lesson, word):
                    self._behind.put(finding)

    def _lost(self, lessons: Sequence[Lesson]) -> None:
        if self._spool is not None:
            self._spool.lost(lessons)

    def _tell(self, seen: FindingSeen) -> None:
        self._meters.findings.labels(seen.bng, str(seen.finding)).inc()
        log.warning(
            "finding", finding=str(seen.finding), bng=seen.bng, subject=seen.subject,
            hint=findings.NEXT_STEP[seen.finding],
        )  # fmt: skip

    # ---- start

    async def start(self) -> None:
        """Store, spool, upstreams, sockets, health, in that order. Raises StartError, StoreError or ConfigError."""
        if self._embedded is not None:
            await self._embedded.start()
        await greet_store(self._store, self._clock)
        self._tasks = [
            asyncio.create_task(self._supervised("clock", lambda: self._clock.run(self._store))),
            asyncio.create_task(self._supervised("writer", self._behind.run)),
            asyncio.create_task(self._supervised("caretaker", self._caretaker.run)),
            asyncio.create_task(self._supervised("watch", self._watch.run)),
        ]
        if self._exporter is not None:
            self._tasks.append(asyncio.create_task(self._supervised("history", self._exporter.run)))
        if self._spool is not None:
            try:
                await self._spool.open()
            except SpoolError as error:
                raise StartError(str(error)) from None
        else:
            await asyncio.to_thread(look_into, self._config)
        self._pipeline.start()
        self._ports.open()
        at = self._config.health.listen
        app = health_app(self.readiness, self._registry, self._refresh)
        try:
            self._health, port = await serve_http(app, at.host, at.port)
        except OSError as error:
            raise StartError(f"health.listen {at}: {error.strerror}") from None
        log.info("ready", health=f"http://{Endpoint(at.host, port)}", bngs=len(self._config.bngs), version=__version__)

    async def _supervised(self, name: str, run: Callable[[], Coroutine[None, None, None]]) -> None:
        """A task that is to last as long as the process: what ends it is our bug, is told, and it starts again."""
        while True:
            try:
                await run()
            except Exception:
                self._meters.restarts.inc()
                log.exception("internal error, background task starts again", task=name)
                await asyncio.sleep(1.0)

    # ---- state

    def readiness(self) -> Readiness:
        """Ready: sockets bound and AAA not known to be silent. The store is told, never asked for; nor is an AAA for
        accounting that a spool stands in front of, nor the spool: authentication goes on without.
        """
        silent = self._ports.silent(asyncio.get_running_loop().time())
        degraded = self._judge.broken or self._behind.failing
        waited_for = [name for name in silent if name != "acct" or self._spool is None]
        parts = {
            "store": "degraded" if degraded else "ok",
            **{f"upstream.{name}": "silent" if name in silent else "ok" for name in self._ports.in_flight},
        }
        if self._spool is not None:
            parts["spool"] = self._spool.state
        return Readiness(self._ports.listening and not waited_for, parts)

    def _refresh(self) -> None:
        for name, requests in self._ports.in_flight.items():
            self._meters.in_flight.labels(name).set(requests)
        if self._spool is not None:
            self._spool.refresh()
        self._meters.held.set(self._judge.held)
        for bng in self._config.bngs:
            self._meters.hold_pays.labels(bng.name).set(1 if self._judge.holds(bng.name) else 0)
        self._meters.backlog.set(len(self._behind))
        self._meters.lost.set(self._behind.lost)
        self._meters.degraded.set(1 if self._judge.broken or self._behind.failing else 0)
        self._meters.store_calls.set(self._store.calls)
        self._meters.away.set(self._judge.away)
        self._meters.clock_steady.set(1 if self._clock.steady else 0)
        self._meters.expired.set(self._caretaker.expired)
        for name, counts in self._caretaker.census.items():
            for families, count in zip(("dual", "v4_only", "v6_only"), counts, strict=True):
                self._meters.lines.labels(name, families).set(count)
        self._meters.usage.show(self._watch.seen)

    # ---- end

    async def stop(self) -> None:
        """Read no more, answer what is under way, write what was learnt, close. Safe after a start that failed."""
        self._ports.stop()
        if self._spool is not None:
            self._spool.rest()
        await self._judge.release()
        for _ in range(round(FINISH_S / LOOK_AGAIN_S)):
            if not self._pipeline.in_flight and (self._spool is None or not self._spool.in_flight):
                break
            await asyncio.sleep(LOOK_AGAIN_S)
        await self._judge.close()
        if self._tasks and not await self._behind.drained(DRAIN_S):
            log.warning("store does not answer, writes given up", writes=len(self._behind))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._spool is not None:
            await self._spool.close()
        self._pipeline.close()
        self._ports.close()
        if self._health is not None:
            await self._health.cleanup()
        await self._store.close()
        if self._embedded is not None:
            await self._embedded.stop()
