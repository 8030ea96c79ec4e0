"""What people read: sessions and lines, by what they know of them and page by page."""

from __future__ import annotations

from functools import partial

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Outcome, SessionState
from bngcorr.store.rows import LineRow, Page, SessionQuery, SessionRow
from tests.store.scene import Scene, Store
from tests.store.subjects import BNG, EXPECTED, INTERIM, NAS, NOW, START, STOP, ia_pd, ids_of, key, line, v4

pytestmark = pytest.mark.asyncio

CPE, OTHER_CPE = Mac(b"\x3c\xa6\x2f\x00\x00\x17"), Mac(b"\x3c\xa6\x2f\x00\x00\x18")
PORT = Attachment("1/1/4", 100, 20)


# ---- sessions


async def test_a_session_is_shown_as_it_was_told(scene: Scene) -> None:
    """A row has what the record said, octets and odd characters included."""
    await scene.write(
        scene.change(
            START, at=5, number=1, hosts=[v4(), ia_pd()], session_id=b"\0\xffid", user_name="jos\udce9@isp", port=PORT,
            address=CPE, outcome=Outcome.OWN, traffic=(70, 30),
        )
    )  # fmt: skip

    shown = SessionRow(
        session=key("s1"), domain=scene.domain, nas=NAS, state=SessionState.UP, line=line(1), ids=ids_of(1),
        hosts=(str(v4()), str(ia_pd())), at_ms=NOW + 5, until_ms=NOW + 600_005, session_id=b"\0\xffid",
        user_name="jos\udce9@isp", port=PORT, address=CPE, outcome=Outcome.OWN,
        since_ms=(NOW + 5, NOW + 5), began_ms=NOW + 5, traffic=Traffic(70, 30),
    )  # fmt: skip
    assert [shown] == await scene.rows()
    assert BNG == shown.bng


async def test_an_expected_session_is_shown_as_its_latest_accept_told(scene: Scene) -> None:
    """The families of a line are authenticated in turn: one names the line, the other was matched with it."""
    own = partial(scene.change, EXPECTED, number=1, keys=["k"], address=CPE, outcome=Outcome.OWN)
    matched = partial(scene.change, EXPECTED, number=1, own=False, address=CPE, outcome=Outcome.MATCHED)
    await scene.write(scene.sighting(1, attachment="k"))

    async def shown() -> tuple[Outcome | None, int]:
        row = await scene.row()
        return row.outcome, row.until_ms - NOW

    for step, told in (
        (own(at=1_000), (Outcome.OWN, 601_000)),
        (matched(at=2_000), (Outcome.MATCHED, 602_000)),
        (own(at=3_000), (Outcome.OWN, 603_000)),
        (own(at=4_000, keys=["k", "k2"]), (Outcome.OWN, 604_000)),
        (matched(at=5_000), (Outcome.MATCHED, 605_000)),
    ):
        assert ["applied"] == await scene.write(step)
        assert told == await shown()
    assert ["known"] == await scene.write(own(at=4_500))  # told late
    assert (Outcome.MATCHED, 605_000) == await shown()
    await scene.walk(now=605_001)
    row = await scene.row()
    assert (SessionState.EXPIRED, Outcome.MATCHED) == (row.state, row.outcome)


async def test_sessions_are_found_by_what_people_know(scene: Scene) -> None:
    """MAC, Remote-Id, Circuit-Id and address each lead to their sessions, and an unknown term to none."""
    await scene.write(
        scene.change(START, "s1", number=1, address=CPE, hosts=[v4(1)]),
        scene.change(START, "s2", number=2, address=CPE, hosts=[v4(2), ia_pd()]),
        scene.change(START, "s3"),
    )

    async def found(term: str) -> set[str]:
        return {row.session for row in await scene.rows(term)}

    assert {key("s1"), key("s2")} == await found("mac:3c:a6:2f:00:00:17")
    assert {key("s1")} == await found("remote_id:" + b"LINE-1".hex())
    assert {key("s2")} == await found("circuit_id:" + b"eth 2".hex())
    assert {key("s2")} == await found("address:203.0.113.2")
    assert {key("s2")} == await found(f"address:{ia_pd().address}")
    assert set() == await found("mac:3c:a6:2f:00:00:18")
    assert set() == await found("address:203.0.113.3")
    assert 3 == len(await scene.rows())


