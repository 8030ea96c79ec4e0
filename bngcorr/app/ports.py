"""Where BNGs are listened to, and the ways to AAA behind them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

import structlog

from bngcorr.accountant.spool.row import Row
from bngcorr.app.parts import StartError
from bngcorr.config import Config, Endpoint
from bngcorr.errors import ConfigError, ConfigFault
from bngcorr.model.vocabulary import Admin
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.pipeline import Pipeline
from bngcorr.proxy.receive_queue import ReceiveQueue
from bngcorr.proxy.request import Request
from bngcorr.proxy.sockets import NasSocket
from bngcorr.proxy.spooling import Spool
from bngcorr.proxy.upstream.fleet import Fleet, Opened, UnreachableError
from bngcorr.proxy.upstream.routes import Way
from bngcorr.proxy.upstream.routing import Routing
from bngcorr.proxy.upstream.row import ServerRow
from bngcorr.proxy.upstream.server import Server
from bngcorr.wire import attributes as a

log = structlog.get_logger()


class Ports:
    """The sockets of one packet process, as configured."""

    def __init__(
        self,
        config: Config,
        routing: Mapping[str, Routing],
        pipeline: Pipeline,
        spool: Spool | None,
        meters: Meters,
        noise: Noise,
    ) -> None:
        """Nothing is opened yet. `routing`: by kind of request, auth and acct. `spool`: what stands in front of AAA for
        accounting, if anything.
        """
        self._config = config
        self._routing = routing
        self._pipeline = pipeline
        self._spool = spool
        self._meters = meters
        self._noise = noise
        self._fleets: dict[str, Fleet[Request]] = {}
        self._spooled: Fleet[Row] | None = None
        self._ways: dict[str, Way[Request] | Way[Row]] = {}
        self._sockets: list[NasSocket] = []
        self._labels: dict[str, ReceiveQueue] = {}

    def open(self) -> None:
        """All of them, those towards AAA first. Raises StartError or ConfigError."""
        listen = self._config.listen
        kinds = [(name, code, endpoints) for name, code, endpoints in (
            ("auth", a.Code.ACCESS_REQUEST, listen.auth), ("acct", a.Code.ACCOUNTING_REQUEST, listen.acct)
        ) if endpoints and name in self._routing]  # fmt: skip
        for name, code, _ in kinds:
            if self._spool is not None and code is a.Code.ACCOUNTING_REQUEST:
                self._spooled = Fleet(code, self._spool, self._meters.upstream, self._noise)
            else:
                self._fleets[name] = Fleet(code, self._pipeline.dispatch, self._meters.upstream, self._noise)
        self.reconfigure(self._routing)
        for name, code, endpoints in kinds:
            self._listen(name, code, endpoints)

    def reconfigure(self, routing: Mapping[str, Routing]) -> None:
        """Send requests to these pools from now on. Servers that stay keep their health, their sockets and what the
        operator wants of them; others are closed when nothing is in flight there. Raises StartError: then the old pools
        hold.
        """
        names = [*self._fleets] if self._spooled is None else [*self._fleets, "acct"]
        missing = [name for name in names if name not in routing]
        if missing:
            raise StartError(f"upstream.{missing[0]}: needed for what arrives at listen.{missing[0]}")
        opened: list[Server[Request] | Server[Row]] = []
        fresh: dict[str, Opened[Request]] = {}
        fresh_spooled: Opened[Row] = {}
        try:
            for name, fleet in self._fleets.items():
                fresh[name] = fleet.open(routing[name])
                opened += fresh[name].values()
            if self._spooled is not None:
                fresh_spooled = self._spooled.open(routing["acct"])
        except UnreachableError as error:
            for server in opened:
                server.close()
            raise StartError(f"upstream: {error}") from None
        ways = {name: fleet.take(routing[name], fresh[name]) for name, fleet in self._fleets.items()}
        spooled = None if self._spooled is None else self._spooled.take(routing["acct"], fresh_spooled)
        self._pipeline.dispatch.send_by({_CODES[name]: way for name, way in ways.items()})
        self._ways = {**ways}
        if spooled is not None and self._spool is not None:
            self._spool.deliver(spooled)
            self._ways["acct"] = spooled

    def _listen(self, name: str, code: a.Code, endpoints: Sequence[Endpoint]) -> None:
        for index, endpoint in enumerate(endpoints):
            try:
                socket = NasSocket(
                    endpoint.host,
                    endpoint.port,
                    receive_buffer=self._config.listen.receive_buffer,
                    number=len(self._sockets),
                    reuse_port=self._config.listen.reuse_port,
                )
            except OSError as error:
                key = f"listen.{name}[{index}]"
                expected = "an address to bind to here; several processes can share one if all have listen.reuse_port"
                fault = ConfigFault(key=key, got=f"{endpoint} ({error.strerror})", expected=expected)
                raise ConfigError((fault,)) from None
            self._sockets.append(socket)
            socket.start(lambda s, vector: self._pipeline.carry(s, vector, code))
            granted, asked = socket.queue.granted, socket.queue.requested
            label = f"{name} {Endpoint(socket.host, socket.port)}"
            self._labels[label] = socket.queue
            log.info("listening", kind=name, address=str(Endpoint(socket.host, socket.port)), receive_buffer=granted)
            if granted < asked:
                log.warning(
                    "receive buffer is smaller than asked for", granted=granted, asked=asked,
                    hint=f"sysctl -w net.core.rmem_max={asked}",
                )  # fmt: skip

    @property
    def listening(self) -> bool:
        """Whether any socket is bound."""
        return bool(self._sockets)

    @property
    def in_flight(self) -> Mapping[str, int]:
        """Requests that wait for AAA, by their kind: auth, acct."""
        waiting = {name: fleet.in_flight for name, fleet in self._fleets.items()}
        return waiting if self._spooled is None else {**waiting, "acct": self._spooled.in_flight}

    @property
    def states(self) -> dict[str, str]:
        """For people, by kind of request: ok, suspect (its pool has only suspect servers left), or silent (none that is
        in use and not dead).
        """
        return {name: way.default.state for name, way in self._ways.items()}

    def servers(self) -> list[ServerRow]:
        """How the AAA servers are."""
        rows = [row for fleet in self._fleets.values() for row in fleet.rows()]
        return rows if self._spooled is None else [*rows, *self._spooled.rows()]

    def set_admin(self, name: str, admin: Admin) -> bool:
        """What the operator wants of the servers of that name; "pool/name" is one of that pool. False: there is none.

        It holds until the process ends.
        """
        found = [fleet.set_admin(name, admin) for fleet in self._fleets.values()]
        if self._spooled is not None:
            found.append(self._spooled.set_admin(name, admin))
        return any(found)

    def queues(self) -> Iterable[tuple[str, ReceiveQueue]]:
        """The kernel's queue in front of each socket, by the socket's label in metrics."""
        spooled = () if self._spooled is None else self._spooled.queues()
        return chain(self._labels.items(), *(fleet.queues() for fleet in self._fleets.values()), spooled)

    async def stop(self) -> None:
        """Carry what waits, and read no more; answers still go out."""
        await asyncio.gather(*(socket.stop() for socket in self._sockets))

    def close(self) -> None:
        """Close everything."""
        for fleet in self._fleets.values():
            fleet.close()
        if self._spooled is not None:
            self._spooled.close()
        for socket in self._sockets:
            socket.close()


_CODES: Final = {"auth": int(a.Code.ACCESS_REQUEST), "acct": int(a.Code.ACCOUNTING_REQUEST)}
