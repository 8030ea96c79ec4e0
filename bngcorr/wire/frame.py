"""One frame of a capture as `bngcorr.wire.frames` reads it, and the numbers in it."""

from __future__ import annotations

from typing import Final

from bngcorr.wire.refusal import Refusal

NULL: Final = 0  # link types (https://www.tcpdump.org/linktypes.html)
ETHERNET: Final = 1
LOOP: Final = 108
COOKED: Final = 113
COOKED2: Final = 276
RAW: Final = frozenset((12, 14, 101))
RAW4: Final = 228
RAW6: Final = 229

IPV4: Final = 0x0800
ARP: Final = 0x0806
IPV6: Final = 0x86DD
PPPOE_DISCOVERY: Final = 0x8863
PPPOE_SESSION: Final = 0x8864
TAGS: Final = frozenset((0x8100, 0x88A8, 0x9100, 0x9200))

ICMP: Final = 1
TCP: Final = 6
UDP: Final = 17
ICMPV6: Final = 58
NO_PROTOCOL: Final = -1

PPP_IPV4: Final = 0x0021
PPP_IPV6: Final = 0x0057

FIN: Final = 0x01
SYN: Final = 0x02
RST: Final = 0x04
ACK: Final = 0x10

MOST_TAGS: Final = 4
MOST_IP_HEADERS: Final = 4  # of nested tunnels
MOST_EXTENSIONS: Final = 10  # headers between IPv6's own and the payload

WHOLE: Final = 0
FIRST: Final = 1
LATER: Final = 2


class Outer:
    """An IP header around another one."""

    __slots__ = ("destination", "source", "version")

    def __init__(self, version: int, source: bytes, destination: bytes) -> None:
        self.version: Final = version  # 4 or 6
        self.source: Final = source
        self.destination: Final = destination


class Frame:
    """One frame; made by `frames.decode` only. What it does not have is 0, empty, or NO_PROTOCOL."""

    __slots__ = (
        "acknowledgement", "cut", "destination", "destination_port", "end", "ether_type", "fault", "flags", "fragment",
        "hop_limit", "ip_octets", "link_destination", "link_source", "octets", "outer", "ppp", "pppoe_code",
        "pppoe_session", "protocol", "sequence", "source", "source_port", "start", "tags", "version",
    )  # fmt: skip

    def __init__(self, octets: bytes) -> None:
        self.octets: Final = octets
        self.link_source = b""  # 6 octets of Ethernet, up to 8 of a cooked link
        self.link_destination = b""  # empty on a cooked link
        self.tags: tuple[int, ...] = ()  # of VLANs, the outermost first: TPID << 16 | priority and VLAN id
        self.ether_type = 0  # behind the tags
        self.pppoe_code = 0
        self.pppoe_session = NO_PROTOCOL  # 0 … 65535
        self.ppp = 0  # protocol in a PPPoE session
        self.version = 0  # of the innermost IP header: 4, 6, or 0
        self.source = b""  # 4 or 16 octets
        self.destination = b""
        self.hop_limit = 0
        self.ip_octets = 0  # length of the innermost IP packet as it claims, header included
        self.protocol = NO_PROTOCOL  # behind the extension headers
        self.outer: tuple[Outer, ...] = ()  # of tunnels, the outermost first
        self.fragment = WHOLE  # or FIRST, LATER: of one that is later, nothing behind IP is read
        self.source_port = 0
        self.destination_port = 0
        self.flags = 0  # of TCP
        self.sequence = 0
        self.acknowledgement = 0
        self.start = 0  # of the innermost payload that was read: offsets in `octets`
        self.end = 0
        self.cut = False
        self.fault: Refusal | None = None

    @property
    def payload(self) -> bytes:
        """Of UDP or TCP; else what the last header that was read carries: a whole ARP packet, ICMPv6 message, PADI."""
        return self.octets[self.start : self.end]

    @property
    def vlans(self) -> tuple[int, ...]:
        """VLAN ids, the outermost first; a tag with id 0 tells a priority, and no VLAN (IEEE 802.1Q §6.9)."""
        return tuple([tag & 0xFFF for tag in self.tags if tag & 0xFFF])
