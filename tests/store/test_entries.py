"""How requests that are over come into the timelines of a real store: by plain commands where that can be."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bngcorr.errors import StoreError
from bngcorr.store.entries import LATELY, LONGEST, RELIABLE_MS, Entries
from bngcorr.store.keys import DomainKeys
from bngcorr.store.row_core import push
from bngcorr.store.timeline import ABOUT, ENTRY, RequestEntry
from bngcorr.store.valkey import ValkeyStore

from .scene import Scene
from .subjects import NOW, line

MOST = 4  # entries of a line: `conftest.store`


@pytest_asyncio.fixture
async def another(valkey_url: str) -> AsyncIterator[ValkeyStore]:
    """Another process at the same server."""
    one = ValkeyStore(valkey_url, budget_s=5.0, events=0, timeline=MOST)
    yield one
    await one.close()


async def told(scene: Scene, number: int = 1) -> list[int]:
    """Of each request in a line's timeline: when it was over."""
    found = await scene.store.queries.timeline(scene.domain, line(number))
    return [one.over_ms - NOW for one in found if isinstance(one, RequestEntry)]


async def elements(scene: Scene, store: ValkeyStore, number: int = 1) -> list[bytes]:
    """As they stand there."""
    name = DomainKeys(scene.domain).timelines.encode() + bytes.fromhex(line(number))
    (found,) = await store.lane.run([("LRANGE", name, 0, -1)], 5.0)
    return list(found)


async def scripts_run(store: ValkeyStore) -> int:
    """By the server so far."""
    (info,) = await store.lane.run([("INFO", "commandstats")], 5.0)
    (row,) = (row for row in info.decode().splitlines() if row.startswith("cmdstat_evalsha:"))
    return int(row.partition("calls=")[2].partition(",")[0])


@pytest.mark.asyncio
async def test_what_a_timeline_knows_is_told_without_a_script(scene: Scene, store: ValkeyStore) -> None:
    """The first request of its kind is told by the script, the following ones are pushed."""
    await scene.write(scene.sighting(1, attachment="k"), scene.verdict(0, of=1))
    before = await scripts_run(store)
    for number in range(1, MOST):
        await scene.write(scene.verdict(number, of=1))
    assert await scripts_run(store) == before
    assert [*range(MOST)] == await told(scene)


@pytest.mark.asyncio
async def test_a_timeline_stays_short(scene: Scene, store: ValkeyStore) -> None:
    """It is shortened by what is told next once it is long, and what its entries are about stands there once."""
    await scene.write(scene.sighting(1, attachment="k"))
    longest = 0
    for number in range(10 * MOST):
        await scene.write(scene.verdict(number, of=1, reason=f"v6 strong: {number % 3}"))
        longest = max(longest, len(await elements(scene, store)))
        assert [*range(number + 1)][-MOST:] == await told(scene)
    assert MOST + LONGEST < longest <= MOST + LONGEST + 2
    assert 3 == sum(element[:1] == ABOUT for element in await elements(scene, store))


@pytest.mark.asyncio
async def test_abouts_that_nobody_needs_go(scene: Scene, store: ValkeyStore) -> None:
    """However many things a line's requests were about, few of them stay."""
    await scene.write(scene.sighting(1, attachment="k"))
    for number in range(60):
        await scene.write(scene.verdict(number, of=1, reason=f"v6 strong: {number}"))
    assert 8 == sum(element[:1] == ABOUT for element in await elements(scene, store))
    assert [*range(60)][-MOST:] == await told(scene)


@pytest.mark.asyncio
async def test_abouts_of_all_entries_stay(valkey_url: str) -> None:
    """As many of them as a line keeps entries, if each is about something else, and told again in any order."""
    store = ValkeyStore(valkey_url, budget_s=5.0, events=0, timeline=20)
    scene = Scene(store)
    await scene.write(scene.sighting(1, attachment="k"))
    for number in range(90):
        await scene.write(scene.verdict(number, of=1, reason=f"v6 strong: {number * 7 % 20}"))
        assert [*range(number + 1)][-20:] == await told(scene)
    await store.close()


@pytest.mark.asyncio
async def test_a_line_that_was_forgotten_is_told_anew(scene: Scene, store: ValkeyStore) -> None:
    """Whoever believed its timeline to be there learns that it is not, and nothing is lost."""
    await scene.write(scene.sighting(1, attachment="k"), scene.verdict(0, of=1))
    await store.lane.run(
        [store.lane.script("forget", [DomainKeys(scene.domain).epochs], [bytes.fromhex(line(1))])], 5.0
    )
    assert [] == await elements(scene, store)
    await scene.write(scene.verdict(1, of=1))
    assert [] == await told(scene)  # nobody knows the line

    await scene.write(scene.sighting(1, attachment="k", at=1), scene.verdict(2, of=1), scene.verdict(3, of=1))
    assert [2, 3] == await told(scene)


