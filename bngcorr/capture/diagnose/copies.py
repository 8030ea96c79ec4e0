"""The same event on two interfaces of a capture is one. Pure; memory is bounded.

A capture at two places holds a packet once per place, maybe behind other VLAN tags or with another Ethernet source, and
in blocks: all of one interface, then all of the other. Detectors look at each place on its own; what they find at the
second one by a copy of the packet that decided at the first is not told again.
"""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Seen

NEAR_NS: Final = 5_000_000  # a packet passes the next place within that; none is sent again as soon
_MOST: Final = 16_384  # slots of 5 ms in which events of one subject were seen
_MOST_OF_ONE: Final = 64
_MOST_PLACES: Final = 4_096
_Slot = tuple[Fault, str, int, int]  # what, of whom, by which octets, when


class _Event:
    __slots__ = ("at_ns", "interfaces", "where")

    def __init__(self, at_ns: int, where: str, interface: int) -> None:
        self.at_ns: Final = at_ns
        self.where: Final = where
        self.interfaces: Final = {interface}


class Copies:
    """Where a fault is to be told."""

    def __init__(self) -> None:
        self._events: Final[Recent[_Slot, list[_Event]]] = Recent(_MOST)
        self._places: Final[Recent[tuple[Fault, str, str], str]] = Recent(_MOST_PLACES)

    def place(self, seen: Seen, fault: Fault, subject: str, same: bytes = b"") -> str | None:
        """The place to tell that fault at, as this frame decides it; None if a copy of the frame has told it.

        `same`: what two copies have in common; by default source, destination and payload. Interfaces on which one
        event was seen are one place for that subject from then on.
        """
        place = seen.on_link
        where = self._places.get((fault, subject, place)) or place
        if seen.at_ns is None:
            return where
        octets = hash(same or seen.frame.source + seen.frame.destination + seen.frame.payload)
        slot = seen.at_ns // NEAR_NS
        for near in (slot, slot - 1, slot + 1):
            for event in self._events.get((fault, subject, octets, near)) or ():
                if seen.interface not in event.interfaces and abs(seen.at_ns - event.at_ns) <= NEAR_NS:
                    event.interfaces.add(seen.interface)
                    if where != event.where:
                        self._places.put((fault, subject, place), event.where)
                    return None
        events = self._events.get((fault, subject, octets, slot))
        if events is None:
            events = []
            self._events.put((fault, subject, octets, slot), events)
        events.append(_Event(seen.at_ns, where, seen.interface))
        del events[:-_MOST_OF_ONE]
        return where
