"""What octets of a capture run through: each a value, or refused by a name, and nothing else is raised."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from bngcorr.capture import reader
from bngcorr.capture.packets import Kind
from bngcorr.capture.record import UnreadableCapture
from bngcorr.capture.source import source_of
from bngcorr.capture.trees.reading import Words, tree
from bngcorr.errors import Malformed
from bngcorr.profiles.profile import RawForm
from bngcorr.wire import frames, neighbours, pppoe
from bngcorr.wire.attributes import vendor_key
from bngcorr.wire.frame import ARP, ETHERNET, PPPOE_DISCOVERY, RAW

CAPTURES: Final = Path(__file__).parents[1] / "captures"
WORDS: Final = Words({}, {vendor_key(6527, 102): RawForm.OPTIONS4, vendor_key(6527, 191): RawForm.OPTIONS6})
_KINDS: Final = (Kind.RADIUS, Kind.DHCPV4, Kind.DHCPV6, None)
_LINKS: Final = (ETHERNET, 113, 276, 0, min(RAW))


def captured(data: bytes) -> None:
    """The first octet chooses: a capture, a frame of some link, or a packet of some protocol. The rest is it."""
    if not data:
        return
    choice, octets = data[0], data[1:]
    if choice < 64:
        _file(octets)
    elif choice < 160:
        _frame(octets, _LINKS[choice % len(_LINKS)], len(octets) + (choice & 1))
    else:
        node = tree(octets, _KINDS[choice % len(_KINDS)], WORDS, cut=choice > 200)
        node.as_json()


def _file(octets: bytes) -> None:
    source = source_of(io.BytesIO(octets))
    with suppress(UnreadableCapture):
        if reader.is_capture(source):
            for record in reader.of(source):
                _frame(record.octets, record.link, record.length)


def _frame(octets: bytes, link: int, length: int) -> None:
    frame = frames.decode(octets, link, length)
    assert 0 <= frame.start <= frame.end <= len(octets)
    with suppress(Malformed):
        if frame.ether_type == ARP:
            neighbours.arp(frame)
        elif neighbours.is_neighbour(frame):
            neighbours.decode(frame)
        elif frame.ether_type == PPPOE_DISCOVERY:
            pppoe.decode(frame.payload, cut=frame.cut)


def seeds_of_captures() -> Iterator[bytes]:
    """The beginnings of the captures, and one in nine of their frames and packets."""
    for path in sorted(CAPTURES.rglob("*.pcap*")):
        yield b"\0" + path.read_bytes()[:1500]
        for record in reader.records(path):
            if record.number % 9:
                continue
            yield bytes((64 + _LINKS.index(record.link) if record.link in _LINKS else 65,)) + record.octets
            yield b"\xa3" + frames.decode(record.octets, record.link, record.length).payload
