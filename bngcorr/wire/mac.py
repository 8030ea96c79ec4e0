"""MAC addresses in the values of attributes."""

from __future__ import annotations

from typing import Final

from bngcorr.model.mac import Mac, parse_mac, usable
from bngcorr.wire.core import colon_octets

_colon_octets: Final = colon_octets  # bound once: compiled code looks an imported function up at every call


def read_mac(value: bytes) -> Mac | None:
    """`parse_mac` of octets; the form that nearly every BNG writes is read at once, and read alike."""
    octets = _colon_octets(value)
    return parse_mac(value.decode("latin-1")) if octets is None else usable(octets)
