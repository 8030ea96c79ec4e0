"""How long sessions live unheard, and since when they hold what they hold."""

from __future__ import annotations

import pytest

from bngcorr.store.contract import INTERIMS_MISSED
from tests.store.scene import Scene
from tests.store.subjects import DAY, EXPECTED, INTERIM, NOW, START, STOP, ia_pd, slaac, v4

pytestmark = pytest.mark.asyncio

WEEK = 7 * DAY
MINUTE = 60_000
HOUR = 60 * MINUTE
CPE, OTHER_CPE = "0a0a0a0a.01010101", "0a0a0a0a.02020202"


async def left(scene: Scene, session: str = "s1") -> int:
    """From its latest record to its deadline, in ms."""
    row = await scene.row(session)
    return row.until_ms - row.at_ms


# ---- deadlines


async def test_a_second_gap_of_the_same_length_is_the_interval(scene: Scene) -> None:
    """Without a told interval, two gaps within a tenth of each other set the deadline; triggered Interims do not."""
    for at, expected in (
        (0, WEEK),
        (10 * MINUTE, WEEK),  # one gap may be anything
        (12 * MINUTE, WEEK),  # triggered
        (12 * MINUTE + 1_000, WEEK),
        (21 * MINUTE + 1_000, INTERIMS_MISSED * 10 * MINUTE),  # nine minutes
        (32 * MINUTE, INTERIMS_MISSED * (11 * MINUTE - 1_000)),  # one that was a little late
        (33 * MINUTE, INTERIMS_MISSED * (11 * MINUTE - 1_000)),
        (63 * MINUTE, WEEK),  # half an hour: the interval is longer than we thought
        (93 * MINUTE, INTERIMS_MISSED * 30 * MINUTE),
    ):
        await scene.write(scene.change(START if at == 0 else INTERIM, at=at, lasts=WEEK))
        assert (at, expected) == (at, await left(scene))


async def test_what_happens_at_boot_is_no_interval(scene: Scene) -> None:
    """Addresses that come a minute or two apart do not end a session soon: no clock of Interims runs so fast.

    Only a third such gap is believed to be one, and then as long as a clock should run at least.
    """
    for at, expected in ((0, WEEK), (61_000, WEEK), (122_000, WEEK), (183_000, INTERIMS_MISSED * 10 * MINUTE)):
        await scene.write(scene.change(START if at == 0 else INTERIM, at=at, lasts=WEEK))
        assert (at, expected) == (at, await left(scene))


async def test_a_lost_interim_is_no_interval(scene: Scene) -> None:
    """A gap of about twice the interval leaves it as it is; one of three times is another interval."""
    for minute, expected in (
        (0, WEEK),
        (10, WEEK),
        (20, INTERIMS_MISSED * 10 * MINUTE),
        (41, INTERIMS_MISSED * 10 * MINUTE),  # one was lost
        (51, INTERIMS_MISSED * 10 * MINUTE),
        (81, WEEK),
    ):
        await scene.write(scene.change(INTERIM if minute else START, at=minute * MINUTE, lasts=WEEK))
        assert (minute, expected) == (minute, await left(scene))


async def test_a_told_interval_is_the_interval(scene: Scene) -> None:
    """What the BNG or AAA says is never outdone by what was observed."""
    for at in (0, 10 * MINUTE, 20 * MINUTE):
        await scene.write(scene.change(START if at == 0 else INTERIM, at=at, lasts=WEEK, interval=HOUR))

    assert INTERIMS_MISSED * HOUR == await left(scene)


async def test_gaps_are_those_of_one_life(scene: Scene) -> None:
    """What lies between two lives of a name, or across a restart of the box, is no interval."""
    await scene.write(
        scene.change(START, at=0, lasts=WEEK),
        scene.change(INTERIM, at=10 * MINUTE, lasts=WEEK),
        scene.restart(at=15 * MINUTE),
        scene.change(INTERIM, at=20 * MINUTE, lasts=WEEK),
    )
    assert WEEK == await left(scene)
    await scene.write(
        scene.change(STOP, at=30 * MINUTE),
        scene.change(START, at=40 * MINUTE, lasts=WEEK),
        scene.change(INTERIM, at=50 * MINUTE, lasts=WEEK),
    )

    assert WEEK == await left(scene)


async def test_a_session_ends_with_its_timeout(scene: Scene) -> None:
    """Without an interval the Session-Timeout of the Accept, or of a later record, bounds a session from its begin."""
    await scene.write(scene.change(EXPECTED, timeout=DAY), scene.change(START, at=1_000, lasts=WEEK))
    assert DAY + 5 * MINUTE == await left(scene)
    await scene.write(scene.change(INTERIM, at=11_000, lasts=WEEK))
    assert DAY + 5 * MINUTE - 10_000 == await left(scene)
    await scene.write(scene.change(INTERIM, at=21_000, lasts=HOUR))
    assert HOUR == await left(scene)  # never beyond what the record itself allows
    await scene.write(scene.change(INTERIM, at=31_000, lasts=WEEK, timeout=2 * HOUR))
    assert 2 * HOUR + 5 * MINUTE - 30_000 == await left(scene)
    await scene.write(scene.change(INTERIM, at=4 * HOUR, lasts=WEEK))
    assert WEEK == await left(scene)  # it is heard of after that: its timeout was another one


