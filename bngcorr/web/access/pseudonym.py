"""What stands in place of a personal value: the same for the same value, and no way back without the key. Pure.

A pseudonym is "~" and ten hexadecimal digits of a keyed hash (BLAKE2b, RFC 7693). What may be left of a value stays in
front of it: the vendor's half of a MAC address, /32 of an IPv6 and /8 of an IPv4 address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from ipaddress import ip_address, ip_interface, ip_network
from typing import Final

from bngcorr.model.mac import format_mac, is_locally_administered, parse_mac
from bngcorr.web.models.personal import Kind

_TAG_OCTETS: Final = 5
_SHAPES: Final = re.compile(
    r"""(?P<mac> (?<![0-9A-Fa-f:]) (?:[0-9A-Fa-f]{1,2}[:-]){5} [0-9A-Fa-f]{1,2} (?![0-9A-Fa-f:])
              | (?<![\w.]) (?:[0-9A-Fa-f]{4}[.]){2} [0-9A-Fa-f]{4} (?!\w)
              | (?<!\w) [0-9A-Fa-f]{12} (?!\w) )
      | (?P<address> (?<![\w.]) [0-9]{1,3} (?:[.][0-9]{1,3}){3} (?:/[0-9]{1,2})? (?!\w)
              | (?<![\w:]) (?:[0-9A-Fa-f]{0,4}:){2,7} [0-9A-Fa-f]{0,4} (?:[0-9]{1,3}[.][0-9.]{5,11})? (?:/[0-9]{1,3})? )
      | (?P<hex> (?<!\w) 0x [0-9A-Fa-f]{4,} )""",
    re.VERBOSE,
)
_LIKE_ADDRESS: Final = re.compile(r"[0-9A-Fa-f:.]+(?:%.*)?(?:/[0-9A-Fa-f:.]+)?", re.DOTALL)
# Keys of a JSON object whose text is nobody's: names of lines are hashes already, the others are of the network
_IMPERSONAL: Final = frozenset(
    {
        "admin", "bng", "box", "by", "card", "cost_table", "domain", "figure", "finding", "kind", "line", "name",
        "other_line", "place", "pool", "port", "reason", "scope", "server", "service", "session", "source", "state",
        "trace", "upstream",
    }
)  # fmt: skip


class Known:
    """Values whose pseudonyms are known already."""

    def __init__(self, pseudonyms: Mapping[str, str]) -> None:
        self._pseudonyms = pseudonyms
        words = "|".join(map(re.escape, sorted(pseudonyms, key=len, reverse=True)))
        self._words = re.compile(rf"(?<![\w~])(?:{words})(?![\w~])") if words else None

    def replaced(self, sentence: str) -> str:
        """With pseudonyms in place of those that stand in it as whole words."""
        if self._words is None:
            return sentence
        return self._words.sub(lambda found: self._pseudonyms[found[0]], sentence)


class Pseudonyms:
    """Of one key."""

    def __init__(self, key: bytes) -> None:
        """`key`: up to 64 octets that nobody else knows."""
        self._key = key

    def of(self, kind: Kind, value: str, known: Known) -> str:
        """In place of `value`; "" stays. `known`: pseudonyms of other values, wherever they stand in a sentence."""
        if value == "":
            return value
        match kind:
            case Kind.MAC:
                return self._mac(value)
            case Kind.HEX:
                return self._hex(value)
            case Kind.ADDRESS:
                return self._address(value)
            case Kind.SUBJECT | Kind.TEXT:
                return self._sentence(value, known)
            case _:
                return self._text(value)

    def detail(self, value: object, known: Known, key: str = "") -> object:
        """In place of a JSON value: every text in it but those whose `key` says that they are nobody's."""
        match value:
            case {"hex": str() as octets, **rest}:
                text = rest.get("text")
                return {"hex": self._hex(octets), "text": self._text(text) if isinstance(text, str) else None}
            case dict():
                return {name: self.detail(inner, known, str(name)) for name, inner in value.items()}
            case list() | tuple():
                return [self.detail(inner, known, key) for inner in value]
            case str():
                return self._sentence(value, known) if key in _IMPERSONAL else self._text(value)
        return value

    def _tag(self, octets: bytes) -> str:
        return "~" + blake2b(octets, key=self._key, digest_size=_TAG_OCTETS).hexdigest()

    def _text(self, value: str) -> str:
        """A MAC or an address stays recognisable as one, also where it serves as a name."""
        return self._address(value) if parse_mac(value) is None else self._mac(value)

    def _plain(self, value: str) -> str:
        return self._tag(value.encode("utf-8", "surrogateescape"))

    def _hex(self, value: str) -> str:
        """The pseudonym of the text with those octets, in hexadecimal."""
        try:
            octets = bytes.fromhex(value.removeprefix("0x"))
        except ValueError:
            return self._plain(value).encode().hex()
        try:
            return self._text(octets.decode("ascii")).encode().hex()
        except UnicodeDecodeError:
            return self._tag(octets).encode().hex()

    def _mac(self, value: str) -> str:
        mac = parse_mac(value)
        if mac is None:
            return self._plain(value)
        tag = self._tag(mac)
        return f"local:{tag}" if is_locally_administered(mac) else f"{format_mac(mac[:3])}:{tag}"

    def _address(self, value: str) -> str:
        if _LIKE_ADDRESS.fullmatch(value) is None:
            return self._plain(value)
        try:
            if "/" in value:
                network = ip_network(value, strict=False)
                packed, length = network.network_address.packed, f"/{network.prefixlen}"
            else:
                packed, length = ip_address(value).packed, ""
        except ValueError:
            return self._plain(value)
        left = f"{packed[0]}." if len(packed) == 4 else f"{packed[:2].hex()}:{packed[2:4].hex()}:"
        return f"{left}{self._tag(packed)}{length}"

    def _sentence(self, value: str, known: Known) -> str:
        """Whatever looks like a MAC address, an IP address or octets, and every value that is known."""
        return _SHAPES.sub(self._shape, known.replaced(value))

    def _shape(self, found: re.Match[str]) -> str:
        if found["mac"] is not None:
            return self._mac(found[0])
        if found["hex"] is not None:
            return "0x" + self._hex(found[0])
        try:
            ip_interface(found[0])
        except ValueError:
            return found[0]  # a time of day, or a version
        return self._address(found[0])
