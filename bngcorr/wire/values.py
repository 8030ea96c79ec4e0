"""Values of attributes between octets and text, by the dictionaries' types. Pure.

Text is what operators write and read: ``203.0.113.9``, ``Stop``, ``2001:db8::/56``; what has no such text is
hexadecimal behind ``0x``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_interface
from typing import Final

from bngcorr.wire import attributes as a

MOST_OCTETS: Final = 247  # of a value that fits into a Vendor-Specific attribute as well

_SIZES: Final = {"byte": 1, "short": 2, "integer": 4, "signed": 4, "date": 4, "integer64": 8}
_PLAIN_TEXT: Final = re.compile(r"[^\x00-\x1f\x7f]+")
# by name, where the dictionaries do not say that a value is hidden; what intercepts is nobody's business either
_SECRET_NAME: Final = re.compile(
    r"passw|passphrase|secret|chap|eap-message|authenticator|mppe|digest-|-key(s|-|$)|-li-|intercept", re.IGNORECASE
)
_SECRET_WORDS: Final = (b"passw", b"secret", b"key=", b"psk=")  # in the value, as vendors' pairs have them


class Named:
    """What the dictionaries say of one attribute."""

    __slots__ = ("key", "kind", "name", "numbers", "secret", "tagged", "words")

    def __init__(
        self, key: int, name: str, kind: str, numbers: Mapping[str, int], *, hidden: bool, tagged: bool
    ) -> None:
        self.key: Final = key
        self.name: Final = name
        self.kind: Final = kind  # string, octets, integer, ipaddr, …
        self.numbers: Final = numbers  # of named values
        self.words: Final = {number: word for word, number in numbers.items()}
        self.secret: Final = hidden or _SECRET_NAME.search(name) is not None
        self.tagged: Final = tagged


def key_name(key: int) -> str:
    """Of an attribute that no dictionary knows."""
    return f"Attr-{key}" if key < 256 else f"Vendor-{key >> 8}-Attr-{key & 0xFF}"


def without_secrets(key: int, value: bytes, secret: bool) -> bytes | None:
    """What may be shown of a value: None if it is secret. Of a vendor's attribute that can't be read, the vendor."""
    if secret:
        return None
    if key == a.VENDOR_SPECIFIC:
        return value[:4]
    lower = value.lower()
    for word in _SECRET_WORDS:
        if word in lower:
            return None
    return value


def shown(named: Named | None, value: bytes) -> str:
    """For people; a value that does not have its type's form as octets. Opaque ones are text if all of it is."""
    text = _printable(value) if named is None or named.kind == "octets" else _text(named, value)
    return f"0x{value.hex()}" if text is None else text


def _text(named: Named, value: bytes) -> str | None:
    kind, size = named.kind, len(value)
    if kind in _SIZES:
        tag = ""
        if named.tagged and size == 4 and value[0]:
            tag, value = f":{value[0]}", b"\0" + value[1:]
        if size != _SIZES[kind]:
            return None
        number = int.from_bytes(value, "big", signed=kind == "signed")
        return named.words.get(number, str(number)) + tag
    if kind == "ipaddr" and size == 4:
        return str(IPv4Address(value))
    if kind == "ipv6addr" and size == 16:
        return str(IPv6Address(value))
    if kind == "ipv6prefix" and 2 <= size <= 18 and value[1] <= 128:
        return str(IPv6Network((value[2:].ljust(16, b"\0"), value[1]), strict=False))
    if kind == "ifid" and size == 8:
        return value.hex(":", 2)
    if kind == "ether" and size == 6:
        return value.hex(":")
    if kind == "string":
        if named.tagged and value and value[0] <= 0x1F:
            value = value[1:]
        try:
            text = value.decode()
        except UnicodeDecodeError:
            return None
        return text if _PLAIN_TEXT.fullmatch(text) else None
    return None


def _printable(value: bytes) -> str | None:
    """Printable ASCII that does not look like octets."""
    if not value or value.startswith(b"0x") or not all(0x20 <= octet <= 0x7E for octet in value):
        return None
    return value.decode("ascii")


def octets_of(named: Named, text: str) -> bytes:
    """The value that a text stands for. Raises ValueError, saying what was expected."""
    if named.tagged:
        raise ValueError("an attribute with a tag can't be written")
    if text.startswith("0x"):
        try:
            return _fitting(bytes.fromhex(text[2:]))
        except ValueError:
            raise ValueError(f"got {text!r}; expected 1 … {MOST_OCTETS} octets as hexadecimal") from None
    kind = named.kind
    if kind in _SIZES:
        return _number(named, text)
    try:
        if kind == "ipaddr":
            return IPv4Address(text).packed
        if kind == "ipv6addr":
            return IPv6Address(text).packed
        if kind == "ipv6prefix":
            network = IPv6Network(ip_interface(text).network)
            return bytes((0, network.prefixlen)) + network.network_address.packed
    except (ValueError, TypeError):
        raise ValueError(f"got {text!r}; expected an address or prefix of the kind that {named.name} holds") from None
    if kind in ("string", "octets"):
        return _fitting(text.encode())
    raise ValueError(f"{named.name} can only be written as octets behind 0x")


def _number(named: Named, text: str) -> bytes:
    number = named.numbers.get(text)
    size, signed = _SIZES[named.kind], named.kind == "signed"
    if number is None:
        try:
            number = int(text)
            return number.to_bytes(size, "big", signed=signed)
        except (ValueError, OverflowError):
            names = f", or one of {', '.join([*named.numbers][:20])}" if named.numbers else ""
            raise ValueError(f"got {text[:40]!r}; expected a number of {size} octets{names}") from None
    return number.to_bytes(size, "big", signed=signed)


def _fitting(value: bytes) -> bytes:
    if not 0 < len(value) <= MOST_OCTETS:
        raise ValueError(f"got {len(value)} octets; expected 1 … {MOST_OCTETS}")
    return value
