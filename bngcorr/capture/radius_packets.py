"""RADIUS packets in a file: a capture (pcap, pcapng), hexadecimal text with a packet a line, or one packet's octets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import dpkt

PORTS: Final = frozenset(
    (1645, 1646, 1812, 1813, 3799, 1700)
)  # RFC 2865 §3, RFC 2866 §3, RFC 5176 §2.1, and their past
UDP_HEADER_OCTETS: Final = 8
_MAGICS: Final = (
    b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a",
)  # fmt: skip
# hexadecimal text, a packet a line, "#" and a comment behind it; no packet is such text, for a digit is no Code
_LINE: Final = rb"[ \t]*+(?:0x)?[0-9A-Fa-f: \t]*+(?:#[^\n]*)?"
_TEXT: Final = re.compile(rb"(?:" + _LINE + rb"\r?\n)*+" + _LINE)


class UnreadableCapture(Exception):
    """The file is neither a capture nor packets; the text says why."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One UDP payload that should be RADIUS."""

    number: int  # of the frame, or of the line in a text file; from 1
    octets: bytes
    source: str  # "address:port", or "" if the file does not say
    destination: str


def read(path: Path) -> Iterator[Packet]:
    """Every RADIUS packet of the file, in order. Raises UnreadableCapture, OSError."""
    with path.open("rb") as file:
        head = file.read(4)
    if head in _MAGICS:
        yield from _capture(path)
        return
    octets = path.read_bytes()
    if octets and _TEXT.fullmatch(octets):
        for number, line in enumerate(octets.split(b"\n"), start=1):
            digits = line.partition(b"#")[0].decode("ascii").strip()
            if digits:
                yield Packet(number, parse_hex(digits), "", "")
    elif octets:
        yield Packet(1, octets, "", "")
    else:
        raise UnreadableCapture("the file is empty")


def parse_hex(digits: str) -> bytes:
    """Octets of hexadecimal text; blanks and colons between them, and ``0x`` in front, do not matter.

    Raises UnreadableCapture.
    """
    bare = "".join(digits.split()).removeprefix("0x").replace(":", "")
    try:
        return bytes.fromhex(bare)
    except ValueError:
        raise UnreadableCapture(f"{digits[:40]!r} is no hexadecimal text") from None


def _capture(path: Path) -> Iterator[Packet]:
    with path.open("rb") as file:
        try:
            reader: Any = dpkt.pcap.UniversalReader(file)
            link = reader.datalink()
            for number, (_, frame) in enumerate(reader, start=1):
                packet = _radius(number, frame, link)
                if packet is not None:
                    yield packet
        except (dpkt.Error, ValueError) as error:
            raise UnreadableCapture(f"{type(error).__name__}: {error}") from None


def _radius(number: int, frame: bytes, link: int) -> Packet | None:
    """The UDP payload of a frame from or to a RADIUS port. Frames that are cut or malformed below it are skipped."""
    try:
        layer = _network(frame, link)
        while layer is not None and not isinstance(layer, dpkt.ip.IP | dpkt.ip6.IP6):
            layer = getattr(layer, "data", None)
            if isinstance(layer, bytes):
                return None
        if layer is None or not isinstance(layer.data, dpkt.udp.UDP):
            return None
        udp = layer.data
    except (dpkt.Error, IndexError, AttributeError):
        return None
    if udp.sport not in PORTS and udp.dport not in PORTS:
        return None
    source, destination = (dpkt.utils.inet_to_str(address) for address in (layer.src, layer.dst))
    payload = bytes(udp.data)[: udp.ulen - UDP_HEADER_OCTETS] if udp.ulen >= UDP_HEADER_OCTETS else b""
    return Packet(number, payload, f"{source}:{udp.sport}", f"{destination}:{udp.dport}")


def _network(frame: bytes, link: int) -> Any:
    match link:
        case dpkt.pcap.DLT_EN10MB:
            return dpkt.ethernet.Ethernet(frame)
        case dpkt.pcap.DLT_LINUX_SLL:
            return dpkt.sll.SLL(frame)
        case dpkt.pcap.DLT_LINUX_SLL2:
            return dpkt.sll2.SLL2(frame)
        case dpkt.pcap.DLT_NULL | dpkt.pcap.DLT_LOOP:
            return dpkt.loopback.Loopback(frame)
        case dpkt.pcap.DLT_RAW | 101 | 228 | 229:
            return dpkt.ip.IP(frame) if frame[:1] and frame[0] >> 4 == 4 else dpkt.ip6.IP6(frame)
    return None
