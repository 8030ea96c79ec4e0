"""A real Valkey for the tests of the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from bngcorr.store.valkey import ValkeyStore

from .scene import Scene
from .servers.single import unix_valkey


@pytest.fixture(scope="module")
def valkey_url() -> Iterator[str]:
    """A Valkey server on a Unix socket, ended with the module."""
    with unix_valkey() as server:
        yield server.url


@pytest_asyncio.fixture
async def store(valkey_url: str) -> AsyncIterator[ValkeyStore]:
    """The store in it."""
    one = ValkeyStore(valkey_url, budget_s=5.0, events=1000, timeline=4)
    yield one
    await one.close()


@pytest.fixture
def scene(store: ValkeyStore) -> Scene:
    """A correlation domain of its own in the store."""
    return Scene(store)
