"""Sessions: every step once, in whatever order it is told."""

from __future__ import annotations

import pytest

from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.contract import RESTART_TOLERANCE_MS
from bngcorr.store.lesson import SessionChange, SessionStep
from tests.store.scene import Scene
from tests.store.subjects import EXPECTED, INTERIM, START, STOP, ia_na, ia_pd, line, slaac, v4

pytestmark = pytest.mark.asyncio

DUAL = (v4(), ia_na(), ia_pd(), slaac())
EMPTY = Usage()
CPE, OTHER_CPE, OTHER_PORT = "0a0a0a0a.01010101", "0a0a0a0a.02020202", "0b0b0b0b.01010101"


# ---- the life of one session


async def test_a_session_lives_from_accept_to_stop(scene: Scene) -> None:
    """Expected, up, changed by an Interim, stopped: state, hosts and usage follow each step."""
    story: list[tuple[SessionChange, SessionState, Usage]] = [
        (scene.change(EXPECTED, number=1), SessionState.EXPECTED, EMPTY),
        (scene.change(START, at=1_000, number=1, hosts=[v4()]), SessionState.UP, Usage(v4=1, sessions=1)),
        (
            scene.change(INTERIM, at=2_000, number=1, hosts=DUAL),
            SessionState.UP,
            Usage(v4=1, ia_na=1, ia_pd=1, slaac=1, sessions=1, na_or_pd=1),
        ),
        (
            scene.change(INTERIM, at=3_000, number=1, hosts=[v4(), slaac()]),
            SessionState.UP,
            Usage(v4=1, slaac=1, sessions=1),
        ),
        (scene.change(STOP, at=4_000, number=1), SessionState.STOPPED, EMPTY),
    ]
    for step, state, usage in story:
        assert ["applied"] == await scene.write(step)
        (row,) = await scene.rows()
        assert (state, line(1), usage) == (row.state, row.line, await scene.usage())
        assert set(map(str, step.hosts or ())) == set(row.hosts)


async def test_an_accept_that_names_the_line_makes_it_the_sessions_own(scene: Scene) -> None:
    """One that was matched before: from then on another line is another session, which was promised nothing."""
    await scene.write(
        scene.change(EXPECTED, number=1, own=False, promised=[ia_pd()]),
        scene.change(EXPECTED, at=1_000, number=1, promised=[ia_pd()]),
        scene.change(EXPECTED, at=2_000, number=1, own=False, promised=[ia_pd()]),
        scene.change(START, at=3_000, number=2, hosts=[v4()]),
    )

    assert line(2) == (await scene.row()).line
    assert Usage(v4=1, sessions=1) == await scene.usage()


async def test_an_interim_without_addresses_keeps_the_hosts(scene: Scene) -> None:
    """A record that names no host says nothing of hosts."""
    await scene.write(scene.change(START, hosts=DUAL), scene.change(INTERIM, at=1_000))

    assert Usage(v4=1, ia_na=1, ia_pd=1, slaac=1, sessions=1, na_or_pd=1) == await scene.usage()


@pytest.mark.parametrize("step", [EXPECTED, START, INTERIM, STOP])
async def test_writing_a_step_twice_changes_nothing(scene: Scene, step: SessionStep) -> None:
    """Whichever step is written again after a failure, every record stays as it was."""
    await scene.write(scene.sighting(1, attachment="k"))
    if step in (INTERIM, STOP):
        await scene.write(scene.change(START, hosts=DUAL, number=1, keys=["k"]))
    once = scene.change(step, at=1_000, hosts=[v4(), ia_pd()], number=1, keys=["k"], fingerprint=CPE)
    assert ["applied"] == await scene.write(once)
    before = await scene.everything()
    words = await scene.write(once, once, now=5_000)

    assert before == await scene.everything()
    assert ["known" if step is EXPECTED else "duplicate"] * 2 == words


async def test_writing_a_restart_twice_changes_nothing(scene: Scene) -> None:
    """An Accounting-On that is told again, or once more within two seconds, is one restart."""
    await scene.write(scene.change(START, hosts=DUAL), scene.restart(at=5_000))
    before = await scene.everything()

    assert ["stale", "stale"] == await scene.write(
        scene.restart(at=5_000), scene.restart(at=5_000 + RESTART_TOLERANCE_MS)
    )
    assert before == await scene.everything()
    assert ["applied"] == await scene.write(scene.restart(at=5_001 + RESTART_TOLERANCE_MS))


async def test_older_steps_are_stale(scene: Scene) -> None:
    """A Start or Interim that comes after a younger record of its session changes nothing."""
    await scene.write(scene.change(INTERIM, at=5_000, hosts=[v4(), ia_pd()]))
    before = await scene.everything()

    assert ["stale"] * 3 == await scene.write(
        scene.change(START, at=0, hosts=[v4()]),
        scene.change(INTERIM, at=4_999, hosts=[slaac()]),
        scene.change(STOP, at=4_000),
    )
    assert before == await scene.everything()


