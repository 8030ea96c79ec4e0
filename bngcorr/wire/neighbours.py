"""ARP (RFC 826) and Neighbor Discovery (RFC 4861): who asks for whom, and what routers announce.

ND message:  type (1) code (1) checksum (2), then by type      option:  type (1), length in 8 octets (1), data
RS 133:      reserved (4)
RA 134:      hop limit (1) flags (1) router lifetime (2) reachable time (4) retransmission timer (4)
NS 135, NA 136: flags (4, of an NA: 0x80 router, 0x40 solicited, 0x20 override), target (16)
"""

from __future__ import annotations

from typing import Final

from bngcorr.errors import Malformed
from bngcorr.wire.frame import ICMPV6, WHOLE, Frame
from bngcorr.wire.refusal import Refusal

ARP_REQUEST: Final = 1
ARP_REPLY: Final = 2

ROUTER_SOLICITATION: Final = 133
ROUTER_ADVERTISEMENT: Final = 134
NEIGHBOR_SOLICITATION: Final = 135
NEIGHBOR_ADVERTISEMENT: Final = 136
TYPES: Final = {133: "RS", 134: "RA", 135: "NS", 136: "NA"}
_FIXED: Final = {133: 8, 134: 16, 135: 24, 136: 24}

MANAGED: Final = 0x80  # flags of an RA
OTHER: Final = 0x40
ROUTER: Final = 0x80  # flags of an NA
SOLICITED: Final = 0x40
OVERRIDE: Final = 0x20

SOURCE_LINK_LAYER: Final = 1  # options
TARGET_LINK_LAYER: Final = 2
PREFIX: Final = 3
MTU: Final = 5
NONCE: Final = 14
ROUTE: Final = 24
RESOLVERS: Final = 25
SEARCH_LIST: Final = 31

ALL_ZERO: Final = bytes(16)


class Arp:
    """An ARP packet of Ethernet and IPv4."""

    __slots__ = ("operation", "sender", "sender_mac", "target", "target_mac")

    def __init__(self, operation: int, sender_mac: bytes, sender: bytes, target_mac: bytes, target: bytes) -> None:
        self.operation: Final = operation  # 1 asks, 2 answers
        self.sender_mac: Final = sender_mac
        self.sender: Final = sender  # 4 octets; 0.0.0.0 of a probe (RFC 5227 §2.1.1)
        self.target_mac: Final = target_mac
        self.target: Final = target


class Prefix:
    """Prefix Information (RFC 4861 §4.6.2) or Route Information (RFC 4191 §2.3)."""

    __slots__ = ("flags", "length", "preferred", "prefix", "valid")

    def __init__(self, prefix: bytes, length: int, flags: int, valid: int, preferred: int) -> None:
        self.prefix: Final = prefix  # 16 octets
        self.length: Final = length  # 0 … 128
        self.flags: Final = flags  # 0x80 on link, 0x40 for addresses; of a route, its preference in 0x18
        self.valid: Final = valid  # seconds, 0xffffffff for ever; of a route, its lifetime
        self.preferred: Final = preferred  # seconds; 0 of a route


class Neighbour:
    """One RS, RA, NS or NA; made by `decode` only."""

    __slots__ = (
        "flags", "hop_limit", "mtu", "nonce", "prefixes", "reachable", "resolvers", "resolvers_for", "retransmit",
        "router_lifetime", "routes", "search_octets", "skipped", "source_mac", "target", "target_mac", "type",
    )  # fmt: skip

    def __init__(self, kind: int, flags: int) -> None:
        self.type: Final = kind
        self.flags: Final = flags  # of an RA or NA
        self.target = b""  # of an NS or NA, 16 octets
        self.source_mac = b""  # option 1: 6 octets, or none
        self.target_mac = b""  # option 2
        self.nonce = b""
        self.hop_limit = 0  # of an RA: that hosts are to use
        self.router_lifetime = 0  # seconds; 0: no default router
        self.reachable = 0  # milliseconds
        self.retransmit = 0
        self.mtu = 0
        self.prefixes: list[Prefix] = []
        self.routes: list[Prefix] = []
        self.resolvers: list[bytes] = []  # RDNSS (RFC 8106 §5.1)
        self.resolvers_for = 0  # seconds
        self.search_octets = b""  # DNSSL behind its lifetime, as it came
        self.skipped = 0  # options of a known type that are malformed

    @property
    def router(self) -> bool:
        """The Router flag of an NA."""
        return self.type == NEIGHBOR_ADVERTISEMENT and self.flags & ROUTER != 0

    @property
    def solicited(self) -> bool:
        """The Solicited flag of an NA."""
        return self.type == NEIGHBOR_ADVERTISEMENT and self.flags & SOLICITED != 0

    @property
    def override(self) -> bool:
        """The Override flag of an NA."""
        return self.type == NEIGHBOR_ADVERTISEMENT and self.flags & OVERRIDE != 0


