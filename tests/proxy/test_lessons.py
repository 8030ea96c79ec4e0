"""What is written down about a request, as people are shown it."""

from __future__ import annotations

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import DropReason, Key, Mode, Outcome, Rung, Strength, Trigger
from bngcorr.proxy import lessons
from bngcorr.proxy.admit import describe
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.store.lesson import Event, SessionStep
from bngcorr.store.timeline import RequestEntry, read
from bngcorr.wire.attributes import Code
from tests.lab_parts import nas
from tests.wire.radius_packets import Piece, plain, vsa

from .families import DHCPV6_PROOF, NOKIA, profile, remote_id, request

NOW_MS = 1_800_000_000_000
MAC = vsa(6527, (27, b"02:00:01:00:00:01"))
PORT = plain(87, b"1/1/4:100.20")


def admitted(*pieces: Piece, code: int = 1) -> Request:
    """A request of a BNG, known for what it is."""
    view = request(*pieces, code=code)
    return describe(
        nas("bng1", profile(NOKIA), mode=Mode.OBSERVE), view, "192.0.2.1", at_ms=NOW_MS, authentic=False,
        numbers=Numbers(),
    )  # fmt: skip


def as_read(event: Event) -> RequestEntry:
    """Through the store and back."""
    entry = read(event.about, event.moment, "", "")
    assert isinstance(entry, RequestEntry)
    return entry


def test_a_request_is_told_with_all_that_led_to_its_verdict() -> None:
    """Every figure stands under its own name; the ids are those of the line that it was matched with."""
    prefixed = (637).to_bytes(4, "big") + b"LINE-7"
    asked = admitted(MAC, PORT, DHCPV6_PROOF, remote_id(prefixed), plain(1, b"user"), plain(44, b"0A"))
    asked.upstream, asked.answered_ms = "aaa1", 12
    verdict = Verdict(
        outcome=Outcome.MATCHED, line="ab" * 12, ids=LineIds(b"LINE-8", b"eth 8"), rung=Rung.WINDOW,
        key=Key.ATTACHMENT_MAC, distance_ms=-40, held_ms=15,
    )  # fmt: skip
    told = lessons.event(asked, verdict, Code.ACCESS_REJECT, NOW_MS + 16)

    assert RequestEntry(
        at_ms=NOW_MS, request=asked.view.authenticator, code=Code.ACCESS_REQUEST, domain="bng1", bng="bng1",
        mode=Mode.OBSERVE, mac=Mac(bytes.fromhex("020001000001")),
        port=Attachment("1/1/4", 100, 20), trigger=Trigger.DHCPV6, strength=Strength.PROOF,
        evidence=tuple(f"{one.family} {one.strength}: {one.reason}" for one in asked.classification.evidence),
        verdict=Outcome.MATCHED, rung=Rung.WINDOW, key=Key.ATTACHMENT_MAC, line="ab" * 12, distance_ms=-40, held_ms=15,
        ids=LineIds(b"LINE-8", b"eth 8"), raw_remote_id=prefixed, raw_circuit_id=None, enterprise_number=637,
        stripped=True, user_name="user", session_id=b"0A", step=None, upstream="aaa1", answer=Code.ACCESS_REJECT,
        dropped=None, answered_ms=12, over_ms=NOW_MS + 16,
    ) == as_read(told)  # fmt: skip
    assert ("bng1", "ab" * 12, asked.keyring.mac) == (told.domain, told.line, told.mac)


def test_a_request_that_was_given_up_says_why() -> None:
    """No answer, and the reason of the drop; what the request does not say is not there."""
    asked = admitted(vsa(6527, (200, b"x")), plain(40, (3).to_bytes(4, "big")), plain(44, b"0A"), code=4)
    asked.dropped = DropReason.NO_REPLY
    told = as_read(lessons.event(asked, UNMATCHED, 0, NOW_MS))

    assert (Code.ACCOUNTING_REQUEST, SessionStep.INTERIM) == (told.code, told.step)
    assert (None, DropReason.NO_REPLY, None, None) == (told.answer, told.dropped, told.upstream, told.answered_ms)
    assert (Trigger.UNKNOWN, None, ()) == (told.trigger, told.strength, told.evidence)
    assert [None] * 9 == [
        told.mac, told.port, told.rung, told.key, told.line, told.distance_ms, told.enterprise_number,
        told.raw_remote_id, told.user_name,
    ]  # fmt: skip
    assert (False, 0, LineIds()) == (told.stripped, told.held_ms, told.ids)


def test_accounting_leaves_the_timeline_to_the_store() -> None:
    """Only the store knows what a record changed, and most change nothing."""
    asked = admitted(MAC, remote_id(b"LINE-7"), plain(40, (1).to_bytes(4, "big")), plain(44, b"0A"), code=4)
    told = lessons.event(asked, Verdict(outcome=Outcome.OWN, line="ab" * 12), Code.ACCOUNTING_RESPONSE, NOW_MS)

    assert (None, None, "ab" * 12) == (told.line, told.mac, as_read(told).line)
