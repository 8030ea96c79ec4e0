"""Where a CPE answers: for helpdesks that want to ping it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address
from typing import Final

from bngcorr.model.vocabulary import HostKind

_IA_NA: Final = HostKind.IA_NA.value
_DELEGATED: Final = (HostKind.IA_PD.value, HostKind.PD_ROUTE.value)
_HEXTET: Final = 0xFFFF
_HALF: Final = 64  # bits of an address


class Origin(StrEnum):
    """Where the address of a CPE comes from."""

    IA_NA = "ia_na"  # it was given one
    DELEGATED_PREFIX = "delegated_prefix"  # nobody gave it any: the one it takes by custom, within its prefix


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a CPE answers."""

    address: str  # text of an IPv6 address
    origin: Origin


def reach(hosts: Iterable[tuple[str, str]], interface_id: IPv6Address | None) -> Reach | None:
    """Where the CPE answers that holds these hosts, (kind, address) as the store has them; None if nobody can tell.

    Its IA_NA, the first of them, where it has one. Without one, as ISPs have it that give their CPEs no WAN address,
    `interface_id` (lower bits of an address) within the delegated prefix, the first of them; not where that is None, or
    has bits set above those that the prefix leaves.
    """
    prefix = ""
    for kind, address in hosts:
        if kind == _IA_NA:
            return Reach(address, Origin.IA_NA)
        if not prefix and kind in _DELEGATED:
            prefix = address
    if not prefix or interface_id is None:
        return None
    text, _, length = prefix.partition("/")
    left, lower = 128 - int(length), int(interface_id)
    if lower >> left:
        return None
    if 0 < lower <= _HEXTET and left >= _HALF and text.endswith("::") and not text.startswith(("0:", "::")):
        return Reach(f"{text}{lower:x}", Origin.DELEGATED_PREFIX)  # its zeros stay the longest run (RFC 5952 §4.2)
    return Reach(str(IPv6Address(int(IPv6Address(text)) | lower)), Origin.DELEGATED_PREFIX)
