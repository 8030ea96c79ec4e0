"""One access line of the generated capture: who it is, and all that is seen of it on the mirror ports of its BNG.

Twenty lines in turn behave in these ways, all dual stack but for one, and each says something else about correlation:

- 6 have an access node that names the line for DHCPv6 too (LDRA: Options 18 and 37);
- 7 send a SOLICIT that names no line 0.2 to 4.5 s after the DISCOVER;
- 2 send it 30 ms before the DISCOVER, 2 send it 6 to 20 s after, 1 half an hour later, when IPv6 is switched on;
- 1 has no DHCPv4 at all: nothing may be found for it;
- 1 is as the 7, and its CPE has the MAC of another line's CPE that boots at the same time (a cloned MAC).

Of every third line the copy between CPE and access node is seen besides, single-tagged and without line id; of a
quarter of them the BNG relays DHCP to a server on the uplink.
"""

from __future__ import annotations

from enum import IntEnum
from random import Random
from typing import Final, NamedTuple

from benchmarks.capture import octets as o

PEERS: Final = 20  # lines in turn
MOST_LINES: Final = 3900 * 3900
_VLAN: Final = 100  # the lowest, inner and outer; each line has a pair of its own
_VLANS: Final = 3900
INTERIM: Final = (3600).to_bytes(4, "big")
_LEASE: Final = o.tlv(51, (7200).to_bytes(4, "big"))
_LIFETIMES: Final = (3600).to_bytes(4, "big") + (7200).to_bytes(4, "big")
_SERVER_MAC: Final = bytes.fromhex("00163e0000aa")
_SERVER4: Final = bytes((10, 254, 0, 67))
_SERVER6: Final = bytes.fromhex("fd000000000000000000000000000547")
_AAA: Final = bytes((10, 254, 0, 1))
_AAA_MAC: Final = bytes.fromhex("00163e000001")
_ANY4: Final = bytes(4)
_BROADCAST4: Final = b"\xff" * 4
_BROADCAST: Final = b"\xff" * 6
_ALL_RELAYS: Final = bytes.fromhex("ff020000000000000000000000010002")
_ALL_NODES: Final = bytes.fromhex("ff020000000000000000000000000001")
_ALL_ROUTERS: Final = bytes.fromhex("ff020000000000000000000000000002")
_MAC_OF_RELAYS: Final = bytes.fromhex("333300010002")
_MAC_OF_NODES: Final = bytes.fromhex("333300000001")
_MAC_OF_ROUTERS: Final = bytes.fromhex("333300000002")
_SERVER_DUID: Final = o.option6(2, b"\0\3\0\1" + _SERVER_MAC)
_BNG: Final = bytes((10, 255, 0, 1))
_BNG_MAC: Final = bytes.fromhex("00005e000101")
_BNG_LL: Final = bytes.fromhex("fe8000000000000002005efffe000101")
_GATEWAY: Final = bytes((100, 127, 255, 254))
_GIADDR: Final = bytes((10, 253, 0, 1))
_SOCKETS: Final = 256  # of the BNG towards AAA; a line's RADIUS goes through one of them
PORT: Final = b"lag-1"  # of the BNG, the only one that is mirrored
_CUSTOMER_VLAN: Final = 7  # between CPE and access node, the same on every line
SECOND: Final = 1_000_000  # everything here is in microseconds


class What(IntEnum):
    """What a packet is."""

    DHCPV4 = 0
    DHCPV6 = 1
    RADIUS = 2
    ND = 3
    ARP = 4
    OTHER = 5


class Way(IntEnum):
    """How a line behaves."""

    NAMED = 0
    SOON = 1
    FIRST = 2
    LATE = 3
    HOUR = 4  # and more: v6 half an hour after v4
    ALONE = 5
    CLONED = 6


WAYS: Final = (*[Way.NAMED] * 6, *[Way.SOON] * 7, *[Way.FIRST] * 2, *[Way.LATE] * 2, Way.HOUR, Way.ALONE, Way.CLONED)
CLONE_OF: Final = 13  # lines before


