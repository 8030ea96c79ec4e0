"""Sightings: what is remembered on a key, for how long, and how much of it."""

from __future__ import annotations

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.store.contract import MAX_LINES_PER_KEY, MAX_MACS_PER_LINE
from bngcorr.store.recollection import Candidate, KeyRecord, Recall
from bngcorr.store.terms import circuit_id_term
from tests.store.scene import Scene, Store
from tests.store.subjects import DAY, NOW, START, ids_of, key, line

pytestmark = pytest.mark.asyncio


async def test_an_unknown_key_holds_nothing(scene: Scene) -> None:
    """Asking about keys, MACs, sessions and places that were never seen gives empty records."""
    answer = await scene.recall("k", mac="m", session="s", place="p")

    assert {key("k"): KeyRecord()} == answer.records
    assert (0, None, None, {}) == (answer.mac_lines, answer.session, answer.plan, answer.epochs)


async def test_a_sighting_is_recalled_on_each_of_its_keys(scene: Scene) -> None:
    """Line, ids and instants come back on every key of the sighting, with and without MAC."""
    words = await scene.write(
        scene.sighting(
            1, attachment="port", pair="port+mac", bng_mac="bng+mac", multi_session="ms", mac="m", at=-500,
            v4_evident=True,
        )
    )  # fmt: skip
    answer = await scene.recall("port", "port+mac", "bng+mac", "ms", mac="m")

    assert ["ok"] == words
    known = Candidate(
        line=line(1), ids=ids_of(1), first_ms=NOW - 500, sighted_ms=NOW - 500, sighted_v6_ms=0, attached=True,
        v4_evident=True, same_mac=True,
    )  # fmt: skip
    assert [KeyRecord(candidates=(known,))] * 4 == list(answer.records.values())
    assert 1 == answer.mac_lines


async def test_sightings_of_one_line_merge(scene: Scene) -> None:
    """Of v4 and v6 sightings the first and the latest of each are kept, whatever order they are written in."""
    for at, v6 in ((-300, False), (-100, True), (-400, True), (-200, False), (-900, False)):
        await scene.write(scene.sighting(1, attachment="k", at=at, v6=v6))
    known = await scene.candidate("k")

    assert (NOW - 900, NOW - 200, NOW - 100) == (known.first_ms, known.sighted_ms, known.sighted_v6_ms)


async def test_a_sighting_of_ipv6_alone_is_no_other(scene: Scene) -> None:
    """A line that only IPv6 showed has no sighting that every request may be matched with."""
    await scene.write(scene.sighting(1, attachment="k", v6=True))
    known = await scene.candidate("k")

    assert (0, NOW) == (known.sighted_ms, known.sighted_v6_ms)


async def test_marks_once_seen_are_kept(scene: Scene) -> None:
    """A line that was sighted with an attachment, or by evident DHCPv4, stays so whatever comes after."""
    await scene.write(
        scene.sighting(1, bng_mac="k", mac="m", attached=True, v4_evident=True),
        scene.sighting(1, bng_mac="k", mac="m", attached=False, at=1),
    )
    known = await scene.candidate("k")

    assert (True, True) == (known.attached, known.v4_evident)


async def test_the_same_mac_and_the_same_place_are_told(scene: Scene) -> None:
    """A candidate says whether it was seen with the MAC, and was last at the place, of the question."""
    await scene.write(scene.sighting(1, attachment="k", mac="m", place="p"))

    async def told(mac: str | None, place: str | None) -> tuple[bool, bool]:
        (known,) = (await scene.recall("k", mac=mac, place=place)).records[key("k")].candidates
        return known.same_mac, known.same_place

    assert (True, True) == await told("m", "p")
    assert (False, False) == await told("other", "other")
    assert (False, False) == await told(None, None)


async def test_writing_a_sighting_twice_changes_nothing(scene: Scene) -> None:
    """Sightings that are written again after a failure leave all records as they were."""
    told = (
        scene.sighting(1, attachment="port", pair="port+mac", mac="m", at=-500, place="p"),
        scene.sighting(2, attachment="port", pair="port+other", mac="other", at=-400, place="p"),
        scene.sighting(1, attachment="port", pair="port+other", mac="other", at=-300, place="q", v6=True),
    )
    await scene.write(*told)
    before = await scene.everything(now=300)
    await scene.write(*told, *reversed(told), now=300)

    assert before == await scene.everything(now=300)


async def test_binary_ids_survive(scene: Scene) -> None:
    """Ids are octets: NUL, blanks, line breaks and anything else come back as they went in."""
    for number, ids in enumerate(
        (
            LineIds(bytes(range(256))[:247], None),
            LineIds(None, b"\0"),
            LineIds(b" 1 2 3 ", b"\n\r\n"),
            LineIds(b"\0\0\0\0", b"\xff" * 247),
        ),
        start=1,
    ):
        await scene.write(
            scene.sighting(number, attachment=f"k{number}", ids=ids),
            scene.change(START, f"s{number}", number=number, keys=[f"k{number}"]),
        )
        known = await scene.candidate(f"k{number}")
        rows = await scene.lines("remote_id:" + ids.remote_id.hex() if ids.remote_id else None)

        assert (ids, 1) == (known.ids, len(known.sessions))
        assert ids in [row.ids for row in rows]


