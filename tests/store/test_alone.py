"""A question that names its line, to Redis or Valkey: what is read for it, and what its record has to tell."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bngcorr.model.line import LineIds
from bngcorr.store import packing
from bngcorr.store.keys import DomainKeys
from bngcorr.store.recollection import ALONE, Recall, alone
from bngcorr.store.valkey import ValkeyStore

from .scene import Scene
from .subjects import DAY, NOW, START, STOP, ids_of, key, line

pytestmark = pytest.mark.asyncio

KEYS = ("a+m", "a")


async def _reads(store: ValkeyStore, question: Recall) -> dict[str, int]:
    """How often each command was called for it, but for those that count."""
    await store.lane.run([("CONFIG", "RESETSTAT")], 5.0)
    await store.recall([question], NOW)
    (stats,) = await store.lane.run([("INFO", "commandstats")], 5.0)
    calls = (row.removeprefix("cmdstat_").split(":calls=") for row in stats.decode().splitlines() if "cmdstat_" in row)
    return {name: int(rest.split(",")[0]) for name, rest in calls if not name.startswith(("config", "info"))}


def _question(scene: Scene, number: int = 1, keys: tuple[str, ...] = KEYS) -> Recall:
    return Recall(
        domain=scene.domain, keys=tuple(map(key, keys)), mac=key("m"), session=None, place=key("p"), line=line(number)
    )  # fmt: skip


async def test_of_a_line_that_stands_alone_one_record_is_read(scene: Scene, store: ValkeyStore) -> None:
    """And whether there is a plan, and what that says, which the script has to tell once: neither keys nor the MAC nor
    the epochs of its boxes.
    """
    await scene.write(
        scene.sighting(1, attachment="a", pair="a+m", bng_mac="m", mac="m", place="p"), scene.change(START, number=1)
    )
    assert {"hget": 2} == await _reads(store, _question(scene))

    await store.plans.replace_plan(scene.domain, {key("p"): ids_of(1)}, NOW)
    assert {"evalsha": 1, "hget": 2 + 3} == await _reads(store, _question(scene))
    assert {"hget": 3} == await _reads(store, _question(scene))


async def test_of_any_other_all_is_read_in_one_call(scene: Scene, store: ValkeyStore) -> None:
    """Two keys, the line, its MAC and the epochs, behind the record that did not say enough; the first time also what
    plain commands read of it.
    """
    await scene.write(
        scene.sighting(1, attachment="a", pair="a+m", mac="m"), scene.sighting(2, attachment="a", at=1),
        scene.change(START, number=1),
    )  # fmt: skip

    assert {"evalsha": 1, "hget": 2 + 7, "hgetall": 1} == await _reads(store, _question(scene))
    assert {"evalsha": 1, "hget": 7, "hgetall": 1} == await _reads(store, _question(scene))


@pytest.mark.parametrize("v6", [False, True])
async def test_octets_that_a_customer_chose_are_no_keys(scene: Scene, v6: bool, store: ValkeyStore) -> None:
    """Ids that hold the very octets of keys, with all that stands in front of them in a record, say nothing of them."""
    names = b"".join(bytes.fromhex(key(name)) for name in KEYS)
    for number, front in enumerate((b"", b"\xb8", b"\xa0\xb8", b"\xa0\xa0\xb8", b"\xd9\x24", b"\x01\xb8"), 1):
        ids, port = LineIds(front + names * 9, front + names * 9), f"{number}"
        await scene.write(
            scene.sighting(number, attachment=port, pair=f"{port}+m", bng_mac="m", ids=ids, v6=v6, place="p")
        )
        (said,) = await store.recall([_question(scene, number)], NOW)
        assert said is not None
        assert not said.alone
        assert [(), ()] == [found.candidates for found in said.records.values()]


async def test_what_stands_behind_the_keys_of_a_line_is_none(scene: Scene, store: ValkeyStore) -> None:
    """Not even where its octets are those of a key: it lists one, and two are asked for."""
    await scene.write(scene.sighting(1, pair="a+m", mac="m"))
    name, pair = bytes.fromhex(line(1)), bytes.fromhex(key("a+m"))
    (record,) = await store.lane.run([("HGET", DomainKeys(scene.domain).record("l", name), name)], 5.0)
    behind = record.index(pair) + len(pair)
    question = _question(scene)
    question.keys = (pair.hex(), record[behind : behind + len(pair)].hex())
    (said,) = await store.recall([question], NOW)

    assert [ALONE] == await store.recall([_question(scene, keys=("a+m",))], NOW)
    assert said is not None
    assert not said.alone


@pytest.mark.parametrize("octets", [1, 12, 13, 30, 120, 247])
@pytest.mark.parametrize("planned", [False, True])
async def test_what_stands_between_is_of_any_size(scene: Scene, store: ValkeyStore, octets: int, planned: bool) -> None:
    """Keys of the second family stand behind all that the first one told; place and plan may be there, or not."""
    for number, place in enumerate(("p", None)):
        ids = LineIds(b"r" * octets, b"c" * octets)
        if planned:
            await store.plans.replace_plan(scene.domain, {key("p"): ids}, NOW)
        await scene.write(
            scene.sighting(number, attachment="b", pair="b+m", mac="m", bng_mac="bm", ids=ids, place=place),
            scene.sighting(number, attachment="a", pair="a+m", mac="n", ids=ids, place=place, v6=True, at=1),
        )
        assert [alone(ids) if planned else ALONE] * 2 == await store.recall(
            [_question(scene, number), _question(scene, number, ("b+m", "b"))], NOW
        )
        await scene.write(*[scene.sighting(9, attachment=one, at=2, lasts=DAY) for one in ("a", "b")])
        await scene.write(scene.sighting(9, attachment="z", at=3))
        assert not any(
            one is None or one.alone
            for one in await store.recall([_question(scene, number), _question(scene, number, ("b+m", "b"))], NOW)
        )
        await scene.walk(now=2 * DAY)


async def test_a_record_of_a_line_that_cannot_be_read_is_no_answer(scene: Scene, store: ValkeyStore) -> None:
    """Nor is a plan's entry; questions of other domains are answered."""
    other = Scene(store)
    for one in (scene, other):
        await one.write(one.sighting(1, attachment="a", pair="a+m", mac="m", place="p"))
    await store.plans.replace_plan(scene.domain, {key("p"): ids_of(1)}, NOW)
    (version,) = await store.lane.run([("HGET", DomainKeys(scene.domain).epochs, packing.PLAN)], 5.0)
    place, name = bytes.fromhex(key("p")), bytes.fromhex(line(1))
    for bucket, field in (
        (DomainKeys(scene.domain).record(f"p:{version.decode()}", place), place),
        (DomainKeys(scene.domain).record("l", name), name),
    ):
        for broken in (b"\xc1", b"\x05", packing.pack([NOW, NOW])):
            await store.lane.run([("HSET", bucket, field, broken)], 5.0)
            assert [None, ALONE] == await store.recall([_question(scene), _question(other)], NOW)


