"""The ledger by port: where the hosts of a box are spent."""

from __future__ import annotations

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.usage import Usage
from tests.store.scene import Scene
from tests.store.subjects import EXPECTED, INTERIM, NAS, OTHER_NAS, START, STOP, ia_pd, pd_route, v4

pytestmark = pytest.mark.asyncio

ONE, TWO = Attachment("1/1/1", 100, 7), Attachment("1/1/2", 100, 7)


async def test_hosts_count_where_their_session_is(scene: Scene) -> None:
    """Each port has the usage of its sessions, whatever their VLANs; boxes of one BNG are told apart."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4(1), ia_pd(1)], port=ONE),
        scene.change(START, "s2", hosts=[v4(2)], port=Attachment("1/1/1", 4, 4)),
        scene.change(START, "s3", hosts=[v4(3), pd_route(3)], port=TWO),
        scene.change(START, "s4", hosts=[v4(4)], nas=OTHER_NAS, port=ONE),
        scene.change(START, "s5", hosts=[v4(5)]),
    )

    assert {
        (NAS, "1/1/1"): Usage(v4=2, ia_pd=1, sessions=2, na_or_pd=1),
        (NAS, "1/1/2"): Usage(v4=1, pd_route=1, sessions=1),
        (NAS, ""): Usage(v4=1, sessions=1),
        (OTHER_NAS, "1/1/1"): Usage(v4=1, sessions=1),
    } == await scene.usage_by_port()
    assert Usage(v4=5, ia_pd=1, pd_route=1, sessions=5, na_or_pd=1) == await scene.usage()


async def test_a_host_on_two_ports_is_one_host_of_the_box(scene: Scene) -> None:
    """Two sessions that hold one address on different ports spend it on each port, and once on the box."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4()], port=ONE), scene.change(START, "s2", hosts=[v4()], port=TWO)
    )
    assert Usage(v4=1, sessions=2) == await scene.usage()
    assert dict.fromkeys([(NAS, "1/1/1"), (NAS, "1/1/2")], Usage(v4=1, sessions=1)) == await scene.usage_by_port()
    await scene.write(scene.change(STOP, "s1", at=1_000))

    assert Usage(v4=1, sessions=1) == await scene.usage()
    assert {(NAS, "1/1/2"): Usage(v4=1, sessions=1)} == await scene.usage_by_port()


async def test_a_session_that_moves_takes_its_hosts_along(scene: Scene) -> None:
    """With its next record on another port a session counts there; a record that names none leaves it where it is."""
    await scene.write(scene.change(START, hosts=[v4(), ia_pd()], port=ONE))
    await scene.write(scene.change(INTERIM, at=1_000, port=TWO))
    there = {(NAS, "1/1/2"): Usage(v4=1, ia_pd=1, sessions=1, na_or_pd=1)}
    assert there == await scene.usage_by_port()
    await scene.write(scene.change(INTERIM, at=2_000))

    assert there == await scene.usage_by_port()
    await scene.write(scene.change(STOP, at=3_000, port=ONE))
    assert {} == await scene.usage_by_port()


async def test_the_port_of_the_accept_is_the_sessions(scene: Scene) -> None:
    """Where only the Access-Request names a port, the session counts there."""
    await scene.write(scene.change(EXPECTED, port=TWO), scene.change(START, at=1_000, hosts=[v4()]))

    assert {(NAS, "1/1/2"): Usage(v4=1, sessions=1)} == await scene.usage_by_port()


async def test_a_restart_empties_all_ports(scene: Scene) -> None:
    """What was spent before an Accounting-On is spent on no port; a session that survived is back on its own."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4(1)], port=ONE),
        scene.change(START, "s2", hosts=[v4(2)], port=TWO),
        scene.restart(at=60_000),
    )
    assert {} == await scene.usage_by_port()
    await scene.write(scene.change(INTERIM, "s2", at=61_000))

    assert {(NAS, "1/1/2"): Usage(v4=1, sessions=1)} == await scene.usage_by_port()


async def test_a_deadline_empties_the_port(scene: Scene) -> None:
    """A session that fell silent is taken off the port where it was."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4(1)], port=ONE, lasts=1_000),
        scene.change(START, "s2", hosts=[v4(2)], port=ONE),
    )
    await scene.walk(now=1_000)

    assert {(NAS, "1/1/1"): Usage(v4=1, sessions=1)} == await scene.usage_by_port()


async def test_a_host_counts_on_so_many_ports(scene: Scene) -> None:
    """A host that is held on more than 64 ports counts under none on the others, and is given back there as well."""
    for n in range(67):
        await scene.write(scene.change(START, f"s{n}", hosts=[v4()], port=Attachment(f"p{n}", 0, 0)))
    one, over = Usage(v4=1, sessions=1), Usage(sessions=1)
    expected = {(NAS, f"p{n}"): one if n < 64 else over for n in range(67)} | {(NAS, ""): Usage(v4=1)}
    assert expected == await scene.usage_by_port()
    await scene.write(*(scene.change(STOP, f"s{n}", at=1_000) for n in (64, 65)))
    assert {(NAS, ""), (NAS, "p66")} == set(await scene.usage_by_port()) - {(NAS, f"p{n}") for n in range(64)}
    await scene.write(scene.change(STOP, "s66", at=1_000))

    assert {(NAS, f"p{n}"): one for n in range(64)} == await scene.usage_by_port()
    assert Usage(v4=1, sessions=64) == await scene.usage()


@pytest.mark.parametrize("place", ["memory", "valkey"], indirect=True)
async def test_a_box_has_so_many_ports(scene: Scene) -> None:
    """Ports beyond 4096 of one box, by whatever fault, count together under none; those that are known go on."""
    await scene.write(*(scene.change(START, "s1", at=n, port=Attachment(f"p{n}", 0, 0)) for n in range(4_097)))
    await scene.write(
        scene.change(START, "s2", hosts=[v4(2)], port=Attachment("p4095", 0, 0)),
        scene.change(START, "s3", hosts=[v4(3)], port=Attachment("p4096", 0, 0)),
    )

    one = Usage(v4=1, sessions=1)
    assert {(NAS, "p4095"): one, (NAS, ""): one} == await scene.usage_by_port()