# ---- limits


async def test_up_to_four_lines_share_a_key(scene: Scene) -> None:
    """Four lines on one key are all recalled; with the fifth the key is crowded and tells none of them."""
    for number in range(1, MAX_LINES_PER_KEY + 1):
        await scene.write(scene.sighting(number, bng_mac="k"))
    record = await scene.record("k")
    assert (MAX_LINES_PER_KEY, False) == (len(record.candidates), record.crowded)
    await scene.write(scene.sighting(99, bng_mac="k"))

    assert (await scene.record("k")).crowded
    assert line(99) not in await scene.lines_on("k")
    await scene.write(scene.sighting(1, bng_mac="k", at=5))
    assert (await scene.record("k")).crowded


async def test_a_key_is_crowded_as_long_as_the_fifth_line_would_be_remembered(scene: Scene) -> None:
    """When the surplus line has run out, the key may tell lines again."""
    for number in range(1, MAX_LINES_PER_KEY + 1):
        await scene.write(scene.sighting(number, bng_mac="k", lasts=1_000))
    await scene.write(scene.sighting(5, bng_mac="k", lasts=2_000))

    assert (await scene.record("k", now=2_000)).crowded
    assert not (await scene.record("k", now=2_001)).crowded
    await scene.write(scene.sighting(6, bng_mac="k", at=2_001), now=2_001)
    assert {line(6)} == await scene.lines_on("k", now=2_001)


async def test_a_line_is_remembered_until_its_deadline(scene: Scene) -> None:
    """Deadlines are judged against the caller's clock, so simulated time works."""
    await scene.write(scene.sighting(1, attachment="k", lasts=1_000))

    assert {line(1)} == await scene.lines_on("k", now=1_000)
    assert set() == await scene.lines_on("k", now=1_001)


async def test_a_line_teaches_a_bounded_number_of_macs(scene: Scene) -> None:
    """The 33rd MAC of a day teaches nothing on MAC keys and says mac_flood; known MACs and the line go on."""
    macs = [f"m{number}" for number in range(MAX_MACS_PER_LINE)]
    words = await scene.write(*(scene.sighting(1, attachment="port", bng_mac=mac, mac=mac) for mac in macs))
    assert {"ok"} == set(words)
    surplus = scene.sighting(1, attachment="port", pair="port+extra", bng_mac="extra", mac="extra", at=50)

    assert ["mac_flood"] == await scene.write(surplus)
    assert [KeyRecord(), KeyRecord()] == [await scene.record("extra"), await scene.record("port+extra")]
    assert NOW + 50 == (await scene.candidate("port")).sighted_ms
    assert ["ok"] == await scene.write(scene.sighting(1, bng_mac="m0", mac="m0", at=60))
    assert ["ok"] == await scene.write(scene.sighting(2, bng_mac="extra", mac="extra"))  # another line may
    assert ["ok"] == await scene.write(scene.sighting(1, bng_mac="extra2", mac="extra2", at=DAY + 61), now=DAY + 61)


async def test_the_last_macs_of_a_line_are_remembered_for_longer(scene: Scene) -> None:
    """A household's router is known again after days in which the line was not sighted."""
    await scene.write(scene.sighting(1, attachment="k", mac="router", lasts=30 * DAY))
    await scene.write(scene.sighting(1, attachment="k", mac="new", at=3 * DAY), now=3 * DAY)

    (known,) = (await scene.recall("k", mac="router", now=3 * DAY)).records[key("k")].candidates
    assert known.same_mac


# ---- domains


async def test_domains_do_not_meet(scene: Scene, store: Store) -> None:
    """Keys, MACs and epochs of one correlation domain are unknown in another."""
    other = Scene(store)
    await scene.write(scene.sighting(1, attachment="k", mac="m"), scene.restart(at=0))
    answer = await other.recall("k", mac="m")

    assert KeyRecord() == answer.records[key("k")]
    assert (0, {}) == (answer.mac_lines, answer.epochs)


async def test_a_vector_of_questions_is_answered_in_order(scene: Scene, store: Store) -> None:
    """Questions of several domains, with and without MAC and session, are answered together and in order."""
    other = Scene(store)
    await scene.write(scene.sighting(1, attachment="k", mac="m"))
    await other.write(other.sighting(2, attachment="k", mac="m"), other.sighting(3, attachment="k2", mac="m"))
    answers = await store.recall(
        [
            Recall(domain=one.domain, keys=(key(name),), mac=None if mac is None else key(mac), session=None)
            for one, name, mac in ((scene, "k", None), (other, "k", "m"), (scene, "none", "m"), (other, "k2", None))
        ],
        NOW,
    )
    found = [answer for answer in answers if answer is not None]

    assert [[line(1)], [line(2)], [], [line(3)]] == [
        [one.line for record in answer.records.values() for one in record.candidates] for answer in found
    ]
    assert [0, 2, 1, 0] == [answer.mac_lines for answer in found]


