"""What the store's words on lessons amount to for operations."""

from __future__ import annotations

import json

import pytest

from bngcorr.correlator import findings
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.vocabulary import Finding
from bngcorr.store import lesson as words
from bngcorr.store.lesson import (
    Distances,
    Event,
    Lesson,
    NumberSeen,
    Restart,
    SessionChange,
    SessionStep,
    Sighting,
)
from bngcorr.store.rows import LostV6

from .questions import CPE, NAS, NOW, PORT

LINE = "0123456789abcdef01234567"
IDS = LineIds(b"olt7/12", b"\0\x01")
SIGHTING = Sighting(
    domain="metro", bng="bng1", line=LINE, ids=IDS, at_ms=NOW, until_ms=NOW + 1, port=PORT, address=CPE
)  # fmt: skip
CHANGE = SessionChange(
    domain="metro", bng="bng1", session="5" * 24, nas=NAS, step=SessionStep.INTERIM, at_ms=NOW, until_ms=NOW + 1,
    line=LINE, ids=IDS, port=PORT, address=CPE,
)  # fmt: skip
NUMBER = NumberSeen(domain="metro", bng="bng1", number=2011, at_ms=NOW)
MAC = "3c:a6:2f:00:00:17"


@pytest.mark.parametrize(
    ("lesson", "word", "finding", "subject", "over"),
    [
        (SIGHTING, words.CONTRADICTED, Finding.CONFLICT, LINE, False),
        (SIGHTING, words.MOVED, Finding.MOVED, LINE, False),
        (SIGHTING, words.MAC_MOVED, Finding.MOVED, MAC, False),
        (SIGHTING, words.SHARED, Finding.SHARED_ATTACHMENT, "1/1/4:100.20", False),
        (SIGHTING, words.MAC_FLOOD, Finding.MAC_FLOOD, LINE, False),
        (CHANGE, words.LATE, Finding.LATE_IDENTITY, LINE, False),
        (CHANGE, words.NO_TRAFFIC, Finding.NO_TRAFFIC, LINE, False),
        (CHANGE, words.TRAFFIC, Finding.NO_TRAFFIC, LINE, True),
        (CHANGE, words.V6_BACK, Finding.V6_LOST, LINE, True),
        (CHANGE, words.DUPLICATE + "2001:db8:1::/56", Finding.DUPLICATE, "2001:db8:1::/56", False),
        (NUMBER, words.NEW, Finding.NEW_ENTERPRISE_NUMBER, "2011", False),
    ],
)
def test_every_word_of_the_store_is_a_finding(
    lesson: Sighting | SessionChange | NumberSeen, word: str, finding: Finding, subject: str, over: bool
) -> None:
    """Each word names one finding, of the BNG and the instant of the lesson, about one subject; or that it is over."""
    for said in (word, f"applied,{word}", f"{word},applied"):
        (found,) = findings.of(lesson, said)

        assert ("metro", "bng1", finding, subject, NOW, over) == (
            found.domain,
            found.bng,
            found.finding,
            found.subject,
            found.at_ms,
            found.over,
        )


@pytest.mark.parametrize(
    "lesson",
    [
        SIGHTING,
        CHANGE,
        NUMBER,
        Restart(domain="metro", bng="bng1", nas=NAS, at_ms=NOW),
        Distances(domain="metro", bng="bng1", counts=()),
        Event(domain="metro", line=None, mac=None, about=b"", moment=b""),
    ],
)
@pytest.mark.parametrize(
    "word", ["ok", "applied", "known", "stale", "duplicate", "restarted", "failed: x", words.AWAY, ""]
)
def test_all_other_words_are_nothing_to_look_at(lesson: Lesson, word: str) -> None:
    """What was learnt, was known already, came too late or could not be written is no finding."""
    assert [] == findings.of(lesson, word)


def test_several_words_are_several_findings() -> None:
    """A CPE that comes to a VLAN pair of another line is told as both, in the store's order."""
    told = findings.of(SIGHTING, "mac_moved,moved,shared")

    assert [(Finding.MOVED, MAC), (Finding.MOVED, LINE), (Finding.SHARED_ATTACHMENT, "1/1/4:100.20")] == [
        (one.finding, one.subject) for one in told
    ]


def test_a_finding_says_which_line_port_and_cpe() -> None:
    """Opaque ids are shown in hexadecimal, and as text where they are text."""
    (found,) = findings.of(SIGHTING, words.MOVED)

    assert {
        "remote_id": {"hex": "6f6c74372f3132", "text": "olt7/12"},
        "circuit_id": {"hex": "0001", "text": None},
        "port": "1/1/4:100.20",
        "mac": MAC,
        "line": LINE,
    } == json.loads(found.detail)


def test_a_duplicate_is_told_also_of_a_session_without_line() -> None:
    """Its address is the subject; whose it is may not be known."""
    stranger = SessionChange(
        domain="metro", bng="bng1", session="5" * 24, nas=NAS, step=SessionStep.START, at_ms=NOW, until_ms=NOW + 1
    )  # fmt: skip
    told = findings.of(stranger, "applied,late,duplicate=203.0.113.9")

    assert [(Finding.DUPLICATE, "203.0.113.9")] == [(one.finding, one.subject) for one in told]
    assert "203.0.113.9" == json.loads(told[0].detail)["address"]


def test_a_lost_v6_is_told_with_both_instants() -> None:
    """When the line was last known to have IPv6, and when its IPv4 began anew."""
    lost = LostV6(line=LINE, ids=IDS, bng="bng1", port=PORT, v6_ms=NOW - 900_000, begun_ms=NOW - 600_000)
    found = findings.of_lost("metro", lost, NOW)

    assert (Finding.V6_LOST, LINE, NOW, False) == (found.finding, found.subject, found.at_ms, found.over)
    assert (NOW - 900_000, NOW - 600_000) == (
        json.loads(found.detail)["v6_ms"],
        json.loads(found.detail)["v4_begun_ms"],
    )


@pytest.mark.parametrize(("port", "mac", "subject"), [(PORT, CPE, "1/1/4:100.20"), (None, CPE, MAC), (None, None, "")])
def test_what_one_request_shows_is_told_of_its_port(port: Attachment | None, mac: Mac | None, subject: str) -> None:
    """A conflict or a flood is about the port where it came from, else about the CPE."""
    found = findings.of_request(Finding.CONFLICT, "metro", "bng1", IDS, port, mac, NOW)
    told = json.loads(found.detail)

    assert (Finding.CONFLICT, "metro", "bng1", subject, NOW) == (
        found.finding,
        found.domain,
        found.bng,
        found.subject,
        found.at_ms,
    )
    assert (port and str(port), mac and MAC) == (told["port"], told["mac"])


def test_every_finding_has_a_reason_and_a_next_step() -> None:
    """Each kind is explained in a sentence and says what to do, for there is no finding that nobody can act on."""
    for told in (findings.REASON, findings.NEXT_STEP):
        assert set(Finding) == set(told)
        assert all(text.endswith(".") and len(text) > 40 for text in told.values())