# ---- whatever happened

NAMES = ("a", "b", "a+m", "b+m", "a+n", "m", "n")
SEEN = st.tuples(
    st.sampled_from((1, 1, 2, 3)), st.sampled_from(("a", "a", "b", None)), st.sampled_from(("m", "m", "n", None)),
    st.booleans(), st.sampled_from((90_000, DAY, 3 * DAY)),
)  # fmt: skip
STEPS = st.one_of(SEEN, st.tuples(st.sampled_from((1, 2)), st.sampled_from((START, STOP)), st.sampled_from(("a", "b"))))
PAUSES = st.sampled_from((0, 1, 1_000, 100_000, DAY, 2 * DAY))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(STEPS, PAUSES, st.booleans()), min_size=1, max_size=12))
async def test_nobody_is_told_to_be_alone_who_is_not(
    store: ValkeyStore, steps: list[tuple[tuple[object, ...], int, bool]]
) -> None:
    """Lines come and go, sessions begin and end, records run out: a line of which the short answer says that it stands
    alone stands alone by the whole one, which says the same of the plan; any other answer is whole.
    """
    scene = Scene(store)
    now = 0
    for step, pause, walks in steps:
        now += pause
        if walks:
            await scene.walk(now=now)
            now += 1
        match step:
            case (int(number), (None | str()) as place, (None | str()) as mac, bool(v6), int(lasts)):
                lesson = scene.sighting(
                    number, attachment=place, pair=f"{place}+{mac}" if place and mac else None, bng_mac=mac, mac=mac,
                    place=place, v6=v6, at=now, lasts=lasts,
                )  # fmt: skip
                await scene.write(lesson, now=now)
            case (int(number), kind, str(place)):
                assert kind is START or kind is STOP
                keys = [place, f"{place}+m"]
                change = scene.change(kind, f"s{number}", at=now, number=number, keys=keys, lasts=5 * DAY)
                await scene.write(change, now=now)
    asked = [
        (number, keys)
        for number in (1, 2, 3)
        for keys in (("a+m", "a"), ("b+m", "b"), ("a+n", "a"), ("a",), ("a+m",), ("b",))
    ]
    questions = [_question(scene, number, keys) for number, keys in asked]
    wholes = [_question(scene, number, keys) for number, keys in asked]
    for whole in wholes:
        whole.line = None
    for said, whole_, (number, _) in zip(
        await store.recall(questions, NOW + now), await store.recall(wholes, NOW + now), asked, strict=True
    ):
        assert said is not None
        assert whole_ is not None
        event(f"alone: {said.alone}")
        if not said.alone:
            assert whole_ == said
            continue
        for found in whole_.records.values():
            assert [line(number)] == [one.line for one in found.candidates]
            assert not found.crowded
            assert not found.shared
