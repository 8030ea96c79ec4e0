"""All AAA servers for one kind of request, over changes of the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from bngcorr.errors import BngcorrError
from bngcorr.model.vocabulary import Admin
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.receive_queue import ReceiveQueue
from bngcorr.proxy.upstream.meters import UpstreamMeters
from bngcorr.proxy.upstream.pool import Pool
from bngcorr.proxy.upstream.routes import Way
from bngcorr.proxy.upstream.routing import PoolSettings, Routing
from bngcorr.proxy.upstream.row import ServerRow
from bngcorr.proxy.upstream.server import Receiver, Server
from bngcorr.proxy.upstream.settings import Settings
from bngcorr.wire import attributes as a

T = TypeVar("T")
Identity = tuple[str, str, tuple[str, int], str | None]


Opened = dict[Identity, Server[T]]


class UnreachableError(BngcorrError):
    """No socket can be opened towards a server: no way there, or no such source address here."""


class Fleet(Generic[T]):
    """Opens servers, keeps those that stay, lets go of the others when nothing is in flight there any more."""

    def __init__(self, code: a.Code, receiver: Receiver[T], meters: UpstreamMeters, noise: Noise) -> None:
        """`code`: of the requests; `receiver` gets what comes back."""
        self._code = code
        self._receiver = receiver
        self._meters = meters
        self._noise = noise
        self._servers: dict[Identity, Server[T]] = {}
        self._retired: list[Server[T]] = []
        self._pools: dict[str, Pool[T]] = {}

    def open(self, routing: Routing) -> Opened[T]:
        """Sockets towards the servers that were not there before, to be taken or closed. Raises UnreachableError."""
        given = _given(routing)
        return self._opened([found for identity, found in given.items() if identity not in self._servers])

    def take(self, routing: Routing, fresh: Opened[T]) -> Way[T]:
        """The way to these pools. A server that was there before keeps sockets, health and what the operator wants of
        it.
        """
        given = _given(routing)
        for identity, (settings, pool) in given.items():
            if identity in self._servers:
                self._servers[identity].change(settings, pool.patience)
        gone = [server for identity, server in self._servers.items() if identity not in given]
        self._servers = {identity: self._servers.get(identity) or fresh[identity] for identity in given}
        for server in gone:
            server.retire()
        self._retired = [server for server in (*self._retired, *gone) if server.sockets]
        self._pools = {pool.name: self._pool(pool) for pool in routing.pools}
        return Way(
            self._pools[routing.default.name], [(route, self._pools[pool.name]) for route, pool in routing.routes]
        )

    def _opened(self, wanted: Sequence[tuple[Settings, PoolSettings]]) -> Opened[T]:
        fresh: Opened[T] = {}
        for settings, pool in wanted:
            meters = self._meters.of(pool.name, settings.name)
            server = Server(settings, pool.patience, self._code, self._receiver, meters, self._noise)
            fresh[settings.identity] = server
            try:
                server.start()
            except OSError as error:
                for opened in fresh.values():
                    opened.close()
                source = f" from {settings.source}" if settings.source is not None else ""
                raise UnreachableError(f"{settings.shown_address}{source}: {error.strerror}") from None
        return fresh

    def _pool(self, settings: PoolSettings) -> Pool[T]:
        before = self._pools.get(settings.name)
        return Pool(
            settings.name,
            [self._servers[server.identity] for server in settings.servers],
            policy=settings.policy,
            on_no_upstream=settings.on_no_upstream,
            conversations=None if before is None else before.conversations,
        )

    @property
    def in_flight(self) -> int:
        """Requests that wait for an answer."""
        return sum(server.in_flight for server in (*self._servers.values(), *self._retired))

    def rows(self) -> list[ServerRow]:
        """How the servers are, in the order of the file."""
        return [server.row() for server in self._servers.values()]

    def queues(self) -> Iterable[tuple[str, ReceiveQueue]]:
        """The kernel's queues, by the label of their server in metrics: all sockets of a server have the same."""
        for server in (*self._servers.values(), *self._retired):
            for queue in server.queues():
                yield f"upstream {server.settings.pool}/{server.name}", queue

    def set_admin(self, name: str, admin: Admin) -> bool:
        """Whether there is a server of that name; "pool/name" is one of that pool only."""
        found = [
            server
            for server in self._servers.values()
            if name in (server.name, f"{server.settings.pool}/{server.name}")
        ]
        for server in found:
            server.set_admin(admin)
        return bool(found)

    def close(self) -> None:
        """Close everything; what is in flight stays unanswered."""
        for server in (*self._servers.values(), *self._retired):
            server.close()


def _given(routing: Routing) -> dict[Identity, tuple[Settings, PoolSettings]]:
    return {server.identity: (server, pool) for pool in routing.pools for server in pool.servers}
