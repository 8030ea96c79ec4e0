"""RADIUS octets as a BNG writes them: attributes, and the two ways to sign a request."""

from __future__ import annotations

import hmac
from hashlib import md5
from struct import pack
from typing import Final

ACCESS_REQUEST: Final = 1
ACCOUNTING_REQUEST: Final = 4
_MESSAGE_AUTHENTICATOR: Final = bytes((80, 18)) + bytes(16)


def attribute(number: int, value: bytes) -> bytes:
    """One attribute (RFC 2865 §5); at most 253 octets of value."""
    return bytes((number, len(value) + 2)) + value


def integer(number: int, value: int) -> bytes:
    """An attribute of four octets."""
    return pack("!BBI", number, 6, value)


def vendor(number: int, sub: int, value: bytes) -> bytes:
    """One VSA with one sub-attribute (RFC 2865 §5.26); at most 247 octets of value."""
    size = len(value)
    return pack("!BBIBB", 26, size + 8, number, sub, size + 2) + value


def access_request(identifier: int, authenticator: bytes, attributes: bytes, secret: bytes, *, signed: bool) -> bytes:
    """An Access-Request; `signed` puts a Message-Authenticator in front (RFC 3579 §3.2)."""
    if not signed:
        return pack("!BBH", ACCESS_REQUEST, identifier, 20 + len(attributes)) + authenticator + attributes
    head = pack("!BBH", ACCESS_REQUEST, identifier, 38 + len(attributes)) + authenticator
    digest = hmac.digest(secret, head + _MESSAGE_AUTHENTICATOR + attributes, "md5")
    return head + _MESSAGE_AUTHENTICATOR[:2] + digest + attributes


def accounting_request(identifier: int, attributes: bytes, secret: bytes) -> bytes:
    """An Accounting-Request, its authenticator computed over the packet (RFC 2866 §3)."""
    head = pack("!BBH", ACCOUNTING_REQUEST, identifier, 20 + len(attributes))
    return head + md5(head + bytes(16) + attributes + secret).digest() + attributes


def option6(code: int, value: bytes) -> bytes:
    """One DHCPv6 option."""
    return pack("!HH", code, len(value)) + value


def discover_options(remote_id: bytes, circuit_id: bytes) -> bytes:
    """Options of a DISCOVER with Option 82 (RFC 2132, RFC 3046)."""
    agent = attribute_like(1, circuit_id) + attribute_like(2, remote_id)
    return bytes((53, 1, 1, 55, 3, 1, 3, 6)) + attribute_like(82, agent) + b"\xff"


def attribute_like(code: int, value: bytes) -> bytes:
    """A DHCPv4 option or sub-option: code, length, value."""
    return bytes((code, len(value))) + value


def solicit_options(mac: bytes) -> bytes:
    """Options of a SOLICIT for IA_NA and IA_PD (RFC 8415 §18.2.1), DUID-LL."""
    return (
        option6(8, b"\0\0")
        + option6(1, b"\0\3\0\1" + mac)
        + option6(25, bytes(12))
        + option6(3, bytes(12))
        + option6(6, b"\0\x17")
    )


def relayed_options(mac: bytes, interface_id: bytes, option37: bytes) -> bytes:
    """Options of an LDRA's RELAY-FORW around a SOLICIT (RFC 6221 §5.3.1)."""
    message = b"\1\xaa\xbb\xcc" + solicit_options(mac)
    return option6(18, interface_id) + option6(37, option37) + option6(9, message)
