"""Who held what until when: kept once for each host and life, until it is written down."""

from __future__ import annotations

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Host
from bngcorr.store.rows import Closed
from tests.contract.conftest import BACKLOG
from tests.store.scene import Scene
from tests.store.subjects import EXPECTED, INTERIM, NAS, NOW, START, STOP, ia_pd, ids_of, line, slaac, v4

pytestmark = pytest.mark.asyncio

CPE, OTHER_CPE = "0a0a0a0a.01010101", "0a0a0a0a.02020202"


def told(closed: Closed) -> tuple[str, int, dict[str, int]]:
    """Why, until when, and since when each host was held; instants from NOW on."""
    return (
        closed.why,
        closed.until_ms - NOW,
        {host: since - NOW for host, since in zip(closed.hosts, closed.since_ms, strict=True)},
    )


def since(at: int, *hosts: Host) -> dict[str, int]:
    """All of them held since then."""
    return {str(host): at for host in hosts}


async def test_a_stop_tells_all_of_it(scene: Scene) -> None:
    """All that is known of a session stands with the hosts that it gave back."""
    port, mac = Attachment("1/1/1", 100, 7), Mac(bytes(5) + b"\1")
    await scene.write(scene.change(EXPECTED, promised=[ia_pd()]))
    await scene.write(
        scene.change(
            START, at=1_000, hosts=[v4()], number=1, port=port, address=mac, session_id=b"abc", user_name="user"
        ),
        scene.change(INTERIM, at=2_000, hosts=[v4(), slaac()], number=1, port=port, address=mac, session_id=b"abc",
                     user_name="user"),
        scene.change(STOP, at=9_000, number=1, session_id=b"abc"),
    )  # fmt: skip

    assert [
        Closed(
            domain=scene.domain, nas=NAS, hosts=(str(v4()), str(slaac()), str(ia_pd())),
            since_ms=(NOW + 1_000, NOW + 2_000, NOW + 1_000), until_ms=NOW + 9_000, why="stop", line=line(1),
            ids=ids_of(1), session_id=b"abc", user_name="user", port=port, address=mac, filled=(str(ia_pd()),),
        )
    ] == await scene.closed()  # fmt: skip


async def test_an_interim_gives_back_what_it_no_longer_names(scene: Scene) -> None:
    """A renumbered session gives back the old address then, and the rest with its Stop; repetitions nothing."""
    records = (
        scene.change(START, hosts=[v4(1), ia_pd()]),
        scene.change(INTERIM, at=1_000, hosts=[v4(2), ia_pd()]),
        scene.change(STOP, at=2_000),
    )
    await scene.write(*records)
    await scene.write(*records, scene.change(STOP, at=3_000))

    assert [
        ("interim", 1_000, since(0, v4(1))),
        ("stop", 2_000, since(0, ia_pd()) | since(1_000, v4(2))),
    ] == [told(one) for one in await scene.closed()]


async def test_a_name_that_came_back_ends_the_old_session(scene: Scene) -> None:
    """Another CPE under the same name: the first one's hosts are given back, even those that the second one holds."""
    await scene.write(
        scene.change(START, hosts=[v4()], number=1, fingerprint=CPE),
        scene.change(START, at=5_000, hosts=[v4()], number=2, fingerprint=OTHER_CPE),
    )
    (closed,) = await scene.closed()

    assert (("replaced", 5_000, since(0, v4())), line(1)) == (told(closed), closed.line)
    assert (NOW + 5_000,) == (await scene.row()).since_ms


async def test_a_restart_ends_what_does_not_survive_it(scene: Scene) -> None:
    """A Start after an Accounting-On ends the old session with the restart; an Interim revives it, a Stop ends it."""
    for name, host in (("s1", v4(1)), ("s2", v4(2)), ("s3", v4(3)), ("s4", v4(4))):
        await scene.write(scene.change(START, name, hosts=[host], lasts=300_000))
    await scene.write(
        scene.restart(at=60_000),
        scene.change(START, "s1", at=70_000, hosts=[v4(1)]),
        scene.change(INTERIM, "s2", at=80_000),
        scene.change(STOP, "s3", at=90_000),
    )
    await scene.walk(now=300_000)

    assert [
        ("restart", 60_000, since(0, v4(1))),
        ("stop", 90_000, since(0, v4(3))),
        ("restart", 60_000, since(0, v4(4))),
    ] == [told(one) for one in await scene.closed()]


async def test_a_silent_session_held_its_hosts_until_it_was_last_heard_of(scene: Scene) -> None:
    """Of an expired session nothing is known beyond its last record; one that never began gives nothing back."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4()], lasts=1_000),
        scene.change(INTERIM, "s1", at=9_000, lasts=1_000),
        scene.change(EXPECTED, "s2", promised=[ia_pd()], lasts=1_000),
    )
    await scene.walk(now=10_000)

    assert [("expired", 9_000, since(0, v4()))] == [told(one) for one in await scene.closed()]


async def test_a_late_identity_is_that_of_all_the_session(scene: Scene) -> None:
    """Hosts of a session whose line is named by its Stop only are that line's."""
    await scene.write(scene.change(START, hosts=[v4()]), scene.change(STOP, at=1_000, number=1))

    assert [line(1)] == [closed.line for closed in await scene.closed()]


@pytest.mark.parametrize(("lasted", "from_ms"), [(7_000, NOW + 2_000), (0, 0), (2 * NOW, 0)])
@pytest.mark.parametrize("expected", [False, True])
async def test_a_stop_alone_tells_who_held_what(scene: Scene, lasted: int, from_ms: int, expected: bool) -> None:
    """Since when is told by how long it lasted, or not known; the same Stop or its late Start adds nothing."""
    if expected:
        await scene.write(scene.change(EXPECTED, number=1, promised=[ia_pd()]))
    stop = scene.change(STOP, at=9_000, hosts=[v4(), slaac()], number=1, session_id=b"abc", lasted=lasted)
    await scene.write(stop, stop, scene.change(START, at=2_000, hosts=[v4()], number=1))
    await scene.write(scene.change(STOP, at=10_000, hosts=[v4(), slaac()], number=1), stop)

    assert [
        Closed(
            domain=scene.domain, nas=NAS, hosts=(str(v4()), str(slaac())), since_ms=(from_ms, from_ms),
            until_ms=NOW + 9_000, why="stop", line=line(1), ids=ids_of(1), session_id=b"abc", user_name=None, port=None,
            address=None,
        )
    ] == await scene.closed()  # fmt: skip


async def test_a_stop_of_another_line_tells_nothing_of_the_expected_one(scene: Scene) -> None:
    """A Stop that names another line or CPE than the Accept under its name gives none of them hosts."""
    await scene.write(
        scene.change(EXPECTED, "s1", number=1), scene.change(STOP, "s1", at=1_000, hosts=[v4()], number=2),
        scene.change(EXPECTED, "s2", number=1, fingerprint=CPE),
        scene.change(STOP, "s2", at=1_000, hosts=[v4()], number=1, fingerprint=OTHER_CPE),
    )  # fmt: skip

    assert [] == await scene.closed()


async def test_so_many_are_kept(scene: Scene) -> None:
    """Of sessions that nobody writes down the newest are kept, and the others counted."""
    for n in range(BACKLOG + 3):
        await scene.write(scene.change(START, f"s{n}", hosts=[v4(n)]), scene.change(STOP, f"s{n}", at=1_000 + n))

    assert [1_000 + n for n in range(3, BACKLOG + 3)] == [told(one)[1] for one in await scene.closed()]
    assert (BACKLOG, 3) == await scene.store.history.waiting(scene.domain)
