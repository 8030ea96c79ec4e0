"""What of a log line is about a customer, and what stands there in its place. Pure.

`log.mac` is about MAC addresses, in whatever text they stand; `log.user` about the fields that name a customer, or a
line by what its access node says. A pseudonym is "~" and ten hexadecimal digits of a keyed hash (BLAKE2b, RFC 7693),
the same for the same value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from ipaddress import ip_interface
from typing import Any, Final, Literal

from bngcorr.model.mac import format_mac, is_locally_administered, parse_mac

Shown = Literal["original", "hashed", "hidden"]

HIDDEN: Final = "(hidden)"
_TAG_OCTETS: Final = 5

# Fields that name a customer, or a line by what the access node says of it; `line` is a hash already
_USER_FIELDS: Final = frozenset({
    "user_name", "remote_id", "remote_id_raw", "circuit_id", "session_id", "addresses",
})  # fmt: skip
_SUBJECTS: Final = frozenset({"subject"})  # of a finding: an address of a customer, a MAC, a line, a port, a number
_SECRETS: Final = re.compile(r"(?i)secret|passw|token|private|credential")
_MACS: Final = re.compile(
    r"(?<![0-9A-Fa-f:.-])"
    r"(?:[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})"
    r"(?![0-9A-Fa-f:.-])"
)


class Privacy:
    """Of one process."""

    def __init__(self, mac: Shown, user: Shown, key: bytes) -> None:
        """`key`: up to 64 octets that nobody else knows."""
        self._mac: Final[Shown] = mac
        self._user: Final[Shown] = user
        self._key: Final = key

    def of(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of a line as they may be written, its text among them. What is called a secret never is."""
        return {name: self._field(name, value) for name, value in fields.items()}

    def _field(self, name: str, value: Any) -> Any:
        if _SECRETS.search(name):
            return None if value is None else HIDDEN
        if isinstance(value, str):
            return self._text(name, value)
        if isinstance(value, dict):
            inside = name if name in _USER_FIELDS else ""  # octets are shown as {"hex": …, "text": …}
            return {key: self._field(inside or str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self._field(name, inner) for inner in value]
        return value

    def _text(self, name: str, value: str) -> str:
        if self._user != "original" and (name in _USER_FIELDS or (name in _SUBJECTS and _is_address(value))):
            return HIDDEN if self._user == "hidden" else self._tag(value.encode("utf-8", "surrogateescape"))
        return value if self._mac == "original" else _MACS.sub(self._in_place_of, value)

    def _in_place_of(self, found: re.Match[str]) -> str:
        mac = parse_mac(found[0])
        if self._mac == "hidden":
            return HIDDEN
        if mac is None:
            return self._tag(found[0].lower().encode())
        return f"{'local' if is_locally_administered(mac) else format_mac(mac[:3])}:{self._tag(mac)}"

    def _tag(self, octets: bytes) -> str:
        return "~" + blake2b(octets, key=self._key, digest_size=_TAG_OCTETS).hexdigest()


def _is_address(text: str) -> bool:
    try:
        ip_interface(text)
    except ValueError:
        return False
    return True
