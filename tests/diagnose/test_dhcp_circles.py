"""DHCP that is answered and comes to nothing."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.cpe import ACK, CPE, DISCOVER, LEASE, REPLY, REQUEST, REQUEST4, SOLICIT, ia_pd, server_id, v4, v6
from tests.diagnose.flow import ia
from tests.diagnose.stage import Stage, option6

CIRCLES = Fault.DHCP_IN_CIRCLES
OFFER, NAK, ADVERTISE = 2, 6, 2
PREFIX = ia_pd("2001:db8:7700::")
NO_PREFIX = ia(25, option6(13, b"\0\x06"))
NO_ADDRESS = ia(3, option6(13, b"\0\x02"))


def rounds(times: int, *frames: bytes, every: float = 8.0) -> Stage:
    """The same frames, a tenth of a second apart, again and again."""
    stage = Stage()
    for at in range(times):
        for number, frame in enumerate(frames):
            stage.frame(frame, at * every + number / 10)
    return stage


@pytest.mark.parametrize(
    ("frames", "subject", "why"),
    [
        ((v4(DISCOVER, CPE), v4(OFFER, CPE)), "DHCPv4", "no OFFER is taken up"),
        ((v6(SOLICIT, CPE), v6(ADVERTISE, CPE, server_id(1), PREFIX)), "DHCPv6", "no ADVERTISE is taken up"),
        ((v6(SOLICIT, CPE), v6(ADVERTISE, CPE, server_id(1), NO_PREFIX)), "DHCPv6", "NoPrefixAvail"),
        ((v4(DISCOVER, CPE), v4(OFFER, CPE), v4(REQUEST4, CPE), v4(NAK, CPE)), "DHCPv4", "NAK"),
    ],
    ids=["offers are lost", "advertises are lost", "an empty pool", "refused"],
)
def test_a_client_that_begins_again_although_it_is_answered_is_told(
    frames: tuple[bytes, ...], subject: str, why: str
) -> None:
    """Three times are enough; questions and answers are its packets."""
    (found,) = rounds(4, *frames).faults(CIRCLES)

    assert (f"{CPE} {subject}", 3, Severity.WARNING) == (found.subject, found.count, found.severity)
    assert found.detail.endswith(why)
    assert len(frames) in found.packets


def test_a_lease_in_the_end_is_told_as_over() -> None:
    """The ACK's number is there, and it is one fault."""
    stage = rounds(5, v4(DISCOVER, CPE), v4(OFFER, CPE))
    stage.frame(v4(REQUEST4, CPE), 50)
    over = stage.frame(v4(ACK, CPE, LEASE), 50.1)

    assert [(4, over)] == [(found.count, found.cleared) for found in stage.faults(CIRCLES)]


@pytest.mark.parametrize(
    ("frames", "every"),
    [
        ((v4(DISCOVER, CPE), v4(OFFER, CPE), v4(REQUEST4, CPE), v4(ACK, CPE, LEASE)), 40),
        ((v4(DISCOVER, CPE), v4(OFFER, CPE), v4(OFFER, CPE), v4(REQUEST4, CPE)), 40),
        ((v4(DISCOVER, CPE), v4(OFFER, CPE)), 300),
        ((v4(DISCOVER, CPE), v4(DISCOVER, CPE), v4(OFFER, CPE), v4(REQUEST4, CPE), v4(ACK, CPE, LEASE)), 40),
        ((v6(SOLICIT, CPE), v6(ADVERTISE, CPE, server_id(1), NO_ADDRESS)), 8),
        ((v6(SOLICIT, CPE), v6(ADVERTISE, CPE, server_id(1), NO_PREFIX),
          v6(ADVERTISE, CPE, server_id(2), PREFIX), v6(REQUEST, CPE, server_id(2), PREFIX)), 40),
        ((v6(SOLICIT, CPE, option6(14, b"")), v6(REPLY, CPE, server_id(1), option6(14, b""), PREFIX)), 40),
    ],
    ids=[
        "a CPE that reboots", "no ACK is another fault", "monitoring", "a relay's copy", "no addresses",
        "one of two servers has prefixes", "Rapid Commit",
    ],
)  # fmt: skip
def test_what_is_no_circle(frames: tuple[bytes, ...], every: float) -> None:
    """Whoever takes an offer up, asks seldom, or does without addresses of DHCPv6."""
    assert [] == rounds(6, *frames, every=every).faults(CIRCLES)