async def test_sessions_are_found_by_any_of_several_terms(scene: Scene, store: Store) -> None:
    """Each once, though it answers to two of them; one that has given an address back is not found by it."""
    await scene.write(
        scene.change(START, "s1", number=1, address=CPE, hosts=[v4(1), ia_pd()]),
        scene.change(START, "s2", number=2, address=CPE, hosts=[v4(2)]),
        scene.change(START, "s3", number=3, hosts=[v4(3)]),
        scene.change(INTERIM, "s3", at=1, number=3, hosts=[v4(4)]),
    )

    async def found(*terms: str) -> list[str]:
        query = SessionQuery(domains=((scene.domain, (BNG,)),), terms=terms)
        return sorted(row.session for row in (await store.queries.sessions(query))[0])

    pd, gone = f"address:{ia_pd().address}", "address:203.0.113.3"
    assert [key("s1")] == await found("address:203.0.113.1", pd, "address:203.0.113.77")
    assert sorted(map(key, ("s1", "s2"))) == await found("address:203.0.113.2", pd, gone)
    assert sorted(map(key, ("s1", "s2"))) == await found("address:203.0.113.1", "mac:3c:a6:2f:00:00:17")


async def test_a_session_is_found_by_what_it_has_now(scene: Scene) -> None:
    """With another address and another CPE a session is no longer found by the former ones."""
    await scene.write(scene.change(START, number=1, address=CPE, hosts=[v4(1)]))
    await scene.write(scene.change(INTERIM, at=1, number=2, address=OTHER_CPE, hosts=[v4(2)]))

    for term in ("mac:3c:a6:2f:00:00:17", "remote_id:" + b"LINE-1".hex(), "address:203.0.113.1"):
        assert [] == await scene.rows(term)
    for term in ("mac:3c:a6:2f:00:00:18", "remote_id:" + b"LINE-2".hex(), "address:203.0.113.2"):
        assert [key("s1")] == [row.session for row in await scene.rows(term)]


async def test_a_session_stays_findable_by_the_line_that_was_fixed_for_it(scene: Scene) -> None:
    """A record that names no line, or another one that is not taken, does not hide the session."""
    await scene.write(
        scene.change(START, number=1), scene.change(INTERIM, at=1), scene.change(INTERIM, at=2, number=2, own=False)
    )

    assert [key("s1")] == [row.session for row in await scene.rows("remote_id:" + b"LINE-1".hex())]
    assert [] == await scene.rows("remote_id:" + b"LINE-2".hex())


async def test_only_what_was_asked_for_is_told(scene: Scene, store: Store) -> None:
    """Sessions of other domains and of other BNGs are left out, by whatever they are looked for."""
    other = Scene(store)
    await scene.write(
        scene.change(START, "here", address=CPE, hosts=[v4()]),
        scene.change(START, "beside", address=CPE, hosts=[v4()], nas="bng2|0"),
    )
    await other.write(other.change(START, "there", address=CPE, hosts=[v4()]))

    for terms in (("mac:3c:a6:2f:00:00:17",), ("address:203.0.113.9",), ()):
        assert [key("here")] == [row.session for row in await scene.rows(*terms)]
        assert [key("there")] == [row.session for row in await other.rows(*terms)]


async def test_sessions_are_read_page_by_page(scene: Scene, store: Store) -> None:
    """Pages of sessions go through domain after domain without gaps or repeats, found by a term or not."""
    other = Scene(store)
    for number in range(5):
        await scene.write(scene.change(START, f"a{number}", address=CPE))
        await other.write(other.change(START, f"b{number}", address=CPE))
    for terms in ((), ("mac:3c:a6:2f:00:00:17",), ("mac:3c:a6:2f:00:00:18", "mac:3c:a6:2f:00:00:17")):
        found: list[str] = []
        cursor: str | None = ""
        pages = 0
        while cursor is not None:
            query = SessionQuery(
                domains=((scene.domain, (BNG,)), (other.domain, (BNG,))), terms=terms, page=Page(cursor=cursor, limit=3)
            )
            rows, cursor = await store.queries.sessions(query)
            assert len(rows) <= 3
            found += [row.session for row in rows]
            pages += 1

        assert sorted(key(f"{one}{number}") for one in "ab" for number in range(5)) == sorted(found)
        assert pages in (4, 5)


