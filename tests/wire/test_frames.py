"""Frames: links, tags, tunnels, fragments, PPPoE, ARP and ND, and octets that are wrong."""

from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.errors import Malformed
from bngcorr.wire import frames, neighbours, pppoe
from bngcorr.wire.frame import (
    ACK,
    ARP,
    COOKED,
    COOKED2,
    ETHERNET,
    FIRST,
    LATER,
    NO_PROTOCOL,
    NULL,
    PPPOE_DISCOVERY,
    RAW,
    SYN,
    TCP,
    UDP,
    WHOLE,
    Frame,
)  # fmt: skip
from bngcorr.wire.refusal import Refusal

from .hostile import rows

MACS = bytes.fromhex("02bb00000001 3ca62f000017".replace(" ", ""))
SENDER = MACS[6:] + bytes(2)  # as a cooked link has it
V4 = bytes((192, 0, 2, 1, 192, 0, 2, 2))
V6 = bytes.fromhex("fe80000000000000000000000000000a" + "ff020000000000000000000000000001")


def udp(payload: bytes = b"hello") -> bytes:
    """From 68 to 67."""
    return struct.pack("!HHHH", 68, 67, 8 + len(payload), 0) + payload


def ip4(payload: bytes, protocol: int = 17, fragment: int = 0) -> bytes:
    """An IPv4 packet."""
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, 0) + V4 + payload


def ip6(payload: bytes, protocol: int = 17, hops: int = 255) -> bytes:
    """An IPv6 packet."""
    return struct.pack("!IHBB", 6 << 28, len(payload), protocol, hops) + V6 + payload


def ethernet(kind: int, payload: bytes, *tags: tuple[int, int]) -> bytes:
    """A frame with VLAN tags."""
    return MACS + b"".join(struct.pack("!HH", *tag) for tag in tags) + struct.pack("!H", kind) + payload


def pppoe_session(protocol: int, payload: bytes) -> bytes:
    """PPPoE session 0x1234."""
    return struct.pack("!BBHHH", 0x11, 0, 0x1234, len(payload) + 2, protocol) + payload


LINKS = {
    "Ethernet": (ETHERNET, ethernet(0x0800, ip4(udp())).ljust(60, b"\0")),
    "raw": (min(RAW), ip4(udp())),
    "cooked v1": (COOKED, struct.pack("!HHH8sH", 0, 1, 6, SENDER, 0x0800) + ip4(udp())),
    "cooked v1, tagged": (
        COOKED,
        struct.pack("!HHH8sHHH", 0, 1, 6, MACS[6:] + b"\0\0", 0x8100, 7, 0x0800) + ip4(udp()),
    ),
    "cooked v2": (COOKED2, struct.pack("!HHIHBB8s", 0x86DD, 0, 3, 1, 0, 6, SENDER) + ip6(udp())),
    "loopback": (NULL, struct.pack("=I", 2) + ip4(udp())),
    "PPPoE": (ETHERNET, ethernet(0x8864, pppoe_session(0x0021, ip4(udp())) + b"\0\0", (0x8100, 9))),
    "6in4": (ETHERNET, ethernet(0x0800, ip4(ip6(udp()), 41))),
    "6in6 behind options": (ETHERNET, ethernet(0x86DD, ip6(b"\x29\0" + bytes(6) + ip6(udp()), 60))),
    "SNAP": (ETHERNET, ethernet(40, b"\xaa\xaa\x03\0\0\0\x08\0" + ip4(udp()))),
}


@pytest.mark.parametrize(("link", "octets"), LINKS.values(), ids=LINKS.keys())
def test_the_payload_is_found_on_every_link_and_in_every_tunnel(link: int, octets: bytes) -> None:
    """Ports and payload, padding left off; nothing is cut and nothing wrong."""
    frame = frames.decode(octets, link)

    assert (UDP, 68, 67, b"hello") == (frame.protocol, frame.source_port, frame.destination_port, frame.payload)
    assert (False, None, WHOLE) == (frame.cut, frame.fault, frame.fragment)
    assert len(frame.source) == {4: 4, 6: 16}[frame.version]


