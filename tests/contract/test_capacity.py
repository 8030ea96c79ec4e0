"""What is kept to see a BNG fill up: samples, peaks, what boxes say of themselves."""

from __future__ import annotations

import asyncio

import pytest

from bngcorr.model.usage import USAGE_FIELDS, Usage
from bngcorr.store import capacity as valkey_capacity
from bngcorr.store import memory_capacity
from bngcorr.store.capacity import FINE_MS, HOUR_MS, HOURLY_MS
from bngcorr.store.contract import CapacityStore
from bngcorr.store.memory import MemoryStore
from bngcorr.store.rows import Observed, Peak, Sample
from bngcorr.store.valkey import ValkeyStore
from tests.contract.conftest import Place
from tests.store.scene import Scene, Store
from tests.store.subjects import BNG, DAY

pytestmark = pytest.mark.asyncio

EVERY = 300_000
START = 1_800_000_000_000 // DAY * DAY  # a slot of any length begins here


def capacity_of(store: Store) -> CapacityStore:
    """The part of a store that the suite is about."""
    assert isinstance(store, (MemoryStore, ValkeyStore))
    return store.capacity


@pytest.fixture
def capacity(store: Store) -> CapacityStore:
    """That of the store under test."""
    return capacity_of(store)


def sample(at_ms: int, v4: int = 0) -> Sample:
    """So many IPv4 hosts, so long after START."""
    return Sample(at_ms=START + at_ms, usage=Usage(v4=v4))


async def test_a_sample_keeps_every_figure(scene: Scene, capacity: CapacityStore) -> None:
    """What was noted is read again, figure by figure, however large; of a BNG that has none there is nothing."""
    usage = Usage(**{name: number * 1_000_003 for number, name in enumerate(USAGE_FIELDS)})
    noted = Sample(at_ms=START + 7, usage=usage)
    await capacity.sample(scene.domain, BNG, noted, 5, EVERY)

    assert [noted] == await capacity.samples(scene.domain, BNG)
    assert [] == await capacity.samples(scene.domain, "bng2")


async def test_one_sample_is_noted_in_each_slot_of_time(scene: Scene, capacity: CapacityStore) -> None:
    """Slots begin at multiples of the interval; the first sample of each is kept, and none that comes late."""
    for at_ms in (10, 5_000, EVERY - 1, EVERY, EVERY + 5_000, EVERY - 1, 4 * EVERY + 1):
        await capacity.sample(scene.domain, BNG, sample(at_ms), 0, EVERY)

    assert [10, EVERY, 4 * EVERY + 1] == [one.at_ms - START for one in await capacity.samples(scene.domain, BNG)]


async def test_two_processes_note_one_sample(scene: Scene, place: Place, capacity: CapacityStore) -> None:
    """Both look at about the same time, each slot has one sample, and the peak is the most that any saw."""
    if isinstance(scene.store, MemoryStore):
        other, there = None, capacity
    else:
        other = place.open()
        there = capacity_of(other)
    for slot in range(6):
        at_ms = slot * EVERY
        await asyncio.gather(
            capacity.sample(scene.domain, BNG, sample(at_ms, v4=1), 100 + slot, EVERY),
            there.sample(scene.domain, BNG, sample(at_ms + 3, v4=1), 200 - slot, EVERY),
        )
    found = await capacity.samples(scene.domain, BNG)
    peaks = await there.peaks(scene.domain, [BNG])
    if other is not None:
        await other.close()

    assert [slot * EVERY for slot in range(6)] == [(one.at_ms - START) // EVERY * EVERY for one in found]
    assert {BNG: Peak(host_resources=200, at_ms=START + 3)} == peaks


async def test_samples_become_hourly_after_two_days_and_go_after_sixty(scene: Scene, capacity: CapacityStore) -> None:
    """The oldest first: one an hour as long as they are kept, all that were noted of the last two days."""
    every = HOUR_MS // 2
    for at_ms in range(0, 3 * DAY, every):
        await capacity.sample(scene.domain, BNG, sample(at_ms), 0, every)
    last = 3 * DAY - every
    fine = [at_ms for at_ms in range(0, 3 * DAY, every) if at_ms > last - FINE_MS]
    hourly = [at_ms for at_ms in range(0, 3 * DAY, HOUR_MS) if at_ms < fine[0]]
    assert [*hourly, *fine] == [one.at_ms - START for one in await capacity.samples(scene.domain, BNG)]

    late = HOURLY_MS + 2 * DAY
    await capacity.sample(scene.domain, BNG, sample(late), 0, every)
    found = [one.at_ms - START for one in await capacity.samples(scene.domain, BNG)]
    assert [*[at_ms for at_ms in range(0, 3 * DAY, HOUR_MS) if at_ms > late - HOURLY_MS], late] == found


async def test_samples_are_bounded_however_short_the_interval(
    scene: Scene, capacity: CapacityStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interval of one millisecond fills no store: the oldest go."""
    for module in (valkey_capacity, memory_capacity):
        monkeypatch.setattr(module, "MOST_FINE", 20)
    for at_ms in range(23):
        await capacity.sample(scene.domain, BNG, sample(at_ms), 0, 1)

    found = [one.at_ms - START for one in await capacity.samples(scene.domain, BNG)]
    assert [0, *range(3, 23)] == found  # 0 is the hour's


async def test_sampling_survives_a_clock_that_was_ahead(scene: Scene, capacity: CapacityStore) -> None:
    """Samples from a future that has not come go, rather than stop all that follow; a moment ahead does no harm."""
    for at_ms in (0, EVERY + 2, 90 * DAY, EVERY, 2 * EVERY):
        await capacity.sample(scene.domain, BNG, sample(at_ms), 0, EVERY)

    assert [EVERY, 2 * EVERY] == [one.at_ms - START for one in await capacity.samples(scene.domain, BNG)]


async def test_the_peak_is_the_most_ever_spent_and_when_it_was(scene: Scene, capacity: CapacityStore) -> None:
    """Raised by every look, also within a slot; reached again it keeps its first instant; by BNG."""
    for at_ms, resources in ((0, 5), (1, 9), (2, 9), (3, 4), (EVERY, 8)):
        await capacity.sample(scene.domain, BNG, sample(at_ms), resources, EVERY)
    await capacity.sample(scene.domain, "bng2", sample(6), 0, EVERY)

    assert {
        BNG: Peak(host_resources=9, at_ms=START + 1),
        "bng2": Peak(host_resources=0, at_ms=START + 6),
    } == await capacity.peaks(scene.domain, [BNG, "bng2", "bng3"])
    assert {} == await capacity.peaks(scene.domain, [])


async def test_the_newest_word_of_a_box_is_kept(scene: Scene, capacity: CapacityStore) -> None:
    """What is told late changes nothing; what is told again of the same instant corrects it; by BNG."""
    new = Observed(at_ms=START + 5, figures=(("v4", 10), ("v6", 20), ("hosts", 2**33)))
    other = Observed(at_ms=START, figures=())
    await capacity.observe(scene.domain, BNG, Observed(at_ms=START + 5, figures=(("v4", 1),)))
    await capacity.observe(scene.domain, BNG, new)
    await capacity.observe(scene.domain, BNG, Observed(at_ms=START + 4, figures=(("v4", 11),)))
    await capacity.observe(scene.domain, "bng2", other)

    assert {BNG: new, "bng2": other} == await capacity.observed(scene.domain, [BNG, "bng2", "bng3"])
    assert {} == await capacity.observed(scene.domain, [])
