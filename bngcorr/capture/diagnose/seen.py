"""One frame, decoded once for all detectors. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.capture.packets import Kind, kind_of
from bngcorr.capture.record import Record
from bngcorr.errors import WireError
from bngcorr.wire import dhcp4, dhcp6, frames, neighbours, radius
from bngcorr.wire.dhcp4 import Message4
from bngcorr.wire.dhcp6 import Message6
from bngcorr.wire.frame import ARP, Frame
from bngcorr.wire.neighbours import Arp, Neighbour
from bngcorr.wire.radius import PacketView


class Seen:
    """A frame and what it carries; at most one of `arp` … `radius` is there."""

    __slots__ = (
        "arp", "at_ns", "dhcp4", "dhcp6", "frame", "interface", "neighbour", "number", "radius", "refused", "segment",
    )  # fmt: skip

    def __init__(self, record: Record) -> None:
        """Nothing is raised: what is not well-formed is `refused`, and carries nothing."""
        frame = frames.decode(record.octets, record.link, record.length)
        self.number: Final = record.number
        self.at_ns: Final = record.at_ns  # None if the capture does not say; need not rise, not even on one interface
        self.interface: Final = record.interface
        self.frame: Final[Frame] = frame
        # the broadcast domain: interface, then VLAN ids, outermost first. What is the same on two of them is not one
        self.segment: Final[tuple[int, ...]] = (record.interface, *frame.vlans)
        self.arp: Arp | None = None
        self.neighbour: Neighbour | None = None
        self.dhcp4: Message4 | None = None
        self.dhcp6: Message6 | None = None
        self.radius: PacketView | None = None
        self.refused: WireError | None = None
        try:
            if frame.ether_type == ARP:
                self.arp = neighbours.arp(frame)
            elif neighbours.is_neighbour(frame):
                self.neighbour = neighbours.decode(frame)
            else:
                kind = kind_of(frame)
                if kind is Kind.DHCPV4:
                    self.dhcp4 = dhcp4.decode(frame.payload, cut=frame.cut)
                elif kind is Kind.DHCPV6:
                    self.dhcp6 = dhcp6.decode(frame.payload, cut=frame.cut)
                elif kind is Kind.RADIUS and not frame.cut:
                    self.radius = radius.decode(frame.payload)
        except WireError as error:
            self.refused = error

    @property
    def where(self) -> str:
        """Interface and VLANs for people: ``if0``, ``if0 2048.101``."""
        interface, *vlans = self.segment
        return f"if{interface} {'.'.join(map(str, vlans))}" if vlans else f"if{interface}"