@pytest.mark.parametrize("tpid", [0x8100, 0x88A8, 0x9100])
def test_tags_are_kept_in_their_order(tpid: int) -> None:
    """QinQ: the outer tag's TPID and id, then the inner; priorities are no part of the id."""
    frame = frames.decode(ethernet(0x0800, ip4(udp()), (tpid, 0xE000 | 2048), (0x8100, 101)), ETHERNET)

    assert (2048, 101) == frame.vlans
    assert tpid == frame.tags[0] >> 16
    assert MACS == frame.link_destination + frame.link_source


def test_a_tunnels_outer_addresses_are_kept() -> None:
    """6in4: the IPv4 header around, and the IPv6 header inside."""
    frame = frames.decode(ethernet(0x0800, ip4(ip6(udp()), 41)), ETHERNET)

    assert [(4, V4[:4], V4[4:])] == [(outer.version, outer.source, outer.destination) for outer in frame.outer]
    assert (6, V6[:16], V6[16:]) == (frame.version, frame.source, frame.destination)


def test_first_fragments_are_read_and_later_ones_named() -> None:
    """Of the first, ports and what is there of the payload; of the rest, addresses and protocol."""
    whole = udp(bytes(100))
    first = frames.decode(ethernet(0x0800, ip4(whole[:48], fragment=0x2000)), ETHERNET)
    later = frames.decode(ethernet(0x0800, ip4(whole[48:], fragment=6)), ETHERNET)
    first6 = frames.decode(ethernet(0x86DD, ip6(b"\x11\0\0\x01\0\0\0\x07" + whole[:48], 44)), ETHERNET)
    later6 = frames.decode(ethernet(0x86DD, ip6(b"\x11\0\0\x30\0\0\0\x07" + whole[48:], 44)), ETHERNET)

    for frame in (first, first6):
        assert (FIRST, True, None, 67, 40) == (
            frame.fragment, frame.cut, frame.fault, frame.destination_port, len(frame.payload),
        )  # fmt: skip
    for frame in (later, later6):
        assert (LATER, UDP, 0, 60) == (frame.fragment, frame.protocol, frame.destination_port, len(frame.payload))


def test_tcp_flags_and_numbers_are_read() -> None:
    """A SYN/ACK with options."""
    segment = struct.pack("!HHIIBBHHH", 80, 40000, 7, 8, 0x60, SYN | ACK, 1000, 0, 0) + bytes(4) + b"data"
    frame = frames.decode(ip4(segment, 6), min(RAW))

    assert (TCP, 80, 40000, 7, 8, SYN | ACK, b"data") == (
        frame.protocol, frame.source_port, frame.destination_port, frame.sequence, frame.acknowledgement, frame.flags,
        frame.payload,
    )  # fmt: skip


@pytest.mark.parametrize("size", range(60))
def test_a_frame_cut_by_the_snaplen_is_no_fault(size: int) -> None:
    """Wherever the capture cuts, what is there is read, and nobody is blamed."""
    whole = ethernet(0x0800, ip4(udp(bytes(30))), (0x8100, 5))
    frame = frames.decode(whole[:size], ETHERNET, len(whole))

    assert (True, None) == (frame.cut, frame.fault)
    assert (size >= 18) == (frame.vlans == (5,))
    assert (size >= 46) == (frame.destination_port == 67)


def test_a_frame_that_claims_more_than_it_held_is_at_fault() -> None:
    """An IP length behind the frame's end, which no snaplen explains."""
    frame = frames.decode(ethernet(0x0800, ip4(udp(bytes(30))))[:-10], ETHERNET)

    assert (True, Refusal.OVERRUN) == (frame.cut, frame.fault)


