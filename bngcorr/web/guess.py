"""What a text in the search box may mean. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import format_mac, parse_mac
from bngcorr.model.shown import octets_shown
from bngcorr.store.terms import (
    address_term,
    attachment_term,
    circuit_id_term,
    holding,
    mac_term,
    port_term,
    remote_id_term,
    user_name_terms,
)
from bngcorr.web.models.lookup import Meaning
from bngcorr.web.models.names import SHAPE

LONGEST_ID: Final = 247  # octets
ENTERPRISE_NUMBER: Final = 4  # octets in front of a Remote-Id of option 37
_NAME: Final = re.compile(SHAPE)
_HEX: Final = re.compile(r"(?:0x)?((?:[0-9a-f]{2}[:\- .]?)*[0-9a-f]{2})", re.IGNORECASE)
_PORT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./-]{0,63}(?::\d{1,4}(?:\.\d{1,4})?)?")
_MAC: Final = re.compile(r"(?:0x)?[0-9a-f]{4}(?:([:\-. ]?)[0-9a-f]{4}){2}|[0-9a-f]{6}[:\-. ][0-9a-f]{6}", re.IGNORECASE)
_WITH_PORT: Final = re.compile(r"(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+(?:%\w+)?\]):\d{1,5}", re.IGNORECASE)
_QUOTES: Final = (('"', '"'), ("'", "'"), ("<", ">"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One meaning, and where to look for it."""

    meaning: Meaning
    value: str  # in one notation
    terms: tuple[str, ...] = ()  # of the index
    octets: bytes = b""  # of an id, user name or Acct-Session-Id
    bng: str = ""  # name of a BNG
    port: str = ""  # of a port
    vlans: str = ""  # behind it: ":100.20"


def guesses(text: str, bngs: Collection[str]) -> tuple[Guess, ...]:
    """All that a text may mean, the most telling first. `bngs`: names of those configured."""
    whole = text.strip()
    if not whole:
        return ()
    text = _bare(whole)
    found = [*_exact(text, bngs), *_address(text)]
    if _NAME.fullmatch(text):
        found.append(Guess(meaning=Meaning.NAME, value=text))
    mac = parse_mac(re.sub("^0x|[:. -]", "", text, flags=re.IGNORECASE) if _MAC.fullmatch(text) else text)
    if mac is not None:
        found.append(Guess(meaning=Meaning.MAC, value=format_mac(mac), terms=(mac_term(mac),)))
    for octets in dict.fromkeys([*_octets(text), *_octets(whole)]):
        shown = octets_shown(octets) or {}
        value = shown["text"] or f"0x{octets.hex()}"
        found.append(Guess(meaning=Meaning.REMOTE_ID, value=value, terms=(remote_id_term(octets),), octets=octets))
        found.append(Guess(meaning=Meaning.CIRCUIT_ID, value=value, terms=(circuit_id_term(octets),), octets=octets))
    for one in dict.fromkeys((text, whole)):
        plain = one.encode("utf-8", "surrogateescape")
        if len(plain) <= LONGEST_ID:
            found.append(Guess(meaning=Meaning.USER_NAME, value=one, terms=user_name_terms(one), octets=plain))
            found.append(Guess(meaning=Meaning.SESSION_ID, value=one, octets=plain))
    return tuple(found)


def _bare(text: str) -> str:
    """Without the quotes that were copied along with it."""
    for first, last in _QUOTES:
        if len(text) > 2 and text[0] == first and text[-1] == last:
            return text[1:-1].strip() or text
    return text


def _exact(text: str, bngs: Collection[str]) -> list[Guess]:
    """A BNG, a BNG and its port, or a port alone, of whichever BNG."""
    by_name = {name.lower(): name for name in bngs}
    if name := by_name.get(text.lower()):
        return [Guess(meaning=Meaning.BNG, value=name, bng=name)]
    for between in (" ", "/"):
        first, _, rest = text.partition(between)
        if (name := by_name.get(first.lower())) and (rest := rest.strip()):
            return [_port(rest, [name], f"{name} {rest}", name)]
    return [_port(text, bngs, text, "")] if "/" in text and _PORT.fullmatch(text) else []


def _port(text: str, bngs: Collection[str], value: str, bng: str) -> Guess:
    port, colon, vlans = text.partition(":")
    outer, _, inner = vlans.partition(".")
    at = Attachment(port, int(outer), int(inner) if inner else None) if outer.isdecimal() else None
    return Guess(
        meaning=Meaning.PORT,
        value=value,
        terms=tuple(port_term(one, port) if at is None else attachment_term(one, at) for one in bngs),
        bng=bng,
        port=port,
        vlans=colon + vlans,
    )


def _address(text: str) -> list[Guess]:
    """As sockets and links write it, too: with a port behind it, or a zone. Whoever holds a prefix may hold more."""
    if match := _WITH_PORT.fullmatch(text):
        text = match[1]
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        network = ipaddress.ip_network(re.sub(r"%\w+", "", text), strict=False)
    except ValueError:
        return []
    if network.num_addresses == 1:
        one = network.network_address
        one = (one.ipv4_mapped if isinstance(one, ipaddress.IPv6Address) else None) or one
        terms = tuple(map(address_term, holding(ipaddress.ip_network(one))))
        return [Guess(meaning=Meaning.ADDRESS, value=str(one), terms=terms)]
    held = dict.fromkeys((str(network), *holding(network)))
    return [Guess(meaning=Meaning.PREFIX, value=str(network), terms=tuple(map(address_term, held)))]


def _octets(text: str) -> list[bytes]:
    """An id as its text; and, if it can be read as hexadecimal, as that, with and without an enterprise number."""
    found = [] if text.lower().startswith("0x") else [text.encode("utf-8", "surrogateescape")]
    if match := _HEX.fullmatch(text):
        octets = bytes.fromhex(re.sub(r"[:\- .]", "", match[1]))
        found.append(octets)
        if len(octets) > ENTERPRISE_NUMBER and octets[0] == 0:
            found.append(octets[ENTERPRISE_NUMBER:])
    return [one for one in found if 0 < len(one) <= LONGEST_ID]
