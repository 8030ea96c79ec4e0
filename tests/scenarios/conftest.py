"""The lab, over the store in memory and over a real Valkey: every story is told to both."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from bngcorr.store.memory import MemoryStore
from bngcorr.store.valkey import ValkeyStore
from tests.lab import Lab
from tests.store.servers.single import unix_valkey


@pytest.fixture(scope="package")
def valkey_url() -> Iterator[str]:
    """A Valkey server on a Unix socket, ended with these tests."""
    with unix_valkey() as server:
        yield server.url


@pytest.fixture(params=["memory", "valkey"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """An empty network at midnight."""
    with asyncio.Runner() as runner:
        if request.param == "memory":
            yield Lab(MemoryStore(), runner)
            return
        store = ValkeyStore(request.getfixturevalue("valkey_url"), budget_s=5.0, events=100)
        runner.run(store.lane.run([("FLUSHALL",)], 5.0))
        yield Lab(store, runner)
        runner.run(store.close())
