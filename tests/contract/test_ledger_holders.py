"""Who is told to have held a host: never somebody else, and not for longer than is known."""

from __future__ import annotations

import pytest

from bngcorr.model.line import LineIds
from bngcorr.model.usage import Usage
from tests.store.scene import Scene
from tests.store.subjects import DAY, INTERIM, NOW, START, STOP, ia_pd, line, v4

pytestmark = pytest.mark.asyncio

HOUR = 3_600_000
End = tuple[str | None, str, dict[str, int], int]  # line, why, since when each host was held, until when


async def told(scene: Scene) -> list[End]:
    """Who gave back what; instants from NOW on."""
    ends = [
        (
            closed.line, closed.why,
            {host: since - NOW for host, since in zip(closed.hosts, closed.since_ms, strict=True)},
            closed.until_ms - NOW,
        )
        for closed in await scene.closed()
    ]  # fmt: skip
    return sorted(ends, key=lambda end: (end[3], str(end[0])))


async def test_another_line_by_the_bngs_own_word_is_another_session(scene: Scene) -> None:
    """What was held while the BNG named one line is not told of the line that it names later."""
    await scene.write(
        scene.change(START, hosts=[v4()], number=1),
        scene.change(INTERIM, at=5_000, hosts=[v4()], number=2),
        scene.change(STOP, at=9_000, number=2),
    )

    assert [
        (line(1), "replaced", {str(v4()): 0}, 5_000),
        (line(2), "stop", {str(v4()): 5_000}, 9_000),
    ] == await told(scene)


async def test_a_stop_of_another_line_ends_what_began(scene: Scene) -> None:
    """The session ends as the line's under which it held its hosts."""
    await scene.write(scene.change(START, hosts=[v4()], number=1), scene.change(STOP, at=9_000, number=2))

    assert [(line(1), "stop", {str(v4()): 0}, 9_000)] == await told(scene)


async def test_fewer_ids_of_a_line_are_no_other_line(scene: Scene) -> None:
    """A record that leaves out one of the ids goes on with the session: it may be the same line."""
    fewer = scene.change(INTERIM, at=5_000, number=2)
    fewer.ids = LineIds(b"LINE-1", None)
    await scene.write(scene.change(START, hosts=[v4()], number=1), fewer)

    assert [] == await told(scene)
    assert (NOW,) == (await scene.row()).since_ms


async def test_a_name_given_anew_after_a_restart_inherits_nothing(scene: Scene) -> None:
    """An Interim of another line under the name of a session from before the restart does not revive that session."""
    await scene.write(
        scene.change(START, hosts=[v4(1), ia_pd()], number=1),
        scene.restart(at=60_000),
        scene.change(INTERIM, at=70_000, hosts=[ia_pd()], number=2),
        scene.change(STOP, at=80_000, number=2),
    )

    assert [
        (line(1), "restart", {str(v4(1)): 0, str(ia_pd()): 0}, 60_000),
        (line(2), "stop", {str(ia_pd()): 70_000}, 80_000),
    ] == await told(scene)


@pytest.mark.parametrize("again", [True, False], ids=["its name came back", "nothing was heard of it"])
async def test_of_several_restarts_the_last_one_ended_nothing(scene: Scene, again: bool) -> None:
    """A session from before two restarts is known to have lived until its last word, and not until the later one."""
    await scene.write(
        scene.change(START, "s1", hosts=[v4()], number=1, lasts=5 * DAY),
        scene.restart(at=60_000),
        scene.change(START, "s2", at=90_000, hosts=[v4()], number=2, lasts=5 * DAY),
        scene.restart(at=2 * DAY),
    )
    if again:
        await scene.write(scene.change(START, "s1", at=3 * DAY, number=1, lasts=5 * DAY))
    await scene.walk(now=6 * DAY)

    assert [
        (line(1), "expired", {str(v4()): 0}, 0),
        (line(2), "restart", {str(v4()): 90_000}, 2 * DAY),
    ] == await told(scene)


async def test_a_stop_that_the_restart_overtook_tells_the_end(scene: Scene) -> None:
    """Told after the Accounting-On, a Stop from before it changes no count, and tells when hosts were given back."""
    stop = scene.change(STOP, at=60_000)
    await scene.write(
        scene.change(START, "s1", hosts=[v4()], number=1),
        scene.restart(at=HOUR),
        scene.change(START, "s2", at=HOUR + 1, hosts=[v4()], number=2),
    )

    assert ["applied", "restarted"] == [*await scene.write(stop), *await scene.write(stop)]
    assert [(line(1), "stop", {str(v4()): 0}, 60_000)] == await told(scene)
    assert Usage(v4=1, sessions=1) == await scene.usage()


async def test_a_stop_from_before_an_earlier_restart_tells_nothing(scene: Scene) -> None:
    """It may be of a session of the life in between, of which nothing else is known."""
    await scene.write(scene.change(START, hosts=[v4()], number=1), scene.restart(at=HOUR), scene.restart(at=2 * HOUR))

    assert ["restarted"] == await scene.write(scene.change(STOP, at=HOUR + 60_000))
    assert [] == await told(scene)
