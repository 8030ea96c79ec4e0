"""Prefixes that accounting leaves out: they are filled in from the Access-Accept, and marked so."""

from __future__ import annotations

import pytest

from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.lesson import Fill
from tests.store.scene import Scene
from tests.store.subjects import EXPECTED, INTERIM, NAS, OTHER_NAS, START, STOP, ia_na, ia_pd, key, pd_route, slaac, v4

pytestmark = pytest.mark.asyncio

CPE, OTHER_CPE = "0a0a0a0a.01010101", "0a0a0a0a.02020202"
EMPTY = Usage()
WITH_PD = Usage(v4=1, ia_pd=1, sessions=1, na_or_pd=1)
V4_ONLY = Usage(v4=1, sessions=1)


async def held(scene: Scene, session: str = "s1") -> tuple[set[str], set[str]]:
    """Hosts of a session, and those that were filled in."""
    row = await scene.row(session)
    return set(row.hosts), set(row.filled)


async def test_what_accounting_leaves_out_is_filled_in(scene: Scene) -> None:
    """A prefix of the Accept counts from the Start on, is found by its address, and marked; the Stop ends it."""
    await scene.write(scene.change(EXPECTED, promised=[ia_pd()]))
    assert EMPTY == await scene.usage()
    await scene.write(scene.change(START, at=1_000, hosts=[v4()]))

    assert ({str(v4()), str(ia_pd())}, {str(ia_pd())}) == await held(scene)
    assert WITH_PD == await scene.usage()
    assert [key("s1")] == [row.session for row in await scene.rows(f"address:{ia_pd().address}")]
    await scene.write(scene.change(INTERIM, at=2_000))
    assert WITH_PD == await scene.usage()
    await scene.write(scene.change(STOP, at=3_000, hosts=[v4()]))
    assert EMPTY == await scene.usage()
    await scene.write(scene.change(START, at=4_000, hosts=[v4()]))
    assert V4_ONLY == await scene.usage()  # what that Accept promised was the session's that ended


async def test_a_kind_that_a_record_names_is_not_filled_in(scene: Scene) -> None:
    """Named hosts are simply named; of the other kinds each promised host counts once."""
    await scene.write(
        scene.change(EXPECTED, promised=[ia_na(1), ia_pd(1), ia_pd(2), ia_pd(1), v4(1)]),
        scene.change(START, at=1_000, hosts=[v4(), ia_na(7)]),
    )

    assert ({*map(str, (v4(), ia_na(7), ia_pd(1), ia_pd(2)))}, {*map(str, (ia_pd(1), ia_pd(2)))}) == await held(scene)
    assert Usage(v4=1, ia_na=1, ia_pd=2, sessions=1, na_or_pd=1) == await scene.usage()


async def test_a_box_that_names_a_kind_leaves_none_of_it_out(scene: Scene) -> None:
    """Once any session of a box names a delegated prefix, none is filled in there, and sessions drop theirs."""
    await scene.write(
        scene.change(EXPECTED, "s1", promised=[ia_pd(1), slaac(1)]),
        scene.change(START, "s1", at=1_000, hosts=[v4(1)]),
        scene.change(START, "s2", at=1_000, hosts=[v4(2), ia_pd(2)]),
    )
    assert {str(ia_pd(1)), str(slaac(1))} == (await held(scene))[1]
    await scene.write(scene.change(INTERIM, "s1", at=2_000))

    assert {str(slaac(1))} == (await held(scene))[1]
    assert Usage(v4=2, ia_pd=1, slaac=1, sessions=2, na_or_pd=1) == await scene.usage()
    await scene.write(
        scene.change(EXPECTED, "s3", nas=OTHER_NAS, promised=[ia_pd(3)]),
        scene.change(START, "s3", nas=OTHER_NAS, at=1_000, hosts=[v4(3)]),
    )
    assert {str(ia_pd(3))} == (await held(scene, "s3"))[1]


