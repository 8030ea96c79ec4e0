"""Packet Too Big and Fragmentation Needed."""

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest

from bngcorr.wire import frames, too_big
from bngcorr.wire.frame import RAW4, RAW6

SOURCE6, DESTINATION6 = ip_address("2001:db8::1").packed, ip_address("2001:db8::2").packed
SOURCE4, DESTINATION4 = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))


def icmp6(message: bytes) -> bytes:
    """In an IPv6 packet."""
    return struct.pack("!IHBB", 6 << 28, len(message), 58, 64) + DESTINATION6 + SOURCE6 + message


def icmp4(message: bytes) -> bytes:
    """In an IPv4 packet."""
    return struct.pack("!BBHIBBH", 0x45, 0, 20 + len(message), 0, 64, 1, 0) + DESTINATION4 + SOURCE4 + message


QUOTED6 = struct.pack("!IHBB", 6 << 28, 1460, 6, 64) + SOURCE6 + DESTINATION6
QUOTED4 = struct.pack("!BBHIBBH", 0x45, 0, 1500, 0, 64, 41, 0) + SOURCE4 + DESTINATION4
TOO_BIG = icmp6(struct.pack("!BBHI", 2, 0, 0, 1280) + QUOTED6)
NEEDED = icmp4(struct.pack("!BBHHH", 3, 4, 0, 0, 1380) + QUOTED4)


@pytest.mark.parametrize(
    ("packet", "link", "expected"),
    [(TOO_BIG, RAW6, (SOURCE6, DESTINATION6, 1280)), (NEEDED, RAW4, (SOURCE4, DESTINATION4, 1380))],
)
def test_whose_packet_did_not_fit_and_what_would_have(
    packet: bytes, link: int, expected: tuple[bytes, bytes, int]
) -> None:
    """Both name the quoted packet's ends, not their own."""
    message = too_big.decode(frames.decode(packet, link))

    assert message is not None
    assert expected == (message.source, message.destination, message.mtu)


@pytest.mark.parametrize(
    ("packet", "link"),
    [
        (TOO_BIG[:-1], RAW6),
        (NEEDED[:-1], RAW4),
        (icmp6(struct.pack("!BBHI", 1, 0, 0, 0) + QUOTED6), RAW6),
        (icmp4(struct.pack("!BBHHH", 3, 1, 0, 0, 0) + QUOTED4), RAW4),
        (icmp6(struct.pack("!BBHI", 2, 0, 0, 1280) + QUOTED4 + bytes(20)), RAW6),
        (icmp6(b"\2"), RAW6),
    ],
    ids=["cut", "cut v4", "unreachable", "host unreachable", "quotes IPv4", "one octet"],
)
def test_other_messages_and_cut_ones_are_none(packet: bytes, link: int) -> None:
    """Nothing is made of what is not there."""
    assert too_big.decode(frames.decode(packet, link, len(packet) + 1)) is None
