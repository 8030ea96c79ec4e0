"""MAC addresses as BNGs write them."""

from __future__ import annotations

import re
from typing import Final, NewType

Mac = NewType("Mac", bytes)  # 6 octets

_ZEROS: Final = bytes(6)

_GROUPED = re.compile(r"[0-9a-f]{1,2}(?:[:\- ][0-9a-f]{1,2}){5,6}")
_DOTTED = re.compile(r"[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}")
_BARE = re.compile(r"[0-9a-f]{12}")


def parse_mac(text: str) -> Mac | None:
    """MAC in any of the formats BNGs use, else None.

    ``aa:bb:cc:dd:ee:ff``, ``aa-bb-…``, un-padded ``0:e1:c:…``, MikroTik's client-id ``1:0:e1:c:38:c8:f8`` (leading
    hardware type 1), Cisco's ``aabb.ccdd.eeff``, bare hex. One that is padded in some places and not in others lacks a
    digit: it could be another's. The all-zero address and group addresses (bit 0x01 of the
    first octet) name nobody and give None.
    """
    text = text.strip().lower()
    if _GROUPED.fullmatch(text):
        digits = re.split(r"[:\- ]", text)
        if any(len(group) == 1 for group in digits) and any(len(group) == 2 and group[0] == "0" for group in digits):
            return None
        groups = [int(group, 16) for group in digits]
        if len(groups) == 7:
            if groups[0] != 1:  # 7 groups are a client-id only with hardware type Ethernet in front
                return None
            groups = groups[1:]
        octets = bytes(groups)
    elif _DOTTED.fullmatch(text):
        octets = bytes.fromhex(text.replace(".", ""))
    elif _BARE.fullmatch(text):
        octets = bytes.fromhex(text)
    else:
        return None
    return usable(octets)


def usable(octets: bytes) -> Mac | None:
    """Six octets as a MAC; None for the all-zero address and group addresses, which name nobody."""
    return None if len(octets) != 6 or octets[0] & 0x01 or octets == _ZEROS else Mac(octets)


def format_mac(mac: bytes) -> str:
    """``aa:bb:cc:dd:ee:ff``."""
    return mac.hex(":")


def is_locally_administered(mac: bytes) -> bool:
    """Bit 0x02 of the first octet: made up by software, so no key on its own (many devices share a default)."""
    return bool(mac[0] & 0x02)
