"""Identity: what is fixed for a session at first sight, and on which keys it vouches for its line."""

from __future__ import annotations

import pytest

from bngcorr.model.line import LineIds
from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.contract import INTERIMS_MISSED, MAX_SESSIONS_PER_LINE
from bngcorr.store.lesson import SessionStep
from bngcorr.store.recollection import KeyRecord, LiveSession
from tests.store.scene import Scene
from tests.store.subjects import EXPECTED, INTERIM, NAS, NOW, START, STOP, ia_na, ia_pd, line, slaac, v4

pytestmark = pytest.mark.asyncio

DUAL = (v4(), ia_na(), ia_pd(), slaac())
EMPTY = Usage()
CPE, OTHER_CPE, OTHER_PORT = "0a0a0a0a.01010101", "0a0a0a0a.02020202", "0b0b0b0b.01010101"


# ---- identity


async def test_what_the_bng_says_itself_replaces_what_was_inherited(scene: Scene) -> None:
    """A matched identity gives way to the ids of a later record; an inherited one never replaces any."""
    await scene.write(scene.change(EXPECTED, number=1, own=False))
    assert line(1) == (await scene.identity()).line
    await scene.write(scene.change(START, at=1_000, number=2))
    assert line(2) == (await scene.identity()).line
    await scene.write(scene.change(INTERIM, at=2_000, number=3, own=False))
    found = await scene.identity()

    assert (line(2), LineIds(b"LINE-2", b"eth 2")) == (found.line, found.ids)
    assert (SessionState.UP, NAS, 0) == (found.state, found.nas, found.epoch)


async def test_a_session_that_went_on_without_identity_keeps_none(scene: Scene) -> None:
    """After a Start without a line, a match found later is not written into the session: billing sees one story."""
    await scene.write(scene.change(START), scene.change(INTERIM, at=1_000, number=1, own=False))
    assert (await scene.identity()).line is None
    await scene.write(scene.change(INTERIM, at=2_000, number=2, own=True))

    assert line(2) == (await scene.identity()).line


@pytest.mark.parametrize("ending", ["stop", "restart", "restart and another CPE", "another CPE", "another port"])
@pytest.mark.parametrize("number", [2, None], ids=["names its line", "names no line"])
async def test_a_session_id_given_out_anew_does_not_keep_the_old_line(
    scene: Scene, ending: str, number: int | None
) -> None:
    """An Acct-Session-Id used again, after its Stop, a restart or by another CPE, is another session: its line too."""
    await scene.write(scene.sighting(1, attachment="k"))
    await scene.write(scene.change(START, number=1, keys=["k"], hosts=[v4(1)], fingerprint=CPE))
    if ending == "stop":
        await scene.write(scene.change(STOP, at=1_000, fingerprint=CPE))
    elif ending.startswith("restart"):
        await scene.write(scene.restart(at=1_000))
    fingerprint = OTHER_PORT if "port" in ending else OTHER_CPE if "CPE" in ending else CPE
    await scene.write(scene.change(START, at=5_000, number=number, hosts=[v4(2)], fingerprint=fingerprint))
    found = await scene.identity()

    assert (None if number is None else line(number), fingerprint) == (found.line, found.fingerprint)
    assert () == (await scene.candidate("k")).sessions
    assert Usage(v4=1, sessions=1) == await scene.usage()


@pytest.mark.parametrize("own", [True, False], ids=["names its line", "matched"])
async def test_an_accept_under_an_ended_sessions_id_is_of_another_session(scene: Scene, own: bool) -> None:
    """Accepted after the Stop, the session has the new request's line, and late records of the old one stay late."""
    stop = scene.change(STOP, at=10_000)
    await scene.write(scene.change(START, number=1, hosts=[v4()]), stop)
    await scene.write(scene.change(EXPECTED, at=60_000, number=2, own=own))
    found = await scene.identity()

    assert (line(2), SessionState.EXPECTED) == (found.line, found.state)
    assert ["stale", "duplicate"] == await scene.write(scene.change(INTERIM, at=9_000, hosts=[v4()]), stop)
    assert ["applied"] == await scene.write(scene.change(START, at=61_000, hosts=[v4()], number=2, own=own))
    assert Usage(v4=1, sessions=1) == await scene.usage()


@pytest.mark.parametrize("step", [START, INTERIM])
async def test_the_latest_word_of_the_bng_counts(scene: Scene, step: SessionStep) -> None:
    """If a record names another line than the one before, the session is that line's, and vouches for it only."""
    await scene.write(scene.sighting(1, attachment="k"), scene.sighting(2, attachment="k"))
    await scene.write(scene.change(START, number=1, keys=["k"]))
    await scene.write(scene.change(step, at=5_000, number=2, keys=["k"]))

    assert line(2) == (await scene.identity()).line
    assert {line(1): 0, line(2): 1} == await scene.live_on("k")


async def test_another_cpe_does_not_inherit_hosts(scene: Scene) -> None:
    """A session id that another CPE took over holds nothing until a record of its own names addresses."""
    await scene.write(scene.change(START, hosts=DUAL, fingerprint=CPE))
    await scene.write(scene.change(START, at=5_000, fingerprint=OTHER_CPE))

    assert EMPTY == await scene.usage()


