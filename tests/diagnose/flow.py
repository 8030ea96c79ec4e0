"""Frames of hosts, their gateway, and servers: what detectors of missing answers look at."""

from __future__ import annotations

import struct

from tests.diagnose.stage import (
    arp,
    ethernet,
    ip4,
    ip6,
    link_layer,
    message4,
    message6,
    neighbor,
    option6,
    solicitation,
    udp,
)

HOST, GATEWAY, THIRD = "3c:a6:2f:00:00:0a", "02:bb:00:00:00:01", "3c:a6:2f:00:00:0c"
ALL = "ff:ff:ff:ff:ff:ff"
GROUP = "33:33:ff:00:00:01"
HOST4, GATEWAY4 = "192.0.2.77", "192.0.2.1"
HOST6, GATEWAY6 = "2001:db8:1::77", "2001:db8:1::1"
LOCAL = "fe80::77"
DUID = b"\0\3\0\1" + bytes.fromhex("3ca62f00000a")
SERVER_DUID = b"\0\3\0\1" + bytes.fromhex("02bb00000001")
PEER6 = "2001:db8:99::1"
SYN, SYN_ACK, ACK, RST = 0x02, 0x12, 0x10, 0x04


def asks4(target: str = GATEWAY4, source: str = HOST, sender: str = HOST4, *vlans: int) -> bytes:
    """A broadcast ARP request."""
    return ethernet(source, ALL, 0x0806, arp(1, source, sender, "00:00:00:00:00:00", target), *vlans)


def tells4(sender: str = GATEWAY4, source: str = GATEWAY, to: str = HOST, target: str = HOST4, *vlans: int) -> bytes:
    """An ARP reply."""
    return ethernet(source, to, 0x0806, arp(2, source, sender, to, target), *vlans)


def asks6(target: str = GATEWAY6, source: str = HOST, address: str = HOST6) -> bytes:
    """A Neighbor Solicitation."""
    options = () if address == "::" else (link_layer(1, source),)
    return ethernet(source, GROUP, 0x86DD, ip6(address, "ff02::1:ff00:1", 58, solicitation(target, *options)))


def tells6(target: str = GATEWAY6, source: str = GATEWAY, to: str = HOST) -> bytes:
    """A solicited Neighbor Advertisement."""
    return ethernet(source, to, 0x86DD, ip6(target, HOST6, 58, neighbor(target, 0x60, link_layer(2, source))))


def client4(kind: int, *options: bytes, xid: int = 1, client: str = HOST) -> bytes:
    """A DHCPv4 message of a client, broadcast."""
    return ethernet(
        client,
        ALL,
        0x0800,
        ip4("0.0.0.0", "255.255.255.255", 17, udp(68, 67, message4(kind, client, *options, xid=xid))),
    )


def server4(kind: int, *options: bytes, xid: int = 1, client: str = HOST) -> bytes:
    """Its answer."""
    return ethernet(
        GATEWAY, client, 0x0800, ip4(GATEWAY4, HOST4, 17, udp(67, 68, message4(kind, client, *options, xid=xid)))
    )


def client6(kind: int, *options: bytes, xid: int = 1, duid: bytes = DUID, client: str = HOST) -> bytes:
    """A DHCPv6 message of a client."""
    message = message6(kind, option6(1, duid), *options, xid=xid)
    return ethernet(client, "33:33:00:01:00:02", 0x86DD, ip6(LOCAL, "ff02::1:2", 17, udp(546, 547, message)))


def server6(kind: int, *options: bytes, xid: int = 1, duid: bytes = DUID, client: str = HOST) -> bytes:
    """Its answer."""
    message = message6(kind, option6(1, duid), option6(2, SERVER_DUID), *options, xid=xid)
    return ethernet(GATEWAY, client, 0x86DD, ip6("fe80::1", LOCAL, 17, udp(547, 546, message)))


def packet6(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    """An IPv6 packet that the gateway's side and the host's exchange."""
    return ethernet(HOST, GATEWAY, 0x86DD, ip6(source, destination, protocol, payload, 64))


def tunnelled(source: str, destination: str, protocol: int, payload: bytes, *, back: bool = False) -> bytes:
    """The same in 6in4 between CPE 203.0.113.14 and relay 198.51.100.66."""
    ends = ("198.51.100.66", "203.0.113.14") if back else ("203.0.113.14", "198.51.100.66")
    return ethernet(HOST, GATEWAY, 0x0800, ip4(*ends, 41, ip6(source, destination, protocol, payload, 64)))


def echo(kind: int = 128) -> bytes:
    """An ICMPv6 echo request (128) or reply (129)."""
    return struct.pack("!BBHHH", kind, 0, 0, 1, 1)


def query(kind: int, name: bytes = b"\x07example\x03net\x00") -> bytes:
    """A DNS query of one question."""
    return struct.pack("!HHHHHH", 7, 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", kind, 1)


def radius(code: int, identifier: int, authenticator: int = 1) -> bytes:
    """A RADIUS packet without attributes."""
    return struct.pack("!BBH", code, identifier, 20) + authenticator.to_bytes(16, "big")


def ia(code: int, inner: bytes) -> bytes:
    """An IA_NA (3) or IA_PD (25)."""
    return option6(code, bytes(12) + inner)


def ia_address(address: bytes = bytes.fromhex("20010db8000100000000000000001000")) -> bytes:
    """An address inside an IA_NA, valid for two hours."""
    return option6(5, address + struct.pack("!II", 3600, 7200))


def ia_prefix() -> bytes:
    """A prefix inside an IA_PD."""
    return option6(26, struct.pack("!IIB", 3600, 7200, 56) + bytes.fromhex("20010db8770000000000000000000000"))


def resolvers(*addresses: bytes) -> bytes:
    """The option RDNSS of an RA."""
    return struct.pack("!BBHI", 25, 1 + 2 * len(addresses), 0, 1800) + b"".join(addresses)
