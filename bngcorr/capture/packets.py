"""RADIUS and DHCP in a file: a capture, hexadecimal text with a packet a line, or one packet's octets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from bngcorr.capture import reader
from bngcorr.capture.record import Record, UnreadableCapture
from bngcorr.capture.source import Source, opened
from bngcorr.wire import frames, sieve
from bngcorr.wire.frame import LATER, UDP, Frame
from bngcorr.wire.refusal import Refusal

RADIUS_PORTS: Final = frozenset(
    (1645, 1646, 1812, 1813, 3799, 1700)
)  # RFC 2865 §3, RFC 2866 §3, RFC 5176 §2.1, and their past
DHCP4_PORTS: Final = frozenset((67, 68))
DHCP6_PORTS: Final = frozenset((546, 547))
MOST_OCTETS: Final = 1 << 24  # of a file that is no capture
# hexadecimal text, a packet a line, "#" and a comment behind it; no packet is such text, for a digit is no Code
_LINE: Final = rb"[ \t]*+(?:0x)?[0-9A-Fa-f: \t]*+(?:#[^\n]*)?"
_TEXT: Final = re.compile(rb"(?:" + _LINE + rb"\r?\n)*+" + _LINE)


class Kind(StrEnum):
    """Protocol of a packet."""

    RADIUS = "radius"
    DHCPV4 = "dhcpv4"
    DHCPV6 = "dhcpv6"


_KINDS: Final = {
    **dict.fromkeys(DHCP4_PORTS, Kind.DHCPV4),
    **dict.fromkeys(DHCP6_PORTS, Kind.DHCPV6),
    **dict.fromkeys(RADIUS_PORTS, Kind.RADIUS),
}


class Packet:
    """One UDP payload."""

    __slots__ = ("at_ns", "frame", "kind", "number", "octets")

    def __init__(
        self, number: int, octets: bytes, kind: Kind | None = None, frame: Frame | None = None, at_ns: int | None = None
    ) -> None:
        self.number: Final = number  # of the frame, or of the line in a text file; from 1
        self.octets: Final = octets
        self.kind: Final = kind  # None: the file does not say
        self.frame: Final = frame
        self.at_ns: Final = at_ns

    @property
    def cut(self) -> bool:
        """The capture holds its beginning only."""
        return self.frame is not None and self.frame.cut

    @property
    def source(self) -> str:
        """``address:port``, or empty if the file does not say."""
        frame = self.frame
        return "" if frame is None else f"{_address(frame.source)}:{frame.source_port}"

    @property
    def destination(self) -> str:
        """As `source`."""
        frame = self.frame
        return "" if frame is None else f"{_address(frame.destination)}:{frame.destination_port}"


def _address(octets: bytes) -> IPv4Address | IPv6Address:
    return IPv4Address(octets) if len(octets) == 4 else IPv6Address(octets)


def read(path: Path, kinds: frozenset[Kind] = frozenset(Kind)) -> Iterator[Packet]:
    """Every packet of these kinds in the file (``-``: standard input), in its order.

    Raises UnreadableCapture, OSError.
    """
    with opened(path) as source:
        if reader.is_capture(source):
            for record in reader.of(source):
                packet = of_record(record)
                if packet is not None and packet.kind in kinds:
                    yield packet
        else:
            yield from _plain(source)


def of_record(record: Record) -> Packet | None:
    """The packet in a frame; None if there is none, or nothing of it is left."""
    found = found_in(record)
    if found is None:
        return None
    frame, kind = found
    return Packet(record.number, frame.payload, kind, frame, record.at_ns)


def found_in(record: Record) -> tuple[Frame, Kind] | None:
    """As `of_record`, without the payload's octets; what is plainly something else is not even decoded."""
    octets, link = record.octets, record.link
    if not sieve.passes(octets, link, _KINDS):
        return None
    frame = frames.decode(octets, link, record.length)
    kind = kind_of(frame)
    return None if kind is None else (frame, kind)


def kind_of(frame: Frame) -> Kind | None:
    """What a frame carries, by its ports: the receiver's first. One that claims more than it held is read, too."""
    if frame.protocol != UDP or frame.fragment == LATER or frame.fault not in (None, Refusal.OVERRUN):
        return None
    return _KINDS.get(frame.destination_port) or _KINDS.get(frame.source_port)


def _plain(source: Source) -> Iterator[Packet]:
    octets = source.read(MOST_OCTETS + 1)
    if not octets:
        raise UnreadableCapture("the file is empty")
    if len(octets) > MOST_OCTETS:
        raise UnreadableCapture(f"it is no capture, and over {MOST_OCTETS} octets long")
    if not _TEXT.fullmatch(octets):
        yield Packet(1, octets)
        return
    for number, line in enumerate(octets.split(b"\n"), start=1):
        digits = line.partition(b"#")[0].decode("ascii").strip()
        if digits:
            yield Packet(number, parse_hex(digits))


def parse_hex(digits: str) -> bytes:
    """Octets of hexadecimal text; blanks and colons between them, and ``0x`` in front, do not matter.

    Raises UnreadableCapture.
    """
    bare = "".join(digits.split()).removeprefix("0x").replace(":", "")
    try:
        return bytes.fromhex(bare)
    except ValueError:
        raise UnreadableCapture(f"{digits[:40]!r} is no hexadecimal text") from None
