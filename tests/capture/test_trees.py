"""Trees of packets: what options hold, in words, and what is wrong with them."""

from __future__ import annotations

import pytest

from bngcorr.capture.packets import Kind
from bngcorr.capture.trees import dhcp4, dhcp6
from bngcorr.capture.trees.node import Node
from bngcorr.capture.trees.reading import Words, guessed, tree
from bngcorr.profiles.profile import RawForm
from bngcorr.wire.attributes import vendor_key
from tests.wire.radius_packets import packet, plain, vsa

OPTIONS = vendor_key(6527, 102)
WORDS = Words({}, {OPTIONS: RawForm.OPTIONS4})
LINE = b"\x35\x01\x01\x52\x0e\x01\x05olt-7\x02\x05LINE1"


def part(node: Node, *path: int) -> Node:
    """The part of that path of codes."""
    for code in path:
        node = next(inner for inner in node.parts if inner.code == code)
    return node


def test_a_wholesale_hand_over_says_what_the_line_can() -> None:
    """Option 82 as an access node writes it: no Remote-Id, and rates in kbit/s in sub-option 9."""
    inside = (
        bytes.fromhex("0106") + b"eth0:1" + bytes.fromhex("0200 0916 00000de9 11 8104000007d0 820400009c38 9003010200")
    )
    relay = dhcp4.option(82, inside)

    assert ("Circuit-Id", "eth0:1") == (part(relay, 1).name, part(relay, 1).value)
    assert (None, b"") == (part(relay, 2).value, part(relay, 2).octets)
    (forum,) = part(relay, 9).parts
    assert [("Actual-Rate-Up", 2000), ("Actual-Rate-Down", 39992), ("Encapsulation", None)] == [
        (rate.name, rate.value) for rate in forum.parts
    ]


@pytest.mark.parametrize(
    ("code", "octets", "shown"),
    [
        (1, "ffffff00", "255.255.255.0"), (6, "0a0000010a000002", "10.0.0.1, 10.0.0.2"), (51, "00000e10", "3600 s"),
        (51, "ffffffff", "forever"), (53, "05", "ACK (5)"), (53, "ff", "unknown (255)"), (57, "05dc", 1500),
        (55, "0106fe", "1 Subnet-Mask, 6 DNS-Servers, 254"), (61, "013ca62f000017", "3c:a6:2f:00:00:17"),
    ],
)  # fmt: skip
def test_options_of_dhcpv4_are_shown_as_what_they_are(code: int, octets: str, shown: str | int) -> None:
    """Addresses, seconds, numbers, types and lists."""
    node = dhcp4.option(code, bytes.fromhex(octets))

    assert (shown, None) == (node.value, node.fault)


@pytest.mark.parametrize(
    ("code", "octets"), [(1, "ffff"), (51, "000e10"), (53, "0101"), (125, "00000de905aa"), (82, "0105aa")]
)
def test_options_of_dhcpv4_that_are_malformed_are_named(code: int, octets: str) -> None:
    """A length that cannot be, or that points behind the end: the octets are shown, and why."""
    node = dhcp4.option(code, bytes.fromhex(octets))

    assert node.fault in ("bad-length", "overrun")
    assert bytes.fromhex(octets) == node.octets


def test_relays_are_one_inside_the_other() -> None:
    """The inner message stands behind the relay's options; a hop-count of 9 is too high."""
    relay = b"\x0c\x09" + bytes(32) + b"\0\x12\0\x02if" + b"\0\x09\0\x04\x01\xaa\xbb\xcc"
    node = dhcp6.message(relay)

    assert ("RELAY-FORW", "if") == (node.value, part(node, 18).value)
    assert ("DHCPv6", "SOLICIT") == (node.parts[-1].name, node.parts[-1].value)
    assert ["too-deep"] == list(node.faults())


def test_options_that_are_spread_over_attributes_are_whole_together() -> None:
    """RADIUS attributes end at 253 octets: what each holds is cut, and together they are the client's options."""
    pieces = (vsa(6527, (102, LINE[:9])), vsa(6527, (102, LINE[9:])), plain(2, bytes(16)))
    node = tree(packet(1, 7, bytes(16), pieces).octets, Kind.RADIUS, WORDS)

    assert [] == list(node.faults())
    assert "LINE1" == part(node.parts[-1].parts[0], 82, 2).value
    assert "2 attributes together" == node.parts[-1].name


def test_what_octets_are_is_found_out() -> None:
    """A cookie, a length, options that fill the message; else nothing."""
    discover = b"\x01\x01\x06\0" + bytes(232) + b"\x63\x82\x53\x63\x35\x01\x01\xff"
    request = packet(1, 7, bytes(16), ()).octets
    rows = (discover, request, b"\x01\0\0\x07\0\x0e\0\0", b"", b"\0" * 30, b"\x16\x03")
    found: list[Kind | None] = [guessed(octets) for octets in rows]

    assert [Kind.DHCPV4, Kind.RADIUS, Kind.DHCPV6, None, None, None] == found