@pytest.mark.parametrize("step", [STOP, INTERIM])
async def test_what_a_box_names_is_known_beyond_its_restart(scene: Scene, step: object) -> None:
    """Whichever record names a kind, and whatever life of the box that was in."""
    naming = STOP if step is STOP else INTERIM
    await scene.write(scene.change(naming, "s1", hosts=[ia_pd(9)]), scene.restart(at=60_000))
    await scene.write(
        scene.change(EXPECTED, "s2", at=61_000, promised=[ia_pd(1)]),
        scene.change(START, "s2", at=62_000, hosts=[v4()]),
    )

    assert ({str(v4())}, set()) == await held(scene, "s2")
    assert {NAS: 1} == (await scene.recall()).epochs


@pytest.mark.parametrize(("fill", "usage"), [(Fill.ALWAYS, 2), (Fill.NEVER, 1)])
async def test_the_operator_decides(scene: Scene, fill: Fill, usage: int) -> None:
    """`always` fills in on a box that names such hosts, too; `never` on none."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4(1), ia_pd(1)], fill=fill),
        scene.change(EXPECTED, "s2", promised=[ia_pd(2)], fill=fill),
        scene.change(START, "s2", at=1_000, hosts=[v4(2)], fill=fill),
    )

    assert usage == (await scene.usage()).ia_pd


async def test_the_accept_of_a_request_that_names_no_session(scene: Scene) -> None:
    """What was promised under a name of our own goes to the session that begins on that line, and so does its clock."""
    await scene.write(
        scene.change(EXPECTED, "accept", promised=[ia_pd()], interval=900_000),
        scene.change(START, "s1", at=1_000, hosts=[v4()], accepted_as="accept"),
    )
    assert WITH_PD == await scene.usage()
    assert 1_000 + 3 * 900_000 == (await scene.row()).until_ms - (await scene.row()).at_ms + 1_000

    # a session that is up already is another one, and so is one of a box that has restarted since
    await scene.write(scene.change(START, "s2", at=1_000, hosts=[v4(2)]))
    await scene.write(scene.change(INTERIM, "s2", at=2_000, accepted_as="accept"))
    assert ({str(v4(2))}, set()) == await held(scene, "s2")
    await scene.write(scene.restart(at=60_000))
    await scene.write(scene.change(START, "s3", at=61_000, hosts=[v4(3)], accepted_as="accept"))
    assert ({str(v4(3))}, set()) == await held(scene, "s3")


@pytest.mark.parametrize("pause", [3_000, 900_000], ids=["triggered", "clock"])
async def test_the_other_family_of_a_session_that_is_up(scene: Scene, pause: int) -> None:
    """IPv6 that is authenticated without a session's name, after the Start, counts from the next Interim on."""
    await scene.write(
        scene.change(EXPECTED, "accept", lasts=120_000),
        scene.change(START, "s1", at=1_000, hosts=[v4()], accepted_as="accept", lasts=10**7),
        scene.change(EXPECTED, "accept", at=2_000, promised=[ia_pd(1)], lasts=120_000),
    )
    await scene.walk(now=pause)  # by then the Accept may have run out
    await scene.write(scene.change(INTERIM, "s1", at=pause, hosts=[v4()], accepted_as="accept", lasts=10**7), now=pause)
    assert ({str(v4()), str(ia_pd(1))}, {str(ia_pd(1))}) == await held(scene)
    assert WITH_PD == await scene.usage()

    again = pause + 1_000_000
    await scene.write(
        scene.change(EXPECTED, "accept", at=again, promised=[ia_pd(2)]),
        scene.change(INTERIM, "s1", at=again + 1, accepted_as="accept"),
        now=again,
    )
    assert {str(ia_pd(2))} == (await held(scene))[1]  # another prefix takes the place of the old one
    assert WITH_PD == await scene.usage()
    await scene.write(scene.change(STOP, "s1", at=again + 2))
    assert EMPTY == await scene.usage()


