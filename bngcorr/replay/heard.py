"""One RADIUS or DHCP packet of a capture."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from bngcorr.capture.packets import Kind
from bngcorr.wire.frame import Frame


class Heard:
    """A packet, and where it stood. A plain class: one is made for every packet."""

    __slots__ = ("at_ms", "at_ns", "file", "frame", "interface", "kind", "number", "site")

    def __init__(self, file: int, site: int, number: int, interface: int, at_ns: int, kind: Kind, frame: Frame) -> None:
        self.file: Final = file  # from 0, in the order in which the captures were named
        self.site: Final = site  # files that follow one another are one site, those that overlap are several
        self.number: Final = number  # of the frame in its file, from 1
        self.interface: Final = interface  # of the file
        self.at_ns: Final = at_ns  # nanoseconds since 1970 UTC
        self.kind: Final = kind
        self.frame: Final = frame
        self.at_ms: Final = at_ns // 1_000_000  # milliseconds since 1970 UTC


@lru_cache(maxsize=1024)  # those of a few boxes, again and again
def address_text(address: bytes) -> str:
    """An IPv4 or IPv6 address of 4 or 16 octets."""
    return str(IPv4Address(address) if len(address) == 4 else IPv6Address(address))
