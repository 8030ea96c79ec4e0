"""Where BNGs are listened to, and the ways to AAA behind them."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import structlog

from bngcorr.app.parts import StartError
from bngcorr.config import Config, Endpoint
from bngcorr.config import Upstream as UpstreamConfig
from bngcorr.errors import ConfigError, ConfigFault
from bngcorr.proxy.delivery import Try
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.pipeline import Pipeline
from bngcorr.proxy.port import Port
from bngcorr.proxy.receive_queue import Drops
from bngcorr.proxy.request import Request
from bngcorr.proxy.sockets import NasSocket
from bngcorr.proxy.spooling import Spool
from bngcorr.proxy.upstream import Flight, Upstream
from bngcorr.wire import attributes as a

log = structlog.get_logger()

T = TypeVar("T")


class Ports:
    """The sockets of one packet process, as configured."""

    def __init__(self, config: Config, pipeline: Pipeline, spool: Spool | None, meters: Meters) -> None:
        """Nothing is opened yet. `spool`: what stands in front of the AAA server for accounting, if anything."""
        self._config = config
        self._pipeline = pipeline
        self._spool = spool
        self._meters = meters
        self._upstreams: dict[str, Upstream[Request] | Upstream[Try]] = {}
        self._sockets: list[NasSocket] = []
        self._labels: dict[str, Drops] = {}

    def open(self) -> None:
        """All of them, those towards AAA first. Raises StartError or ConfigError."""
        listen, upstream = self._config.listen, self._config.upstream
        self._open("auth", a.Code.ACCESS_REQUEST, listen.auth, upstream.auth)
        self._open("acct", a.Code.ACCOUNTING_REQUEST, listen.acct, upstream.acct)

    def _open(self, name: str, code: a.Code, endpoints: Sequence[Endpoint], server: UpstreamConfig | None) -> None:
        if not endpoints or server is None:
            return
        replies = (
            frozenset((a.Code.ACCESS_ACCEPT, a.Code.ACCESS_REJECT, a.Code.ACCESS_CHALLENGE))
            if code is a.Code.ACCESS_REQUEST
            else frozenset((a.Code.ACCOUNTING_RESPONSE,))
        )
        port = Port(
            code=code,
            replies=replies,
            secret=server.shared_secret,
            require_message_authenticator=server.require_message_authenticator and code is a.Code.ACCESS_REQUEST,
            meters=self._meters.upstream(name),
        )
        try:
            self._connect(name, port, server)
        except OSError as error:
            raise StartError(f"upstream.{name}.address {server.address}: {error.strerror}") from None
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
            granted, asked = socket.receive_buffer, self._config.listen.receive_buffer
            label = f"{name} {Endpoint(socket.host, socket.port)}"
            self._labels[label] = socket.drops
            self._meters.sockets.buffer.labels(label, "requested").set(asked)
            self._meters.sockets.buffer.labels(label, "granted").set(granted)
            log.info("listening", kind=name, address=str(Endpoint(socket.host, socket.port)), receive_buffer=granted)
            if granted < asked:
                log.warning(
                    "receive buffer is smaller than asked for", granted=granted, asked=asked,
                    hint=f"sysctl -w net.core.rmem_max={asked}",
                )  # fmt: skip

    def _connect(self, name: str, port: Port, server: UpstreamConfig) -> None:
        """Open the way to AAA: for the pipeline, or for the spool that stands in front of it. Raises OSError."""
        to = (server.address.host, server.address.port, server.timeout, server.sockets)
        if self._spool is not None and port.code is a.Code.ACCOUNTING_REQUEST:
            from_spool = _upstream(to, self._spool.answered, self._spool.expired)
            from_spool.start()
            self._upstreams[name] = from_spool
            self._spool.deliver(port, from_spool)
        else:
            upstream = _upstream(
                to,
                functools.partial(self._pipeline.answered, port),
                functools.partial(self._pipeline.expired, port),
            )
            upstream.start()
            self._upstreams[name] = upstream
            self._pipeline.open(port, upstream)

    @property
    def listening(self) -> bool:
        """Whether any socket is bound."""
        return bool(self._sockets)

    @property
    def in_flight(self) -> Mapping[str, int]:
        """Requests that wait for AAA, by the kind of server: auth, acct."""
        return {name: len(upstream) for name, upstream in self._upstreams.items()}

    def silent(self, now: float) -> list[str]:
        """Kinds of servers that are known to be silent. `now`: the loop's clock."""
        return [name for name, upstream in self._upstreams.items() if upstream.is_silent(now)]

    def queues(self) -> Iterable[tuple[str, Drops]]:
        """What the kernel drops in front of each socket, by the socket's label in metrics."""
        return self._labels.items()

    async def stop(self) -> None:
        """Carry what waits, and read no more; answers still go out."""
        await asyncio.gather(*(socket.stop() for socket in self._sockets))

    def close(self) -> None:
        """Close everything."""
        for upstream in self._upstreams.values():
            upstream.close()
        for socket in self._sockets:
            socket.close()


def _upstream(
    to: tuple[str, int, float, int],
    answered: Callable[[Flight[T] | None, bytes], None],
    expired: Callable[[Flight[T]], None],
) -> Upstream[T]:
    host, port, timeout_s, sockets = to
    return Upstream(host, port, timeout_s=timeout_s, most_sockets=sockets, answered=answered, expired=expired)
