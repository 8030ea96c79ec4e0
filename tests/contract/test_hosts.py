"""The ledger of hosts: who shares what, and what a restart of the box does to it."""

from __future__ import annotations

import pytest

from bngcorr.model.usage import Host, Usage
from bngcorr.model.vocabulary import HostKind, SessionState
from tests.store.scene import Scene
from tests.store.subjects import BNG, INTERIM, NAS, OTHER_NAS, START, STOP, ia_na, ia_pd, line, slaac, v4

pytestmark = pytest.mark.asyncio

DUAL = (v4(), ia_na(), ia_pd(), slaac())
EMPTY = Usage()
CPE, OTHER_CPE, OTHER_PORT = "0a0a0a0a.01010101", "0a0a0a0a.02020202", "0b0b0b0b.01010101"


# ---- who shares what


async def test_two_sessions_with_one_address_count_it_once(scene: Scene) -> None:
    """An address that two sessions report (host and session accounting at once) is one host until both have stopped."""
    await scene.write(scene.change(START, "s1", hosts=[v4(), ia_pd()]), scene.change(START, "s2", hosts=[v4()]))
    assert Usage(v4=1, ia_pd=1, sessions=2, na_or_pd=1) == await scene.usage()
    await scene.write(scene.change(STOP, "s1", at=1_000))
    assert Usage(v4=1, sessions=1) == await scene.usage()
    await scene.write(scene.change(STOP, "s2", at=1_000))

    assert EMPTY == await scene.usage()


async def test_one_kind_of_address_is_not_another(scene: Scene) -> None:
    """The same prefix as SLAAC and as IA_PD is two hosts."""
    prefix = ia_pd()
    await scene.write(scene.change(START, hosts=[prefix, Host(HostKind.SLAAC, prefix.address)]))

    assert Usage(ia_pd=1, slaac=1, sessions=1, na_or_pd=1) == await scene.usage()


async def test_usage_is_told_for_each_bng(scene: Scene) -> None:
    """BNGs of one domain are counted apart, all NAS identities of one BNG together, an unknown BNG with nothing."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4(1)]),
        scene.change(START, "s2", hosts=[v4(2)], nas=OTHER_NAS),
        scene.change(START, "s3", hosts=[v4(3), ia_na()], nas="bng2|0a000001"),
    )

    assert {
        BNG: Usage(v4=2, sessions=2),
        "bng2": Usage(v4=1, ia_na=1, sessions=1, na_or_pd=1),
        "bng3": EMPTY,
    } == await scene.store.queries.usage(scene.domain, [BNG, "bng2", "bng3"])


# ---- restarts


async def test_a_restart_empties_the_ledger(scene: Scene) -> None:
    """After an Accounting-On nothing of before is counted, and its sessions are suspect."""
    await scene.write(
        scene.change(START, "s1", hosts=DUAL), scene.change(START, "s2", hosts=[v4(2)]), scene.restart(at=60_000)
    )

    assert EMPTY == await scene.usage()
    assert [SessionState.SUSPECT] * 2 == [row.state for row in await scene.rows()]
    assert {NAS: 1} == (await scene.recall()).epochs


async def test_a_restart_is_of_one_nas_only(scene: Scene) -> None:
    """Of a redundant pair behind one name, the other half's sessions go on."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4(1)]),
        scene.change(START, "s2", hosts=[v4(2)], nas=OTHER_NAS),
        scene.restart(at=60_000),
    )

    assert Usage(v4=1, sessions=1) == await scene.usage()
    assert {SessionState.SUSPECT, SessionState.UP} == {row.state for row in await scene.rows()}


async def test_a_session_that_survived_is_revived_by_its_next_interim(scene: Scene) -> None:
    """A session heard of after the Accounting-On is up again, with the hosts it had, and counted once."""
    await scene.write(scene.change(START, hosts=DUAL, number=1), scene.restart(at=60_000))
    await scene.write(scene.change(INTERIM, at=61_000, number=1))
    (row,) = await scene.rows()

    assert (SessionState.UP, line(1)) == (row.state, row.line)
    assert Usage(v4=1, ia_na=1, ia_pd=1, slaac=1, sessions=1, na_or_pd=1) == await scene.usage()
    await scene.write(scene.change(STOP, at=62_000))
    assert EMPTY == await scene.usage()


async def test_records_from_before_a_restart_change_nothing(scene: Scene) -> None:
    """Buffered records that are older than the Accounting-On are told too late."""
    await scene.write(scene.restart(at=60_000))

    assert ["restarted"] * 3 == await scene.write(
        scene.change(START, "s1", at=0, hosts=DUAL),
        scene.change(INTERIM, "s2", at=59_999, hosts=DUAL),
        scene.change(STOP, "s3", at=59_000),
    )
    assert EMPTY == await scene.usage()


async def test_a_stale_restart_changes_nothing(scene: Scene) -> None:
    """An Accounting-On older than the last one is not a restart any more."""
    await scene.write(scene.restart(at=60_000), scene.change(START, at=61_000, hosts=[v4()]))
    before = await scene.everything()

    assert ["stale", "stale"] == await scene.write(scene.restart(at=10_000), scene.restart(at=60_000))
    assert before == await scene.everything()


async def test_a_stop_after_a_restart_takes_nothing_away_twice(scene: Scene) -> None:
    """The Stop of a session whose hosts were dropped with the restart leaves the ledger at what others hold."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4()]),
        scene.restart(at=60_000),
        scene.change(START, "s2", at=61_000, hosts=[v4()]),
        scene.change(STOP, "s1", at=62_000),
    )

    assert Usage(v4=1, sessions=1) == await scene.usage()
