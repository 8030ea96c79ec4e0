"""What a DUID or a link-local address says of a MAC: always a claim of the customer's device (RFC 8415 §11)."""

from __future__ import annotations

from typing import Final

from bngcorr.model.mac import Mac, usable

_ETHERNET: Final = b"\x00\x01"  # hardware type
_LLT: Final = b"\x00\x01"
_LL: Final = b"\x00\x03"


def mac_of_duid(duid: bytes) -> Mac | None:
    """The MAC in a DUID-LLT (type, hardware type, time, address) or DUID-LL (type, hardware type, address).

    None for DUID-EN, DUID-UUID, other hardware types and lengths: a DUID is opaque then.
    """
    if duid[:2] == _LLT and duid[2:4] == _ETHERNET and len(duid) == 14:
        return usable(duid[8:])
    if duid[:2] == _LL and duid[2:4] == _ETHERNET and len(duid) == 10:
        return usable(duid[4:])
    return None


def mac_of_link_layer(option79: bytes) -> Mac | None:
    """Option 79 (RFC 6939 §4): link-layer type of two octets, then the address."""
    return usable(option79[2:]) if option79[:2] == _ETHERNET and len(option79) == 8 else None


def mac_of_eui64(address: bytes) -> Mac | None:
    """The MAC in an interface identifier made by RFC 4291 appendix A (``ff:fe`` in the middle); 16 octets in."""
    if len(address) != 16 or address[11:13] != b"\xff\xfe":
        return None
    return usable(bytes((address[8] ^ 0x02,)) + address[9:11] + address[13:])