async def test_ipv6_of_a_session_of_its_own_is_not_the_other_ones(scene: Scene) -> None:
    """What a session that began took is gone with its Stop: the IPv4 session of the same line does not take it up."""
    await scene.write(
        scene.change(EXPECTED, "accept"),
        scene.change(START, "s1", at=1_000, hosts=[v4()], accepted_as="accept"),
        scene.change(EXPECTED, "accept", at=2_000, promised=[ia_pd()]),
        scene.change(START, "s2", at=3_000, accepted_as="accept"),
        scene.change(EXPECTED, "accept", at=4_000),  # IPv4 once more
        scene.change(INTERIM, "s1", at=5_000, accepted_as="accept"),
    )
    assert [({str(v4())}, set()), ({str(ia_pd())}, {str(ia_pd())})] == [await held(scene), await held(scene, "s2")]
    await scene.write(scene.change(STOP, "s2", at=6_000), scene.change(INTERIM, "s1", at=7_000, accepted_as="accept"))

    assert V4_ONLY == await scene.usage()


async def test_only_an_accept_that_nothing_followed_is_one(scene: Scene) -> None:
    """A name under which a session is up, or that is another box's, promises nothing."""
    await scene.write(
        scene.change(EXPECTED, "s1", promised=[ia_pd(1)]),
        scene.change(START, "s1", at=1_000, hosts=[v4(1)]),
        scene.change(START, "s2", at=1_000, hosts=[v4(2)], accepted_as="s1"),
        scene.change(EXPECTED, "s3", nas=OTHER_NAS, promised=[ia_pd(3)]),
        scene.change(START, "s4", at=1_000, hosts=[v4(4)], accepted_as="s3"),
    )

    assert [({str(v4(2))}, set()), ({str(v4(4))}, set())] == [await held(scene, "s2"), await held(scene, "s4")]


async def test_both_families_of_a_session_are_accepted(scene: Scene) -> None:
    """Accepts of one session add up by kind; those that come while it is up count from its next record on."""
    await scene.write(
        scene.change(EXPECTED, at=0, promised=[ia_pd(1), slaac(1)]), scene.change(EXPECTED, at=10, promised=[ia_pd(2)])
    )
    await scene.write(scene.change(START, at=1_000, hosts=[v4()]))
    assert {str(ia_pd(2)), str(slaac(1))} == (await held(scene))[1]
    again = scene.change(EXPECTED, at=2_000, promised=[ia_na(3)])
    assert ["known"] * 2 == await scene.write(again, scene.change(EXPECTED, at=1_500, promised=[ia_na(4)]))
    assert {str(ia_pd(2)), str(slaac(1))} == (await held(scene))[1]
    await scene.write(scene.change(INTERIM, at=3_000), again)

    assert {str(ia_pd(2)), str(slaac(1)), str(ia_na(3))} == (await held(scene))[1]


async def test_another_cpe_has_no_part_in_a_promise(scene: Scene) -> None:
    """What was promised to one CPE is not filled in for another one that comes under the same name."""
    await scene.write(
        scene.change(EXPECTED, promised=[ia_pd()], fingerprint=CPE),
        scene.change(START, at=1_000, hosts=[v4()], fingerprint=OTHER_CPE),
    )
    assert V4_ONLY == await scene.usage()
    await scene.write(scene.change(EXPECTED, at=2_000, promised=[ia_pd()], fingerprint=CPE))
    await scene.write(scene.change(INTERIM, at=3_000, fingerprint=OTHER_CPE))

    assert V4_ONLY == await scene.usage()


@pytest.mark.parametrize("restarted", [True, False], ids=["restart", "other cpe"])
@pytest.mark.parametrize("stop", [True, False], ids=["stop", "no stop"])
async def test_an_accept_of_the_next_session_of_a_name(scene: Scene, restarted: bool, stop: bool) -> None:
    """While the name is up from before a restart, or of another CPE, its Accept is kept for that CPE's session only."""
    old = CPE if restarted else OTHER_CPE
    await scene.write(
        scene.change(START, hosts=[v4(1)], fingerprint=old),
        *([scene.restart(at=60_000)] if restarted else []),
        scene.change(EXPECTED, at=61_000, promised=[ia_pd()], interval=900_000, timeout=7_000, fingerprint=CPE),
        scene.change(EXPECTED, at=61_500, promised=[slaac()], interval=900_000, timeout=7_000, fingerprint=CPE),
        *([scene.change(STOP, at=62_000, fingerprint=old)] if stop else []),
    )
    assert (await scene.usage()).ia_pd == 0
    await scene.write(scene.change(START, at=63_000, hosts=[v4(2)], fingerprint=CPE))

    assert {str(ia_pd()), str(slaac())} == (await held(scene))[1]
    assert 3 * 900_000 == (await scene.row()).until_ms - (await scene.row()).at_ms


