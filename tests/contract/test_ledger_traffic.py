"""Octets of a box: what its sessions' counters grow by, each octet once."""

from __future__ import annotations

import pytest

from bngcorr.model.usage import Traffic
from tests.store.scene import Scene
from tests.store.subjects import BNG, INTERIM, OTHER_NAS, START, STOP, v4

pytestmark = pytest.mark.asyncio

CPE, OTHER_CPE = "0a0a0a0a.01010101", "0a0a0a0a.02020202"


async def test_a_session_counts_from_its_start_on(scene: Scene) -> None:
    """Start, Interims and Stop: what came since the last record is added, by family."""
    for step, at, traffic, sum_ in (
        (START, 0, (5, 1), Traffic(5, 1)),
        (INTERIM, 1_000, (105, 21), Traffic(105, 21)),
        (INTERIM, 2_000, None, Traffic(105, 21)),
        (STOP, 3_000, (110, 50), Traffic(110, 50)),
    ):
        await scene.write(scene.change(step, at=at, traffic=traffic, hosts=[v4()]))
        assert sum_ == await scene.traffic()
    assert Traffic(110, 50) == (await scene.row()).traffic


async def test_octets_from_before_we_knew_a_session_are_not_counted(scene: Scene) -> None:
    """The first record that we see of a session tells where it stands, unless that is its Start."""
    await scene.write(scene.change(INTERIM, traffic=(1_000, 500)))
    assert Traffic() == await scene.traffic()
    await scene.write(scene.change(INTERIM, at=1_000, traffic=(1_007, 503)))

    assert Traffic(7, 3) == await scene.traffic()
    await scene.write(scene.change(STOP, "s2", traffic=(9_000, 9_000)))
    assert Traffic(7, 3) == await scene.traffic()


async def test_counters_that_fall_have_begun_anew(scene: Scene) -> None:
    """A session whose counters fall adds nothing, and what comes after that is counted from there."""
    await scene.write(scene.change(START, traffic=(1_000, 0)), scene.change(INTERIM, at=1_000, traffic=(10, 0)))
    assert Traffic(1_000, 0) == await scene.traffic()
    await scene.write(scene.change(INTERIM, at=2_000, traffic=(15, 0)))

    assert Traffic(1_005, 0) == await scene.traffic()


async def test_one_family_never_grows_by_more_than_both(scene: Scene) -> None:
    """IPv6 counters that run ahead of the sum of both do not take IPv4's away."""
    await scene.write(scene.change(START, traffic=(100, 0)), scene.change(INTERIM, at=1_000, traffic=(40, 80)))
    assert Traffic(100, 20) == await scene.traffic()
    await scene.write(scene.change(INTERIM, at=2_000, traffic=(100, 70)))

    assert Traffic(150, 20) == await scene.traffic()


async def test_what_a_bng_does_not_tell_apart_stays_together(scene: Scene) -> None:
    """Counters of both families in one are octets of either."""
    await scene.write(scene.change(START, traffic=(0, 0, 50)), scene.change(INTERIM, at=1_000, traffic=(0, 0, 80)))

    assert Traffic(either=80) == await scene.traffic()
    assert Traffic(either=80) == (await scene.row()).traffic
    await scene.write(scene.change(INTERIM, at=2_000, traffic=(60, 30)))
    assert Traffic(v6=10, either=80) == await scene.traffic()


async def test_records_told_again_add_nothing(scene: Scene) -> None:
    """Duplicates, records that come too late and those of before a restart leave the sums alone."""
    start = scene.change(START, traffic=(10, 10))
    interim = scene.change(INTERIM, at=2_000, traffic=(20, 20))
    await scene.write(start, interim)

    assert ["stale", "duplicate", "stale"] == await scene.write(
        start, interim, scene.change(INTERIM, at=1_000, traffic=(90, 90))
    )
    await scene.write(scene.restart(at=60_000))
    assert ["restarted"] == await scene.write(scene.change(INTERIM, at=50_000, traffic=(90, 90)))
    assert Traffic(20, 20) == await scene.traffic()


async def test_a_name_that_came_back_counts_by_itself(scene: Scene) -> None:
    """Another session under an old name counts from its Start on, not from where the old one stood."""
    await scene.write(
        scene.change(START, traffic=(500, 0), fingerprint=CPE),
        scene.change(START, at=1_000, traffic=(3, 0), fingerprint=OTHER_CPE),
        scene.change(STOP, at=2_000, traffic=(4, 0)),
        scene.change(START, at=3_000, traffic=(1, 0)),
        scene.change(INTERIM, at=4_000, traffic=(7_000, 0), fingerprint=CPE),
    )

    assert Traffic(500 + 4 + 1, 0) == await scene.traffic()


async def test_the_sums_outlive_restarts(scene: Scene) -> None:
    """Octets are those of all times: a restart takes nothing away, boxes of one BNG add up, other BNGs do not."""
    await scene.write(
        scene.change(START, "s1", traffic=(10, 1)),
        scene.change(START, "s2", traffic=(20, 2), nas=OTHER_NAS),
        scene.change(START, "s3", traffic=(40, 4), nas="bng2|0"),
        scene.restart(at=60_000),
    )

    assert {BNG: Traffic(30, 3), "bng2": Traffic(40, 4), "bng3": Traffic()} == await scene.store.queries.traffic(
        scene.domain, [BNG, "bng2", "bng3"]
    )


async def test_a_start_after_silence_may_count_on(scene: Scene) -> None:
    """The Start of the same CPE after its session fell silent adds what came since; that of another CPE, all of it."""
    for name in ("s1", "s2"):
        await scene.write(scene.change(START, name, traffic=(0, 0), hosts=[v4()], fingerprint=CPE))
        await scene.write(scene.change(INTERIM, name, at=1_000, traffic=(500, 0), fingerprint=CPE, lasts=1_000))
    await scene.walk(now=2_000)
    await scene.write(scene.change(START, "s1", at=50_000, traffic=(507, 0), fingerprint=CPE), now=50_000)
    assert Traffic(500 + 500 + 7, 0) == await scene.traffic()
    await scene.write(scene.change(START, "s2", at=50_000, traffic=(600, 0), fingerprint=OTHER_CPE), now=50_000)

    assert Traffic(500 + 500 + 7 + 600, 0) == await scene.traffic()


async def test_a_broken_counter_says_nothing(scene: Scene) -> None:
    """Counters beyond anything that a session can carry are left out, and the session itself goes on."""
    await scene.write(scene.change(START, hosts=[v4()], traffic=(10, 0)))

    assert ["applied"] == await scene.write(scene.change(INTERIM, at=1_000, traffic=(2**64 + 5, 2**63)))
    await scene.write(scene.change(INTERIM, at=2_000, traffic=(12, 0)))
    assert Traffic(12, 0) == await scene.traffic()
