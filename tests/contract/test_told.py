"""What is told beside sessions and lines: findings, enterprise numbers, distances, the operator's plan."""

from __future__ import annotations

import pytest

from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Finding
from bngcorr.store import contract as c
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS, Distances, NumberSeen
from bngcorr.store.rows import FindingRow
from tests.store.scene import Scene, Store
from tests.store.subjects import BNG, NOW, ids_of, key

pytestmark = pytest.mark.asyncio


# ---- findings


async def test_a_finding_is_kept_with_its_story(scene: Scene, store: Store) -> None:
    """First and last seen, how often, the last detail, and when it was over; seen again after that it is a new one."""
    told = [
        (0, False, "new"), (10, False, "known"), (10, False, "known"), (5, False, "known"), (20, True, "over"),
        (20, True, "known"), (10, False, "known"), (30, False, "new"),
    ]  # fmt: skip
    rows = []
    for at, over, word in told:
        seen = scene.finding(Finding.V6_LOST, "x", at=at, over=over, detail=f'{{"at": {at}}}')
        assert [word] == await scene.write(seen)
        rows += await store.queries.findings([scene.domain], 10)

    def row(first: int, last: int, count: int, over: int) -> FindingRow:
        return FindingRow(
            domain=scene.domain, bng=BNG, finding=Finding.V6_LOST, subject="x", first_ms=NOW + first,
            last_ms=NOW + last, count=count, detail=f'{{"at": {last}}}', over_ms=NOW + over if over else 0,
        )  # fmt: skip

    assert [row(0, 0, 1, 0), *[row(0, 10, 2, 0)] * 3, *[row(0, 10, 2, 20)] * 3, row(30, 30, 1, 0)] == rows
    assert ["known"] == await scene.write(scene.finding(Finding.V6_LOST, "never seen", over=True))


async def test_findings_are_told_the_newest_first(scene: Scene, store: Store) -> None:
    """Of several domains and kinds the newest come first, so many of each domain, whatever a subject is made of."""
    other = Scene(store)
    await scene.write(
        scene.finding(Finding.MOVED, "a|b", at=1),
        scene.finding(Finding.CONFLICT, "a|b", at=3),
        scene.finding(Finding.MOVED, "\udcff port", at=5, bng="bng2"),
    )
    await other.write(other.finding(Finding.MOVED, "c", at=4))

    rows = await store.queries.findings([scene.domain, other.domain], 10)
    assert [(5, "\udcff port", "bng2"), (4, "c", BNG), (3, "a|b", BNG), (1, "a|b", BNG)] == [
        (row.last_ms - NOW, row.subject, row.bng) for row in rows
    ]
    some = await store.queries.findings([scene.domain, other.domain], 1)
    assert [5, 4] == [row.last_ms - NOW for row in some]


async def test_findings_are_told_by_kind_and_subject(scene: Scene, store: Store) -> None:
    """Those that are there, of one domain."""
    await scene.write(scene.finding(Finding.MOVED, "a|b"), scene.finding(Finding.V6_LOST, "a|b"))
    wanted = [(Finding.MOVED, "a|b"), (Finding.MOVED, "c"), (Finding.CONFLICT, "a|b")]
    rows = await store.queries.findings_about(scene.domain, wanted)

    assert [(Finding.MOVED, "a|b")] == [(row.finding, row.subject) for row in rows]
    assert [] == await store.queries.findings_about(Scene(store).domain, wanted)


async def test_findings_are_bounded(scene: Scene, store: Store) -> None:
    """When there are too many of them in a domain, the oldest go."""
    many = [scene.finding(Finding.MOVED, f"{n}", at=n) for n in range(c.MAX_FINDINGS + 1)]
    await scene.write(*many)
    rows = await store.queries.findings([scene.domain], 2 * c.MAX_FINDINGS)

    assert c.MAX_FINDINGS - 200 <= len(rows) <= c.MAX_FINDINGS
    assert c.MAX_FINDINGS == rows[0].last_ms - NOW
    assert c.MAX_FINDINGS - len(rows) + 1 == rows[-1].last_ms - NOW


# ---- numbers, distances


async def test_an_enterprise_number_is_new_once(scene: Scene, store: Store) -> None:
    """Each number is new once on each BNG, and keeps the instant of its first sight."""

    def seen(number: int, at: int, bng: str = BNG) -> NumberSeen:
        return NumberSeen(domain=scene.domain, bng=bng, number=number, at_ms=NOW + at)

    assert ["new", "known", "new", "new"] == await scene.write(
        seen(3561, 1), seen(3561, 0), seen(4294967295, 2), seen(3561, 3, "bng2")
    )
    assert {BNG: {3561: NOW + 1, 4294967295: NOW + 2}, "bng2": {3561: NOW + 3}, "bng3": {}} == (
        await store.queries.enterprise_numbers(scene.domain, [BNG, "bng2", "bng3"])
    )


async def test_distances_add_up(scene: Scene, store: Store) -> None:
    """Counts of several lessons are summed for each BNG and bucket, the open one included."""
    last = len(DISTANCE_BUCKETS_MS)

    def counted(*counts: tuple[int, int]) -> Distances:
        return Distances(domain=scene.domain, bng=BNG, counts=counts)

    assert ["ok", "ok"] == await scene.write(counted((0, 2), (last, 1)), counted((0, 1), (3, 5)))
    expected = [0] * (last + 1)
    expected[0], expected[3], expected[last] = 3, 5, 1
    assert {BNG: tuple(expected), "bng2": (0,) * (last + 1)} == (
        await store.queries.distances(scene.domain, [BNG, "bng2"])
    )


# ---- the plan


async def test_the_plan_in_force_is_recalled_and_read(scene: Scene, store: Store) -> None:
    """A plan says which line is at a place, until another one is put in its stead."""
    assert {} == await store.plans.read_plan(scene.domain)
    plan = {key("p"): ids_of(1), key("q"): LineIds(None, b"\0\xff")}
    await store.plans.replace_plan(scene.domain, plan, NOW)

    assert plan == await store.plans.read_plan(scene.domain)
    assert [ids_of(1), LineIds(None, b"\0\xff"), None] == [
        (await scene.recall(place=name)).plan for name in ("p", "q", "r")
    ]
    await store.plans.replace_plan(scene.domain, {key("r"): ids_of(2)}, NOW)
    assert [None, None, ids_of(2)] == [(await scene.recall(place=name)).plan for name in ("p", "q", "r")]
    await store.plans.replace_plan(scene.domain, {}, NOW)
    assert {} == await store.plans.read_plan(scene.domain)
    assert (await scene.recall(place="r")).plan is None


async def test_a_plan_is_of_one_domain(scene: Scene, store: Store) -> None:
    """Places of another domain are not planned."""
    other = Scene(store)
    await store.plans.replace_plan(scene.domain, {key("p"): ids_of(1)}, NOW)

    assert (await other.recall(place="p")).plan is None
    assert {} == await store.plans.read_plan(other.domain)
