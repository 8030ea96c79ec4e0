"""The next generation capture format (draft-ietf-opsawg-pcapng): sections of interfaces, each with its own link type,
snaplen and resolution of time; packets of all of them in blocks.

block:  type (4) length (4, itself and both lengths included, a multiple of 4), body, length (4)
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final

from bngcorr.capture.record import MOST_OCTETS, CutCapture, Record, UnreadableCapture
from bngcorr.capture.source import Source

MAGIC: Final = b"\x0a\x0d\x0d\x0a"
_SECTION: Final = 0x0A0D0D0A
_INTERFACE: Final = 1
_PACKET: Final = 2  # obsolete, and written by old programs
_SIMPLE: Final = 3
_ENHANCED: Final = 6
_ORDERS: Final = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
_MOST_BLOCK: Final = 1 << 24  # octets; of a block that holds packets or describes an interface, far less
_MOST_INTERFACES: Final = 65_536  # in the file
_CHUNK: Final = 1 << 16
_RESOLUTION: Final = 9  # options of an interface
_OFFSET: Final = 14


class _Interface:
    """What one interface block says."""

    __slots__ = ("divisor", "link", "number", "offset_ns", "snaplen")

    def __init__(self, number: int, body: bytes, order: str) -> None:
        self.number: Final = number
        self.link, _, self.snaplen = struct.unpack_from(order + "HHI", body)
        self.divisor = 1_000_000  # units of a timestamp in a second
        self.offset_ns = 0
        at = 8
        while at + 4 <= len(body):
            code, size = struct.unpack_from(order + "HH", body, at)
            value = body[at + 4 : at + 4 + size]
            if code == 0 or len(value) < size:
                break
            if code == _RESOLUTION and size == 1:
                self.divisor = 2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0]
            elif code == _OFFSET and size == 8:
                self.offset_ns = struct.unpack(order + "q", value)[0] * 1_000_000_000
            at += 4 + size + (-size & 3)

    def at_ns(self, high: int, low: int) -> int:
        """Nanoseconds since 1970 of a timestamp in this interface's units."""
        units = high << 32 | low
        if self.divisor == 1_000_000:
            return units * 1000 + self.offset_ns
        return units * 1_000_000_000 // self.divisor + self.offset_ns


def _heads(order: str) -> tuple[Callable[..., tuple[int, ...]], Callable[..., tuple[int, ...]]]:
    """What reads a block's head, and that of an enhanced packet, in this byte order."""
    return struct.Struct(order + "II").unpack_from, struct.Struct(order + "IIIII").unpack_from


def records(source: Source) -> Iterator[Record]:
    """Every packet, in the file's order; blocks that are not known are passed over.

    Raises UnreadableCapture, CutCapture, OSError.
    """
    order = "<"
    number = seen = 0
    interfaces: list[_Interface] = []
    read = source.read
    head_of, packet_of = _heads(order)
    while head := read(8):
        if len(head) < 8:
            raise CutCapture("the file ends inside the header of a block")
        if head[:4] == MAGIC:
            head += read(4)
            order = _ORDERS.get(head[8:], "")
            if not order:
                raise UnreadableCapture("a section has no byte order")
            interfaces = []
            head_of, packet_of = _heads(order)
        kind, size = head_of(head)
        if size < len(head) + 4 or size % 4:
            raise UnreadableCapture(f"a block behind packet {number} claims {size} octets")
        if kind not in (_INTERFACE, _PACKET, _SIMPLE, _ENHANCED):
            _skip(source, size - len(head))
            continue
        if size > _MOST_BLOCK:
            raise UnreadableCapture(f"a block behind packet {number} claims {size} octets; {_MOST_BLOCK} are read")
        body = read(size - 8)
        if len(body) < size - 8:
            raise CutCapture(f"the file ends inside a block behind packet {number}")
        if kind == _ENHANCED and size >= 32:  # nearly all of them
            which, high, low, captured, length = packet_of(body)
            if which < len(interfaces) and captured <= size - 32 and captured <= MOST_OCTETS:
                number += 1
                one = interfaces[which]
                length = length if length > captured else captured
                yield Record(number, one.at_ns(high, low), body[20 : 20 + captured], length, one.link, one.number)
                continue
        body = body[:-4]
        if kind == _INTERFACE:
            if seen == _MOST_INTERFACES or len(body) < 8:
                raise UnreadableCapture("an interface too many, or one that is not whole")
            interfaces.append(_Interface(seen, body, order))
            seen += 1
            continue
        number += 1
        yield _record(number, kind, body, order, interfaces)


def _skip(source: Source, size: int) -> None:
    while size:
        read = len(source.read(min(size, _CHUNK)))
        if not read:
            raise CutCapture("the file ends inside a block")
        size -= read


def _record(number: int, kind: int, body: bytes, order: str, interfaces: list[_Interface]) -> Record:
    header = 4 if kind == _SIMPLE else 20
    if len(body) < header:
        raise UnreadableCapture(f"the block of packet {number} is shorter than its header")
    if kind == _SIMPLE:
        (length,) = struct.unpack_from(order + "I", body)
        which = 0
    elif kind == _ENHANCED:
        which, high, low, captured, length = struct.unpack_from(order + "IIIII", body)
    else:
        which, _, high, low, captured, length = struct.unpack_from(order + "HHIIII", body)
    if which >= len(interfaces):
        raise UnreadableCapture(f"packet {number} is of interface {which}, which the section does not have")
    interface = interfaces[which]
    at_ns = None
    if kind == _SIMPLE:
        captured = min(length, interface.snaplen or length)
    else:
        at_ns = interface.at_ns(high, low)
    if captured > min(len(body) - header, MOST_OCTETS):
        raise UnreadableCapture(f"packet {number} claims {captured} octets, which its block does not hold")
    octets = body[header : header + captured]
    return Record(number, at_ns, octets, max(length, captured), interface.link, interface.number)
