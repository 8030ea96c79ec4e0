"""The stores over which the suite runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import pytest
import pytest_asyncio

from bngcorr.store.memory import MemoryStore
from bngcorr.store.valkey import ValkeyStore
from tests.store.scene import Scene, Store
from tests.store.servers.cluster import Cluster, ClusterNode, cluster
from tests.store.servers.sentinel import Sentinels, sentinels
from tests.store.servers.server import Server, wait_for
from tests.store.servers.single import single_redis, unix_valkey

EVENTS: Final = 1000  # kept
BACKLOG: Final = 8  # closed sessions kept
TIMELINE: Final = 4  # entries of a line kept
IN_STEP_WITHIN_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store is, how it is opened, and how it loses the server that keeps a domain."""

    open: Callable[[], Store]
    lose: Callable[[str, Sequence[str]], frozenset[str]]  # the server of a domain; which of some domains went with it
    regain: Callable[[], None]  # returns when another server has taken over for the one that was lost


def _steadfast(open_: Callable[[], Store]) -> Place:
    return Place(open=open_, lose=lambda _, __: frozenset(), regain=lambda: None)


def _valkey(url: str) -> Store:
    return ValkeyStore(url, budget_s=5.0, events=EVENTS, history_backlog=BACKLOG, timeline=TIMELINE)


def _in_step(master: Server) -> None:
    """Wait until the replica has all that the master acknowledged."""
    told = int(master.info("replication")["master_repl_offset"])

    def follows() -> bool:
        replica = dict(part.split("=") for part in master.info("replication")["slave0"].split(","))
        return int(replica["offset"]) >= told

    wait_for(follows, IN_STEP_WITHIN_S)


def _watched(topology: Sentinels) -> Place:
    lost: list[Server] = []

    def lose(_: str, domains: Sequence[str]) -> frozenset[str]:
        _in_step(topology.master)
        lost.append(topology.kill_master())
        return frozenset(domains)

    return Place(open=lambda: _valkey(topology.url), lose=lose, regain=lambda: topology.failed_over(lost[-1]))


def _clustered(topology: Cluster) -> Place:
    lost: list[tuple[str, ClusterNode]] = []

    def tag(domain: str) -> str:
        return f"{{{domain}}}"

    def lose(domain: str, domains: Sequence[str]) -> frozenset[str]:
        master = topology.master_of(tag(domain))
        _in_step(master)
        away = frozenset(one for one in domains if topology.master_of(tag(one)) is master)
        lost.append((tag(domain), topology.kill_node(tag(domain))))
        return away

    return Place(open=lambda: _valkey(topology.url), lose=lose, regain=lambda: topology.failed_over(*lost[-1]))


class Places:
    """Each store is started once for all tests; one that has lost a server is started anew for the next."""

    def __init__(self) -> None:
        self._running: dict[str, tuple[Place, ExitStack]] = {}
        self._spent: list[ExitStack] = []  # until the tests that use them are over

    def get(self, name: str) -> Place:
        """A store that is whole."""
        if name not in self._running:
            stack = ExitStack()
            place = stack.enter_context(_started(name))
            self._running[name] = (replace(place, lose=partial(self._lose, name, place.lose)), stack)
        return self._running[name][0]

    def _lose(
        self, name: str, lose: Callable[[str, Sequence[str]], frozenset[str]], domain: str, domains: Sequence[str]
    ) -> frozenset[str]:
        self._spent.append(self._running.pop(name)[1])
        return lose(domain, domains)

    def close(self) -> None:
        """End all servers."""
        for _, stack in self._running.values():
            stack.close()
        for stack in self._spent:
            stack.close()


@contextmanager
def _started(name: str) -> Iterator[Place]:
    match name:
        case "memory":
            yield _steadfast(lambda: MemoryStore(events=EVENTS, history_backlog=BACKLOG, timeline=TIMELINE))
        case "valkey":
            with unix_valkey() as server:
                yield _steadfast(lambda: _valkey(server.url))
        case "redis":
            with single_redis() as server:
                yield _steadfast(lambda: _valkey(server.url))
        case "sentinel":
            with sentinels() as watched:
                yield _watched(watched)
        case _:
            with cluster() as nodes:
                yield _clustered(nodes)


@pytest.fixture(scope="session")
def places() -> Iterator[Places]:
    """All stores over which the suite runs."""
    every = Places()
    yield every
    every.close()


@pytest.fixture(params=("memory", "valkey", "redis", "sentinel", "cluster"))
def place(request: pytest.FixtureRequest, places: Places) -> Place:
    """Each of them in turn."""
    return places.get(request.param)


@pytest_asyncio.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    """A store that is open, and empty: addresses of one domain are seen from all others."""
    one = place.open()
    if isinstance(one, ValkeyStore):
        await one.lane.ask_nodes([("FLUSHALL",)], 5.0)
    yield one
    await one.close()


@pytest.fixture
def scene(store: Store) -> Scene:
    """A correlation domain of its own in the store."""
    return Scene(store)


@pytest.fixture(scope="package")
def valkey_url() -> Iterator[str]:
    """A Valkey of its own, for tests that open stores themselves."""
    with unix_valkey() as server:
        yield server.url
