"""Upkeep: silent sessions end, what nobody needs any more goes, lines are counted."""

from __future__ import annotations

import pytest

from bngcorr.model.usage import Host, Usage
from bngcorr.model.vocabulary import Finding, SessionState
from bngcorr.store.contract import FINDING_MS, TAINT_MS, TOMBSTONE_MS
from bngcorr.store.recollection import KeyRecord
from bngcorr.store.rows import Upkeep
from tests.store.scene import Scene, Store
from tests.store.subjects import (
    BNG,
    BUCKETS,
    DAY,
    EXPECTED,
    INTERIM,
    NOW,
    OTHER_NAS,
    START,
    STOP,
    WALK,
    ia_na,
    ia_pd,
    key,
    line,
    slaac,
    v4,
)

pytestmark = pytest.mark.asyncio

DUAL = (v4(), ia_na(), ia_pd(), slaac())
EMPTY = Usage()


async def test_an_empty_domain_needs_nothing(scene: Scene) -> None:
    """Walking over nothing finds nothing."""
    assert Upkeep() == await scene.walk(now=0)


async def test_sessions_that_fell_silent_are_ended(scene: Scene) -> None:
    """A session whose deadline has passed is expired and holds no hosts; one that was heard of meanwhile goes on."""
    for number, lasts in enumerate((30_000, 10_000, 20_000, 900_000), start=1):
        await scene.write(scene.change(START, f"s{number}", lasts=lasts, hosts=[v4(number)]))
    await scene.write(scene.change(INTERIM, "s1", at=25_000, lasts=600_000))
    done = await scene.walk(now=30_000)

    assert 2 == done.expired
    assert Usage(v4=2, sessions=2) == await scene.usage()
    states = {row.session: row.state for row in await scene.rows()}
    assert {
        key("s1"): SessionState.UP,
        key("s2"): SessionState.EXPIRED,
        key("s3"): SessionState.EXPIRED,
        key("s4"): SessionState.UP,
    } == states
    assert 0 == (await scene.walk(now=60_000)).expired


async def test_an_expected_session_that_never_began_is_ended(scene: Scene) -> None:
    """AAA accepted, and no accounting followed: nothing is expected any more."""
    await scene.write(scene.sighting(1, attachment="k"), scene.change(EXPECTED, number=1, keys=["k"], lasts=120_000))
    await scene.walk(now=120_000)

    assert [SessionState.EXPIRED] == [row.state for row in await scene.rows()]
    assert () == (await scene.candidate("k")).sessions


async def test_a_session_that_is_accepted_again_and_again_is_expected_on(scene: Scene) -> None:
    """An Accept just like the last one puts the deadline off: for people, for upkeep, and for whoever is matched."""
    await scene.write(scene.sighting(1, attachment="k"))
    for at in (0, 100_000, 200_000):
        await scene.write(scene.change(EXPECTED, at=at, number=1, keys=["k"], lasts=120_000), now=at)

    assert [NOW + 320_000] == [row.until_ms for row in await scene.rows()]
    assert 0 == (await scene.walk(now=300_000)).expired
    assert 1 == len((await scene.candidate("k", now=300_000)).sessions)
    assert ["known"] == await scene.write(scene.change(EXPECTED, at=150_000, number=1, keys=["k"]), now=300_000)
    assert 1 == (await scene.walk(now=330_000)).expired


async def test_a_session_that_is_expected_yet_makes_room_for_others(scene: Scene) -> None:
    """When its last Accept was is not forgotten with the place that it held on its line."""
    await scene.write(scene.sighting(1, attachment="k"))
    for at in (0, 5_000):
        await scene.write(scene.change(EXPECTED, at=at, number=1, keys=["k"], lasts=10_000), now=at)
    await scene.write(scene.change(START, "s2", at=20_000, number=1, keys=["k"]), now=20_000)

    assert ["known"] == await scene.write(scene.change(EXPECTED, at=4_000, number=1, keys=["k"]), now=20_000)
    assert NOW + 15_000 == (await scene.row()).until_ms


async def test_an_ended_session_is_forgotten_at_last(scene: Scene) -> None:
    """A session is kept after its end for as long as its BNG may replay records of it, then no trace is left."""
    await scene.write(scene.sighting(1, attachment="k"))
    await scene.write(scene.change(START, "s1", hosts=DUAL, lasts=1_000, number=1, keys=["k"]))
    await scene.write(scene.change(STOP, "s2", at=1_000), now=1_000)
    assert 1 == (await scene.walk(now=1_000)).expired
    assert EMPTY == await scene.usage()
    assert () == (await scene.candidate("k")).sessions
    await scene.walk(now=TOMBSTONE_MS - 60_000)
    assert 2 == len(await scene.rows())
    await scene.walk(now=TOMBSTONE_MS + 60_000)

    assert [] == await scene.rows()
    assert [] == await scene.rows("remote_id:" + b"LINE-1".hex())
    assert (await scene.recall(session="s1")).session is None


async def test_an_expired_session_is_revived_by_a_younger_interim(scene: Scene) -> None:
    """A session that was given up is up again when its BNG speaks of it once more."""
    await scene.write(scene.sighting(1, attachment="k"))
    await scene.write(scene.change(START, hosts=[v4()], lasts=1_000, number=1, keys=["k"]))
    await scene.walk(now=1_000)
    await scene.write(scene.change(INTERIM, at=50_000, hosts=[v4()], number=1, keys=["k"]), now=50_000)

    assert Usage(v4=1, sessions=1) == await scene.usage()
    assert (SessionState.UP, line(1)) == ((await scene.identity()).state, (await scene.identity()).line)
    assert {line(1): 1} == await scene.live_on("k", now=50_000)


