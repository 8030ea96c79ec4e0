"""`bngcorr serve`, composed: sockets, pipeline, judge, writer, caretaker, the health listener, the control socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Coroutine, Iterable
from itertools import chain
from pathlib import Path
from typing import Final

import structlog
from aiohttp import web

from bngcorr import __version__
from bngcorr.accountant.spool.file import SpoolError
from bngcorr.accountant.watch import Watch
from bngcorr.app import memory
from bngcorr.app.commands import CommandLoop
from bngcorr.app.control import ControlSocket, control_app
from bngcorr.app.dynauth import Dynauth
from bngcorr.app.gauges import Gauges
from bngcorr.app.history import history_exporter
from bngcorr.app.learnt import Learnt
from bngcorr.app.loop_lag import watch_lag
from bngcorr.app.notify import Notifier, beat
from bngcorr.app.orders import Orders
from bngcorr.app.parts import StartError, greet_store, open_store, settle_schema, settle_schema_later, store_url
from bngcorr.app.policies import Policies, policies_of
from bngcorr.app.ports import Ports
from bngcorr.app.receive_queues import QueueWatch
from bngcorr.app.registry import process_registry
from bngcorr.app.reload import EndingError, Reloader
from bngcorr.app.spool import drained, look_into, spool_of
from bngcorr.app.supervision import supervised
from bngcorr.app.tap import Taps
from bngcorr.app.tap_meters import TapMeters
from bngcorr.config import Endpoint
from bngcorr.config.changes import Changes
from bngcorr.config.control import AUTO, own_path
from bngcorr.config.loading import Loaded
from bngcorr.correlator.caretaker import Caretaker
from bngcorr.correlator.judge import Judge
from bngcorr.proxy.chatter import Chatter
from bngcorr.proxy.inside import Inside
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.pipeline import Pipeline
from bngcorr.proxy.receive_queue import ReceiveQueue
from bngcorr.proxy.relearning import Reader
from bngcorr.proxy.request import Request
from bngcorr.proxy.tracing import Tracer
from bngcorr.resources import resource
from bngcorr.store.behind import WriteBehind
from bngcorr.store.clock import StoreClock
from bngcorr.store.embedded import EmbeddedValkey
from bngcorr.store.lane import open_lane
from bngcorr.store.pending import Pending
from bngcorr.store.valkey_acts import Commands, Processes, Traces
from bngcorr.web.health import Readiness, health_app
from bngcorr.web.server import serve as serve_http
from bngcorr.wire.dictionary import Dictionary

OWN_ADDRESSES: Final = "BNGCORR_OWN_ADDRESSES"  # of the pod and its node, with commas; the chart sets it
FINISH_S: Final = 1.2  # how long requests under way may take at the end
LOOK_AGAIN_S: Final = 0.01
DRAIN_S: Final = 1.5  # how long the last writes may take at the end
STOP_WITHIN_S: Final = 10.0  # what the manager of services is told that the end takes at most, after the lameduck time

log = structlog.get_logger()


class PacketProcess:
    """The packet process."""

    def __init__(self, file: Path, loaded: Loaded) -> None:
        """Build everything; nothing is opened yet. `loaded`: what is in the file. Raises ConfigError."""
        config = self._at_start = loaded.config
        dictionary = Dictionary(resource("dictionaries") / "dictionary")
        policies = policies_of(config, dictionary)
        self._registry = process_registry()
        self._meters = Meters(self._registry)
        self._clock = StoreClock()
        self._embedded = EmbeddedValkey(config.store.data_dir) if config.store.url == "embedded" else None
        self._store = open_store(config)
        self._store.lane.took = self._meters.store.called
        pending = Pending()
        self._judge: Judge[Request] = Judge(self._store, self._clock, self._store, pending)
        self._noise = Noise(inside=Inside(os.environ.get(OWN_ADDRESSES, "").split(",")))
        learnt = Learnt(self._judge, self._meters, self._noise)
        self._behind = WriteBehind(
            self._store, self._clock, limit=config.store.write_backlog, written=learnt.written, lost=learnt.lost,
            nodes=self._store, pending=pending,
        )  # fmt: skip
        self._caretaker = Caretaker(self._store, self._clock, policies.domains, self._behind.put, nodes=self._store)
        self._watch = Watch(
            self._store.queries, self._store.capacity, self._clock, config.bngs, policies.costs, config.capacity,
            self._behind.put, nodes=self._store,
        )  # fmt: skip
        self._exporter = history_exporter(config, self._store.history, self._clock, self._meters.history)
        remember_ms = round(config.store.remember * 1000)
        self._taps = Taps(
            config.tap, self._clock, self._behind.put, has_room=lambda: self._behind.has_room,
            meters=TapMeters(self._registry), remember_ms=remember_ms,
        )  # fmt: skip
        self._taps.use(policies.places)
        self._reader = Reader(policies.table, policies.numbers, remember_ms, self._noise)
        self._tracer = Tracer(self._clock, [key for key, named in dictionary.named.items() if named.secret])
        self._spool = spool_of(config, self._behind, self._reader, self._meters, self._noise, self._tracer)
        self._pipeline = Pipeline(
            table=policies.table,
            numbers=policies.numbers,
            hidden=dictionary.hidden,
            judge=self._judge,
            notes=Notes(self._behind.put, self._clock, self._meters, remember_ms),
            clock=self._clock,
            meters=self._meters,
            in_flight_s=policies.in_flight_s,
            noise=self._noise,
            chatter=Chatter() if config.log.level == "debug" else None,
            spool=self._spool,
            keeps_up=lambda: self._spool is not None or not self._behind.full,
            room=lambda: self._behind.room,
            tracer=self._tracer,
        )
        self._ports = Ports(config, policies.routing, self._pipeline, self._spool, self._meters, self._noise)
        self._dynauth = Dynauth(
            config, policies.dynauth, dictionary, self._store, self._clock, self._meters, self._noise
        )
        learnt.attach(self._behind.put, self._dynauth.found, self._spool)
        self._queues = QueueWatch(self._all_queues, self._meters.sockets)
        self._reloader = Reloader(file, loaded, dictionary, self._meters.config, self._take)
        self._gauges = Gauges(
            self._meters, config=lambda: self._reloader.config, ports=self._ports, spool=self._spool, judge=self._judge,
            behind=self._behind, store=self._store, clock=self._clock, caretaker=self._caretaker, watch=self._watch,
            queues=self._queues,
        )  # fmt: skip
        self._notifier = Notifier()
        self._orders = Orders(self._reloader, self._ports, self._notifier, self.readiness)
        lane = self._side_lane = open_lane(store_url(config))  # of its own: what operators ask for is in nobody's way
        self._commands = CommandLoop(
            self._orders, self._tracer, self._clock, commands=Commands(lane), processes=Processes(lane),
            traces=Traces(lane), disconnect=self._dynauth.disconnect, coa=self._dynauth.coa,
        )  # fmt: skip
        self._tasks: list[asyncio.Task[None]] = []
        self._health: web.AppRunner | None = None
        self._control: ControlSocket | None = None
        self._ending = False

    # ---- start

    async def start(self) -> None:
        """Store, spool, upstreams, sockets, health, control, in that order. Raises StartError, StoreError or
        ConfigError.
        """
        self._taps.open()  # first: what is started from now on has no need of its privilege
        if self._embedded is not None:
            await self._embedded.start()
        await greet_store(self._store, self._clock)
        settled = await settle_schema(self._store)
        self._tasks = [
            self._lasting("clock", lambda: self._clock.run(self._store)),
            self._lasting("writer", self._behind.run),
            self._lasting("caretaker", self._caretaker.run),
            self._lasting("watch", self._watch.run),
        ]
        if not settled:
            self._tasks.append(asyncio.create_task(settle_schema_later(self._store)))
        if self._exporter is not None:
            self._tasks.append(self._lasting("history", self._exporter.run))
        if self._spool is not None:
            try:
                await self._spool.open()
            except SpoolError as error:
                raise StartError(str(error)) from None
        else:
            await asyncio.to_thread(look_into, self._at_start)
        self._pipeline.start()
        self._ports.open()
        self._dynauth.open()
        self._taps.start()
        at = self._at_start.health.listen
        app = health_app(self.readiness, self._metrics_text)
        try:
            self._health, port = await serve_http(app, at.host, at.port)
        except OSError as error:
            raise StartError(f"health.listen {at}: {error.strerror}") from None
        await self._open_control()
        memory.settle()
        self._tasks.append(self._lasting("queues", self._queues.run))
        if self._taps.state is not None:
            self._tasks.append(self._lasting("taps", self._taps.run))
        self._tasks.append(self._lasting("commands", self._commands.run))
        self._tasks.append(
            self._lasting("lag", lambda: watch_lag(self._meters.loop.lag.observe, self._noise.held_up))
        )  # fmt: skip
        if self._notifier.heard:
            self._tasks.append(self._lasting("notifier", self._beat))
        log.info(
            "ready", health=f"http://{Endpoint(at.host, port)}", bngs=len(self._at_start.bngs), version=__version__,
            config=self._reloader.running.digest,
        )  # fmt: skip
        self._notifier.ready(self._orders.line())

    async def _open_control(self) -> None:
        """A path that nobody asked for by name is no reason not to start."""
        path = own_path(self._at_start.control, self._at_start.store.data_dir, os.environ)
        if path is None:
            return
        control = ControlSocket(path)
        try:
            await control.open(control_app(self._orders, self._dynauth.disconnect))
        except StartError as error:
            if self._at_start.control.socket != AUTO:
                raise
            log.warning("no control socket: `bngcorr reload` can't be used", error=str(error))
            return
        self._control = control

    async def _beat(self) -> None:
        await beat(self._notifier, lambda: self._ports.listening, self._orders.line)

    def _lasting(self, name: str, run: Callable[[], Coroutine[None, None, None]]) -> asyncio.Task[None]:
        return asyncio.create_task(supervised(name, run, self._meters.restarts.inc))

    # ---- state

    def _all_queues(self) -> Iterable[tuple[str, ReceiveQueue]]:
        return chain(self._ports.queues(), self._dynauth.queues())

    async def _metrics_text(self) -> bytes:
        self._gauges.refresh()
        self._dynauth.refresh()
        self._taps.refresh()
        self._meters.in_flight.set(self._pipeline.in_flight)
        self._meters.translated.set(self._noise.translated)
        self._meters.ready.set(self.readiness().ready)
        return await self._registry.text()

    def readiness(self) -> Readiness:
        """Ready: sockets bound, AAA not known to be silent, and not about to end. The store is told, never asked for;
        nor is an AAA for accounting that a spool stands in front of, nor the spool: authentication goes on without.
        """
        upstreams = self._ports.states
        waited_for = [
            name for name, state in upstreams.items() if state == "silent" and (name != "acct" or self._spool is None)
        ]
        parts = {
            "store": "degraded" if self._gauges.degraded else "ok",
            **{f"upstream.{name}": state for name, state in upstreams.items()},
        }
        if self._spool is not None:
            parts["spool"] = self._spool.state
        if self._taps.state is not None:
            parts["tap"] = self._taps.state
        if self._noise.translated:
            parts["sources"] = "translated"
        if self._ending:
            parts["life"] = "ending"
        return Readiness(self._ports.listening and not waited_for and not self._ending, parts)

    # ---- reload

    async def reload(self) -> Changes:
        """Take the configuration file anew. Raises BngcorrError: then nothing has changed."""
        return await self._orders.reload()

    def _take(self, policies: Policies) -> None:
        """All of it between two requests. Those under way end by what they began with. Raises BngcorrError."""
        if self._ending:  # parts are closed one after the other: none must be opened anew
            raise EndingError("the process is about to end")
        self._ports.reconfigure(policies.routing)  # the one step that can be refused: first
        self._pipeline.use(policies.table, policies.numbers, policies.in_flight_s)
        self._reader.use(policies.table, policies.numbers)
        self._taps.use(policies.places)
        self._dynauth.use(policies.dynauth)
        self._caretaker.look_after(policies.domains)
        self._watch.look_after(policies.config.bngs, policies.costs, policies.config.capacity)
        if self._exporter is not None:
            self._exporter.look_after(policies.domains)

    # ---- end

    async def retire(self, at_once: asyncio.Event) -> None:
        """Not ready any more, but answering for `listen.lameduck`, so that others can take over, then for `spool.drain`
        at most; cut short by `at_once`.
        """
        self._ending = True
        config = self._reloader.config
        lameduck_s, drain_s = config.listen.lameduck, 0.0 if self._spool is None else config.spool.drain
        self._notifier.stopping("ending", lameduck_s + drain_s + STOP_WITHIN_S)
        log.info("ending", answering_for_s=lameduck_s)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(lameduck_s):
                await at_once.wait()
        if self._spool is not None and drain_s > 0:
            await drained(self._spool, drain_s, at_once)

    async def stop(self, at_once: asyncio.Event) -> None:
        """Read what waits and no more, answer what is under way, write what was learnt, close; without patience as soon
        as `at_once` is set. Safe after a start that failed.
        """
        self._ending = True
        self._commands.rest()
        self._taps.stop()
        await asyncio.gather(self._ports.stop(), self._dynauth.stop())
        if self._spool is not None:
            self._spool.rest()
        await self._judge.release()
        for _ in range(round(FINISH_S / LOOK_AGAIN_S)):
            idle = not self._pipeline.in_flight and (self._spool is None or not self._spool.in_flight)
            if (idle and not self._dynauth.in_flight) or at_once.is_set():
                break
            await asyncio.sleep(LOOK_AGAIN_S)
        await self._judge.close()
        self._pipeline.tell()
        if self._tasks and not await self._behind.drained(0.0 if at_once.is_set() else DRAIN_S):
            log.warning("store does not answer, writes given up", writes=len(self._behind))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._spool is not None:
            await self._spool.close()
        self._pipeline.close()
        self._ports.close()
        await self._commands.close()
        await self._dynauth.close()
        for opened in (self._control, self._health):
            if opened is not None:
                await opened.cleanup()
        await self._side_lane.close()
        await self._store.close()
        if self._embedded is not None:
            await self._embedded.stop()
