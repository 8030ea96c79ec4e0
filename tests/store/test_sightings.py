"""Sightings in a real Valkey: what is remembered on a key, and what makes a key or a MAC useless."""

from __future__ import annotations

import pytest

from bngcorr.model.line import LineIds
from bngcorr.store.contract import (
    MAX_LINES_PER_KEY,
    MAX_MACS_PER_LINE,
    TAINT_MS,
    Candidate,
    KeyRecord,
    LiveSession,
    Page,
    Recall,
)

from .scene import BNG, DAY, NAS, NOW, START, STOP, Scene, key, line

pytestmark = pytest.mark.asyncio


async def test_an_unknown_key_holds_nothing(scene: Scene) -> None:
    """Asking about keys, MACs and sessions that were never seen gives empty records."""
    answer = await scene.recall("k", mac="m", session="s")

    assert {key("k"): KeyRecord()} == answer.records
    assert 0 == answer.mac_lines
    assert answer.session is None
    assert {} == answer.epochs


async def test_a_sighting_is_recalled_on_each_of_its_keys(scene: Scene) -> None:
    """Line, ids and instants come back on every key of the sighting, with and without MAC."""
    words = await scene.write(scene.sighting(1, keys=["port"], mac_keys=["port+mac", "bng+mac"], mac="m", at=-500))
    answer = await scene.recall("port", "port+mac", "bng+mac", mac="m")

    assert ["ok"] == words
    known = Candidate(
        line=line(1), ids=LineIds(b"LINE-1", b"eth 1"), sighted_ms=NOW - 500, sighted_v6_ms=0, attached=True
    )
    assert [KeyRecord(candidates=(known,))] * 3 == list(answer.records.values())
    assert 1 == answer.mac_lines


async def test_sightings_of_one_line_merge(scene: Scene) -> None:
    """Of v4 and v6 sightings the latest of each is kept, whatever order they are written in."""
    for at, v6 in ((-300, False), (-100, True), (-400, True), (-200, False), (-900, False)):
        await scene.write(scene.sighting(1, keys=["k"], at=at, v6=v6))
    (known,) = (await scene.record("k")).candidates

    assert (NOW - 200, NOW - 100) == (known.sighted_ms, known.sighted_v6_ms)


async def test_an_attachment_once_seen_is_kept(scene: Scene) -> None:
    """A line that was sighted with an attachment on bng+mac stays so, for a request elsewhere must not match it."""
    await scene.write(scene.sighting(1, mac_keys=["k"], mac="m", attached=True))
    await scene.write(scene.sighting(1, mac_keys=["k"], mac="m", attached=False))
    (known,) = (await scene.record("k")).candidates

    assert known.attached


async def test_writing_a_sighting_twice_changes_nothing(scene: Scene) -> None:
    """A sighting that is written again after a failure leaves every record as it was."""
    one = scene.sighting(1, keys=["port"], mac_keys=["port+mac"], mac="m", at=-500)
    await scene.write(one)
    before = await scene.everything()
    await scene.write(one, one, now=300)

    assert before == await scene.everything()
    assert len(before) >= 6


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
        await scene.write(scene.sighting(number, keys=[f"k{number}"], ids=ids))
        await scene.write(scene.change(START, f"s{number}", number=number, keys=[f"k{number}"]))
        (known,) = (await scene.record(f"k{number}")).candidates
        rows, _ = await scene.store.lines(
            [scene.domain], "remote_id:" + ids.remote_id.hex() if ids.remote_id else None, Page(), NOW
        )

        assert ids == known.ids
        assert 1 == len(known.sessions)
        assert ids in [row.ids for row in rows]


async def test_up_to_four_lines_share_a_key(scene: Scene) -> None:
    """Four lines on one key are all recalled; with the fifth the key is crowded and tells none of them."""
    for number in range(1, MAX_LINES_PER_KEY + 1):
        await scene.write(scene.sighting(number, keys=["k"]))
    record = await scene.record("k")
    assert MAX_LINES_PER_KEY == len(record.candidates)
    assert not record.crowded
    await scene.write(scene.sighting(99, keys=["k"]))
    record = await scene.record("k")

    assert record.crowded
    assert line(99) not in {one.line for one in record.candidates}
    await scene.write(scene.sighting(1, keys=["k"], at=5))
    assert (await scene.record("k")).crowded


