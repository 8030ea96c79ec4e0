"""DHCP Unique Identifiers (RFC 8415 §11, RFC 6355): what a DUID is made of, for people.

+----------+-- … --+     1 LLT: hardware type (2), seconds since 2000-01-01 (4), link-layer address
| type (2) | …     |     2 EN: enterprise number (4), identifier
+----------+-- … --+     3 LL: hardware type (2), link-layer address        4 UUID: 16 octets

A DUID is compared as octets, never by its parts: a server takes it as opaque (RFC 8415 §11). What MAC it claims is in
`bngcorr.model.duid`.
"""

from __future__ import annotations

from typing import Final

from bngcorr.errors import Malformed
from bngcorr.wire.refusal import Refusal

LLT: Final = 1
EN: Final = 2
LL: Final = 3
UUID: Final = 4
MOST_OCTETS: Final = 130  # RFC 8415 §11.1: a type of 2 octets and up to 128
_LEAST: Final = {LLT: 9, EN: 7, LL: 5, UUID: 18}  # with an octet of address or identifier


class Duid:
    """One DUID, taken apart."""

    __slots__ = ("address", "enterprise", "hardware", "identifier", "kind", "octets", "seconds")

    def __init__(self, octets: bytes) -> None:
        """Raises Malformed: bad-length (under 3 octets, or over 130)."""
        if not 3 <= len(octets) <= MOST_OCTETS:
            raise Malformed(Refusal.BAD_LENGTH, 0)
        self.octets: Final = octets
        kind = octets[0] << 8 | octets[1]
        if len(octets) < _LEAST.get(kind, 0) or (kind == UUID and len(octets) != 18):
            kind = 0  # of no kind that its length allows: opaque
        self.kind: Final = kind  # one of the four, another that is not known, or 0: opaque
        self.hardware = 0  # IANA's number, 1 is Ethernet; of LLT and LL
        self.seconds = 0  # since 2000-01-01 UTC, modulo 2**32; of LLT
        self.enterprise = 0  # of EN
        self.address = b""  # link-layer, of LLT and LL
        self.identifier = b""  # of EN, UUID and those that are opaque
        if kind in (LLT, LL):
            self.hardware = octets[2] << 8 | octets[3]
            self.address = octets[8:] if kind == LLT else octets[4:]
            if kind == LLT:
                self.seconds = int.from_bytes(octets[4:8], "big")
        elif kind == EN:
            self.enterprise = int.from_bytes(octets[2:6], "big")
            self.identifier = octets[6:]
        else:
            self.identifier = octets[2:]

    @property
    def title(self) -> str:
        """``DUID-LLT``; ``DUID`` of a kind that is not known."""
        return {LLT: "DUID-LLT", EN: "DUID-EN", LL: "DUID-LL", UUID: "DUID-UUID"}.get(self.kind, "DUID")
