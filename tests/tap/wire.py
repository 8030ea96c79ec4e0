"""DHCP frames built by hand from the RFCs, and not by bngcorr."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.record import Record
from bngcorr.correlator import dhcp
from bngcorr.correlator.dhcp import Told
from bngcorr.correlator.place import Place
from bngcorr.correlator.question import Rules
from bngcorr.model.vocabulary import LineIdPolicy, VlanModel

CPE = bytes.fromhex("000e8f000101")
OTHER = bytes.fromhex("000e8f000202")
BNG = bytes.fromhex("000e8fff0001")
ALL_HOSTS = b"\xff" * 6
DUID = bytes.fromhex("00030001") + CPE
LINK_LOCAL = "fe80::20e:8fff:fe00:101"  # EUI-64 of CPE
ROUTED = "2001:db8::1"
XID = b"\0\1\2\3"


def place(**changes: object) -> Place:
    """On port 1/1/4 of a box, lines told by their Remote-Id."""
    given: dict[str, object] = {
        "domain": "d", "bng": "bng1", "box": "bng1|", "ports": "bng1|", "vlan_model": VlanModel.SHARED, "port": "1/1/4",
        "rules": Rules(line_id=LineIdPolicy.REMOTE),
    }  # fmt: skip
    return Place(**{**given, **changes})  # type: ignore[arg-type]


def option4(code: int, value: bytes) -> bytes:
    """RFC 2132 §2."""
    return bytes((code, len(value))) + value


def line4(remote: bytes, circuit: bytes = b"") -> bytes:
    """Option 82 (RFC 3046)."""
    return option4(82, (option4(1, circuit) if circuit else b"") + option4(2, remote))


def option6(code: int, value: bytes) -> bytes:
    """RFC 8415 §21.1."""
    return struct.pack("!HH", code, len(value)) + value


def remote6(value: bytes, enterprise: int = 3561) -> bytes:
    """Option 37 (RFC 4649 §3)."""
    return option6(37, struct.pack("!I", enterprise) + value)


def relay6(message: bytes, options: bytes, link: str = "::", peer: str = LINK_LOCAL, kind: int = 12) -> bytes:
    """RELAY-FORW or RELAY-REPL (RFC 8415 §9)."""
    head = bytes((kind, 0)) + IPv6Address(link).packed + IPv6Address(peer).packed
    return head + options + option6(9, message)


def message6(kind: int, options: bytes = b"", duid: bytes = DUID, xid: bytes = XID[1:]) -> bytes:
    """A client's or server's message, with the client's DUID."""
    return bytes((kind,)) + xid + option6(1, duid) + options


def association(kind: int, inside: bytes, iaid: bytes = b"iaid") -> bytes:
    """IA_NA (3) or IA_PD (25)."""
    return option6(kind, iaid + bytes(8) + inside)


def address6(address: str, valid: int) -> bytes:
    """Option 5."""
    return option6(5, IPv6Address(address).packed + struct.pack("!II", valid, valid))


def prefix6(prefix: str, length: int, valid: int) -> bytes:
    """Option 26."""
    return option6(26, struct.pack("!IIB", valid, valid, length) + IPv6Address(prefix).packed)


def ethernet(kind: int, packet: bytes, source: bytes, destination: bytes, tags: tuple[int, ...] = ()) -> bytes:
    """With C-tags."""
    return destination + source + b"".join(struct.pack("!HH", 0x8100, tag) for tag in tags) + struct.pack(
        "!H", kind
    ) + packet  # fmt: skip


def frame4(
    kind: int,
    options: bytes = b"",
    *,
    to_server: bool = True,
    chaddr: bytes = CPE,
    source: bytes | None = None,
    destination: bytes = ALL_HOSTS,
    xid: bytes = XID,
    giaddr: str = "0.0.0.0",
    ciaddr: str = "0.0.0.0",
    yiaddr: str = "0.0.0.0",
    ip_source: str = "0.0.0.0",
    tags: tuple[int, ...] = (),
) -> bytes:
    """A DHCPv4 message in UDP over IPv4 over Ethernet."""
    addresses = b"".join(IPv4Address(one).packed for one in (ciaddr, yiaddr, "0.0.0.0", giaddr))
    dhcp4 = bytes((1 if to_server else 2, 1, 6, 0)) + xid + bytes(4) + addresses + chaddr.ljust(16, b"\0") + bytes(192)
    dhcp4 += b"\x63\x82\x53\x63" + option4(53, bytes((kind,))) + options + b"\xff"
    ports = (68, 67) if to_server else (67, 68)
    udp = struct.pack("!HHHH", *ports, 8 + len(dhcp4), 0) + dhcp4
    ip_destination = IPv4Address("255.255.255.255").packed
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + IPv4Address(ip_source).packed
    return ethernet(0x0800, ip + ip_destination + udp, source or chaddr, destination, tags)


def frame6(
    message: bytes,
    *,
    to_server: bool = True,
    source: bytes = CPE,
    destination: bytes = ALL_HOSTS,
    ip_source: str = LINK_LOCAL,
    ip_destination: str = "ff02::1:2",
    tags: tuple[int, ...] = (),
) -> bytes:
    """A DHCPv6 message in UDP over IPv6 over Ethernet."""
    ports = (546, 547) if to_server else (547, 546)
    udp = struct.pack("!HHHH", *ports, 8 + len(message), 0) + message
    ip = struct.pack("!IHBB", 6 << 28, len(udp), 17, 64)
    addresses = IPv6Address(ip_source).packed + IPv6Address(ip_destination).packed
    return ethernet(0x86DD, ip + addresses + udp, source, destination, tags)


def told(octets: bytes, where: Place | None = None) -> Told | None:
    """What the rules make of a frame."""
    where = where or place()
    seen = Seen(Record(1, 0, octets, len(octets), 1, 0))
    if seen.dhcp4 is not None:
        return dhcp.of4(seen.dhcp4, seen.frame, where)
    return None if seen.dhcp6 is None else dhcp.of6(seen.dhcp6, seen.frame, where)


def said(octets: bytes, where: Place | None = None) -> Told:
    """The same of one that says something."""
    found = told(octets, where)
    assert found is not None
    return found