async def test_a_key_is_crowded_as_long_as_the_fifth_line_would_be_remembered(scene: Scene) -> None:
    """When the surplus line has run out, the key may tell lines again."""
    for number in range(1, MAX_LINES_PER_KEY + 1):
        await scene.write(scene.sighting(number, keys=["k"], lasts=1_000))
    await scene.write(scene.sighting(5, keys=["k"], lasts=2_000))

    assert (await scene.record("k", now=2_000)).crowded
    assert not (await scene.record("k", now=2_001)).crowded
    await scene.write(scene.sighting(6, keys=["k"], at=2_001), now=2_001)
    assert [line(6)] == [one.line for one in (await scene.record("k", now=2_001)).candidates]


async def test_a_line_is_remembered_until_its_deadline(scene: Scene) -> None:
    """Deadlines are judged against the caller's clock, so simulated time works."""
    await scene.write(scene.sighting(1, keys=["k"], lasts=1_000))

    assert 1 == len((await scene.record("k", now=1_000)).candidates)
    assert 0 == len((await scene.record("k", now=1_001)).candidates)


async def test_a_mac_on_two_lines_is_noticed(scene: Scene) -> None:
    """A cloned MAC counts two lines for thirty days; a MAC that stays on its line counts one."""
    await scene.write(scene.sighting(1, keys=["a"], mac="m"), scene.sighting(1, keys=["b"], mac="m", at=1_000))
    assert 1 == (await scene.recall(mac="m")).mac_lines
    await scene.write(scene.sighting(2, keys=["c"], mac="m", at=2_000))

    assert 2 == (await scene.recall(mac="m")).mac_lines
    assert 2 == (await scene.recall(mac="m", now=TAINT_MS)).mac_lines
    assert 1 == (await scene.recall(mac="m", now=TAINT_MS + 1_001)).mac_lines
    assert 0 == (await scene.recall(mac="other")).mac_lines


async def test_a_line_teaches_a_bounded_number_of_macs(scene: Scene) -> None:
    """The 33rd MAC of a day teaches nothing on MAC keys and says mac_flood; known MACs and the line go on."""
    macs = [f"m{number}" for number in range(MAX_MACS_PER_LINE)]
    words = await scene.write(*(scene.sighting(1, keys=["port"], mac_keys=[mac], mac=mac) for mac in macs))
    assert {"ok"} == set(words)
    surplus = scene.sighting(1, keys=["port"], mac_keys=["extra"], mac="extra", at=50)

    assert ["mac_flood"] == await scene.write(surplus)
    assert KeyRecord() == await scene.record("extra")
    assert NOW + 50 == (await scene.record("port")).candidates[0].sighted_ms
    assert ["ok"] == await scene.write(scene.sighting(1, mac_keys=["m0"], mac="m0", at=60))
    assert ["ok"] == await scene.write(scene.sighting(2, mac_keys=["extra"], mac="extra"))  # another line may
    assert ["ok"] == await scene.write(scene.sighting(1, mac_keys=["extra2"], mac="extra2", at=DAY + 61), now=DAY + 61)


async def test_a_flood_of_macs_does_not_hide_a_clone(scene: Scene) -> None:
    """A line that has taught its 32 MACs still taints the MAC of another line that it shows: clones stay ambiguous."""
    await scene.write(scene.sighting(1, mac_keys=["port+victim"], mac="victim"))
    for number in range(MAX_MACS_PER_LINE):
        await scene.write(scene.sighting(2, mac_keys=[f"port+{number}"], mac=f"m{number}"))

    assert ["mac_flood"] == await scene.write(scene.sighting(2, mac_keys=["port+victim"], mac="victim"))
    assert 2 == (await scene.recall(mac="victim")).mac_lines


async def test_domains_do_not_meet(scene: Scene, valkey_url: str) -> None:
    """Keys, MACs and NAS epochs of one correlation domain are unknown in another."""
    other = Scene(valkey_url)
    await scene.write(scene.sighting(1, keys=["k"], mac="m"), scene.restart(at=0))
    answer = await other.recall("k", mac="m")

    assert KeyRecord() == answer.records[key("k")]
    assert 0 == answer.mac_lines
    assert {} == answer.epochs
    await other.close()


async def test_a_vector_of_questions_is_one_round_trip(scene: Scene, valkey_url: str) -> None:
    """Questions of several domains, with and without MAC and session, are answered together and in order."""
    other = Scene(valkey_url)
    await scene.write(scene.sighting(1, keys=["k"], mac="m"))
    await other.write(other.sighting(2, keys=["k"], mac="m"), other.sighting(3, keys=["k2"], mac="m"))
    calls = scene.store.calls
    questions = [
        _question(scene.domain, "k"),
        _question(other.domain, "k", "m"),
        _question(scene.domain, "nothing", "m"),
        _question(other.domain, "k2"),
    ]
    answers = await scene.store.recall(questions, NOW)

    assert calls + 1 == scene.store.calls
    assert [[line(1)], [line(2)], [], [line(3)]] == [
        [one.line for record in answer.records.values() for one in record.candidates] for answer in answers
    ]
    assert [0, 2, 1, 0] == [answer.mac_lines for answer in answers]
    await other.close()