async def test_a_session_from_before_a_restart_is_ended_without_a_count(scene: Scene) -> None:
    """What a restart took out of the ledger is not taken out again by the deadline."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4()], lasts=1_000),
        scene.restart(at=500),
        scene.change(START, "s2", at=600, hosts=[v4()]),
    )

    assert 1 == (await scene.walk(now=2_000)).expired
    assert Usage(v4=1, sessions=1) == await scene.usage()


async def test_a_walk_is_done_once_however_many_call(scene: Scene, store: Store) -> None:
    """Two processes that call as often as they like end each session once, and each walk takes its time."""
    await scene.write(*(scene.change(START, f"s{n}", lasts=1) for n in range(20)))
    calls = [
        one
        for later in (1_000, 1_000, 1_500, 1_500, 2_000, 2_000, 2_001)
        for one in await store.upkeep([scene.domain], NOW + later, buckets=BUCKETS, walk_ms=WALK)
    ]

    assert 20 == sum(done.expired for done in calls)
    await scene.write(scene.change(START, "late", at=2_500, lasts=1))
    done = [
        one
        for later in (2_600, 3_000, 3_600, 4_000)
        for one in await store.upkeep([scene.domain], NOW + later, buckets=BUCKETS, walk_ms=WALK)
    ]
    assert 1 == sum(one.expired for one in done)


# ---- what goes


async def test_lines_keys_and_macs_go_when_nobody_needs_them(scene: Scene) -> None:
    """A line goes a day after its last sighting, with its keys and terms; that it had a MAC is known for thirty."""
    await scene.write(scene.sighting(1, attachment="a", pair="a+m", mac="m", address=None))
    await scene.walk(now=DAY - 60_000)
    assert [line(1)] == [row.line for row in await scene.lines(now=DAY - 60_000)]
    done = await scene.walk(now=DAY + 60_000)

    assert 3 == done.dropped  # the line and two keys
    assert [] == await scene.lines()
    assert [] == await scene.lines("remote_id:" + b"LINE-1".hex())
    assert [KeyRecord()] * 2 == [await scene.record("a"), await scene.record("a+m")]
    assert 1 == (await scene.recall(mac="m")).mac_lines
    await scene.walk(now=TAINT_MS + 60_000)
    assert 0 == (await scene.recall(mac="m")).mac_lines


async def test_a_line_with_a_session_stays(scene: Scene) -> None:
    """A line that a session vouches for is kept with its keys until the session's deadline."""
    week = 7 * DAY
    await scene.write(
        scene.sighting(1, attachment="k"), scene.sighting(2, attachment="k"), scene.sighting(1, attachment="other")
    )
    await scene.write(scene.change(START, number=1, keys=["k"], lasts=week))
    await scene.walk(now=2 * DAY)

    assert {line(1)} == await scene.lines_on("k", now=2 * DAY)
    assert [line(1)] == [row.line for row in await scene.lines(now=2 * DAY)]
    assert set() == await scene.lines_on("other", now=2 * DAY)
    await scene.walk(now=week + 60_000)
    assert KeyRecord() == await scene.record("k")


async def test_a_crowded_key_stays_crowded(scene: Scene) -> None:
    """What a key is marked with outlives the lines that were kept on it."""
    for number in range(1, 5):
        await scene.write(scene.sighting(number, bng_mac="k", lasts=1_000))
    await scene.write(scene.sighting(5, bng_mac="k", lasts=DAY))
    await scene.walk(now=60_000)
    record = await scene.record("k", now=80_000)

    assert ((), True) == (record.candidates, record.crowded)


async def test_old_findings_go(scene: Scene, store: Store) -> None:
    """A finding that was not seen again for a week is forgotten; one that was is kept."""
    await scene.write(scene.finding(Finding.MOVED, "a"), scene.finding(Finding.MOVED, "b"))
    await scene.write(scene.finding(Finding.MOVED, "b", at=DAY))
    await scene.walk(now=FINDING_MS + 60_000)

    assert ["b"] == [row.subject for row in await store.queries.findings([scene.domain], 10)]


# ---- census


async def test_lines_are_counted_by_what_they_have(scene: Scene) -> None:
    """The census counts lines that are live: dual stack in one session or two, IPv4 alone, IPv6 alone."""
    held: dict[int, list[tuple[Host, ...]]] = {
        1: [(v4(1), ia_pd(1))],
        2: [(v4(2),), (ia_na(2), ia_pd(2))],
        3: [(v4(3),)],
        4: [(slaac(4),)],
        5: [()],
    }
    for number, sessions in held.items():
        await scene.write(scene.sighting(number, attachment=f"k{number}"))
        for index, hosts in enumerate(sessions):
            await scene.write(scene.change(START, f"s{number}.{index}", number=number, hosts=hosts))
    await scene.write(
        scene.sighting(6, attachment="k6"), scene.change(START, "s6", number=6, hosts=[v4(6)], nas="bng2|0"),
        scene.sighting(7, attachment="k7"), scene.change(START, "s7", number=7, hosts=[v4(7)], nas=OTHER_NAS),
        scene.restart(at=1, nas=OTHER_NAS),
    )  # fmt: skip
    done = await scene.walk(now=1_000)

    assert {(BNG, 2, 1, 1), ("bng2", 0, 1, 0)} == set(done.census)
    await scene.write(scene.change(STOP, "s3.0", at=2_000), now=2_000)
    assert {(BNG, 2, 0, 1), ("bng2", 0, 1, 0)} == set((await scene.walk(now=30_000)).census)