async def test_an_accept_of_the_next_session_is_for_no_stranger(scene: Scene) -> None:
    """Neither the session that is up, nor one of a third CPE or of an unknown one takes it, nor one of a later life."""
    third = "0a0a0a0a.03030303"
    for name, fingerprint in (("s1", third), ("s2", ""), ("s3", OTHER_CPE)):
        await scene.write(
            scene.change(START, name, hosts=[v4()], fingerprint=OTHER_CPE),
            scene.change(EXPECTED, name, at=1_000, promised=[ia_pd()], fingerprint=CPE),
            scene.change(INTERIM, name, at=2_000, fingerprint=OTHER_CPE),
            scene.change(STOP, name, at=3_000),
            scene.change(START, name, at=4_000, hosts=[v4()], fingerprint=fingerprint),
        )
    assert Usage(v4=1, sessions=3) == await scene.usage()
    await scene.write(
        scene.change(START, "s4", hosts=[v4()], fingerprint=OTHER_CPE),
        scene.change(EXPECTED, "s4", at=1_000, promised=[ia_pd()], fingerprint=CPE),
        scene.restart(at=60_000),
        scene.change(START, "s4", at=61_000, hosts=[v4()], fingerprint=CPE),
    )

    assert V4_ONLY == await scene.usage()


async def test_a_session_that_survived_a_restart_keeps_its_promise(scene: Scene) -> None:
    """An Interim after the Accounting-On brings back what was filled in; a Start is another session."""
    for name in ("s1", "s2"):
        await scene.write(
            scene.change(EXPECTED, name, promised=[ia_pd()]), scene.change(START, name, at=1_000, hosts=[v4()])
        )
    await scene.write(scene.restart(at=60_000), scene.change(START, "s2", at=61_000, hosts=[v4()]))
    assert V4_ONLY == await scene.usage()
    await scene.write(scene.change(INTERIM, "s1", at=62_000))

    assert Usage(v4=1, ia_pd=1, sessions=2, na_or_pd=1) == await scene.usage()


async def test_a_session_that_fell_silent_keeps_its_promise(scene: Scene) -> None:
    """When an expired session is heard of once more, what was promised counts again."""
    await scene.write(
        scene.change(EXPECTED, promised=[ia_pd()]), scene.change(START, at=1_000, hosts=[v4()], lasts=1_000)
    )
    await scene.walk(now=2_000)
    assert ((), SessionState.EXPIRED) == ((await scene.row()).filled, (await scene.row()).state)
    await scene.write(scene.change(INTERIM, at=50_000, hosts=[v4()]), now=50_000)

    assert WITH_PD == await scene.usage()


@pytest.mark.parametrize("named", [ia_pd(), pd_route()])
async def test_only_what_is_named_is_surely_there(scene: Scene, named: object) -> None:
    """A line whose IPv6 is merely promised is no dual-stack line, and does not lose it; one that names it is."""
    hosts = [v4(2), ia_pd(2) if named == ia_pd() else pd_route(2)]
    await scene.write(
        scene.sighting(1, attachment="a"), scene.sighting(2, attachment="b"),
        scene.change(EXPECTED, "s1", promised=[slaac(1), ia_na(1)], number=1),
        scene.change(START, "s1", at=1_000, hosts=[v4(1)], number=1),
        scene.change(START, "s2", at=1_000, hosts=hosts, number=2),
    )  # fmt: skip
    await scene.walk(now=2_000)

    assert {"bng1": (1, 1, 0)} == await scene.store.queries.census(scene.domain)
    await scene.write(
        scene.change(STOP, "s1", at=20_000, number=1), scene.change(START, "s1", at=21_000, hosts=[v4(1)], number=1)
    )
    assert () == (await scene.walk(now=20_000_000)).lost
