"""Frames of a capture, from the link to the payload of UDP, TCP, ICMPv6 or ARP.

Links: Ethernet, raw IP, Linux cooked v1 and v2, BSD loopback. Between: VLAN tags (802.1Q, 802.1ad, 0x9100), PPPoE (RFC
2516), IPv4 and IPv6 with extension headers and fragments, IPv6 and IPv4 inside either (RFC 4213: 6in4).

A frame is never refused: it is read as far as it goes, `fault` says what is wrong with it, and `cut` that less of it is
there than its headers claim, as the capture's snaplen, or a fragment, has it. Checksums are not looked at: a capture on
the sending machine has them unfilled.
"""

from __future__ import annotations

from typing import Final

from bngcorr.wire.frame import (
    COOKED,
    COOKED2,
    ETHERNET,
    FIRST,
    IPV4,
    IPV6,
    LATER,
    LOOP,
    MOST_EXTENSIONS,
    MOST_IP_HEADERS,
    MOST_TAGS,
    NULL,
    PPP_IPV4,
    PPP_IPV6,
    PPPOE_DISCOVERY,
    PPPOE_SESSION,
    RAW,
    RAW4,
    RAW6,
    TAGS,
    TCP,
    UDP,
    Frame,
    Outer,
)
from bngcorr.wire.refusal import Refusal

_LEAST_TYPE: Final = 0x600  # below it is a length of 802.3
_EXTENSIONS: Final = frozenset((0, 43, 51, 60, 135, 139, 140))  # fragments (44) apart
_FRAGMENT: Final = 44
_IN_IP: Final = {4: 4, 41: 6}


def decode(octets: bytes, link: int, length: int = 0) -> Frame:
    """A frame of that link type; `length`: octets that it had on the wire, if the capture holds fewer."""
    frame = Frame(octets)
    size = len(octets)
    frame.end = size
    if length > size:
        frame.cut = True
    if link == ETHERNET:
        if size < 14:
            return _short(frame)
        frame.link_destination = octets[:6]
        frame.link_source = octets[6:12]
        _ether(frame, octets[12] << 8 | octets[13], 14)
    elif link == COOKED:
        if size < 16:
            return _short(frame)
        frame.link_source = octets[6 : 6 + min(octets[4] << 8 | octets[5], 8)]
        _ether(frame, octets[14] << 8 | octets[15], 16)
    elif link == COOKED2:
        if size < 20:
            return _short(frame)
        frame.link_source = octets[12 : 12 + min(octets[11], 8)]
        _ether(frame, octets[0] << 8 | octets[1], 20)
    elif link in RAW or link in (RAW4, RAW6):
        _raw(frame, 0)
    elif link in (NULL, LOOP):
        if size < 4:
            return _short(frame)
        _raw(frame, 4)
    else:
        frame.fault = Refusal.UNKNOWN_LINK
    return frame


def tag_pair(octets: bytes) -> str | None:
    """The two outer VLAN ids of an Ethernet frame, or the only one, as text; None if it has none."""
    if len(octets) < 18 or octets[12] << 8 | octets[13] not in TAGS:
        return None
    outer = (octets[14] & 15) << 8 | octets[15]
    if len(octets) < 22 or octets[16] << 8 | octets[17] not in TAGS:
        return str(outer)
    return f"{outer}.{(octets[18] & 15) << 8 | octets[19]}"


def _short(frame: Frame) -> Frame:
    """Its header is not all there: if the frame is cut, that is no fault of its sender's."""
    if not frame.cut:
        frame.fault = Refusal.TOO_SHORT
    return frame


def _raw(frame: Frame, at: int) -> None:
    frame.start = at
    if at >= frame.end:
        _short(frame)
        return
    version = frame.octets[at] >> 4
    if version == 4:
        frame.ether_type = IPV4
        _ip4(frame, at)
    elif version == 6:
        frame.ether_type = IPV6
        _ip6(frame, at)
    else:
        frame.fault = Refusal.BAD_VERSION


def _ether(frame: Frame, kind: int, at: int) -> None:
    """Behind a link header: VLAN tags, then what the type says."""
    octets = frame.octets
    if kind in TAGS:
        tags: list[int] = []
        while kind in TAGS:
            frame.start = at
            if at + 4 > frame.end:
                frame.tags = tuple(tags)
                _short(frame)
                return
            if len(tags) == MOST_TAGS:
                frame.tags = tuple(tags)
                frame.fault = Refusal.TOO_DEEP
                return
            tags.append(kind << 16 | octets[at] << 8 | octets[at + 1])
            kind = octets[at + 2] << 8 | octets[at + 3]
            at += 4
        frame.tags = tuple(tags)
    if kind < _LEAST_TYPE and octets[at : at + 6] == b"\xaa\xaa\x03\0\0\0" and at + 8 <= frame.end:
        kind = octets[at + 6] << 8 | octets[at + 7]  # SNAP (RFC 1042)
        at += 8
    frame.ether_type = kind
    frame.start = at
    if kind == IPV4:
        _ip4(frame, at)
    elif kind == IPV6:
        _ip6(frame, at)
    elif kind in (PPPOE_SESSION, PPPOE_DISCOVERY):
        _pppoe(frame, at)


