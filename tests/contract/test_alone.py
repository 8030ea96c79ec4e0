"""A question that names its line: where that stands alone on its keys, the answer is just that; else it is whole."""

from __future__ import annotations

import pytest

from bngcorr.store.contract import MAX_LINES_PER_KEY
from bngcorr.store.recollection import ALONE, Recall, Recollection, alone
from tests.store.scene import Scene
from tests.store.subjects import DAY, NOW, START, ids_of, key, line

pytestmark = pytest.mark.asyncio

MINUTE = 60_000
KEYS = ("a+m", "a")


async def _asked(scene: Scene, *keys: str, number: int = 1, place: str | None = "p", now: int = 0) -> Recollection:
    """What is said of a line on some keys. If it is not that it stands alone there, it is the whole answer."""
    said = await scene.recall(*keys, mac="m", place=place, number=number, now=now)
    whole = await scene.recall(*keys, mac="m", place=place, now=now)
    if said.alone:
        assert {(line(number),)} == {tuple(one.line for one in found.candidates) for found in whole.records.values()}
        assert not any(found.crowded or found.shared for found in whole.records.values())
        assert whole.plan == said.plan
    else:
        assert whole == said
    return said


@pytest.mark.parametrize("v6", [(False,), (True,), (False, True), (True, False)])
@pytest.mark.parametrize("keys", [("a+m",), ("a",), KEYS])
async def test_a_line_that_stands_alone_is_told_as_that(
    scene: Scene, v6: tuple[bool, ...], keys: tuple[str, ...]
) -> None:
    """Whichever family showed it, with a MAC or without, and as long as it counts for another minute."""
    pair, attachment = "a+m" if "a+m" in keys else None, "a" if "a" in keys else None
    for at, family in enumerate(v6):
        await scene.write(
            scene.sighting(1, attachment=attachment, pair=pair, bng_mac="m", mac="m", place="p", v6=family, at=at)
        )

    assert ALONE == await _asked(scene, *keys)
    assert ALONE == await _asked(scene, *keys, place=None)
    assert ALONE == await _asked(scene, *keys, now=DAY - MINUTE - 1)
    assert not (await _asked(scene, *keys, now=DAY)).alone


async def test_one_family_that_counts_is_enough(scene: Scene) -> None:
    """What the other one told is over, or was told elsewhere."""
    for v6, place in ((False, "a"), (True, "b")):
        for at, (family, lasts) in enumerate(((v6, 10 * MINUTE), (not v6, DAY))):
            await scene.write(
                scene.sighting(1, attachment=place, pair=f"{place}+m", mac="m", v6=family, lasts=lasts, at=at)
            )

        assert ALONE == await _asked(scene, f"{place}+m", place, now=20 * MINUTE)
    await scene.write(scene.sighting(2, attachment="c", pair="c+m"))
    await scene.write(scene.sighting(2, attachment="d", pair="d+m", v6=True, at=1, lasts=2 * DAY))

    assert ALONE == await _asked(scene, "c+m", "c", number=2)
    assert ALONE == await _asked(scene, "d+m", "d", number=2)
    assert not (await _asked(scene, "c+m", "c", number=2, now=DAY)).alone
    assert ALONE == await _asked(scene, "d+m", "d", number=2, now=DAY)


async def test_of_a_line_that_is_not_known_all_is_told(scene: Scene) -> None:
    """Nor of one that was only seen elsewhere, or that another one has that key of."""
    assert not (await _asked(scene, *KEYS)).alone
    await scene.write(scene.sighting(1, attachment="b", pair="b+m"), scene.sighting(2, attachment="a", pair="a+m"))

    assert not (await _asked(scene, *KEYS)).alone
    assert ALONE == await _asked(scene, *KEYS, number=2)


@pytest.mark.parametrize("other", ["a", "a+m"])
@pytest.mark.parametrize("later", [1, -1])
async def test_beside_another_line_all_is_told(scene: Scene, other: str, later: int) -> None:
    """On one of its keys is enough, whichever came first; on a key that is not asked for it says nothing."""
    attachment, pair = ("a", None) if other == "a" else (None, "a+m")
    await scene.write(
        scene.sighting(1, attachment="a", pair="a+m", mac="m"),
        scene.sighting(2, attachment=attachment, pair=pair, at=later, lasts=2 * DAY),
    )

    assert not (await _asked(scene, *KEYS)).alone
    assert not (await _asked(scene, *KEYS, number=2)).alone
    if other == "a":
        assert ALONE == await _asked(scene, "a+m")
    await scene.write(scene.sighting(1, attachment="a", pair="a+m", mac="m", at=2), now=1)
    assert not (await _asked(scene, *KEYS)).alone


async def test_a_line_that_came_where_one_ran_out_is_not_hidden_by_it(scene: Scene) -> None:
    """A session keeps the line that was there before; its record tells of that key still."""
    await scene.write(scene.sighting(1, attachment="a", pair="a+m", mac="m", lasts=5 * MINUTE))
    await scene.write(scene.change(START, "s1", number=1, keys=["z"], lasts=9 * DAY))
    assert ALONE == await _asked(scene, *KEYS)
    await scene.walk(now=DAY)
    await scene.write(scene.sighting(2, attachment="a", pair="a+m", mac="m", at=DAY + MINUTE), now=DAY + MINUTE)
    await scene.write(scene.change(START, "s2", at=DAY + MINUTE, number=2, keys=KEYS), now=DAY + MINUTE)

    said = await _asked(scene, *KEYS, now=DAY + 2 * MINUTE)
    assert [(line(2),)] * 2 == [tuple(one.line for one in found.candidates) for found in said.records.values()]
    assert ALONE == await _asked(scene, *KEYS, number=2, now=DAY + 2 * MINUTE)


