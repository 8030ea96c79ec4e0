"""What is written down about a request, as people are shown it."""

from __future__ import annotations

import msgpack

from bngcorr.model.line import LineIds
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import Key, Mode, Outcome, Rung
from bngcorr.proxy import lessons
from bngcorr.proxy.admit import describe
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.store.lesson import Event
from bngcorr.store.verdicts import Shown, shown
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


def as_shown(event: Event) -> Shown:
    """Through the store and back."""
    return shown(msgpack.unpackb(msgpack.packb(event.shown, use_bin_type=True)))


def test_a_verdict_is_shown_with_all_that_led_to_it() -> None:
    """Every figure stands under its own name, and names are plain text."""
    prefixed = (637).to_bytes(4, "big") + b"LINE-7"
    asked = admitted(MAC, PORT, DHCPV6_PROOF, remote_id(prefixed))
    verdict = Verdict(
        outcome=Outcome.MATCHED, line="ab" * 12, ids=LineIds(b"LINE-7"), rung=Rung.WINDOW, key=Key.ATTACHMENT_MAC,
        distance_ms=-40, held_ms=15,
    )  # fmt: skip
    (evidence, *_) = asked.classification.evidence

    assert {
        "at_ms": NOW_MS,
        "request": asked.view.authenticator.hex(),
        "code": "Access-Request",
        "bng": "bng1",
        "mode": "observe",
        "mac": "02:00:01:00:00:01",
        "attachment": {"port": "1/1/4", "outer": 100, "inner": 20},
        "trigger": "dhcpv6",
        "strength": "proof",
        "evidence": [f"{one.family} {one.strength}: {one.reason}" for one in asked.classification.evidence],
        "verdict": "matched",
        "rung": "window",
        "key": "attachment+mac",
        "line": "ab" * 12,
        "distance_ms": -40,
        "held_ms": 15,
        "stripped": True,
        "enterprise_number": 637,
        "decided_ms": NOW_MS + 16,
    } == as_shown(lessons.event(asked, verdict, NOW_MS + 16))
    assert evidence.text.startswith("dhcpv6 proof: ")


def test_what_is_not_known_is_shown_as_null() -> None:
    """A request that says nothing has no MAC, no port, no evidence, and a verdict without line, rung and key."""
    told = as_shown(lessons.event(admitted(vsa(6527, (200, b"x")), code=4), UNMATCHED, NOW_MS))

    assert "Accounting-Request" == told["code"]
    assert ("unknown", None, []) == (told["trigger"], told["strength"], told["evidence"])
    assert [None] * 7 == [told[name] for name in ("mac", "attachment", "rung", "key", "line", "distance_ms",
                                                  "enterprise_number")]  # fmt: skip
    assert (False, 0) == (told["stripped"], told["held_ms"])
