"""What a sighting gives away of clones, contradictions, shared places and moves."""

from __future__ import annotations

import pytest

from bngcorr.model.line import LineIds
from bngcorr.store.contract import MAX_MACS_PER_LINE, TAINT_MS
from tests.store.scene import Scene
from tests.store.subjects import NOW, START, STOP, ids_of, key, line

pytestmark = pytest.mark.asyncio


# ---- MACs of several lines


async def test_a_mac_on_two_lines_is_noticed(scene: Scene) -> None:
    """A cloned MAC counts two lines for thirty days; a MAC that stays on its line counts one."""
    await scene.write(scene.sighting(1, attachment="a", mac="m"), scene.sighting(1, attachment="b", mac="m", at=1_000))
    assert 1 == (await scene.recall(mac="m")).mac_lines
    assert ["mac_moved"] == await scene.write(scene.sighting(2, attachment="c", mac="m", at=2_000))

    assert 2 == (await scene.recall(mac="m")).mac_lines
    assert 2 == (await scene.recall(mac="m", now=TAINT_MS)).mac_lines
    assert 1 == (await scene.recall(mac="m", now=TAINT_MS + 1_001)).mac_lines
    assert 0 == (await scene.recall(mac="other")).mac_lines


async def test_a_mac_that_came_to_another_line_long_ago_did_not_move(scene: Scene) -> None:
    """After thirty days a router that was sold on is the new line's own."""
    later = TAINT_MS + 1
    await scene.write(scene.sighting(1, attachment="a", mac="m"))

    assert ["ok"] == await scene.write(scene.sighting(2, attachment="b", mac="m", at=later), now=later)
    assert 1 == (await scene.recall(mac="m", now=later)).mac_lines


async def test_a_claimed_mac_taints_nobody(scene: Scene) -> None:
    """What a customer's device says of itself makes no other customer's MAC useless."""
    await scene.write(
        scene.sighting(1, pair="a+m", mac="m"), scene.sighting(2, pair="b+m", mac="m", claimed=True, at=1)
    )

    assert 1 == (await scene.recall(mac="m")).mac_lines
    assert {line(2)} == await scene.lines_on("b+m")


async def test_a_flood_of_macs_does_not_hide_a_clone(scene: Scene) -> None:
    """A line that has taught its 32 MACs still taints the MAC of another line that it shows: clones stay ambiguous."""
    await scene.write(scene.sighting(1, bng_mac="victim", mac="victim"))
    for number in range(MAX_MACS_PER_LINE):
        await scene.write(scene.sighting(2, bng_mac=f"{number}", mac=f"m{number}"))

    assert ["mac_flood,mac_moved"] == await scene.write(scene.sighting(2, bng_mac="victim", mac="victim"))
    assert 2 == (await scene.recall(mac="victim")).mac_lines
    assert {line(1)} == await scene.lines_on("victim")


# ---- lines that contradict


async def test_a_live_line_is_not_contradicted_by_a_customers_word(scene: Scene) -> None:
    """While a line is live with a MAC at a place, another line's id there teaches only that its MAC is two lines'."""
    await scene.write(
        scene.sighting(1, attachment="a", pair="a+m", mac="m"), scene.change(START, number=1, keys=["a", "a+m"])
    )
    word = await scene.write(scene.sighting(2, attachment="a", pair="a+m", bng_mac="m", mac="m", at=1_000))

    assert ["mac_moved,contradicted"] == word
    assert [{line(1)}, {line(1)}, set()] == [await scene.lines_on(name) for name in ("a", "a+m", "m")]
    assert 2 == (await scene.recall(mac="m")).mac_lines
    assert [line(1)] == [row.line for row in await scene.lines()]


async def test_a_line_may_come_where_another_was(scene: Scene) -> None:
    """Once the session there has ended, or its box has restarted, another line is believed."""
    for name, ending in (("a", scene.change(STOP, "s1", at=500)), ("b", scene.restart(at=500))):
        session = "s1" if name == "a" else "s2"
        await scene.write(
            scene.sighting(1, pair=name, mac=name), scene.change(START, session, number=1, keys=[name]), ending
        )

        assert ["mac_moved"] == await scene.write(scene.sighting(2, pair=name, mac=name, at=1_000))


