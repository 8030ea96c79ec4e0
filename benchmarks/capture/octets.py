"""Octets of frames, DHCP and RADIUS as the generated capture has them: with right lengths, checksums and signatures.

Nothing of bngcorr is used here: who writes the file must not share the mistakes of who reads it.
"""

from __future__ import annotations

import hmac
from hashlib import md5
from struct import Struct
from typing import Final

SECRET: Final = b"bench-secret-of-all-bngs"  # of every BNG in the file
ENTERPRISE: Final = (3561).to_bytes(4, "big")  # in front of Option 37

IPV4: Final = b"\x08\x00"
IPV6: Final = b"\x86\xdd"
ARP: Final = b"\x08\x06"
_IP4: Final = Struct(">HHHHBBH4s4s").pack
_IP6: Final = Struct(">IHBB16s16s").pack
_UDP: Final = Struct(">HHHH").pack
_RADIUS: Final = Struct(">BBH").pack
_BOOTP: Final = Struct(">4B4sHH4s4s4s4s16s192x4s").pack
_TWO: Final = Struct(">H").pack
_OPTION6: Final = Struct(">HH").pack
_HOP: Final = 64


def _sum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071), 0xFFFF in place of 0. The sum of all words is the number modulo 65535."""
    number = int.from_bytes(octets, "big")
    return 0xFFFF - (number << 8 if len(octets) & 1 else number) % 0xFFFF


def tags(*vlans: int) -> bytes:
    """One 802.1Q tag, or 802.1ad around 802.1Q, as they stand behind the MACs."""
    if len(vlans) == 2:
        return b"\x88\xa8" + _TWO(vlans[0]) + b"\x81\x00" + _TWO(vlans[1])
    return b"".join(b"\x81\x00" + _TWO(vlan) for vlan in vlans)


def ip4(protocol: int, source: bytes, destination: bytes, payload: bytes) -> bytes:
    """An IPv4 packet."""
    head = _IP4(0x4500, 20 + len(payload), 0, 0, _HOP, protocol, 0, source, destination)
    return head[:10] + _TWO(_sum(head)) + head[12:] + payload


def ip6(protocol: int, source: bytes, destination: bytes, payload: bytes, hop: int = _HOP) -> bytes:
    """An IPv6 packet."""
    return _IP6(0x60000000, len(payload), protocol, hop, source, destination) + payload


def udp4(source: bytes, source_port: int, destination: bytes, port: int, payload: bytes) -> bytes:
    """UDP in IPv4."""
    size = 8 + len(payload)
    head = _UDP(source_port, port, size, 0)
    total = _sum(b"".join((source, destination, b"\0\x11", head[4:6], head, payload)))
    return ip4(17, source, destination, b"".join((head[:6], _TWO(total), payload)))


def udp6(source: bytes, source_port: int, destination: bytes, port: int, payload: bytes) -> bytes:
    """UDP in IPv6."""
    size = 8 + len(payload)
    head = _UDP(source_port, port, size, 0)
    total = _sum(b"".join((source, destination, b"\0\0", head[4:6], b"\0\0\0\x11", head, payload)))
    return ip6(17, source, destination, b"".join((head[:6], _TWO(total), payload)))


def icmp6(source: bytes, destination: bytes, message: bytes) -> bytes:
    """A Neighbor Discovery message, its checksum (octets 2 and 3) not yet there."""
    size = len(message).to_bytes(4, "big")
    total = _sum(b"".join((source, destination, size, b"\0\0\0\x3a", message)))
    return ip6(58, source, destination, message[:2] + _TWO(total) + message[4:], hop=255)


def bootp(
    operation: int, xid: bytes, mac: bytes, options: bytes, *, secs: int = 0, yiaddr: bytes = bytes(4),
    giaddr: bytes = bytes(4),
) -> bytes:  # fmt: skip
    """A DHCPv4 message (RFC 2131 §2), padded to BOOTP's 300 octets."""
    head = _BOOTP(
        operation, 1, 6, 1 if giaddr != bytes(4) else 0, xid, secs, 0, bytes(4), yiaddr, bytes(4), giaddr,
        mac + bytes(10), b"\x63\x82\x53\x63",
    )  # fmt: skip
    return (head + options + b"\xff").ljust(300, b"\0")


def tlv(kind: int, value: bytes) -> bytes:
    """An option of DHCPv4, or a sub-option: code, octets of the value, value."""
    return bytes((kind, len(value))) + value


def option6(code: int, value: bytes) -> bytes:
    """An option of DHCPv6."""
    return _OPTION6(code, len(value)) + value


def relayed(
    peer: bytes, message: bytes, options: bytes, *, link: bytes = bytes(16), hops: int = 0, back: bool
) -> bytes:
    """A RELAY-FORW or RELAY-REPL (`back`) around a message (RFC 8415 §9)."""
    return b"".join((bytes((13 if back else 12, hops)), link, peer, options, option6(9, message)))


def attribute(kind: int, value: bytes) -> bytes:
    """An attribute of RADIUS."""
    return bytes((kind, len(value) + 2)) + value


def request(code: int, identifier: int, authenticator: bytes, attributes: bytes) -> bytes:
    """An Access-Request with its Message-Authenticator in front (RFC 3579 §3.2)."""
    head = _RADIUS(code, identifier, 38 + len(attributes)) + authenticator + b"\x50\x12"
    seal = hmac.digest(SECRET, b"".join((head, bytes(16), attributes)), "md5")
    return b"".join((head, seal, attributes))


def accounting(identifier: int, attributes: bytes) -> bytes:
    """An Accounting-Request (RFC 2866 §3)."""
    head = _RADIUS(4, identifier, 20 + len(attributes))
    return b"".join((head, md5(b"".join((head, bytes(16), attributes, SECRET))).digest(), attributes))


def answer(code: int, asked: bytes, attributes: bytes = b"", *, sealed: bool) -> bytes:
    """The answer to a request (RFC 2865 §3), with a Message-Authenticator in front if `sealed`."""
    authenticator = asked[4:20]
    size = 20 + len(attributes) + (18 if sealed else 0)
    head = _RADIUS(code, asked[1], size)
    if sealed:
        seal = hmac.digest(SECRET, b"".join((head, authenticator, b"\x50\x12", bytes(16), attributes)), "md5")
        attributes = b"".join((b"\x50\x12", seal, attributes))
    return b"".join((head, md5(b"".join((head, authenticator, attributes, SECRET))).digest(), attributes))


def hidden(password: bytes, authenticator: bytes) -> bytes:
    """A User-Password of up to 16 octets, hidden (RFC 2865 §5.2)."""
    key = int.from_bytes(md5(SECRET + authenticator).digest(), "big")
    return (int.from_bytes(password.ljust(16, b"\0"), "big") ^ key).to_bytes(16, "big")