async def test_of_a_crowded_key_all_is_told(scene: Scene) -> None:
    """Of the lines that found room as of those that did not, even when the others have run out."""
    await scene.write(*[scene.sighting(number, pair="a+m", at=number) for number in range(1, MAX_LINES_PER_KEY + 2)])
    for number in (1, MAX_LINES_PER_KEY + 1):
        assert not (await _asked(scene, "a+m", number=number)).alone
    await scene.write(scene.sighting(1, pair="a+m", at=2 * DAY), now=2 * DAY)

    assert not (await _asked(scene, "a+m", now=2 * DAY)).alone


async def test_of_a_shared_attachment_all_is_told(scene: Scene) -> None:
    """Two lines were there at a time: their own pairs tell of nothing but themselves."""
    await scene.write(
        scene.sighting(1, attachment="a", pair="a+m", mac="m"),
        scene.sighting(2, attachment="a", pair="a+n", mac="n", at=1),
        scene.change(START, "s1", number=1, keys=KEYS), scene.change(START, "s2", number=2, keys=("a+n", "a")),
    )  # fmt: skip
    assert ["shared"] == await scene.write(scene.sighting(1, attachment="a", pair="a+m", mac="m", at=2))

    assert (await _asked(scene, *KEYS)).records[key("a")].shared
    assert ALONE == await _asked(scene, "a+m")

    await scene.walk(now=2 * DAY)  # by now the other one has run out there
    await scene.write(scene.sighting(1, attachment="a", pair="a+m", mac="m", at=3 * DAY), now=3 * DAY)
    assert {line(1)} == await scene.lines_on("a", now=3 * DAY)
    assert (await _asked(scene, *KEYS, now=3 * DAY)).records[key("a")].shared


async def test_of_a_disputed_place_all_is_told(scene: Scene) -> None:
    """Another line than the one that is live there was seen, and not believed."""
    await scene.write(scene.sighting(1, attachment="a", pair="a+m", mac="m"), scene.change(START, number=1, keys=KEYS))
    assert ALONE == await _asked(scene, *KEYS)
    await scene.write(scene.sighting(2, attachment="a", pair="a+m", mac="m", at=1))

    assert not (await _asked(scene, *KEYS)).alone
    assert not (await _asked(scene, "a")).alone
    await scene.write(scene.sighting(1, attachment="a", pair="a+m", mac="m", at=2))
    assert not (await _asked(scene, *KEYS)).alone


async def test_what_is_planned_is_told_of_a_line_that_stands_alone(scene: Scene) -> None:
    """Whatever was planned when it was seen, and whichever line that is; and nothing of a place that is not planned."""
    seen = scene.sighting(1, attachment="a", pair="a+m", mac="m", place="p")
    await scene.store.plans.replace_plan(scene.domain, {key("p"): ids_of(1)}, NOW)
    await scene.write(seen)
    assert alone(ids_of(1)) == await _asked(scene, *KEYS)
    assert [ALONE, ALONE] == [await _asked(scene, *KEYS, place=place) for place in ("q", None)]

    await scene.store.plans.replace_plan(scene.domain, {key("p"): ids_of(2)}, NOW)
    assert alone(ids_of(2)) == await _asked(scene, *KEYS)
    await scene.store.plans.replace_plan(scene.domain, {}, NOW)
    assert ALONE == await _asked(scene, *KEYS)


async def test_questions_of_one_vector_have_the_answers_that_each_would_have(scene: Scene) -> None:
    """Those that name their line and those that do not, of lines alone and not, in whatever order; of two domains."""
    other = scene.twin(scene.store)
    other.domain += "b"
    for of in (scene, other):
        await of.write(
            of.sighting(1, attachment="a", pair="a+m", mac="m", place="p"), of.sighting(2, pair="b+m", mac="m"),
            of.sighting(3, pair="b+m", mac="n"), of.sighting(4, attachment="d", place="q"), of.change(START, "s"),
        )  # fmt: skip
    await scene.store.plans.replace_plan(scene.domain, {key("q"): ids_of(5)}, NOW)

    def question(of: Scene, *keys: str, mac: str | None, place: str | None, number: int, session: bool) -> Recall:
        return Recall(
            domain=of.domain, keys=tuple(map(key, keys)), mac=None if mac is None else key(mac),
            session=key("s") if session else None, place=None if place is None else key(place),
            line=None if number == 0 else line(number),
        )  # fmt: skip

    named = [
        question(of, *keys, mac=mac, place=place, number=number, session=False)
        for of in (scene, other)
        for keys, mac, place, number in (
            (KEYS, "m", "p", 1), (("b+m",), "m", "r", 2), (("d",), None, "q", 4), (KEYS, "m", "p", 2),
            (("b+m",), "n", None, 3), (("a+m",), "m", None, 1), (("e",), None, "q", 9),
        )
    ]  # fmt: skip
    bare = [
        question(of, *keys, mac=mac, place=place, number=0, session=session)
        for of in (scene, other)
        for keys, mac, place, session in (
            (KEYS, "m", "p", True), ((), None, None, False), (("b+m", "m"), "n", None, False), ((), None, "q", True),
        )
    ]  # fmt: skip
    each = {id(one): (await scene.store.recall([one], NOW))[0] for one in (*named, *bare)}
    mixed = [one for pair in zip(named, bare, strict=False) for one in pair]
    for vector in (named, bare, [*named, *bare], [*bare, *named], mixed, named[::-1], mixed[::-1], named[3:4] * 2):
        assert [each[id(one)] for one in vector] == await scene.store.recall(vector, NOW)
    told = [each[id(one)] for one in named]
    assert [True, False, True, False, False, True, False] * 2 == [one.alone for one in told if one is not None]