async def test_ids_that_may_be_of_one_line_do_not_contradict(scene: Scene) -> None:
    """With equal Remote-Ids, Circuit-Id and Interface-Id differ by nature."""
    await scene.write(scene.sighting(1, pair="k", mac="m"), scene.change(START, number=1, keys=["k"]))
    twin = scene.sighting(2, pair="k", mac="m", ids=LineIds(b"LINE-1", b"interface"), at=1)

    assert ["mac_moved"] == await scene.write(twin)


async def test_what_is_planned_is_not_contradicted(scene: Scene) -> None:
    """At a place of the operator's plan only the planned line teaches; elsewhere the plan says nothing."""
    await scene.store.plans.replace_plan(scene.domain, {key("p"): ids_of(1)}, NOW)

    assert ["contradicted"] == await scene.write(scene.sighting(2, attachment="k", place="p"))
    assert ["ok"] == await scene.write(scene.sighting(1, attachment="k", place="p"))
    assert ["ok"] == await scene.write(scene.sighting(2, attachment="k2", place="elsewhere"))
    assert {line(1)} == await scene.lines_on("k")


# ---- attachments that are not one line


async def test_two_live_lines_in_turn_share_an_attachment(scene: Scene) -> None:
    """A line that is heard of again after another live one was: the VLAN pair is no line, for thirty days."""
    await scene.write(scene.sighting(1, attachment="k"), scene.change(START, "s1", number=1, keys=["k"]))
    words = await scene.write(
        scene.sighting(2, attachment="k", at=1_000), scene.change(START, "s2", at=1_000, number=2, keys=["k"])
    )
    assert (["ok", "applied"], False) == (words, (await scene.record("k")).shared)

    assert ["shared"] == await scene.write(scene.sighting(1, attachment="k", at=2_000))
    assert ["ok"] == await scene.write(scene.sighting(2, attachment="k", at=3_000))
    assert (await scene.record("k", now=3_000 + TAINT_MS)).shared
    assert not (await scene.record("k", now=3_001 + TAINT_MS)).shared


async def test_a_line_that_follows_another_shares_nothing(scene: Scene) -> None:
    """Where a new line took the place of one whose Stop was lost, no alternation is seen; nor where the other ended."""
    await scene.write(scene.sighting(1, attachment="k"), scene.change(START, "s1", number=1, keys=["k"]))

    assert ["ok", "ok"] == await scene.write(
        scene.sighting(2, attachment="k", at=1_000), scene.sighting(2, attachment="k", at=2_000)
    )
    await scene.write(scene.change(STOP, "s1", at=3_000))
    assert ["ok", "ok"] == await scene.write(
        scene.sighting(1, attachment="k", at=4_000), scene.sighting(2, attachment="k", at=5_000)
    )
    assert not (await scene.record("k")).shared


async def test_a_line_that_moves_is_told_once(scene: Scene) -> None:
    """A line sighted elsewhere than before has moved; an older sighting tells nothing, nor does one without place."""
    words = [
        (await scene.write(scene.sighting(1, attachment=place or "none", place=place, at=at)))[0]
        for at, place in ((0, "a"), (2, "b"), (1, "a"), (3, None), (4, "b"), (5, "a"))
    ]

    assert ["ok", "moved", "ok", "ok", "ok", "moved"] == words


async def test_a_line_that_was_contradicted_is_not_remembered(scene: Scene) -> None:
    """A Stop told late must not leave the former line behind: after it nobody is known there, until one is sighted."""
    names = ("a", "a+m")
    await scene.write(scene.sighting(1, attachment="a", pair="a+m", mac="m"), scene.change(START, number=1, keys=names))
    await scene.write(scene.sighting(2, attachment="a", pair="a+m", mac="m", at=1_000))
    assert [{line(1)}] * 2 == [await scene.lines_on(name) for name in names]
    await scene.write(scene.change(STOP, at=500))
    assert [set()] * 2 == [await scene.lines_on(name) for name in names]
    await scene.write(scene.sighting(1, attachment="a", pair="a+m", mac="m"))  # told again
    assert [set()] * 2 == [await scene.lines_on(name) for name in names]
    await scene.walk(now=60_000)
    await scene.write(scene.sighting(2, attachment="a", pair="a+m", mac="m", at=2_000))

    assert [{line(2)}] * 2 == [await scene.lines_on(name) for name in names]