async def test_another_life_has_another_timeout(scene: Scene) -> None:
    """The Session-Timeout of a session that ended is not that of the next one of its name."""
    await scene.write(
        scene.change(START, timeout=DAY, lasts=WEEK, fingerprint=CPE),
        scene.change(START, at=1_000, lasts=WEEK, fingerprint=OTHER_CPE),
    )

    assert WEEK == await left(scene)


async def test_a_box_that_does_not_keep_to_its_interval(scene: Scene) -> None:
    """A session that came back after a silence longer than its interval allows is not ended by the next one."""
    await scene.write(scene.change(START, hosts=[v4()], interval=10 * MINUTE))
    expired = []
    for hour in (1, 2, 3):
        expired.append((await scene.walk(now=hour * HOUR - MINUTE)).expired)
        await scene.write(scene.change(INTERIM, at=hour * HOUR, hosts=[v4()], lasts=WEEK), now=hour * HOUR)

    assert [1, 0, 0] == expired
    assert INTERIMS_MISSED * HOUR == await left(scene)


async def test_an_interval_that_grew_is_noticed(scene: Scene) -> None:
    """Observed Interims that become rarer end a session once at most: its silence is a gap as well."""
    for at in (0, 10 * MINUTE, 20 * MINUTE):
        await scene.write(scene.change(START if at == 0 else INTERIM, at=at, hosts=[v4()], lasts=WEEK))
    expired = []
    for at in (80 * MINUTE, 140 * MINUTE, 200 * MINUTE):
        expired.append((await scene.walk(now=at - MINUTE)).expired)
        await scene.write(scene.change(INTERIM, at=at, hosts=[v4()], lasts=WEEK), now=at)

    assert [1, 0, 0] == expired
    assert INTERIMS_MISSED * HOUR == await left(scene)


@pytest.mark.parametrize(
    ("interval", "over", "last", "expected"),
    [(10, 0, 15, INTERIMS_MISSED * 10), (0, 0, 20, INTERIMS_MISSED * 10), (0, 60, 15, 60 + 5 - 15)],
    ids=["interval", "observed", "timeout"],
)
async def test_a_clock_that_is_behind_ends_no_session(
    scene: Scene, interval: int, over: int, last: int, expected: int
) -> None:
    """Deadlines count from when a record was told by our clock: the BNG's may be hours behind."""
    for minute in (0, 10, last):
        at = minute * MINUTE
        await scene.write(
            scene.change(
                INTERIM if at else START, at=at - 5 * HOUR, sent=at, lasts=WEEK, interval=interval * MINUTE,
                timeout=over * MINUTE,
            ),
            now=at,
        )  # fmt: skip

    assert NOW + (last + expected) * MINUTE == (await scene.row()).until_ms


# ---- since when


async def test_each_host_is_held_from_its_first_record_on(scene: Scene) -> None:
    """A session began with its Start; a host that came later, or came back, is held since then."""
    await scene.write(
        scene.change(EXPECTED),
        scene.change(START, at=1_000, hosts=[v4()]),
        scene.change(INTERIM, at=2_000, hosts=[v4(), ia_pd(), slaac()]),
        scene.change(INTERIM, at=3_000, hosts=[v4(), slaac()]),
        scene.change(INTERIM, at=4_000),
        scene.change(INTERIM, at=5_000, hosts=[ia_pd(), slaac(), v4()]),
    )
    row = await scene.row()

    assert NOW + 1_000 == row.began_ms
    assert {str(v4()): 1_000, str(slaac()): 2_000, str(ia_pd()): 5_000} == {
        host: since - NOW for host, since in zip(row.hosts, row.since_ms, strict=True)
    }


async def test_a_session_that_is_only_expected_has_not_begun(scene: Scene) -> None:
    """Neither an Accept nor a Stop without a Start begins anything."""
    await scene.write(scene.change(EXPECTED, "s1"), scene.change(STOP, "s2", at=1_000))

    assert [0, 0] == [(await scene.row(name)).began_ms for name in ("s1", "s2")]


async def test_a_survivor_of_a_restart_holds_on(scene: Scene) -> None:
    """A suspect session that an Interim revives began when it began; one that a Start brings back begins there."""
    for name in ("s1", "s2"):
        await scene.write(scene.change(START, name, at=0, hosts=[v4()]))
    await scene.write(
        scene.restart(at=60_000),
        scene.change(INTERIM, "s1", at=61_000, hosts=[v4(), slaac()], number=1),
        scene.change(START, "s2", at=62_000, hosts=[v4()]),
    )
    rows = [await scene.row(name) for name in ("s1", "s2")]

    assert [NOW, NOW + 62_000] == [row.began_ms for row in rows]
    assert [(NOW, NOW + 61_000), (NOW + 62_000,)] == [row.since_ms for row in rows]


async def test_an_expired_session_holds_nothing_in_between(scene: Scene) -> None:
    """Heard of once more, it is the session that it was, and holds its hosts from then on."""
    await scene.write(scene.change(START, at=0, hosts=[v4()], lasts=1_000))
    await scene.walk(now=1_000)
    assert ((), ()) == ((await scene.row()).hosts, (await scene.row()).since_ms)
    await scene.write(scene.change(INTERIM, at=50_000, hosts=[v4()]), now=50_000)

    assert (NOW, (NOW + 50_000,)) == ((await scene.row()).began_ms, (await scene.row()).since_ms)