class Packet(NamedTuple):
    """One frame and when it is seen."""

    at_us: int
    octets: bytes
    what: What
    line: int
    asks: bool = False  # an Access-Request that names no line, for the first time
    again: bool = False  # a retransmission


def remote_id(number: int) -> bytes:
    """How the access node names the line."""
    return b"LINE-%08d" % number


def number_of(attachment: str) -> int:
    """The line on a port and VLAN pair as BNGs write it, ``lag-1:100.2000``. Raises ValueError."""
    outer, inner = attachment.rpartition(":")[2].split(".")
    return (int(outer) - _VLAN) * _VLANS + int(inner) - _VLAN


class Line:
    """Who a line is; all of it follows from its number, 0 to MOST_LINES - 1."""

    __slots__ = (
        "access", "calling", "circuit", "down", "duid", "ids", "ll", "mac", "number", "option82", "pd", "port_id",
        "relays", "remote", "session", "uplink", "v4", "way", "xid",
    )  # fmt: skip

    def __init__(self, number: int) -> None:
        self.number = number
        self.way = way = WAYS[number % PEERS]
        owner = number - CLONE_OF if way is Way.CLONED else number
        self.mac = mac = b"\x3c\xa6\x2f" + owner.to_bytes(3, "big")
        outer, inner = _VLAN + number // _VLANS, _VLAN + number % _VLANS
        self.relays = number // PEERS % 4 == 0
        self.port_id = b"%s:%d.%d" % (PORT, outer, inner)
        self.circuit = b"OLT-%d eth 1/%d:%d.%d" % (number // 48 % 40, number % 48, outer, inner)
        self.remote = remote_id(number)
        self.uplink = o.tags(outer, inner)
        self.access = o.tags(_CUSTOMER_VLAN)
        self.calling = b"%02x:%02x:%02x:%02x:%02x:%02x" % tuple(mac)
        self.session = b"%08X" % (0x5E000000 + number)
        self.v4 = bytes((100, 64 + (number >> 16) % 64, number >> 8 & 255, number & 255))
        self.ll = b"\xfe\x80" + bytes(6) + bytes((mac[0] ^ 2, mac[1], mac[2], 255, 254)) + mac[3:]
        self.pd = b"\x3f\xff\0" + number.to_bytes(4, "big") + bytes(9)  # a /56 of 3fff::/20 (RFC 9637)
        self.duid = b"\0\3\0\1" + mac
        self.option82 = o.tlv(82, o.tlv(1, self.circuit) + o.tlv(2, self.remote))
        self.ids = o.option6(18, self.circuit) + o.option6(37, o.ENTERPRISE + self.remote)
        self.down = mac + _BNG_MAC
        self.xid = (0x10000000 + number * 7).to_bytes(4, "big")


class Story:
    """Writes down what is seen of a line."""

    __slots__ = ("_line", "_next", "_random", "packets")

    def __init__(self, line: Line, random: Random) -> None:
        self._line: Final = line
        self._random: Final = random
        self.packets: list[Packet] = []
        self._next = (line.number // _SOCKETS * 8) & 0xFF  # identifiers of RADIUS

    def boot(self, at: int) -> None:
        """DHCPv4 and DHCPv6 as the line's way has it, RADIUS for both, Neighbor Discovery, ARP."""
        way, random = self._line.way, self._random
        self._neighbours(at)
        if way is not Way.ALONE:
            self._v4(at)
        if way in (Way.NAMED, Way.SOON, Way.CLONED):
            self._v6(at + random.randrange(SECOND // 5, 9 * SECOND // 2))
        elif way is Way.LATE:
            self._v6(at + random.randrange(6 * SECOND, 20 * SECOND))
        elif way is Way.FIRST:
            self._v6(at - 30_000)
        elif way is Way.ALONE:
            self._v6(at)

    def later(self, at: int) -> None:
        """Half an hour after: IPv6 is switched on, or the session ends; one in eight ends unseen."""
        if self._line.way is Way.HOUR:
            self._v6(at)
        if self._line.number % 8:
            self._account(at + 5 * SECOND, 2, self._line.session)

    def _add(self, at: int, octets: bytes, what: What) -> None:
        self.packets.append(Packet(at, octets, what, self._line.number))

    def _v4(self, at: int) -> None:
        line, add = self._line, self._add
        asked = o.tlv(53, b"\1") + o.tlv(61, b"\1" + line.mac) + o.tlv(55, b"\1\3\6\x0f\x1c\x33")
        offered = o.tlv(54, _GATEWAY) + _LEASE + o.tlv(1, b"\xff\xc0\0\0")
        offered += o.tlv(3, _GATEWAY) + o.tlv(6, _GATEWAY)
        self._ask4(at, asked)
        self._answer4(at + 40_000, o.tlv(53, b"\2") + offered)
        self._ask4(at + 60_000, o.tlv(53, b"\3") + asked[3:] + o.tlv(50, line.v4) + o.tlv(54, _GATEWAY))
        self._answer4(at + 75_000, o.tlv(53, b"\5") + offered)
        self._authorise(at + 2_000, line.session, self._names(), o.attribute(8, line.v4))
        self._account(at + 80_000, 1, line.session)
        arp = b"\0\1\x08\0\6\4\0"
        add(at + 120_000, b"".join((_BROADCAST, line.mac, line.uplink, o.ARP, arp, b"\1", line.mac, line.v4, bytes(6),
                                    _GATEWAY)), What.ARP)  # fmt: skip
        add(at + 120_400, b"".join((line.down, line.uplink, o.ARP, arp, b"\2", _BNG_MAC, _GATEWAY, line.mac,
                                    line.v4)), What.ARP)  # fmt: skip

    def _ask4(self, at: int, options: bytes) -> None:
        line, add = self._line, self._add
        if not line.number % 3:
            bare = o.udp4(_ANY4, 68, _BROADCAST4, 67, o.bootp(1, line.xid, line.mac, options))
            add(at - 300, b"".join((_BROADCAST, line.mac, line.access, o.IPV4, bare)), What.DHCPV4)
        options += line.option82
        named = o.udp4(_ANY4, 68, _BROADCAST4, 67, o.bootp(1, line.xid, line.mac, options))
        add(at, b"".join((_BROADCAST, line.mac, line.uplink, o.IPV4, named)), What.DHCPV4)
        if line.relays:
            message = o.bootp(1, line.xid, line.mac, options, giaddr=_GIADDR)
            passed = o.udp4(_GIADDR, 67, _SERVER4, 67, message)
            add(at + 15_000, b"".join((_SERVER_MAC, _BNG_MAC, o.IPV4, passed)), What.DHCPV4)

    def _answer4(self, at: int, options: bytes) -> None:
        line, add = self._line, self._add
        if line.relays:
            message = o.bootp(2, line.xid, line.mac, options + line.option82, yiaddr=line.v4, giaddr=_GIADDR)
            passed = o.udp4(_SERVER4, 67, _GIADDR, 67, message)
            add(at - 2_000, b"".join((_BNG_MAC, _SERVER_MAC, o.IPV4, passed)), What.DHCPV4)
        named = o.udp4(
            _GATEWAY, 67, line.v4, 68, o.bootp(2, line.xid, line.mac, options + line.option82, yiaddr=line.v4)
        )
        add(at, b"".join((line.down, line.uplink, o.IPV4, named)), What.DHCPV4)
        if not line.number % 3:
            bare = o.udp4(_GATEWAY, 67, line.v4, 68, o.bootp(2, line.xid, line.mac, options, yiaddr=line.v4))
            add(at + 300, b"".join((line.down, line.access, o.IPV4, bare)), What.DHCPV4)

    def _v6(self, at: int) -> None:
        line = self._line
        iaid = line.mac[2:]
        wanted = o.option6(3, iaid + bytes(8)) + o.option6(25, iaid + bytes(8))
        prefix = o.option6(26, b"".join((_LIFETIMES, b"\x38", line.pd)))
        address = o.option6(5, b"".join((line.pd[:15], b"\1", _LIFETIMES)))
        times = (1800).to_bytes(4, "big") + (2880).to_bytes(4, "big")
        given = o.option6(3, iaid + times + address) + o.option6(25, iaid + times + prefix)
        who = o.option6(1, line.duid)
        first, second = line.xid[1:], line.xid[3:] + line.xid[1:3]
        self._ask6(at, b"\1" + first + who + o.option6(8, b"\0\0") + o.option6(6, b"\0\x17\0\x18") + wanted)
        self._answer6(at + 40_000, b"\2" + first + who + _SERVER_DUID + given)
        self._ask6(at + 60_000, b"\3" + second + who + _SERVER_DUID + o.option6(8, b"\0\0") + given)
        self._answer6(at + 75_000, b"\7" + second + who + _SERVER_DUID + given)
        session = line.session + b"-6"
        named = self._names(o.ENTERPRISE) if line.way is Way.NAMED else b""
        self._authorise(at + 2_000, session, named, o.attribute(123, b"\0\x38" + line.pd[:7]), asks=not named)
        if line.way in (Way.HOUR, Way.ALONE):
            return
        self._account(at + 80_000, 3, line.session, o.attribute(123, b"\0\x38" + line.pd[:7]))

    def _ask6(self, at: int, message: bytes) -> None:
        line, add = self._line, self._add
        head = b"".join((_MAC_OF_RELAYS, line.mac))
        if line.way is Way.NAMED:
            if not line.number % 3:
                bare = o.udp6(line.ll, 546, _ALL_RELAYS, 547, message)
                add(at - 300, b"".join((head, line.access, o.IPV6, bare)), What.DHCPV6)
            message = o.relayed(line.ll, message, line.ids, back=False)
        port = 547 if line.way is Way.NAMED else 546
        add(at, b"".join((head, line.uplink, o.IPV6, o.udp6(line.ll, port, _ALL_RELAYS, 547, message))), What.DHCPV6)
        if line.relays:
            inside = o.option6(18, line.port_id)
            hops = 1 if line.way is Way.NAMED else 0
            message = o.relayed(line.ll, message, inside, link=line.pd[:15] + b"\2", hops=hops, back=False)
            passed = o.udp6(_BNG_LL, 547, _SERVER6, 547, message)
            add(at + 15_000, b"".join((_SERVER_MAC, _BNG_MAC, o.IPV6, passed)), What.DHCPV6)

    def _answer6(self, at: int, message: bytes) -> None:
        line, add = self._line, self._add
        bare = message
        named = line.way is Way.NAMED
        if named:
            message = o.relayed(line.ll, message, line.ids, back=True)
        if line.relays:
            whole = o.relayed(line.ll, message, o.option6(18, line.port_id), link=line.pd[:15] + b"\2",
                              hops=1 if named else 0, back=True)  # fmt: skip
            passed = o.udp6(_SERVER6, 547, _BNG_LL, 547, whole)
            add(at - 2_000, b"".join((_BNG_MAC, _SERVER_MAC, o.IPV6, passed)), What.DHCPV6)
        down = o.udp6(_BNG_LL, 547, line.ll, 547 if named else 546, message)
        add(at, b"".join((line.down, line.uplink, o.IPV6, down)), What.DHCPV6)
        if named and not line.number % 3:
            lan = o.udp6(_BNG_LL, 547, line.ll, 546, bare)
            add(at + 300, b"".join((line.down, line.access, o.IPV6, lan)), What.DHCPV6)

    def _names(self, enterprise: bytes = b"") -> bytes:
        """The Broadband Forum's Agent-Circuit-Id and Agent-Remote-Id (RFC 4679 §3.3)."""
        line = self._line
        ids = o.attribute(1, line.circuit) + o.attribute(2, enterprise + line.remote)
        return o.attribute(26, o.ENTERPRISE + ids)

    def _where(self, session: bytes) -> bytes:
        line = self._line
        return b"".join((
            o.attribute(1, line.calling), b"\4\6", _BNG, b"\x3d\6\0\0\0\x0f", o.attribute(87, line.port_id),
            o.attribute(31, line.calling), o.attribute(32, b"bng-1"), o.attribute(44, session),
        ))  # fmt: skip

    def _authorise(self, at: int, session: bytes, ids: bytes, granted: bytes, *, asks: bool = False) -> None:
        random, line = self._random, self._line
        authenticator = random.randbytes(16)
        said = b"".join((self._where(session), b"\2\x12", o.hidden(b"ipoe", authenticator), ids))
        asked = o.request(1, self._next, authenticator, said)
        lost = not random.randrange(64)
        after = 2 * SECOND if lost else 0
        frame = self._to_aaa(1812, asked)
        self.packets.append(Packet(at, frame, What.RADIUS, line.number, asks))
        if lost:  # the first one, on its way: the BNG sends again
            self.packets.append(Packet(at + after, frame, What.RADIUS, line.number, again=True))
        told = b"".join((granted, b"\x1b\6\0\1\x51\x80", b"\x55\6", INTERIM, o.attribute(25, line.remote)))
        self._from_aaa(at + after + random.randrange(2_000, 12_000), 1812, o.answer(2, asked, told, sealed=True))
        self._next = (self._next + 1) & 0xFF

    def _account(self, at: int, status: int, session: bytes, more: bytes = b"") -> None:
        line = self._line
        ids = b"" if line.way is Way.ALONE else self._names()
        said = b"".join((
            b"\x28\6\0\0\0", bytes((status,)), self._where(session), o.attribute(8, line.v4), more, ids,
            b"\x37\6", (at // SECOND).to_bytes(4, "big"), b"\x29\6\0\0\0\0",
        ))  # fmt: skip
        asked = o.accounting(self._next, said)
        self._add(at, self._to_aaa(1813, asked), What.RADIUS)
        self._from_aaa(at + self._random.randrange(1_000, 6_000), 1813, o.answer(5, asked, sealed=False))
        self._next = (self._next + 1) & 0xFF

    def _to_aaa(self, port: int, packet: bytes) -> bytes:
        line = self._line
        return b"".join(
            (
                _AAA_MAC,
                _BNG_MAC,
                o.IPV4,
                o.udp4(_BNG, 50_000 + line.number % _SOCKETS + (_SOCKETS if port == 1813 else 0), _AAA, port, packet),
            )
        )

    def _from_aaa(self, at: int, port: int, packet: bytes) -> None:
        line = self._line
        sent = o.udp4(_AAA, port, _BNG, 50_000 + line.number % _SOCKETS + (_SOCKETS if port == 1813 else 0), packet)
        self._add(at, b"".join((_BNG_MAC, _AAA_MAC, o.IPV4, sent)), What.RADIUS)

    def _neighbours(self, at: int) -> None:
        """A DAD probe, RS and RA, and the BNG resolving the CPE (RFC 4861, RFC 4862)."""
        line = self._line
        solicited = b"\xff\2" + bytes(9) + b"\1\xff" + line.ll[13:]
        group = b"\x33\x33\xff" + line.ll[13:]
        asks, tells = b"\x87" + bytes(7), b"\x88\0\0\0\x60\0\0\0"
        router = b"".join((b"\x86\0\0\0\x40\xc0\x07\x08", bytes(8), b"\1\1", _BNG_MAC, b"\5\1\0\0\0\0\x05\xd4"))
        seen: tuple[tuple[int, bytes, bytes, bytes, bytes, bytes], ...] = (
            (-900_000, group, line.mac, bytes(16), solicited, asks + line.ll),
            (-200_000, _MAC_OF_ROUTERS, line.mac, line.ll, _ALL_ROUTERS, b"\x85\0\0\0\0\0\0\0\1\1" + line.mac),
            (-190_000, _MAC_OF_NODES, _BNG_MAC, _BNG_LL, _ALL_NODES, router),
            (90_000, group, _BNG_MAC, _BNG_LL, solicited, asks + line.ll + b"\1\1" + _BNG_MAC),
            (91_000, _BNG_MAC, line.mac, line.ll, _BNG_LL, tells + line.ll + b"\2\1" + line.mac),
        )  # fmt: skip
        for after, destination, source, address, to, message in seen:
            frame = b"".join((destination, source, line.uplink, o.IPV6, o.icmp6(address, to, message)))
            self._add(at + after, frame, What.ND)