@pytest.mark.asyncio
async def test_a_line_that_nobody_knew_is_told_once_it_is_known(scene: Scene) -> None:
    """What was told of it in vain is not taken for told."""
    await scene.write(scene.verdict(0, of=1))
    await scene.write(scene.sighting(1, attachment="k"), scene.verdict(1, of=1, reason="v6 strong: another"))
    await scene.write(scene.verdict(2, of=1))
    assert [1, 2] == await told(scene)


@pytest.mark.asyncio
async def test_two_processes_tell_one_line(scene: Scene, another: ValkeyStore) -> None:
    """Neither takes what the other tells for gone, nor its own."""
    await scene.write(scene.sighting(1, attachment="k"))
    for number in range(40):
        event = scene.verdict(number, of=1, reason=f"v6 strong: {number * 5 % LATELY}")
        if number % 3:
            await scene.write(event)
        else:
            await another.write([event], NOW)
        assert [*range(number + 1)][-MOST:] == await told(scene)


@pytest.mark.asyncio
async def test_a_timeline_goes_by_itself(scene: Scene, store: ValkeyStore) -> None:
    """Once nothing came for long."""
    await scene.write(scene.sighting(1, attachment="k"), scene.verdict(0, of=1))
    name = DomainKeys(scene.domain).timelines.encode() + bytes.fromhex(line(1))
    (left_ms,) = await store.lane.run([("PTTL", name)], 5.0)
    assert 39 * 86_400_000 < left_ms <= 40 * 86_400_000


def _plain(entries: Entries, scene: Scene, number: int, now_ms: int = NOW) -> bool:
    """Whether a request is told by a plain command; the script is told what waits."""
    commands = entries.push([scene.verdict(number, of=1)], now_ms).commands
    entries.packed(entries.domains)
    return bool(commands)


def test_what_was_told_long_ago_is_told_again(scene: Scene) -> None:
    """Somebody else may have forgotten the line."""
    entries = Entries(MOST, plain=True)
    assert [False, True] == [_plain(entries, scene, number) for number in range(2)]
    assert [True, False, True] == [
        _plain(entries, scene, 2, NOW + later) for later in (RELIABLE_MS - 1, RELIABLE_MS, RELIABLE_MS + 1)
    ]


def test_what_was_told_of_a_line_is_not_forgotten_before_its_abouts(scene: Scene) -> None:
    """One that is asked for all the time is remembered longer than its line, which is then told others."""
    entries = Entries(MOST, plain=True, remembered=8)
    _plain(entries, scene, 0)
    for number in range(2, 40):
        others = scene.verdict(number, of=number)
        others.about = b"about line %d" % number
        entries.push([others], NOW)
        _plain(entries, scene, number)
    for another in range(LATELY):
        entries.push([scene.verdict(50 + another, of=1, reason=f"v6 strong: {another}")], NOW)
    entries.packed(entries.domains)

    assert not _plain(entries, scene, 60)


def test_what_a_script_could_not_tell_is_told_again(scene: Scene) -> None:
    """Its error, or that the line is unknown."""
    entries = Entries(MOST, plain=True)
    for reply in (StoreError("it is away"), [bytes.fromhex(line(1))]):
        assert not _plain(entries, scene, 0)
        assert _plain(entries, scene, 1)
        entries.told(reply)
    assert not _plain(entries, scene, 2)


def test_the_order_of_a_line_is_kept(scene: Scene) -> None:
    """Behind what the script has to tell nothing of the line is told by itself."""
    entries = Entries(MOST, plain=True)
    _plain(entries, scene, 0)
    some = [scene.verdict(1, of=1), scene.verdict(2, of=1, reason="v6 strong: another"), scene.verdict(3, of=1)]
    assert [some[0]] == entries.push(some, NOW).events


def test_a_line_is_not_taken_for_another_one(scene: Scene) -> None:
    """Two lines with requests about the same, octet by octet."""
    entries = Entries(MOST, plain=True)
    _plain(entries, scene, 0)
    event = scene.verdict(1, of=1)
    event.line = line(2)
    assert not entries.push([event], NOW).commands


@pytest.mark.asyncio
async def test_a_call_that_begins_with_octets_has_the_name_of_their_command(store: ValkeyStore) -> None:
    """For the metrics of the store; nothing else needs to be in it."""
    told: list[str] = []
    store.lane.took = lambda op, _seconds, _failed: told.append(op)
    assert [0] == await store.lane.run_each([push(b"nobody:", line(1), ENTRY, b"1234", b"moment")], 5.0)
    assert ["rpushx"] == told
