"""Requests that are over, and what happened to each line: the stream of recent ones, and the lines' timelines."""

from __future__ import annotations

import random

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import Mode, Outcome, Trigger
from bngcorr.store.timeline import AccountingEntry, Entry, RequestEntry
from bngcorr.store.valkey import ValkeyStore
from bngcorr.wire.attributes import Code
from tests.store.scene import Scene, Store
from tests.store.subjects import BNG, EXPECTED, INTERIM, NAS, NOW, START, STOP, ids_of, key, line, slaac, v4

from .conftest import TIMELINE

pytestmark = pytest.mark.asyncio


async def entries_of(scene: Scene, number: int = 1) -> list[Entry]:
    """Of a line, once all are told: in a Cluster they go their own way."""
    if isinstance(scene.store, ValkeyStore):
        await scene.store.told()
    return await scene.store.queries.timeline(scene.domain, line(number))


async def timeline(scene: Scene, number: int = 1) -> list[int | str]:
    """Of each entry of a line: when it was over, or which step it is."""
    entries = await entries_of(scene, number)
    return [one.over_ms - NOW if isinstance(one, RequestEntry) else str(one.step) for one in entries]


async def test_requests_are_read_from_where_one_was(scene: Scene, store: Store) -> None:
    """Recent requests come in order, or backwards, and each has a cursor behind and before which reading goes on."""
    await scene.write(*map(scene.verdict, range(3)))
    await scene.write(*map(scene.verdict, range(3, 5)))
    events = await store.queries.events("", 1000)

    assert [0, 1, 2, 3, 4] == [entry.over_ms - NOW for _, entry in events]
    assert events[2:4] == await store.queries.events(events[1][0], 2)
    assert [] == await store.queries.events(events[-1][0], 10)
    assert events[::-1] == await store.queries.events_before("", 1000)
    assert events[1:4][::-1] == await store.queries.events_before(events[4][0], 3)
    assert [] == await store.queries.events_before(events[0][0], 10)


async def test_a_request_is_told_with_all_that_led_to_it_and_came_of_it(scene: Scene, store: Store) -> None:
    """What was told as two lists is read as one value, in the stream and in the line's timeline."""
    await scene.write(scene.sighting(1, attachment="k"), scene.verdict(9, of=1))
    ((_, entry),) = await store.queries.events("", 10)

    assert RequestEntry(
        at_ms=NOW, request=bytes(16), code=Code.ACCESS_REQUEST, domain=scene.domain, bng=BNG, mode=Mode.FULL,
        mac=Mac(b"\x02\0\0\0\0\x01"), port=Attachment("1/1/4", 100), trigger=Trigger.DHCPV6, strength=None,
        evidence=("v6 strong: a reason",), verdict=Outcome.OWN, rung=None, key=None, line=line(1), distance_ms=7,
        held_ms=0, ids=LineIds(b"LINE-7"), raw_remote_id=b"\0\0\x0d\xe9LINE-7", raw_circuit_id=None,
        enterprise_number=3561, stripped=True, user_name="\udcfcser", session_id=b"0A", step=None, upstream="aaa1",
        answer=Code.ACCESS_ACCEPT, dropped=None, answered_ms=3, over_ms=NOW + 9,
    ) == entry  # fmt: skip
    assert [entry] == await entries_of(scene)


async def test_a_line_keeps_its_latest_entries(scene: Scene) -> None:
    """The oldest go, whatever they were about."""
    await scene.write(scene.sighting(1, attachment="k"))
    for number in range(9):
        await scene.write(scene.verdict(number, of=1, reason=f"v6 strong: {number % 2}"))
    assert [*range(9)][-TIMELINE:] == await timeline(scene)
    entries = await entries_of(scene)
    assert [f"v6 strong: {number % 2}" for number in range(9)][-TIMELINE:] == [
        entry.evidence[0] for entry in entries if isinstance(entry, RequestEntry)
    ]

    await scene.write(*(scene.verdict(number, of=1) for number in range(20, 20 + TIMELINE)))
    assert [*range(20, 20 + TIMELINE)] == await timeline(scene)


@pytest.mark.parametrize("seed", range(4))
async def test_a_timeline_is_the_end_of_all_that_was_told(scene: Scene, seed: int) -> None:
    """However many entries come at once, and whatever they are about."""
    chance = random.Random(seed)
    await scene.write(scene.sighting(1, attachment="k"))
    told: list[str] = []
    while len(told) < 40 * TIMELINE:
        some = [str(chance.randrange(1 + seed * 3)) for _ in range(chance.randrange(1, 9))]
        await scene.write(*(scene.verdict(len(told) + at, of=1, reason=reason) for at, reason in enumerate(some)))
        told += some
        entries = [one for one in await entries_of(scene) if isinstance(one, RequestEntry)]
        assert told[-TIMELINE:] == [entry.evidence[0] for entry in entries]
        assert [*range(len(told))][-TIMELINE:] == [entry.over_ms - NOW for entry in entries]


async def test_a_request_without_a_line_is_told_of_the_only_line_of_its_mac(scene: Scene) -> None:
    """IPv6 that found no line stands in the timeline of the CPE's line, unless its MAC was seen on two."""
    await scene.write(scene.sighting(1, attachment="k", mac="m"))
    await scene.write(scene.verdict(1, mac="m"), scene.verdict(2, mac="another"), scene.verdict(3))
    assert [1] == await timeline(scene)

    await scene.write(scene.sighting(2, attachment="k2", mac="m", at=1))
    await scene.write(scene.verdict(4, mac="m"))
    assert ([1], []) == (await timeline(scene), await timeline(scene, 2))


async def test_a_line_that_nobody_knows_has_no_timeline(scene: Scene) -> None:
    """Requests that make up lines leave nothing behind."""
    await scene.write(scene.verdict(1, of=8))
    assert [] == await timeline(scene, 8)
    await scene.write(scene.sighting(8, attachment="k"))

    assert [] == await timeline(scene, 8)


async def test_accounting_that_changed_something_is_told(scene: Scene, store: Store) -> None:
    """Start, Stop, and an Interim with other hosts, each with what came and went; told again, it is told once."""
    at = Attachment("1/1/4", 100, 20)
    steps = [
        scene.change(START, hosts=(v4(),), number=1, port=at, session_id=b"0A", user_name="user"),
        scene.change(INTERIM, at=1000, hosts=(v4(),), number=1),
        scene.change(INTERIM, at=2000, hosts=(v4(10), slaac()), number=1),
        scene.change(STOP, at=3000, hosts=(v4(10), slaac()), number=1),
    ]
    await scene.write(scene.sighting(1, attachment="k"), scene.change(EXPECTED, "s2", number=1), *steps)
    await scene.write(steps[-1])
    assert ["start", "interim", "stop"] == await timeline(scene)

    first, second, third = (one for one in await entries_of(scene) if isinstance(one, AccountingEntry))
    assert AccountingEntry(
        at_ms=NOW, domain=scene.domain, nas=NAS, step=START, line=line(1), session=key("s1"), session_id=b"0A",
        user_name="user", mac=None, port=at, verdict=None, ids=ids_of(1), came=(str(v4()),), went=(),
    ) == first  # fmt: skip
    assert ((str(v4(10)), str(slaac())), (str(v4()),)) == (second.came, second.went)
    assert ((), (str(v4(10)), str(slaac()))) == (third.came, third.went)