def test_pppoe_discovery_names_the_line() -> None:
    """Tag 0x0105 of the Broadband Forum: circuit-id and remote-id; an empty one is none."""
    line = b"\0\0\x0d\xe9\x01\x0colt7 eth 1/1\x02\x06LINE-7\x81\x04\0\0\x07\xd0"
    tags = struct.pack("!HH", 0x0101, 0) + struct.pack("!HH", 0x0105, len(line)) + line + bytes(4)
    octets = ethernet(PPPOE_DISCOVERY, struct.pack("!BBHH", 0x11, 0x09, 0, len(tags)) + tags + b"padding")
    frame = frames.decode(octets, ETHERNET)
    read = pppoe.decode(frame.payload)

    assert "PADI" == pppoe.CODES[frame.pppoe_code]
    assert (b"olt7 eth 1/1", b"LINE-7", True) == (read.circuit_id, read.remote_id, read.whole)
    assert (0x81, b"\0\0\x07\xd0") == read.sub_tags[2]
    assert pppoe.decode(struct.pack("!HH", 0x0105, 8) + b"\0\0\x0d\xe9\x01\0\x02\0").remote_id is None
    with pytest.raises(Malformed, match="overrun"):
        pppoe.decode(struct.pack("!HH", 0x0105, 9))


def nd(kind: int, rest: bytes, *, hops: int = 255) -> Frame:
    """An ND message in a frame."""
    return frames.decode(ethernet(0x86DD, ip6(bytes((kind, 0, 0, 0)) + rest, 58, hops)), ETHERNET)


def test_a_router_advertisement_is_read() -> None:
    """Lifetime, flags, prefix, MTU, route, resolvers and source address."""
    rest = struct.pack("!BBHII", 64, 0xC0, 1800, 1, 2) + b"\x01\x01" + MACS[6:] + struct.pack("!BBHI", 5, 1, 0, 1492)
    rest += struct.pack("!BBBBIII", 3, 4, 64, 0xC0, 900, 600, 0) + V6[:16]
    rest += struct.pack("!BBBBI", 24, 2, 56, 0x08, 300) + V6[:8] + struct.pack("!BBHI", 25, 3, 0, 50) + V6[:16]
    read = neighbours.decode(nd(134, rest))

    assert (64, 0xC0, 1800, 1, 2, 1492) == (
        read.hop_limit, read.flags, read.router_lifetime, read.reachable, read.retransmit, read.mtu,
    )  # fmt: skip
    assert (MACS[6:], 50, [V6[:16]], 0) == (read.source_mac, read.resolvers_for, read.resolvers, read.skipped)
    assert [(V6[:16], 64, 0xC0, 900, 600)] == [
        (p.prefix, p.length, p.flags, p.valid, p.preferred) for p in read.prefixes
    ]
    assert [(V6[:8] + bytes(8), 56, 300)] == [(route.prefix, route.length, route.valid) for route in read.routes]


def test_a_neighbor_advertisement_is_read() -> None:
    """Its three flags, target and link-layer address."""
    read = neighbours.decode(nd(136, b"\xa0\0\0\0" + V6[:16] + b"\x02\x01" + MACS[:6]))

    assert (True, False, True, V6[:16], MACS[:6]) == (
        read.router, read.solicited, read.override, read.target, read.target_mac,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (nd(135, bytes(4) + V6[:16], hops=254), Refusal.BAD_HOP_LIMIT),
        (nd(135, bytes(4) + V6[16:]), Refusal.BAD_TARGET),
        (nd(135, bytes(4) + V6[:16] + b"\x01\0" + bytes(6)), Refusal.BAD_LENGTH),
        (nd(135, bytes(4) + V6[:16] + b"\x01\x02" + bytes(6)), Refusal.OVERRUN),
        (nd(136, bytes(10)), Refusal.TOO_SHORT),
    ],
)  # fmt: skip
def test_neighbor_discovery_that_is_not_valid_is_refused(frame: Frame, reason: Refusal) -> None:
    """RFC 4861 §6.1 and §7.1: hop limit, target, lengths."""
    assert neighbours.is_neighbour(frame)
    with pytest.raises(Malformed) as refused:
        neighbours.decode(frame)

    assert reason == refused.value.reason


