"""Closed sessions in the store: read until they are written down, by one process at a time, and none is skipped."""

from __future__ import annotations

from typing import Final

import pytest

from bngcorr.store.contract import HistoryStore
from bngcorr.store.memory import MemoryStore
from bngcorr.store.rows import Closed
from bngcorr.store.valkey import ValkeyStore
from tests.contract.conftest import BACKLOG
from tests.store.scene import Scene, Store
from tests.store.subjects import START, STOP, v4

pytestmark = pytest.mark.asyncio
HOUR: Final = 3_600_000


def history_of(store: Store) -> HistoryStore:
    """That of any store."""
    assert isinstance(store, ValkeyStore | MemoryStore)
    return store.history


async def close(scene: Scene, *octets: int) -> None:
    """Sessions that held these addresses start and stop, one after the other."""
    for octet in octets:
        await scene.write(
            scene.change(START, f"s{octet}", at=octet, hosts=[v4(octet)]),
            scene.change(STOP, f"s{octet}", at=octet + 1),
        )


def octets(rows: list[Closed]) -> list[int]:
    """Last octets of the addresses that were held."""
    return [int(host.rpartition(".")[2]) for row in rows for host in row.hosts]


async def test_closed_sessions_are_read_until_they_are_written(scene: Scene) -> None:
    """The oldest first, as many as are asked for, again and again; `written` takes off what was read last."""
    history = history_of(scene.store)
    await close(scene, 1, 2, 3)
    first, read = await history.closed(scene.domain, 2)
    again, _ = await history.closed(scene.domain, 2)
    await history.written(scene.domain)
    rest, _ = await history.closed(scene.domain, 2)

    assert ([1, 2], 2) == (octets(first), read)
    assert first == again
    assert [3] == octets(rest)


async def test_written_without_a_read_takes_off_nothing(scene: Scene) -> None:
    """Said twice, it counts once."""
    history = history_of(scene.store)
    await close(scene, 1, 2, 3)
    await history.closed(scene.domain, 1)
    await history.written(scene.domain)
    await history.written(scene.domain)

    assert [2, 3] == octets((await history.closed(scene.domain, 10))[0])


async def test_what_is_closed_between_read_and_written_stays(scene: Scene) -> None:
    """The list was cut at its beginning meanwhile, for too many waited: only what was read is taken off."""
    history = history_of(scene.store)
    await close(scene, *range(1, BACKLOG + 1))
    await history.closed(scene.domain, 4)
    await close(scene, 101, 102)  # the first two go
    await history.written(scene.domain)

    assert [*range(5, BACKLOG + 1), 101, 102] == octets((await history.closed(scene.domain, 100))[0])
    assert (BACKLOG - 2, 2) == await history.waiting(scene.domain)


async def test_all_that_wait_can_be_looked_through(scene: Scene) -> None:
    """The newest first, without taking any off."""
    history = history_of(scene.store)
    await close(scene, 1, 2, 3)

    assert [3, 2, 1] == octets(await history.recent(scene.domain))
    assert (3, 0) == await history.waiting(scene.domain)


async def test_one_process_writes_until_it_gives_up(scene: Scene) -> None:
    """The lease is renewed by asking again, and free once it is given up by its holder."""
    history = history_of(scene.store)

    assert await history.lease(scene.domain, "one", HOUR)
    assert not await history.lease(scene.domain, "other", HOUR)
    assert not await history.lease(scene.domain, "other", 0)
    assert await history.lease(scene.domain, "one", HOUR)
    await history.lease(scene.domain, "one", 0)
    assert await history.lease(scene.domain, "other", HOUR)
