"""The inventory of enterprise numbers: which number was first seen when, on which BNG, in a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from bngcorr.store.lesson import NEW, NumberSeen
from bngcorr.store.valkey import ValkeyStore
from tests.store.servers.single import unix_valkey

NOW = 1_800_000_000_000


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A Valkey on a Unix socket, ended with the module."""
    with unix_valkey() as server:
        yield server.url


@pytest_asyncio.fixture
async def store(url: str) -> AsyncIterator[ValkeyStore]:
    """A client of it."""
    one = ValkeyStore(url, budget_s=5.0, events=100)
    yield one
    await one.close()


def seen(number: int, *, bng: str = "bng1", domain: str = "inventory", at: int = 0) -> NumberSeen:
    """A number in front of a Remote-Id, so many ms after NOW."""
    return NumberSeen(domain=domain, bng=bng, number=number, at_ms=NOW + at)


@pytest.mark.asyncio
async def test_a_number_is_new_once_a_bng(store: ValkeyStore) -> None:
    """The first sight of a number on a BNG is new, later ones are known; each BNG has an inventory of its own."""
    lessons = [seen(2011), seen(2011, at=5), seen(637, at=7), seen(2011, bng="bng2", at=9)]

    words = await store.write(lessons, NOW)
    assert [NEW, "known", NEW, NEW] == words
    assert {
        "bng1": {2011: NOW, 637: NOW + 7},
        "bng2": {2011: NOW + 9},
        "bng3": {},
    } == await store.queries.enterprise_numbers("inventory", ["bng1", "bng2", "bng3"])


@pytest.mark.asyncio
async def test_the_instant_of_the_first_sight_stays(store: ValkeyStore) -> None:
    """A replay, and another process that sees the number later, change nothing."""
    await store.write([seen(3902, domain="first")], NOW)
    words = await store.write([seen(3902, domain="first", at=86_400_000)], NOW + 86_400_000)

    assert ["known"] == words
    assert {"bng1": {3902: NOW}} == await store.queries.enterprise_numbers("first", ["bng1"])


@pytest.mark.asyncio
async def test_domains_do_not_mix(store: ValkeyStore) -> None:
    """BNGs of one name in two correlation domains have two inventories."""
    await store.write([seen(1, domain="one"), seen(2, domain="other")], NOW)

    assert {1} == set((await store.queries.enterprise_numbers("one", ["bng1"]))["bng1"])
    assert {2} == set((await store.queries.enterprise_numbers("other", ["bng1"]))["bng1"])


@pytest.mark.asyncio
async def test_numbers_of_any_size_are_kept(store: ValkeyStore) -> None:
    """1, one above 65535 and the highest that may be accepted come back as they were."""
    numbers = [1, 65_546, 131_071, 4_294_967_294]
    await store.write([seen(number, domain="sizes") for number in numbers], NOW)

    assert numbers == sorted((await store.queries.enterprise_numbers("sizes", ["bng1"]))["bng1"])
