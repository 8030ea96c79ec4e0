"""One frame as a capture holds it, and why a capture cannot be read."""

from __future__ import annotations

from typing import Final

MOST_OCTETS: Final = 262_144  # of a record; libpcap's MAXIMUM_SNAPLEN, and so bounds what a broken length costs


class UnreadableCapture(Exception):
    """The file is neither a capture nor packets, or is one no further; the text says why."""


class CutCapture(UnreadableCapture):
    """The capture breaks off inside a record; everything before it was read."""


class Record:
    """One frame."""

    __slots__ = ("at_ns", "interface", "length", "link", "number", "octets")

    def __init__(self, number: int, at_ns: int | None, octets: bytes, length: int, link: int, interface: int) -> None:
        self.number: Final = number  # from 1, in the file's order; times need not rise with it
        self.at_ns: Final = at_ns  # nanoseconds since 1970 UTC; None if the capture does not say
        self.octets: Final = octets
        self.length: Final = length  # on the wire, at least that of `octets`
        self.link: Final = link  # link type, see wire.frame
        self.interface: Final = interface  # from 0, over all sections of the file; 0 in a pcap