def arp(frame: Frame) -> Arp:
    """The ARP packet of a frame whose type is ARP.

    Raises Malformed: too-short, unknown-link (not of Ethernet and IPv4).
    """
    octets, at = frame.octets, frame.start
    if at + 8 > frame.end:
        raise Malformed(Refusal.TOO_SHORT, at)
    if octets[at : at + 6] != b"\0\1\x08\0\6\4":
        raise Malformed(Refusal.UNKNOWN_LINK, at)
    if at + 28 > frame.end:
        raise Malformed(Refusal.TOO_SHORT, at)
    return Arp(
        octets[at + 6] << 8 | octets[at + 7], octets[at + 8 : at + 14], octets[at + 14 : at + 18],
        octets[at + 18 : at + 24], octets[at + 24 : at + 28],
    )  # fmt: skip


def is_neighbour(frame: Frame) -> bool:
    """Whether the frame is one that `decode` reads, or refuses with a reason."""
    return (
        frame.protocol == ICMPV6
        and frame.version == 6
        and frame.fragment == WHOLE
        and frame.fault is None
        and frame.start < frame.end
        and frame.octets[frame.start] in _FIXED
    )


def decode(frame: Frame) -> Neighbour:
    """The ND message of a frame for which `is_neighbour` holds, valid as RFC 4861 §6.1 and §7.1 have it.

    Options that are malformed inside are skipped and counted; one without a length refuses the whole message. Of a cut
    message the options that are there. Raises Malformed: too-short, bad-code, bad-hop-limit, bad-source (an RA not from
    a link-local address; an NS from :: with a link-layer address, or not to a solicited-node group), bad-target,
    bad-length, overrun.
    """
    octets, at, end = frame.octets, frame.start, frame.end
    kind = octets[at]
    fixed = _FIXED[kind]
    if at + fixed > end:
        raise Malformed(Refusal.TOO_SHORT, at)
    if octets[at + 1]:
        raise Malformed(Refusal.BAD_CODE, at + 1)
    if frame.hop_limit != 255:
        raise Malformed(Refusal.BAD_HOP_LIMIT, 0)
    found = Neighbour(kind, octets[at + 5] if kind == ROUTER_ADVERTISEMENT else octets[at + 4])
    if kind == ROUTER_ADVERTISEMENT:
        if frame.source[:1] != b"\xfe" or frame.source[1] & 0xC0 != 0x80:
            raise Malformed(Refusal.BAD_SOURCE, 0)
        found.hop_limit = octets[at + 4]
        found.router_lifetime = octets[at + 6] << 8 | octets[at + 7]
        found.reachable = _long(octets, at + 8)
        found.retransmit = _long(octets, at + 12)
    elif kind != ROUTER_SOLICITATION:
        found.target = octets[at + 8 : at + 24]
        if found.target[0] == 0xFF:
            raise Malformed(Refusal.BAD_TARGET, at + 8)
    _options(found, octets, at + fixed, end, frame.cut)
    if frame.source == ALL_ZERO and found.source_mac:
        raise Malformed(Refusal.BAD_SOURCE, 0)
    return found


def _options(found: Neighbour, octets: bytes, at: int, end: int, cut: bool) -> None:
    while at < end:
        size = octets[at + 1] * 8 if at + 2 <= end else 8
        if not size:
            raise Malformed(Refusal.BAD_LENGTH, at)
        if at + size > end:
            if cut:
                return
            raise Malformed(Refusal.OVERRUN, at)
        if not _option(found, octets, at, size):
            found.skipped += 1
        at += size


def _option(found: Neighbour, octets: bytes, at: int, size: int) -> bool:
    """Take in one option; False if it is malformed."""
    kind = octets[at]
    if kind in (SOURCE_LINK_LAYER, TARGET_LINK_LAYER):
        if size != 8:  # other links have longer addresses
            return False
        if kind == SOURCE_LINK_LAYER:
            found.source_mac = found.source_mac or octets[at + 2 : at + 8]
        else:
            found.target_mac = found.target_mac or octets[at + 2 : at + 8]
    elif kind == PREFIX:
        if size != 32 or octets[at + 2] > 128:
            return False
        found.prefixes.append(
            Prefix(
                octets[at + 16 : at + 32], octets[at + 2], octets[at + 3], _long(octets, at + 4), _long(octets, at + 8)
            )
        )
    elif kind == MTU:
        if size != 8:
            return False
        found.mtu = _long(octets, at + 4)
    elif kind == ROUTE:
        length = octets[at + 2]
        if size > 24 or length > 128 or (size < 24 and length > 64) or (size < 16 and length > 0):
            return False
        prefix = octets[at + 8 : at + size].ljust(16, b"\0")
        found.routes.append(Prefix(prefix, length, octets[at + 3], _long(octets, at + 4), 0))
    elif kind == RESOLVERS:
        if size < 24 or size % 16 != 8:
            return False
        found.resolvers_for = _long(octets, at + 4)
        found.resolvers.extend(octets[start : start + 16] for start in range(at + 8, at + size, 16))
    elif kind == SEARCH_LIST:
        if size < 16:
            return False
        found.search_octets += octets[at + 8 : at + size]
    elif kind == NONCE:
        found.nonce = octets[at + 2 : at + size]
    return True


def _long(octets: bytes, at: int) -> int:
    return octets[at] << 24 | octets[at + 1] << 16 | octets[at + 2] << 8 | octets[at + 3]
