"""The walk over all domains: what has run out ends, what was lost is told, whoever is away is left for later."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bngcorr.correlator.caretaker import BUCKETS, WALK_MS, Caretaker
from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Finding
from bngcorr.store.lesson import FindingSeen, Lesson
from bngcorr.store.rows import LostV6, Upkeep

from .questions import NOW, PORT

LOST = LostV6(line="a" * 24, ids=LineIds(b"olt7/12"), bng="bng1", port=PORT, v6_ms=NOW - 9, begun_ms=NOW - 5)


@dataclass
class Store:
    """A store whose walks bring what the test says; domains that are not named are away."""

    brings: dict[str, Upkeep]
    walked: list[tuple[str, int, int]] = field(default_factory=list)

    async def upkeep(self, domains: Sequence[str], now_ms: int, *, buckets: int, walk_ms: int) -> list[Upkeep]:
        """One batch of the first of them."""
        assert NOW == now_ms
        self.walked.append((domains[0], buckets, walk_ms))
        if domains[0] not in self.brings:
            raise StoreError("away")
        return [self.brings[domains[0]]]


class Noon:
    """A clock that stands."""

    def now_ms(self) -> int:
        """Always the same."""
        return NOW


class Shards:
    """Metro and harbour lie on one node, every other domain on its own."""

    @property
    def undivided(self) -> bool:
        """There are several."""
        return False

    def where(self, domain: str) -> str:
        """Which."""
        return "node-1" if domain in ("metro", "harbour") else domain

    def where_events(self) -> str:
        """Anywhere."""
        return "node-1"

    def trouble(self, _domain: str) -> str:
        """None is known."""
        return ""


@pytest.mark.asyncio
async def test_a_round_walks_over_a_bounded_batch_of_every_domain() -> None:
    """A node that is away is left for the next time, and keeps no other from being looked after."""
    store = Store({"rural": Upkeep(expired=3), "port": Upkeep(expired=4), "harbour": Upkeep(expired=100)})
    keeper = Caretaker(store, Noon(), ["rural", "metro", "harbour", "port"], lambda _: None, nodes=Shards())
    await keeper.round()

    assert [(domain, BUCKETS, WALK_MS) for domain in ("metro", "port", "rural")] == sorted(store.walked)
    assert 7 == keeper.expired
    await keeper.round()
    assert 14 == keeper.expired


@pytest.mark.asyncio
async def test_domains_of_one_node_are_looked_after_one_behind_the_other() -> None:
    """What a call leaves, because the first ones had much to look after, is asked for by the next one."""
    store = Store({"harbour": Upkeep(expired=3), "metro": Upkeep(expired=4)})
    keeper = Caretaker(store, Noon(), ["metro", "harbour"], lambda _: None, nodes=Shards())
    await keeper.round()

    assert ["metro", "harbour"] == [domain for domain, _, _ in store.walked]
    assert 7 == keeper.expired


@pytest.mark.asyncio
async def test_lost_v6_becomes_a_finding() -> None:
    """Each line whose IPv6 did not come back is told, with the domain and the instant of the walk."""
    told: list[Lesson] = []
    await Caretaker(Store({"metro": Upkeep(lost=(LOST,))}), Noon(), ["metro"], told.append).round()
    (found,) = told

    assert isinstance(found, FindingSeen)
    assert (Finding.V6_LOST, "metro", "bng1", LOST.line, NOW) == (
        found.finding,
        found.domain,
        found.bng,
        found.subject,
        found.at_ms,
    )


@pytest.mark.asyncio
async def test_the_census_of_each_bng_is_that_of_the_last_whole_walk() -> None:
    """Lines with both families, IPv4 alone and IPv6 alone; a walk that brings none leaves the last one."""
    store = Store({"metro": Upkeep(census=(("bng1", 5, 2, 1), ("bng2", 0, 1, 0)))})
    keeper = Caretaker(store, Noon(), ["metro"], lambda _: None)
    await keeper.round()
    store.brings["metro"] = Upkeep(census=(("bng1", 6, 1, 1),))
    await keeper.round()
    store.brings["metro"] = Upkeep()
    await keeper.round()

    assert {"bng1": (6, 1, 1), "bng2": (0, 1, 0)} == keeper.census


@pytest.mark.asyncio
async def test_it_goes_on_until_it_is_cancelled() -> None:
    """A round a second, and no word of its end but the cancellation."""
    store = Store({"metro": Upkeep()})
    task = asyncio.create_task(Caretaker(store, Noon(), ["metro"], lambda _: None).run())
    await asyncio.sleep(1.1)
    assert 1 == len(store.walked)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
