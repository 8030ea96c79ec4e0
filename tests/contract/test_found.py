"""By what people find sessions and lines."""

from __future__ import annotations

import pytest

from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import Mac
from bngcorr.store.terms import (
    address_term,
    attachment_term,
    circuit_id_term,
    mac_term,
    port_term,
    remote_id_term,
    user_name_term,
    user_name_terms,
)
from tests.store.scene import Scene, Store
from tests.store.subjects import BNG, DAY, NAS, NOW, OTHER_NAS, START, STOP, ids_of, key, line, v4

pytestmark = pytest.mark.asyncio

CPE = Mac(b"\x3c\xa6\x2f\0\0\x17")
PORT = Attachment("1/1/4", 100, 20)


async def sessions(scene: Scene, *terms: str) -> set[str]:
    """Names of what answers to one of some terms."""
    return {row.session for row in await scene.rows(*terms)}


async def lines(scene: Scene, term: str) -> list[str]:
    """Names of lines by a term."""
    return [row.line for row in await scene.lines(term)]


async def test_a_session_is_found_by_its_user_name(scene: Scene) -> None:
    """In any case of letters; and its line by it."""
    await scene.write(
        scene.sighting(1, attachment="k"), scene.change(START, number=1, keys=["k"], user_name="Anna@isp.example"),
        scene.change(START, "s2", user_name="Berta@isp.example"),
    )  # fmt: skip

    assert {key("s1")} == await sessions(scene, user_name_term("anna@ISP.example"))
    assert [line(1)] == await lines(scene, user_name_term("anna@isp.example"))
    assert set() == await sessions(scene, user_name_term("anna"))


async def test_a_user_name_that_says_what_is_known_anyway_has_no_entry_of_its_own(scene: Scene) -> None:
    """A MAC, or an id of the line: the session is found by that."""
    await scene.write(
        scene.change(START, "s1", user_name="3ca6.2f00.0017", address=CPE),
        scene.change(START, "s2", number=1, user_name="LINE-1"),
        scene.change(START, "s3", number=2, user_name="eth 2"),
    )

    assert set() == await sessions(scene, *map(user_name_term, ("3ca6.2f00.0017", "LINE-1", "eth 2")))
    assert [{key("s1")}, {key("s2")}, {key("s3")}] == [
        await sessions(scene, *user_name_terms(name)) for name in ("3ca6.2f00.0017", "LINE-1", "eth 2")
    ]


async def test_sessions_are_found_by_port(scene: Scene) -> None:
    """Of all boxes of the BNG, whatever the VLANs; no longer once they are dropped, or moved to another port."""
    there = [
        scene.change(START, f"s{number}", port=Attachment("1/1/4", number), nas=nas, number=number)
        for number, nas in ((1, NAS), (2, NAS), (3, OTHER_NAS))
    ]
    await scene.write(scene.sighting(1, attachment="k"), *there, scene.change(START, "s4", port=Attachment("1/1/5")))

    assert {key("s1"), key("s2"), key("s3")} == await sessions(scene, port_term(BNG, "1/1/4"))
    assert {key("s2")} == await sessions(scene, attachment_term(BNG, Attachment("1/1/4", 2)))
    assert set() == await sessions(scene, attachment_term(BNG, Attachment("1/1/4", 2, 2)))
    assert [line(1)] == await lines(scene, port_term(BNG, "1/1/4"))
    assert set() == await sessions(scene, port_term(BNG, "1/1/6"))

    moved = Attachment("1/1/5"), Attachment("1/1/4", 7)
    await scene.write(
        scene.change(START, "s1", at=1000, port=moved[0], number=1),
        scene.change(START, "s2", at=1000, port=moved[1], number=2),
    )
    assert {key("s2"), key("s3")} == await sessions(scene, port_term(BNG, "1/1/4"))
    assert {key("s1"), key("s4")} == await sessions(scene, port_term(BNG, "1/1/5"))
    assert {key("s2")} == await sessions(scene, attachment_term(BNG, moved[1]))
    assert set() == await sessions(scene, attachment_term(BNG, Attachment("1/1/4", 2)))


async def test_a_line_is_found_by_the_address_of_its_session(scene: Scene) -> None:
    """As by its own ids and MAC."""
    await scene.write(
        scene.sighting(1, attachment="k", address=CPE), scene.change(START, hosts=[v4(9)], number=1, keys=["k"])
    )
    ids = ids_of(1)

    assert ids.remote_id is not None
    assert ids.circuit_id is not None
    for term in (
        address_term("203.0.113.9"), mac_term(CPE), remote_id_term(ids.remote_id), circuit_id_term(ids.circuit_id),
    ):  # fmt: skip
        assert [line(1)] == await lines(scene, term)


async def test_one_session_and_one_line_are_read_by_name(scene: Scene, store: Store) -> None:
    """What is not there, or counts no more, is none."""
    await scene.write(scene.sighting(1, attachment="k"), scene.change(START, number=1, nas=OTHER_NAS))
    session = await store.queries.session(scene.domain, key("s1"))
    known = await store.queries.line(scene.domain, line(1), NOW)

    assert session is not None
    assert known is not None
    assert (key("s1"), OTHER_NAS, line(1)) == (session.session, session.nas, known.line)
    assert None is await store.queries.session(scene.domain, key("s2"))
    assert None is await store.queries.line(scene.domain, line(2), NOW)
    assert None is await store.queries.line(scene.domain, line(1), NOW + DAY + 1)
    assert [(scene.domain, OTHER_NAS)] == await store.queries.boxes([scene.domain])


async def test_a_dropped_session_is_found_no_more(scene: Scene) -> None:
    """Neither by its user name nor by its port."""
    await scene.write(scene.change(START, port=PORT, user_name="anna"))
    await scene.write(scene.change(STOP, at=1000, port=PORT, user_name="anna"))
    assert {key("s1")} == await sessions(scene, user_name_term("anna"), port_term(BNG, "1/1/4"))

    await scene.walk(now=30 * 3_600_000)
    assert set() == await sessions(scene, user_name_term("anna"), port_term(BNG, "1/1/4"))
