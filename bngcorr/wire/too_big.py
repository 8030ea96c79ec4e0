"""Packet Too Big of ICMPv6 (RFC 4443 §3.2) and Fragmentation Needed of ICMP (RFC 792, RFC 1191 §4).

ICMPv6:  type 2 (1) code (1) checksum (2) MTU (4), then the packet that was too big, as far as it fits
ICMP:    type 3 (1) code 4 (1) checksum (2) unused (2) MTU (2), then its IP header and 8 octets
"""

from __future__ import annotations

from typing import Final

from bngcorr.wire.frame import ICMP, ICMPV6, LATER, Frame

_TOO_BIG: Final = 2
_UNREACHABLE: Final = 3
_FRAGMENTATION_NEEDED: Final = 4


class TooBig:
    """Whose packet did not fit, and what would have."""

    __slots__ = ("destination", "mtu", "source")

    def __init__(self, source: bytes, destination: bytes, mtu: int) -> None:
        self.source: Final = source  # of the packet that did not fit: 4 or 16 octets, as the message's own
        self.destination: Final = destination
        self.mtu: Final = mtu  # octets of the IP packet; 0 from a router that does not say (RFC 1191 §4)


def decode(frame: Frame) -> TooBig | None:
    """The message that a frame carries, or None: it is another, or too little of the packet is in it."""
    octets, at, end = frame.octets, frame.start, frame.end
    if frame.fragment == LATER or end < at + 8:
        return None
    if frame.protocol == ICMPV6 and octets[at] == _TOO_BIG:
        if end < at + 48 or octets[at + 8] >> 4 != 6:
            return None
        mtu = int.from_bytes(octets[at + 4 : at + 8], "big")
        return TooBig(octets[at + 16 : at + 32], octets[at + 32 : at + 48], mtu)
    if frame.protocol == ICMP and octets[at] == _UNREACHABLE and octets[at + 1] == _FRAGMENTATION_NEEDED:
        if end < at + 28 or octets[at + 8] >> 4 != 4:
            return None
        return TooBig(octets[at + 20 : at + 24], octets[at + 24 : at + 28], octets[at + 6] << 8 | octets[at + 7])
    return None
