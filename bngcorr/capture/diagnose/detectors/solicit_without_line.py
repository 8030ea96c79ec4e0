"""SOLICITs that name no line, where the DISCOVERs of the same CPE or place do. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.client import is_discover, is_solicit
from bngcorr.capture.diagnose.detector import Concern
from bngcorr.capture.diagnose.found import MOST_PACKETS, Faults, Found
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent, Waiting
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.model.mac import Mac

GRACE_NS: Final = 1_000_000_000  # the same SOLICIT may be there a second time, with what an access node put in
_SAME_NS: Final = 3_600_000_000_000  # so long a transaction id means the same exchange
_MOST_PLACES: Final = 4_096

_Segment = tuple[int, ...]


class _Solicit:
    __slots__ = ("at_ns", "decided", "mac", "named", "number", "place", "segment", "where")

    def __init__(self, seen: Seen, mac: Mac | None) -> None:
        self.number: Final = seen.number
        self.at_ns: Final = seen.at_ns
        self.segment: Final = seen.segment
        self.place: Final = seen.place
        self.where: Final = seen.said(seen.place)
        self.mac: Final = mac
        self.named = False
        self.decided = False


class _Place:
    __slots__ = ("bare", "discovers", "named_discovers", "named_solicits", "packets", "told", "untold")

    def __init__(self) -> None:
        self.discovers = 0
        self.named_discovers = 0
        self.named_solicits = 0
        self.bare = 0  # SOLICITs without a line id, unless the CPE's DISCOVERs have none either
        self.told = 0  # of them
        self.untold: _Solicit | None = None  # the first of those that wait for a DISCOVER with a line id
        self.packets: list[int] = []  # theirs


class SolicitWithoutLine:
    """Counts SOLICITs without Options 18, 37 and 38 by place, one exchange once.

    Where DISCOVERs carry no Option 82 either, the capture is from before the access node, or nothing there inserts ids:
    that is no fault of the SOLICIT's.
    """

    concerns = frozenset((Concern.DHCP4, Concern.DHCP6))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._places: Final[Recent[_Segment, _Place]] = Recent(_MOST_PLACES)
        self._named: Final[Recent[tuple[_Segment, Mac], bool]] = Recent()  # whether its DISCOVERs name a line
        self._open: Final[Recent[tuple[int, bytes, bytes], _Solicit]] = Recent()
        self._waiting: Final[Waiting[tuple[int, bytes, bytes]]] = Waiting()

    def see(self, seen: Seen) -> None:
        """A DISCOVER tells what is usual, a SOLICIT waits for its second copy."""
        if seen.at_ns is not None:
            self._decide(self._waiting.due(seen.interface, seen.at_ns))
        client = seen.client
        if client is None:
            return
        if is_discover(client):
            if client.whole:
                self._discover(seen, client.mac, client.names_line)
        elif is_solicit(client) and (client.whole or client.names_line):
            inner = seen.dhcp6.inner if seen.dhcp6 is not None else None
            key = (seen.interface, client.duid, inner.transaction_id if inner is not None else b"")
            known = self._open.get(key)
            if known is None or (seen.at_ns or 0) - (known.at_ns or 0) > _SAME_NS:
                known = _Solicit(seen, client.mac)
                self._open.put(key, known)
                self._waiting.add(seen.interface, (seen.at_ns or 0) + GRACE_NS, key)
            known.named = known.named or client.names_line

    def elapsed(self, now_ns: int) -> None:
        """The grace of some is over."""
        self._decide(self._waiting.elapsed(now_ns))

    def end(self) -> None:
        """The grace of all is over."""
        self._decide(self._waiting.all())

    def _place(self, place: _Segment) -> _Place:
        known = self._places.get(place)
        if known is None:
            known = _Place()
            self._places.put(place, known)
        return known

    def _discover(self, seen: Seen, mac: Mac | None, named: bool) -> None:
        place = self._place(seen.place)
        place.discovers += 1
        if mac is not None:
            self._named.put((seen.segment, mac), named or bool(self._named.get((seen.segment, mac))))
        if not named:
            return
        place.named_discovers += 1
        if place.untold is not None:
            self._tell(place, place.untold, place.packets)
            place.untold = None
            place.packets = []

    def _decide(self, keys: list[tuple[int, bytes, bytes]]) -> None:
        for key in keys:
            solicit = self._open.get(key)
            if solicit is None or solicit.decided:
                continue
            solicit.decided = True  # and remembered: it will be sent again
            place = self._place(solicit.place)
            if solicit.named:
                place.named_solicits += 1
                continue
            usual = self._named.get((solicit.segment, solicit.mac)) if solicit.mac is not None else None
            if usual is False:
                continue
            place.bare += 1
            if usual or place.named_discovers:
                self._tell(place, solicit, [solicit.number])
            else:
                place.untold = place.untold or solicit
                if len(place.packets) < MOST_PACKETS:
                    place.packets.append(solicit.number)

    def _tell(self, place: _Place, solicit: _Solicit, packets: list[int]) -> None:
        found = Found(
            Fault.SOLICIT_WITHOUT_LINE, solicit.where, solicit.where,
            f"{place.bare} of {place.bare + place.named_solicits} SOLICITs carry neither Option 18 nor 37 nor 38, while"
            f" {place.named_discovers} of {place.discovers} DISCOVERs carry a line id in Option 82",
            tuple(packets), solicit.at_ns,
        )  # fmt: skip
        found.count = place.bare - place.told
        place.told = place.bare
        self._faults.add(found)
