"""The stores over which the suite runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Final, assert_never

import pytest
import pytest_asyncio

from bngcorr.store.memory import MemoryStore
from bngcorr.store.valkey import ValkeyStore
from tests.store.scene import Scene, Store
from tests.store.servers import cluster, sentinel, single
from tests.store.servers.server import Server

EVENTS: Final = 1000  # kept
REPLICATED_WITHIN_MS: Final = 5000

KINDS: Final = ("memory", "valkey", "redis", "sentinel", "cluster")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store is, how it is opened, and how it loses the server that keeps a domain."""

    kind: str
    open: Callable[[], Store]
    fail_over: Callable[[str], None]  # given a domain; returns when another server has taken over, if there is one


def _valkey(url: str) -> Store:
    return ValkeyStore(url, budget_s=5.0, events=EVENTS)


def _in_step(master: Server) -> None:
    """A replica has all that the master has acknowledged."""
    assert 1 <= master.ask("WAIT", 1, REPLICATED_WITHIN_MS)


@pytest.fixture(scope="session", params=KINDS)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each of them in turn; a server that was lost stays so for the tests that follow."""
    match request.param:
        case "memory":
            yield Place(kind="memory", open=lambda: MemoryStore(events=EVENTS), fail_over=lambda _: None)
        case "valkey":
            with single.unix_valkey() as one:
                yield Place(kind="valkey", open=lambda: _valkey(one.url), fail_over=lambda _: None)
        case "redis":
            with single.single_redis() as one:
                yield Place(kind="redis", open=lambda: _valkey(one.url), fail_over=lambda _: None)
        case "sentinel":
            with sentinel.sentinels() as watched:

                def lose_master(_: str) -> None:
                    _in_step(watched.master)
                    watched.failed_over(watched.kill_master())

                yield Place(kind="sentinel", open=lambda: _valkey(watched.url), fail_over=lose_master)
        case "cluster":
            with cluster.cluster() as nodes:

                def lose_node(domain: str) -> None:
                    key = f"{{{domain}}}"
                    _in_step(nodes.master_of(key))
                    nodes.failed_over(key, nodes.kill_node(key))

                yield Place(kind="cluster", open=lambda: _valkey(nodes.url), fail_over=lose_node)
        case _:
            assert_never(request.param)


@pytest_asyncio.fixture
async def store(place: Place) -> AsyncIterator[Store]:
    """A store that is open."""
    one = place.open()
    yield one
    await one.close()


@pytest.fixture
def scene(store: Store) -> Scene:
    """A correlation domain of its own in the store."""
    return Scene(store)