async def test_usage_of_nothing_is_nothing(scene: Scene) -> None:
    """A BNG that nobody has heard of uses nothing."""
    assert Usage() == await scene.usage()


# ---- lines


async def test_lines_are_found_by_their_ids(scene: Scene) -> None:
    """A line is listed in its domain and found by Remote-Id, Circuit-Id and MAC, as its last sighting told them."""
    await scene.write(scene.sighting(2, attachment="b", port=PORT, address=CPE, at=-50))
    await scene.write(
        scene.sighting(1, attachment="a", at=-90, address=OTHER_CPE), scene.sighting(1, attachment="a", address=CPE)
    )
    await scene.write(scene.sighting(1, attachment="a", at=-60, address=OTHER_CPE))  # told late
    shown = LineRow(
        line=line(2), domain=scene.domain, ids=ids_of(2), first_ms=NOW - 50, last_ms=NOW - 50,
        until_ms=NOW + 86_400_000 - 50, bng=BNG, port=PORT, address=CPE, sessions=(),
    )  # fmt: skip

    assert {line(1), line(2)} == {row.line for row in await scene.lines()}
    assert {line(1), line(2)} == {row.line for row in await scene.lines("mac:3c:a6:2f:00:00:17")}
    assert [] == await scene.lines("mac:3c:a6:2f:00:00:18")
    assert [line(1)] == [row.line for row in await scene.lines("remote_id:" + b"LINE-1".hex())]
    assert [shown] == await scene.lines("circuit_id:" + b"eth 2".hex())
    assert [] == await scene.lines("remote_id:00")
    (row,) = await scene.lines("remote_id:" + b"LINE-1".hex())
    assert (NOW - 90, NOW) == (row.first_ms, row.last_ms)


async def test_a_line_tells_its_sessions(scene: Scene) -> None:
    """Sessions are listed with the line that they are of, until they end; a line that ran out is not listed."""
    await scene.write(
        scene.sighting(1, attachment="k", lasts=10_000),
        scene.change(START, "s1", number=1, lasts=5_000),
        scene.change(START, "s2", number=1, own=False, lasts=5_000),
    )
    (row,) = await scene.lines()
    assert {key("s1"), key("s2")} == set(row.sessions)
    await scene.write(scene.change(STOP, "s1", at=1))
    (row,) = await scene.lines(now=10_000)

    assert (key("s2"),) == row.sessions
    assert [] == await scene.lines(now=10_001)


async def test_lines_are_read_page_by_page(scene: Scene, store: Store) -> None:
    """Pages of lines follow each other without gaps or repeats."""
    await scene.write(*(scene.sighting(n, attachment=f"k{n}", address=CPE) for n in range(1, 8)))
    for term in (None, "mac:3c:a6:2f:00:00:17"):
        found: list[str] = []
        cursor: str | None = ""
        pages = 0
        while cursor is not None:
            rows, cursor = await store.queries.lines([scene.domain], term, Page(cursor=cursor, limit=3), NOW)
            found += [row.line for row in rows]
            pages += 1

        assert sorted(line(n) for n in range(1, 8)) == sorted(found)
        assert pages in (3, 4)


async def test_lines_are_found_by_their_names(scene: Scene) -> None:
    """Several at once, those that are there and count; each as it is found by itself."""
    await scene.write(scene.sighting(1, attachment="k1"), scene.sighting(2, attachment="k2", lasts=5))
    names = [(scene.domain, line(number)) for number in (2, 3, 1)]
    rows = await scene.store.queries.line_rows(names, NOW + 10)

    assert [line(1)] == [row.line for row in rows]
    assert rows == [await scene.store.queries.line(scene.domain, line(1), NOW + 10)]
    assert [line(2), line(1)] == [row.line for row in await scene.store.queries.line_rows(names, NOW)]


async def test_more_sessions_than_are_unpacked_at_once_are_all_there(scene: Scene) -> None:
    """In the order in which they were asked for."""
    await scene.write(*(scene.change(START, f"s{number}") for number in range(250)))
    names = [key(f"s{number}") for number in range(250)]
    rows = await scene.store.queries.session_rows([(scene.domain, name) for name in names])

    assert names == [row.session for row in rows]
    assert {*names} == {row.session for row in await scene.rows()}