def test_arp_is_read() -> None:
    """A request for an address."""
    octets = ethernet(ARP, b"\0\1\x08\0\6\4\0\1" + MACS[6:] + V4[:4] + bytes(6) + V4[4:]).ljust(60, b"\0")
    read = neighbours.arp(frames.decode(octets, ETHERNET))

    assert (1, MACS[6:], V4[:4], bytes(6), V4[4:]) == (
        read.operation, read.sender_mac, read.sender, read.target_mac, read.target,
    )  # fmt: skip


def outcome(octets: bytes) -> str:
    """What becomes of a frame, in a word."""
    frame = frames.decode(octets, ETHERNET)
    if frame.fault is not None:
        return str(frame.fault)
    try:
        if frame.ether_type == ARP:
            neighbours.arp(frame)
        elif neighbours.is_neighbour(frame):
            read = neighbours.decode(frame)
            return f"read, {read.skipped} skipped, {read.source_mac.hex()}"
    except Malformed as refused:
        return str(refused.reason)
    return "read"


OUTCOMES = {
    "nd-01-opt-len-0": "bad-length", "nd-03-ra-15": "too-short", "nd-05-ra-global-source": "bad-source",
    "nd-07-rdnss-even-len": "read, 1 skipped, ", "nd-09-ns-unspecified-with-sllao": "bad-source",
    "nd-11-ns-23": "too-short", "nd-13-sllao-len-2": "read, 1 skipped, ", "nd-15-100-hop-by-hop": "too-deep",
    "nd-17-ip6-plen-over": "overrun", "arp-01-hlen-255": "unknown-link", "arp-03-hlen-0": "unknown-link",
    "vlan-02-40-tags": "too-deep", "ip4-01-ihl-0": "bad-header", "ip4-03-total-length-0": "read",
    "ip4-05-udp-len-over": "overrun", "6in4-01-nest-60": "bad-version", "6in4-03-inner-short": "too-short",
    "pppoe-01-len-over": "overrun",
}  # fmt: skip


def test_hostile_frames_are_read_or_named() -> None:
    """Every frame of hostile.tsv comes to the end that it should."""
    assert OUTCOMES == {name: outcome(octets) for name, octets in rows("frame").items()}


def test_tunnels_in_tunnels_are_followed_so_far() -> None:
    """Four IP headers are read, the fifth is not."""
    octets = udp()
    for number in range(5):
        octets = ip6(octets, 41 if number else 17)
    frame = frames.decode(octets, min(RAW))

    assert (Refusal.TOO_DEEP, 3) == (frame.fault, len(frame.outer))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([octets for _, octets in LINKS.values()]),
    st.lists(st.tuples(st.integers(12, 90), st.integers(0, 255)), max_size=5),
    st.integers(0, 120), st.sampled_from([0, 1, 12, 108, 113, 228, 276, 999]), st.integers(0, 200),
)  # fmt: skip
def test_any_octets_are_a_frame(good: bytes, changes: list[tuple[int, int]], size: int, link: int, length: int) -> None:
    """Whatever is damaged, a frame comes of it, its payload within; ND, ARP and PPPoE are read or refused by name."""
    octets = bytearray(good[:size])
    for at, value in changes:
        if at < len(octets):
            octets[at] = value
    frame = frames.decode(bytes(octets), link, length)

    assert 0 <= frame.start <= frame.end <= len(octets)
    assert frame.protocol == NO_PROTOCOL or 0 <= frame.protocol <= 255
    with suppress(Malformed):
        if frame.ether_type == ARP:
            neighbours.arp(frame)
        elif neighbours.is_neighbour(frame):
            neighbours.decode(frame)
        elif frame.ether_type == PPPOE_DISCOVERY:
            pppoe.decode(frame.payload, cut=frame.cut)
