"""One frame, decoded once for all detectors. Pure."""

from __future__ import annotations

from enum import IntEnum
from ipaddress import ip_address
from typing import Final

from bngcorr.capture.diagnose.client import Client, of4, of6
from bngcorr.capture.packets import Kind, kind_of
from bngcorr.capture.record import Record
from bngcorr.errors import WireError
from bngcorr.wire import dhcp4, dhcp6, frames, neighbours, radius
from bngcorr.wire.dhcp4 import Message4
from bngcorr.wire.dhcp6 import Message6
from bngcorr.wire.frame import ARP, PPPOE_SESSION, Frame
from bngcorr.wire.neighbours import Arp, Neighbour
from bngcorr.wire.radius import PacketView


class Concern(IntEnum):
    """What a frame is about: detectors are shown only those that concern them."""

    ARP = 0
    NEIGHBOUR = 1  # RS, RA, NS, NA
    DHCP4 = 2
    DHCP6 = 3
    RADIUS = 4
    OTHER = 5  # all other IP, PPPoE and whatever there is


class Seen:
    """A frame and what it carries; at most one of `arp` … `radius` is there, none if it is `refused`."""

    __slots__ = (
        "_client", "_name", "arp", "at_ns", "concern", "dhcp4", "dhcp6", "frame", "interface", "neighbour", "number",
        "radius", "record", "refused", "segment",
    )  # fmt: skip

    def __init__(self, record: Record, number: int = 0, interface: int = -1, name: str = "") -> None:
        """`number`, `interface`: those over all files, if they differ from the record's; `name` of the interface.

        Nothing is raised: what is not well-formed is `refused`, and carries nothing.
        """
        frame = frames.decode(record.octets, record.link, record.length)
        self.record: Final = record
        self.number: Final = number or record.number
        self.at_ns: Final = record.at_ns  # None if the capture does not say; need not rise, not even on one interface
        self.interface: Final = record.interface if interface < 0 else interface
        self._client: Client | None = None
        self._name: Final = name
        self.concern = Concern.OTHER
        self.frame: Final[Frame] = frame
        # the broadcast domain: interface, then VLAN ids, outermost first. What is the same on two of them is not one
        self.segment: Final[tuple[int, ...]] = (self.interface, *frame.vlans)
        self.arp: Arp | None = None
        self.neighbour: Neighbour | None = None
        self.dhcp4: Message4 | None = None
        self.dhcp6: Message6 | None = None
        self.radius: PacketView | None = None
        self.refused: WireError | None = None
        try:
            if frame.ether_type == ARP:
                self.concern = Concern.ARP
                self.arp = neighbours.arp(frame)
            elif neighbours.is_neighbour(frame):
                self.concern = Concern.NEIGHBOUR
                self.neighbour = neighbours.decode(frame)
            else:
                kind = kind_of(frame)
                if kind is Kind.DHCPV4:
                    self.concern = Concern.DHCP4
                    self.dhcp4 = dhcp4.decode(frame.payload, cut=frame.cut)
                elif kind is Kind.DHCPV6:
                    self.concern = Concern.DHCP6
                    self.dhcp6 = dhcp6.decode(frame.payload, cut=frame.cut)
                elif kind is Kind.RADIUS:
                    self.concern = Concern.RADIUS
                    if not frame.cut:
                        self.radius = radius.decode(frame.payload)
        except WireError as error:
            self.refused = error

    @property
    def where(self) -> str:
        """Interface and VLANs for people: ``if0``, ``if0 2048.101``."""
        return self.said(self.segment)

    @property
    def place(self) -> tuple[int, ...]:
        """The segment without its innermost VLAN, which may be a single customer's."""
        return self.segment[: max(1, len(self.segment) - 1)]

    @property
    def link(self) -> tuple[int, ...]:
        """What ARP and ND are spoken on: the segment; a PPPoE session or an IP tunnel in it is a link of its own."""
        frame = self.frame
        if frame.outer:
            ends = sorted((frame.outer[-1].source, frame.outer[-1].destination))
            return (*self.segment, 1 << 256 | int.from_bytes(b"".join(ends), "big"))
        if frame.pppoe_session >= 0 and frame.ether_type == PPPOE_SESSION:
            return (*self.segment, 1 << 16 | frame.pppoe_session)
        return self.segment

    @property
    def on_link(self) -> str:
        """`where`, and which session or tunnel."""
        frame = self.frame
        if frame.outer:
            ends = sorted((frame.outer[-1].source, frame.outer[-1].destination))
            return f"{self.where} tunnel {' '.join(str(ip_address(end)) for end in ends if len(end) in (4, 16))}"
        if frame.pppoe_session >= 0 and frame.ether_type == PPPOE_SESSION:
            return f"{self.where} session {frame.pppoe_session}"
        return self.where

    def said(self, segment: tuple[int, ...]) -> str:
        """A segment of this frame's interface for people."""
        name = self._name or f"if{self.interface}"
        return f"{name} {'.'.join(map(str, segment[1:]))}" if len(segment) > 1 else name

    @property
    def client(self) -> Client | None:
        """Whose DHCP message it is; None of all else."""
        if self._client is None:
            if self.dhcp4 is not None:
                self._client = of4(self.dhcp4)
            elif self.dhcp6 is not None:
                self._client = of6(self.dhcp6, self.frame)
        return self._client
