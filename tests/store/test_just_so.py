"""Sightings of which nothing is new but their instants: what a server does for them, and that it is all the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.store.keys import DomainKeys
from bngcorr.store.lesson import CONTRADICTED, MOVED, Lesson, Sighting
from bngcorr.store.memory import MemoryStore
from bngcorr.store.valkey import ValkeyStore

from .scene import Scene
from .subjects import DAY, EXPECTED, NOW, START, ids_of, key, line

pytestmark = pytest.mark.asyncio

MINUTE = 60_000
HOUR = 60 * MINUTE
PORT = Attachment("1/1/4", 100, 20)
SEEN: dict[str, Any] = {
    "attachment": "a", "pair": "a+m", "bng_mac": "m", "mac": "m", "place": "p", "port": PORT,
    "address": Mac(b"\x02\0\0\0\0\x01"),
}  # fmt: skip
JUST_SO = {"evalsha": 1, "exists": 1, "hget": 1, "hset": 1}


async def _calls(store: ValkeyStore, scene: Scene, *lessons: Any, now: int = 0) -> dict[str, int]:
    """How often each command was called for some lessons, of which every one is ok."""
    await store.lane.run([("CONFIG", "RESETSTAT")], 5.0)
    assert {"ok"} == set(await scene.write(*lessons, now=now))
    (stats,) = await store.lane.run([("INFO", "commandstats")], 5.0)
    calls = (row.removeprefix("cmdstat_").split(":calls=") for row in stats.decode().splitlines() if "cmdstat_" in row)
    return {name: int(rest.split(",")[0]) for name, rest in calls if not name.startswith(("config", "info"))}


async def _same(scene: Scene, model: Scene, now: int) -> None:
    """The model was told the same, and says the same."""
    assert await model.everything(now=now) == await scene.everything(now=now)


@pytest.mark.parametrize("place", ["p", None])
@pytest.mark.parametrize("families", [(False,), (True,), (False, True), (True, False)])
async def test_one_record_is_read_and_written(
    scene: Scene, store: ValkeyStore, families: tuple[bool, ...], place: str | None
) -> None:
    """Of either family, whichever came first, with a place and without; within the hour."""
    seen, model = {**SEEN, "place": place}, scene.twin(MemoryStore())
    for v6 in families:
        for one in (scene, model):
            await one.write(one.sighting(1, **seen, v6=v6, v4_evident=not v6))
    for later, v6 in enumerate(families, 1):
        again = scene.sighting(1, **seen, v6=v6, v4_evident=not v6, at=later * 20 * MINUTE)
        assert JUST_SO == await _calls(store, scene, again, now=later * 20 * MINUTE)
        await model.write(again, now=later * 20 * MINUTE)

    await _same(scene, model, HOUR)


async def test_both_families_that_tell_the_same_share_it(scene: Scene, store: ValkeyStore) -> None:
    """Where the texts of IPv6 are not written out, as where both were seen without a proof of either."""
    for v6 in (False, True, False, True):
        await scene.write(scene.sighting(1, **SEEN, v6=v6))

    for at, v6 in enumerate((False, True), 1):
        assert JUST_SO == await _calls(store, scene, scene.sighting(1, **SEEN, v6=v6, at=at))


async def test_the_version_of_the_plan_is_read_besides(scene: Scene, store: ValkeyStore) -> None:
    """Where any domain of the batch has one."""
    await store.plans.replace_plan(scene.domain, {key("p"): ids_of(1)}, NOW)
    other = Scene(store)
    for one in (scene, other):
        await one.write(*(one.sighting(1, **SEEN, v6=v6) for v6 in (False, True)))

    for v6 in (False, True):
        assert JUST_SO | {"hget": 2} == await _calls(store, scene, scene.sighting(1, **SEEN, at=1, v6=v6))
        assert JUST_SO == await _calls(store, other, other.sighting(1, **SEEN, at=1, v6=v6))
        lessons = [one.sighting(1, **SEEN, at=2, v6=v6) for one in (other, scene, other)]
        assert JUST_SO | {"hget": 5, "hset": 3} == await _calls(store, scene, *lessons)


@pytest.mark.parametrize(
    "change",
    [
        {"port": Attachment("1/1/40", 100, 20)}, {"port": Attachment("1/1/4", 100, 2)}, {"port": None},
        {"address": Mac(b"\x02\0\0\0\0\x02")}, {"address": None}, {"place": "q"}, {"attached": False},
        {"v4_evident": True}, {"claimed": True}, {"bng_mac": None}, {"bng_mac": "n"}, {"multi_session": "s"},
        {"ids": LineIds(b"LINE-10", None)}, {"pair": None}, {"bng": "bng2"},
        {"mac": "n", "pair": "a+n", "bng_mac": "n"},
    ],
)  # fmt: skip
@pytest.mark.parametrize("v6", [False, True])
async def test_whatever_differs_is_noted(scene: Scene, store: ValkeyStore, v6: bool, change: dict[str, Any]) -> None:
    """Also where it merely begins alike; what was told before is told again then."""
    model = scene.twin(MemoryStore())
    for at, seen in enumerate((SEEN, SEEN, {**SEEN, **change}, SEEN)):
        for one in (scene, model):
            await one.write(one.sighting(1, **seen, v6=v6, at=at), now=at)
        await _same(scene, model, at)


async def test_a_place_that_becomes_known_is_noted(scene: Scene, store: ValkeyStore) -> None:
    """A sighting that does not say where it is changes no place that is known."""
    model = scene.twin(MemoryStore())
    for at, place in enumerate((None, "p", None, "p", "q", None)):
        for one in (scene, model):
            await one.write(one.sighting(1, **{**SEEN, "place": place}, at=at), now=at)
        await _same(scene, model, at)

    assert JUST_SO == await _calls(store, scene, scene.sighting(1, **{**SEEN, "place": None}, at=9))


async def test_names_of_zeros_are_names(scene: Scene, store: ValkeyStore) -> None:
    """Nothing is told by them but whether they are there."""
    nothing = bytes(12).hex()
    for at, place in enumerate((None, nothing, None)):
        sighting = scene.sighting(1, attachment="a", at=at)
        sighting.place = sighting.mac = place
        await scene.write(sighting, now=at)
    name = bytes.fromhex(line(1))
    (record,) = await store.lane.run([("HGET", DomainKeys(scene.domain).record("l", name), name)], 5.0)

    assert b"\xac" + bytes(12) + b"\xa0" in record
    (mac,) = await store.lane.run([("HEXISTS", DomainKeys(scene.domain).record("m", bytes(12)), bytes(12))], 5.0)
    assert 1 == mac


@pytest.mark.parametrize("v6", [False, True])
async def test_a_plan_counts_from_its_import_on(scene: Scene, store: ValkeyStore, v6: bool) -> None:
    """For a line that was noted without one, or under another; and no longer than it is in force."""
    said = []
    plans: tuple[dict[str, LineIds], ...] = (
        {},
        {key("p"): ids_of(2)},
        {key("p"): ids_of(1)},
        {key("p"): ids_of(2)},
        {},
    )
    for at, plan in enumerate(plans):
        await store.plans.replace_plan(scene.domain, plan, NOW)
        said.append(await scene.write(*(scene.sighting(1, **SEEN, at=2 * at + more, v6=v6) for more in (0, 1))))

    assert [["ok"] * 2, [CONTRADICTED] * 2, ["ok"] * 2, [CONTRADICTED] * 2, ["ok"] * 2] == said


@pytest.mark.parametrize("v6", [False, True])
async def test_a_lesson_that_fails_stands_between_others(scene: Scene, store: ValkeyStore, v6: bool) -> None:
    """What comes behind it is read from where it begins."""
    others = [number for number in range(2, 9) if line(number)[:3] != line(1)[:3]][:2]
    for number in (1, *others):
        await scene.write(scene.sighting(number, attachment=f"{number}", v6=v6))
    bucket = DomainKeys(scene.domain).record("l", bytes.fromhex(line(1)))
    await store.lane.run([("DEL", bucket), ("SET", bucket, "what is this")], 5.0)
    lessons = [scene.sighting(number, attachment=f"{number}", v6=v6, at=5) for number in (others[0], 1, 1, others[1])]
    words = await scene.write(*lessons, scene.sighting(9, attachment="9"))

    assert ["ok", "failed", "failed", "ok", "ok"] == [word.split(":")[0] for word in words]
    for number in others:
        (known,) = (await scene.record(f"{number}")).candidates
        assert NOW + 5 == (known.sighted_v6_ms if v6 else known.sighted_ms)


async def test_other_lessons_of_the_line_stand_between(scene: Scene, store: ValkeyStore) -> None:
    """Each knows what the one before it told, whichever way that took."""
    model = scene.twin(MemoryStore())
    for at in (0, 100, 200):
        lessons: list[Lesson] = [
            scene.sighting(1, **SEEN, at=at), scene.change(EXPECTED, "s1", at=at + 1, number=1, keys=["a+m", "a"]),
            scene.sighting(1, **SEEN, at=at + 2), scene.sighting(1, **SEEN, v6=True, at=at + 3),
            scene.change(EXPECTED, "s1", at=at + 4, number=1, keys=["a+m", "a"]),
            scene.sighting(2, attachment="b", at=at + 5), scene.sighting(1, **SEEN, at=at + 6),
            scene.change(START, "s2", at=at + 7, number=1, keys=["a+m", "a"]), scene.sighting(1, **SEEN, at=at + 8),
        ]  # fmt: skip
        assert await model.write(*lessons, now=at + 9) == await scene.write(*lessons, now=at + 9)
        await _same(scene, model, at + 9)


@pytest.mark.parametrize("v6", [False, True])
async def test_after_an_hour_all_is_noted_again(scene: Scene, store: ValkeyStore, v6: bool) -> None:
    """Counted from when it last was; and once what was told has nearly run out."""
    await scene.write(scene.sighting(1, **SEEN, v6=v6))
    for at, short in ((HOUR - 1, True), (HOUR, False), (2 * HOUR - 1, True), (2 * HOUR, False)):
        calls = await _calls(store, scene, scene.sighting(1, **SEEN, v6=v6, at=at), now=at)
        assert short == (calls == JUST_SO)
    at = 2 * HOUR + 1
    await scene.write(scene.sighting(2, attachment="b", v6=v6, lasts=3 * MINUTE, at=at), now=at)
    for later, short in ((2 * MINUTE - 1, True), (5 * MINUTE - 2, False)):
        again = scene.sighting(2, attachment="b", v6=v6, lasts=3 * MINUTE - 1, at=at + later)
        assert short == (JUST_SO == await _calls(store, scene, again, now=at + later))


@pytest.mark.parametrize("v6", [False, True])
async def test_an_older_sighting_and_an_earlier_end_take_nothing_back(
    scene: Scene, store: ValkeyStore, v6: bool
) -> None:
    """Of two of one instant, and of two ends, the one that gives more counts."""
    model = scene.twin(MemoryStore())
    for at, family, lasts in (
        (9, v6, DAY),
        (8, v6, DAY),
        (9, v6, DAY),
        (9, not v6, DAY),
        (10, v6, HOUR),
        (10, v6, DAY),
    ):
        for one in (scene, model):
            port = Attachment("6" if family else "4")
            await one.write(one.sighting(1, **{**SEEN, "port": port}, v6=family, at=at, lasts=lasts), now=10)
        await _same(scene, model, 10)


@pytest.mark.parametrize("v6", [False, True])
async def test_the_family_that_spoke_last_is_shown(scene: Scene, v6: bool) -> None:
    """Whichever was told last."""
    ports = []
    for family, at in ((v6, 10), (not v6, 20), (v6, 15), (v6, 20), (v6, 21), (not v6, 21), (not v6, 22)):
        seen = {**SEEN, "port": Attachment("mine" if family is v6 else "other's")}
        await scene.write(scene.sighting(1, **seen, v6=family, at=at), now=30)
        (row,) = await scene.lines(now=30)
        assert row.port is not None
        ports.append(row.port.port)

    assert ["mine", "other's", "other's", "other's", "mine", "mine", "other's"] == ports


@pytest.mark.parametrize("v6", [False, True])
async def test_what_one_family_told_the_other_has_not(scene: Scene, v6: bool) -> None:
    """Its texts stand in the same record, in a place of their own or one for both."""
    model = scene.twin(MemoryStore())
    for at, (family, port) in enumerate(
        ((v6, "a"), (not v6, "b"), (v6, "b"), (not v6, "a"), (v6, "a"), (not v6, "a"), (v6, "b"), (v6, "b"))
    ):
        for one in (scene, model):
            seen = {**SEEN, "port": Attachment(port)}
            await one.write(one.sighting(1, **seen, v6=family, at=at), now=at)
        await _same(scene, model, at)


@pytest.mark.parametrize("planned", [False, True])
async def test_octets_that_a_customer_chose_are_no_place(scene: Scene, store: ValkeyStore, planned: bool) -> None:
    """Ids may hold what a record has of a place, and what stands around it."""
    place = bytes.fromhex(key("q"))
    ids = LineIds(b"\xac" + place + b"\xa0", b"\xac" + place + b"\xa8")
    if planned:
        await store.plans.replace_plan(scene.domain, {key("elsewhere"): ids_of(2)}, NOW)
    said = []
    for at, where in enumerate(("p", "q", "q", "p")):
        said += await scene.write(scene.sighting(1, **{**SEEN, "place": where, "ids": ids}, at=at), now=at)

    assert ["ok", MOVED, "ok", MOVED] == said


# ---- whatever is told

LIKE = st.fixed_dictionaries({
    "number": st.sampled_from((1, 1, 1, 2)), "mac": st.sampled_from(("m", "m", "n", None)),
    "place": st.sampled_from(("p", "p", None, "q")), "claimed": st.booleans(), "v4_evident": st.booleans(),
    "port": st.sampled_from((PORT, None, Attachment("1/1/4", 100, None))),
})  # fmt: skip
TOLD = st.tuples(
    st.integers(0, 2), st.booleans(), st.sampled_from((0, 0, 0, 1, MINUTE)), st.sampled_from((DAY, DAY, 2 * MINUTE))
)  # which of those that are alike, family, age, how long it counts
PLAN = st.sampled_from(({}, {"p": 1}, {"p": 2}, {"q": 1}))
PAUSES = st.sampled_from((0, 1, 1, 1_000, 30 * MINUTE, HOUR, DAY))
Told = tuple[int, bool, int, int]


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(LIKE, min_size=1, max_size=3),
    st.lists(st.tuples(st.lists(TOLD, min_size=1, max_size=4), PAUSES, st.none() | PLAN), min_size=2, max_size=8),
)
async def test_it_is_known_as_if_all_had_been_noted(
    store: ValkeyStore, alike: list[dict[str, Any]], steps: list[tuple[list[Told], int, dict[str, int] | None]]
) -> None:
    """Batches of sightings that are nearly alike, under plans that change: the store in memory, which has no short way,
    says the same words and knows the same.
    """
    scene = Scene(store)
    model, now = scene.twin(MemoryStore()), 0
    for batch, pause, planned in steps:
        now += pause
        expected: list[str] = []
        said: list[str] = []
        for one, words in ((model, expected), (scene, said)):
            if planned is not None:
                plan = {key(place): ids_of(number) for place, number in planned.items()}
                await one.store.plans.replace_plan(scene.domain, plan, NOW + now)
            lessons = [
                _sighting(one, v6=v6, at=now - age, lasts=lasts, **alike[which % len(alike)])
                for which, v6, age, lasts in batch
            ]
            words += await one.write(*lessons, now=now)
        event(f"all ok: {set(said) == {'ok'}}")
        assert expected == said
        await _same(scene, model, now)
        now += 1


def _sighting(scene: Scene, *, mac: str | None, **seen: Any) -> Sighting:
    return scene.sighting(attachment="a", pair=None if mac is None else f"a+{mac}", bng_mac=mac, mac=mac, **seen)