def _pppoe(frame: Frame, at: int) -> None:
    """Version and type (1), code (1), session (2), length (2); in a session PPP's protocol (RFC 2516 §4)."""
    octets = frame.octets
    if at + 6 > frame.end:
        _short(frame)
        return
    if octets[at] != 0x11:
        frame.fault = Refusal.BAD_VERSION
        return
    frame.pppoe_code = octets[at + 1]
    frame.pppoe_session = octets[at + 2] << 8 | octets[at + 3]
    at += 6
    frame.start = at
    _limit(frame, at + (octets[at - 2] << 8 | octets[at - 1]))
    if frame.ether_type == PPPOE_DISCOVERY:
        return
    if at + 2 > frame.end:
        _short(frame)
        return
    frame.ppp = octets[at] << 8 | octets[at + 1]
    at += 2
    frame.start = at
    if frame.ppp == PPP_IPV4:
        _ip4(frame, at)
    elif frame.ppp == PPP_IPV6:
        _ip6(frame, at)


def _limit(frame: Frame, end: int) -> None:
    """A header's length says that its payload ends there: padding is left off.

    What the capture left out is cut; a frame that never held what it claims is at fault besides.
    """
    if end <= frame.end:
        frame.end = end
    elif not frame.cut:
        frame.cut = True
        frame.fault = Refusal.OVERRUN


def _ip4(frame: Frame, at: int) -> None:
    octets = frame.octets
    if at + 20 > frame.end:
        _short(frame)
        return
    if octets[at] >> 4 != 4:
        frame.fault = Refusal.BAD_VERSION
        return
    header = (octets[at] & 15) * 4
    total = octets[at + 2] << 8 | octets[at + 3]
    if header < 20 or (total and total < header):
        frame.fault = Refusal.BAD_HEADER
        return
    frame.version = 4
    frame.source = octets[at + 12 : at + 16]
    frame.destination = octets[at + 16 : at + 20]
    frame.hop_limit = octets[at + 8]
    frame.protocol = octets[at + 9]
    frame.ip_octets = total or frame.end - at  # 0: the network card was to cut it into segments
    if total:
        _limit(frame, at + total)
    if at + header > frame.end:
        frame.start = frame.end
        _short(frame)
        return
    offset = (octets[at + 6] & 0x1F) << 8 | octets[at + 7]
    if offset:
        frame.fragment = LATER
    elif octets[at + 6] & 0x20:
        frame.fragment = FIRST
        frame.cut = True
    frame.start = at + header
    if not offset:
        _transport(frame, at + header)


def _ip6(frame: Frame, at: int) -> None:
    octets = frame.octets
    if at + 40 > frame.end:
        _short(frame)
        return
    if octets[at] >> 4 != 6:
        frame.fault = Refusal.BAD_VERSION
        return
    frame.version = 6
    frame.source = octets[at + 8 : at + 24]
    frame.destination = octets[at + 24 : at + 40]
    frame.hop_limit = octets[at + 7]
    kind = octets[at + 6]
    size = octets[at + 4] << 8 | octets[at + 5]
    at += 40
    if size:
        _limit(frame, at + size)
        frame.ip_octets = 40 + size
    else:
        frame.ip_octets = frame.end - at + 40  # as IPv4's total length of 0; or there is nothing
    frame.start = at
    for _ in range(MOST_EXTENSIONS):
        if kind == _FRAGMENT:
            if at + 8 > frame.end:
                break
            start = octets[at + 2] << 8 | octets[at + 3]
            kind = octets[at]
            at += 8
            frame.start = at
            frame.protocol = kind
            if start & 0xFFF8:
                frame.fragment = LATER
                return
            if start & 1:
                frame.fragment = FIRST
                frame.cut = True
        elif kind in _EXTENSIONS:
            if at + 8 > frame.end:
                break
            header = (octets[at + 1] + 2) * 4 if kind == 51 else (octets[at + 1] + 1) * 8
            if at + header > frame.end:
                break
            kind = octets[at]
            at += header
            frame.start = at
        else:
            frame.protocol = kind
            _transport(frame, at)
            return
    else:
        frame.fault = Refusal.TOO_DEEP
        return
    _short(frame)


def _transport(frame: Frame, at: int) -> None:
    octets, protocol = frame.octets, frame.protocol
    if protocol == UDP:
        if at + 8 > frame.end:
            _short(frame)
            return
        frame.source_port = octets[at] << 8 | octets[at + 1]
        frame.destination_port = octets[at + 2] << 8 | octets[at + 3]
        frame.start = at + 8
        size = octets[at + 4] << 8 | octets[at + 5]
        if size >= 8:
            _limit(frame, at + size)
        elif size:
            frame.fault = Refusal.BAD_LENGTH
    elif protocol == TCP:
        if at + 14 > frame.end:
            _short(frame)
            return
        frame.source_port = octets[at] << 8 | octets[at + 1]
        frame.destination_port = octets[at + 2] << 8 | octets[at + 3]
        frame.sequence = int.from_bytes(octets[at + 4 : at + 8], "big")
        frame.acknowledgement = int.from_bytes(octets[at + 8 : at + 12], "big")
        frame.flags = octets[at + 13]
        header = (octets[at + 12] >> 4) * 4
        if header < 20:
            frame.fault = Refusal.BAD_HEADER
            return
        frame.start = min(at + header, frame.end)
    elif protocol in _IN_IP:
        if len(frame.outer) + 1 == MOST_IP_HEADERS:
            frame.fault = Refusal.TOO_DEEP
            return
        frame.outer = (*frame.outer, Outer(frame.version, frame.source, frame.destination))
        frame.version = 0
        frame.source = frame.destination = b""
        if _IN_IP[protocol] == 6:
            _ip6(frame, at)
        else:
            _ip4(frame, at)