def _question(domain: str, name: str, mac: str | None = None) -> Recall:
    return Recall(domain=domain, keys=(key(name),), mac=None if mac is None else key(mac), session=None)


# ---- sessions on keys


async def test_a_session_vouches_for_its_line_on_its_keys(scene: Scene) -> None:
    """A session is live on the keys on which its line was sighted, and on no others."""
    await scene.write(
        scene.sighting(1, keys=["seen"]), scene.change(START, number=1, keys=["seen", "unseen"], lasts=5_000)
    )
    (known,) = (await scene.record("seen")).candidates

    assert (LiveSession(nas=NAS, epoch=0, until_ms=NOW + 5_000),) == known.sessions
    assert KeyRecord() == await scene.record("unseen")
    await scene.write(scene.change(STOP, number=1, at=1_000))
    (known,) = (await scene.record("seen")).candidates
    assert () == known.sessions


async def test_a_live_session_keeps_its_line_remembered(scene: Scene) -> None:
    """A line with a session up is not forgotten when the sighting's own time is over."""
    await scene.write(
        scene.sighting(1, keys=["k"], lasts=1_000), scene.change(START, number=1, keys=["k"], lasts=50_000)
    )

    assert [line(1)] == [one.line for one in (await scene.record("k", now=49_000)).candidates]
    assert [] == [one.line for one in (await scene.record("k", now=50_001)).candidates]


async def test_an_inherited_identity_vouches_for_nothing(scene: Scene) -> None:
    """A session whose line was matched, not named, is written without keys: a match does not breed matches."""
    await scene.write(scene.sighting(1, keys=["k"]), scene.change(START, number=1, own=False))
    (known,) = (await scene.record("k")).candidates

    assert () == known.sessions


# ---- lines, for people


async def test_lines_are_found_by_their_ids(scene: Scene) -> None:
    """A line is listed in its domain and found by Remote- and Circuit-Id."""
    await scene.write(scene.sighting(1, keys=["a"], at=-50), scene.sighting(2, keys=["b"]))
    everything, more = await scene.store.lines([scene.domain], None, Page(), NOW)
    by_remote, _ = await scene.store.lines([scene.domain], "remote_id:" + b"LINE-1".hex(), Page(), NOW)
    by_circuit, _ = await scene.store.lines([scene.domain], "circuit_id:" + b"eth 2".hex(), Page(), NOW)

    assert {line(1), line(2)} == {row.line for row in everything}
    assert more is None
    assert [line(1)] == [row.line for row in by_remote]
    assert [line(2)] == [row.line for row in by_circuit]
    assert (NOW - 50, NOW - 50) == (by_remote[0].first_ms, by_remote[0].last_ms)
    assert ([], None) == await scene.store.lines([scene.domain], "remote_id:00", Page(), NOW)


async def test_lines_are_read_page_by_page(scene: Scene) -> None:
    """Pages of lines follow each other without gaps or repeats."""
    await scene.write(*(scene.sighting(number, keys=[f"k{number}"], at=number) for number in range(1, 8)))
    found: list[str] = []
    cursor: str | None = ""
    pages = 0
    while cursor is not None:
        rows, cursor = await scene.store.lines([scene.domain], None, Page(cursor=cursor, limit=3), NOW)
        found += [row.line for row in rows]
        pages += 1

    assert [line(number) for number in range(7, 0, -1)] == found
    assert pages in (3, 4)


async def test_the_bng_of_a_sighting_is_not_in_its_key(scene: Scene) -> None:
    """Names in the store are the domain, hashes and our own names: no octet of a peer, no id, no MAC."""
    await scene.write(
        scene.sighting(1, keys=["k"], mac_keys=["mk"], mac="m", ids=LineIds(b"SECRET-ID", b"\n{x}")),
        scene.change(START, number=1, index=["mac:3c:a6:2f:00:00:17", "address:203.0.113.9"]),
    )
    names = "".join(name for name in await scene.everything())

    assert "SECRET" not in names
    assert "3c:a6" not in names
    assert "203.0.113" not in names
    assert "\n" not in names
    assert BNG in names
