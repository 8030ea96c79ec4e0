"""The classic capture format (draft-ietf-opsawg-pcap): one link type, microseconds or nanoseconds, either byte order.

file header:    magic (4) version (2, 2) reserved (8) snaplen (4) link type (4, its lower 16 bits)
record header:  seconds (4) fraction (4) captured length (4) original length (4), then the octets
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from bngcorr.capture.record import MOST_OCTETS, CutCapture, Record, UnreadableCapture
from bngcorr.capture.source import Source

_MAGICS: Final = {  # byte order, nanoseconds in a fraction's unit, octets of a record header
    b"\xa1\xb2\xc3\xd4": (">", 1000, 16),
    b"\xd4\xc3\xb2\xa1": ("<", 1000, 16),
    b"\xa1\xb2\x3c\x4d": (">", 1, 16),
    b"\x4d\x3c\xb2\xa1": ("<", 1, 16),
    b"\xa1\xb2\xcd\x34": (">", 1000, 24),  # Kuznetzov's: 8 octets of interface and protocol behind
    b"\x34\xcd\xb2\xa1": ("<", 1000, 24),
}
MAGICS: Final = frozenset(_MAGICS)


def records(source: Source) -> Iterator[Record]:
    """Every frame, in the file's order. Raises UnreadableCapture, CutCapture, OSError."""
    header = source.read(24)
    if len(header) < 24:
        raise UnreadableCapture("the file ends inside its header")
    order, unit, size = _MAGICS[header[:4]]
    link = struct.unpack_from(order + "I", header, 20)[0] & 0xFFFF
    take = struct.Struct(order + "IIII").unpack_from
    read = source.read
    number = 0
    while head := read(size):
        number += 1
        if len(head) < size:
            raise CutCapture(f"the file ends inside the header of record {number}")
        said: tuple[int, int, int, int] = take(head)  # known to be numbers, they are reckoned with faster
        seconds, fraction, captured, length = said
        if captured > MOST_OCTETS:
            raise UnreadableCapture(f"record {number} claims {captured} octets; at most {MOST_OCTETS} are read")
        octets = read(captured)
        if len(octets) < captured:
            raise CutCapture(f"the file ends inside record {number}")
        at_ns = seconds * 1_000_000_000 + fraction * unit
        yield Record(number, at_ns, octets, length if length > captured else captured, link, 0)