async def test_a_session_remembers_with_what_it_was_seen(scene: Scene) -> None:
    """The fingerprint is that of the last record that had one, but for the Stop's; the rest is the last record's."""
    await scene.write(scene.change(START, fingerprint=CPE, user_name="one", session_id=b"\0a"))
    await scene.write(scene.change(INTERIM, at=1_000, user_name="two", session_id=b"\0a"))
    await scene.write(scene.change(STOP, at=2_000, fingerprint=OTHER_CPE, user_name="two", session_id=b"\0a"))
    (row,) = await scene.rows()

    assert CPE == (await scene.identity()).fingerprint
    assert ("two", b"\0a") == (row.user_name, row.session_id)


async def test_a_line_that_accounting_names_late_is_told(scene: Scene) -> None:
    """Of a session that AAA accepted without a line, the first record that names one is late, and only that one."""
    await scene.write(scene.change(EXPECTED), scene.change(START, at=1_000))

    assert ["applied,late", "applied"] == await scene.write(
        scene.change(INTERIM, at=2_000, number=1), scene.change(INTERIM, at=3_000, number=1)
    )
    assert line(1) == (await scene.identity()).line


async def test_a_match_after_the_accept_is_the_sessions_line(scene: Scene) -> None:
    """AAA accepted without a line, and the Start was matched: the session has that line, inherited."""
    await scene.write(scene.change(EXPECTED), scene.change(START, at=1_000, number=1, own=False))

    assert line(1) == (await scene.identity()).line


# ---- vouching


async def test_a_session_vouches_for_its_line_on_its_keys(scene: Scene) -> None:
    """A session is live on those of its keys on which its line was sighted, and on no others."""
    await scene.write(
        scene.sighting(1, attachment="seen", bng_mac="not its own"),
        scene.change(START, number=1, at=10, keys=["seen", "unseen"], lasts=5_000),
    )

    vouching = LiveSession(nas=NAS, epoch=0, until_ms=NOW + 5_010, heard_ms=NOW + 10, up=True)
    assert (vouching,) == (await scene.candidate("seen")).sessions
    assert () == (await scene.candidate("not its own")).sessions
    assert KeyRecord() == await scene.record("unseen")
    await scene.write(scene.change(STOP, number=1, at=1_000))
    assert () == (await scene.candidate("seen")).sessions


async def test_an_accepted_session_vouches_until_accounting_is_due(scene: Scene) -> None:
    """AAA's Accept makes a session expected, with the interval that AAA told; the Start makes it live by that."""
    await scene.write(
        scene.sighting(1, attachment="k"),
        scene.change(EXPECTED, at=5, number=1, keys=["k"], lasts=120_000, interval=300_000),
    )
    assert (LiveSession(nas=NAS, epoch=0, until_ms=NOW + 120_005, heard_ms=NOW + 5, up=False),) == (
        await scene.candidate("k")
    ).sessions
    await scene.write(scene.change(START, at=1_000, number=1, keys=["k"]))

    until_ms = NOW + 1_000 + INTERIMS_MISSED * 300_000
    assert (LiveSession(nas=NAS, epoch=0, until_ms=until_ms, heard_ms=NOW + 1_000, up=True),) == (
        await scene.candidate("k")
    ).sessions


async def test_a_live_session_keeps_its_line_remembered(scene: Scene) -> None:
    """A line with a session up is not forgotten when the sighting's own time is over."""
    await scene.write(
        scene.sighting(1, attachment="k", lasts=1_000), scene.change(START, number=1, keys=["k"], lasts=50_000)
    )

    assert {line(1)} == await scene.lines_on("k", now=49_999)
    assert set() == await scene.lines_on("k", now=50_000)


async def test_an_inherited_identity_vouches_for_nothing(scene: Scene) -> None:
    """A session whose line was matched, not named, is written without keys: a match does not breed matches."""
    await scene.write(scene.sighting(1, attachment="k"), scene.change(START, number=1, own=False))

    assert () == (await scene.candidate("k")).sessions


async def test_so_many_sessions_vouch_for_a_line(scene: Scene) -> None:
    """Beyond eight, a session vouches only when one of them has gone or its box has restarted."""
    await scene.write(
        scene.sighting(1, attachment="k"),
        *(scene.change(START, f"s{n}", number=1, keys=["k"]) for n in range(MAX_SESSIONS_PER_LINE + 1)),
    )
    assert {line(1): MAX_SESSIONS_PER_LINE} == await scene.live_on("k")
    await scene.write(scene.restart(at=1_000), scene.change(START, "new", at=2_000, number=1, keys=["k"]))

    assert [1] == [session.epoch for session in (await scene.candidate("k")).sessions]


async def test_a_line_that_was_never_sighted_has_no_sessions(scene: Scene) -> None:
    """A session teaches no line: without a sighting nothing is recalled on its keys."""
    await scene.write(scene.change(START, number=1, keys=["k"]))

    assert KeyRecord() == await scene.record("k")
