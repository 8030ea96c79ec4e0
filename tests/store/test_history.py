"""Closed sessions in Valkey: what several writers, and a store that forgets, may do to each other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bngcorr.store.history import PAGE, Histories
from bngcorr.store.keys import HistoryKeys
from bngcorr.store.valkey import ValkeyStore
from tests.contract.test_history import close, octets
from tests.store.scene import Scene

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def store(valkey_url: str) -> AsyncIterator[ValkeyStore]:
    """A store that keeps closed sessions."""
    one = ValkeyStore(valkey_url, budget_s=5.0, events=1000, history_backlog=10)
    yield one
    await one.close()


@pytest.fixture
def history(store: ValkeyStore) -> Histories:
    """Of another process at the same store."""
    return Histories(store.lane)


async def test_two_writers_at_once_take_off_what_both_have_read(
    store: ValkeyStore, scene: Scene, history: Histories
) -> None:
    """The lease of one that was asleep has gone to another: both have written the same, and nothing is skipped."""
    other = store.history
    await close(scene, 1, 2, 3, 4)
    await other.closed(scene.domain, 2)
    await history.closed(scene.domain, 3)
    await history.written(scene.domain)
    await other.written(scene.domain)

    assert [4] == octets((await history.closed(scene.domain, 10))[0])


@pytest.mark.parametrize("already", [0, 1], ids=["nothing written yet", "some written"])
async def test_a_store_that_forgot_loses_nothing_new(
    store: ValkeyStore, scene: Scene, history: Histories, already: int
) -> None:
    """It came back empty between read and written, and others were closed since: those stay."""
    await close(scene, 1, 2, 3)
    for _ in range(already):
        await history.closed(scene.domain, 1)
        await history.written(scene.domain)
    await history.closed(scene.domain, 2)
    await store.lane.ask_nodes([("FLUSHALL",)], 5.0)
    await close(scene, 4, 5)
    await history.written(scene.domain)

    assert [4, 5] == octets((await history.closed(scene.domain, 10))[0])


async def test_what_cannot_be_read_does_not_block_the_rest(
    store: ValkeyStore, scene: Scene, history: Histories
) -> None:
    """It counts as read, and goes with what is written."""
    key = HistoryKeys(scene.domain).closed
    await store.lane.run([("RPUSH", key, b"\xc1"), ("RPUSH", key, b"\x91\x01")], 5.0)
    await close(scene, 1)
    rows, read = await history.closed(scene.domain, 10)
    await history.written(scene.domain)

    assert ([1], 3) == (octets(rows), read)
    assert (0, 0) == await history.waiting(scene.domain)


async def test_more_than_a_page_is_looked_through(store: ValkeyStore, scene: Scene, history: Histories) -> None:
    """Page by page from the end, each once."""
    key = HistoryKeys(scene.domain).closed
    await close(scene, 7)
    (packed,) = await store.lane.run([("LINDEX", key, 0)], 5.0)
    await store.lane.run([("RPUSH", key, *[packed] * (2 * PAGE))], 5.0)

    assert 2 * PAGE + 1 == len(await history.recent(scene.domain))