@pytest.mark.parametrize("at", [0, 4_999, 5_000])
async def test_a_stop_before_its_start_leaves_a_tombstone(scene: Scene, at: int) -> None:
    """A Stop that overtook its Start, even within one second, is final: nothing is counted."""
    await scene.write(scene.change(STOP, at=5_000))

    assert ["stale", "stale"] == await scene.write(
        scene.change(START, at=at, hosts=DUAL), scene.change(INTERIM, at=at, hosts=DUAL)
    )
    assert EMPTY == await scene.usage()
    assert [SessionState.STOPPED] == [row.state for row in await scene.rows()]


async def test_two_records_of_one_second_both_count(scene: Scene) -> None:
    """Interims of one second are told apart by their contents, and a repetition of either is a duplicate."""
    start = scene.change(START, at=0, hosts=[v4()])
    slaac_up = scene.change(INTERIM, at=0, hosts=[v4(), slaac()])
    pd_up = scene.change(INTERIM, at=0, hosts=[v4(), slaac(), ia_pd()])

    assert ["applied"] * 3 == await scene.write(start, slaac_up, pd_up)
    assert ["duplicate"] * 3 == await scene.write(start, slaac_up, pd_up)
    assert Usage(v4=1, slaac=1, ia_pd=1, sessions=1, na_or_pd=1) == await scene.usage()


async def test_a_start_told_after_interims_of_its_second_is_stale(scene: Scene) -> None:
    """A Start that is retransmitted behind Interims of the same second does not take their hosts away."""
    await scene.write(scene.change(INTERIM, at=0, hosts=[v4(), ia_pd()]))

    assert ["stale"] == await scene.write(scene.change(START, at=0, hosts=[v4()]))
    assert Usage(v4=1, ia_pd=1, sessions=1, na_or_pd=1) == await scene.usage()


async def test_accept_does_not_wake_a_session_that_accounting_knows(scene: Scene) -> None:
    """While a session is up, an Access-Accept for it says nothing new."""
    await scene.write(scene.change(START, at=0, hosts=[v4()], number=1))

    assert ["known"] == await scene.write(scene.change(EXPECTED, at=60_000, number=2))
    assert [(SessionState.UP, line(1))] == [(row.state, row.line) for row in await scene.rows()]


async def test_only_a_start_begins_a_stopped_session_again(scene: Scene) -> None:
    """After a Stop, an Interim that carries a later time is late all the same; a later Start is a session again."""
    await scene.write(scene.change(START, hosts=[v4()]), scene.change(STOP, at=5_000))

    assert ["stale"] == await scene.write(scene.change(INTERIM, at=6_000, hosts=[v4()]))
    assert EMPTY == await scene.usage()
    assert ["applied"] == await scene.write(scene.change(START, at=7_000, hosts=[v4()]))
    assert Usage(v4=1, sessions=1) == await scene.usage()


async def test_an_accept_that_is_told_again_wakes_nothing(scene: Scene) -> None:
    """A batch that is written again after a failure does not bring back the session that it ended."""
    await scene.write(scene.sighting(1, attachment="k"))
    batch = (
        scene.change(EXPECTED, number=1, keys=["k"]),
        scene.change(START, at=1_000, number=1, keys=["k"], hosts=[v4()]),
        scene.change(STOP, at=2_000, number=1, keys=["k"]),
    )
    assert ["applied"] * 3 == await scene.write(*batch)
    before = await scene.everything()

    assert ["known", "stale", "duplicate"] == await scene.write(*batch, now=3_000)
    assert before == await scene.everything()


async def test_the_latest_of_several_accepts_counts(scene: Scene) -> None:
    """An Accept that another replica tells late does not take the place of a later one."""
    await scene.write(scene.change(EXPECTED, at=2_000, number=2))

    assert ["known"] == await scene.write(scene.change(EXPECTED, at=1_000, number=1))
    assert line(2) == (await scene.identity()).line


async def test_an_accept_from_before_the_end_begins_nothing(scene: Scene) -> None:
    """An Accept that another replica tells behind the Stop of its session is late; one after it begins another."""
    await scene.write(scene.change(START, at=1_000, number=1), scene.change(STOP, at=2_000, number=1), now=2_500)

    assert ["known"] == await scene.write(scene.change(EXPECTED, at=500, number=1), now=3_000)
    assert SessionState.STOPPED is (await scene.identity()).state
    assert ["applied"] == await scene.write(scene.change(EXPECTED, at=4_000, number=1), now=4_000)
