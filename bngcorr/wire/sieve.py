"""Which frames of a capture need not be decoded, seen at a glance: most are neither DHCP nor RADIUS. Pure."""

from __future__ import annotations

from collections.abc import Container

from bngcorr.wire.frame import ARP, ETHERNET, ICMP, ICMPV6, IPV4, IPV6, TAGS, TCP, UDP


def passes(octets: bytes, link: int, ports: Container[int]) -> bool:
    """Whether there may be a UDP datagram from or to one of these ports in the frame; if not, there surely is none.

    Plain IPv4 and IPv6 behind Ethernet and any VLAN tags are looked into. Whatever is rarer passes: options and
    extension headers, fragments, tunnels, PPPoE, other links, frames too short to tell.
    """
    size = len(octets)
    if link != ETHERNET or size < 14:
        return True
    kind = octets[12] << 8 | octets[13]
    at = 14
    while kind != IPV4 and kind != IPV6 and kind in TAGS:
        if at + 4 > size:
            return True
        kind = octets[at + 2] << 8 | octets[at + 3]
        at += 4
    if kind == IPV4:
        if at + 24 > size or octets[at] != 0x45:
            return True
        protocol = octets[at + 9]
        if protocol == UDP and (octets[at + 6] & 0x1F or octets[at + 7]):
            return True
        at += 20
    elif kind == IPV6:
        if at + 44 > size or octets[at] >> 4 != 6:
            return True
        protocol = octets[at + 6]
        at += 40
    else:
        return kind != ARP
    if protocol == UDP:
        return (octets[at] << 8 | octets[at + 1]) in ports or (octets[at + 2] << 8 | octets[at + 3]) in ports
    return protocol not in (TCP, ICMP, ICMPV6)