async def test_a_line_that_is_seen_again_and_again_counts_from_the_last_time(scene: Scene) -> None:
    """Told just so time and again, a sighting moves the instants on each of its keys, whoever comes to stand there."""
    for at in (0, 1_000, 2_000):
        assert ["ok"] == await scene.write(scene.sighting(1, attachment="k", pair="k+m", mac="m", at=at), now=at)
    both = [await scene.candidate(name, now=2_000) for name in ("k", "k+m")]
    assert [(NOW, NOW + 2_000)] * 2 == [(known.first_ms, known.sighted_ms) for known in both]

    await scene.write(scene.sighting(2, attachment="k", pair="k+n", mac="n", at=3_000), now=3_000)
    await scene.write(scene.sighting(1, attachment="k", pair="k+m", mac="m", at=4_000), now=4_000)
    record = await scene.record("k", now=DAY + 3_500)
    assert {line(1): NOW + 4_000} == {known.line: known.sighted_ms for known in record.candidates}


async def test_both_families_of_a_line_count_from_their_last_time(scene: Scene) -> None:
    """Whether they tell the same of it or not, and whoever was seen first."""
    for number, (v4_evident, port) in enumerate(((False, None), (True, None), (True, Attachment("1/1/1", 1, 2))), 1):
        for at in range(0, 60_000, 10_000):
            for v6 in (False, True, True):
                some = scene.sighting(
                    number, attachment=f"k{number}", pair=f"k{number}+m", mac=f"m{number}", place=f"p{number}",
                    v6=v6, v4_evident=v4_evident and not v6, port=port if v6 else None, at=at + 500 * v6,
                )  # fmt: skip
                assert ["ok"] == await scene.write(some, now=at)
        known = await scene.candidate(f"k{number}", now=60_000)
        row = await scene.store.queries.line(scene.domain, line(number), NOW + 60_000)

        assert (NOW, NOW + 50_000, NOW + 50_500) == (known.first_ms, known.sighted_ms, known.sighted_v6_ms)
        assert v4_evident == known.v4_evident
        assert row is not None
        assert (NOW, NOW + 50_500, NOW + 50_500 + DAY, port) == (row.first_ms, row.last_ms, row.until_ms, row.port)


async def test_what_a_batch_told_before_something_else_counts(scene: Scene, store: Store) -> None:
    """Lessons of one line in one batch: one that is believed twice, and then one that is not."""
    await store.plans.replace_plan(scene.domain, {key("q"): ids_of(2)}, NOW)
    await scene.write(scene.sighting(1, attachment="k", place="p"))
    seen = [scene.sighting(1, attachment="k", place="p", at=at) for at in (1_000, 2_000)]

    assert ["ok", "ok", "contradicted"] == await scene.write(*seen, scene.sighting(1, place="q", at=3_000))
    assert NOW + 2_000 == (await scene.candidate("k")).sighted_ms
    assert ["ok", "ok", "contradicted"] == await scene.write(
        *(scene.sighting(1, attachment="k", place="p", at=at) for at in (4_000, 5_000)),
        scene.sighting(1, v6=True, place="q", at=6_000),
    )
    assert NOW + 5_000 == (await scene.candidate("k")).sighted_ms


async def test_upkeep_keeps_a_line_that_was_seen_again(scene: Scene) -> None:
    """Only its last sighting says how long it is remembered on a key; after that no record is left."""
    for at in (0, 60_000):
        await scene.write(scene.sighting(1, attachment="k", at=at, lasts=DAY), now=at)
    await scene.walk(now=DAY + 500)
    assert {line(1)} == await scene.lines_on("k", now=DAY + 500)
    await scene.walk(now=2 * DAY)
    assert set() == await scene.lines_on("k", now=0)


async def test_a_mac_that_was_only_claimed_is_noted_when_it_is_seen(scene: Scene) -> None:
    """A customer's claim taints nobody's MAC; what the BNG saw does, however soon after it."""
    await scene.write(scene.sighting(1, attachment="k", mac="m", claimed=True))
    assert 0 == (await scene.recall(mac="m")).mac_lines
    await scene.write(
        scene.sighting(1, attachment="k", mac="m", at=1), scene.sighting(2, attachment="l", mac="m", at=2)
    )

    assert 2 == (await scene.recall(mac="m")).mac_lines


async def test_a_line_is_found_by_what_either_family_tells(scene: Scene) -> None:
    """The texts of a Circuit-Id and of a DHCPv6 Interface-Id differ: both lead to the line."""
    texts = (b"eth 1/1/1:1", b"interface 1")
    for at, text in enumerate(texts):
        await scene.write(scene.sighting(1, attachment="k", ids=LineIds(b"LINE-1", text), at=at, v6=at == 1))

    assert [[line(1)]] * 2 == [[row.line for row in await scene.lines(circuit_id_term(text))] for text in texts]
    assert LineIds(b"LINE-1", texts[1]) == (await scene.candidate("k")).ids
