"""RADIUS and DHCP in a file: a capture, hexadecimal text with a packet a line, or one packet's octets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Final

from bngcorr.capture import reader
from bngcorr.capture.record import Record, UnreadableCapture
from bngcorr.capture.source import Source, opened
from bngcorr.wire import frames
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


@dataclass(frozen=True, slots=True)
class Packet:
    """One UDP payload."""

    number: int  # of the frame, or of the line in a text file; from 1
    octets: bytes
    source: str = ""  # "address:port", or "" if the file does not say
    destination: str = ""
    kind: Kind | None = None  # None: the file does not say
    cut: bool = False  # the capture holds its beginning only
    frame: Frame | None = None
    at_ns: int | None = None


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
    frame = frames.decode(record.octets, record.link, record.length)
    kind = kind_of(frame)
    if kind is None:
        return None
    address = IPv4Address if frame.version == 4 else IPv6Address
    return Packet(
        record.number, frame.payload, f"{address(frame.source)}:{frame.source_port}",
        f"{address(frame.destination)}:{frame.destination_port}", kind, frame.cut, frame, record.at_ns,
    )  # fmt: skip


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
