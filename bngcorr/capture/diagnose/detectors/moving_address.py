"""An address that moves from MAC to MAC by announcements: unsolicited NAs with Override, gratuitous ARP.

Once is what a failover does, or a lease that went to another device: no fault. There and back within a minute is two
that claim one address; within some minutes it may be a failover and its end: a notice, until it moves once more.
Whoever has such an address tentative when the other announces it loses it to duplicate address detection (RFC 4862
§5.4.4), and does not try again: after the next move nobody has it.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Final

from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.instants import SECOND_NS, overtaken, within
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.capture.diagnose.virtual import is_virtual
from bngcorr.wire.neighbours import ALL_ZERO, NEIGHBOR_SOLICITATION, Arp

_QUICK_NS: Final = 60 * SECOND_NS  # no device is repaired as soon
_BACK_NS: Final = 600 * SECOND_NS  # and two that take it from each other within do so for ever
_FAILOVER: Final = 2  # moves: there and back
_ANSWER_NS: Final = 3 * SECOND_NS
_ANY4: Final = bytes(4)
_Key = tuple[tuple[int, ...], bytes]  # segment and address


class _Holder:
    """Who announced it last, and who did before."""

    __slots__ = ("at_ns", "before", "before_number", "left_ns", "mac", "moves", "number")

    def __init__(self, number: int, at_ns: int | None, mac: bytes) -> None:
        self.number = number
        self.at_ns = at_ns
        self.mac = mac
        self.before = b""
        self.before_number = 0  # of the frame by which that one announced it last
        self.left_ns: int | None = None  # when it was last announced by the one before
        self.moves = 0


class MovingAddress:
    """Remembers the last holders of each address that was announced."""

    concerns = frozenset((Concern.NEIGHBOUR, Concern.ARP))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._holders: Final[Recent[_Key, _Holder]] = Recent()
        self._probes: Final[Recent[_Key, int | None]] = Recent()  # when it was last probed

    def see(self, seen: Seen) -> None:
        """NA, NS, ARP."""
        said = seen.neighbour
        if seen.arp is not None:
            self._arp(seen, seen.arp)
        elif said is None:
            return
        elif said.type == NEIGHBOR_SOLICITATION:
            if seen.frame.source == ALL_ZERO:
                self._probes.put((seen.link, said.target), seen.at_ns)
        elif said.override and not said.solicited and seen.frame.destination[0] == 0xFF:
            mac = said.target_mac or (b"" if seen.frame.cut else seen.frame.link_source)
            if mac:
                self._announced(seen, said.target, mac)

    def end(self) -> None:
        """Nothing waits."""

    def _arp(self, seen: Seen, packet: Arp) -> None:
        if packet.sender == _ANY4:
            self._probes.put((seen.link, packet.target), seen.at_ns)
        elif packet.sender == packet.target:
            self._announced(seen, packet.sender, packet.sender_mac)

    def _announced(self, seen: Seen, address: bytes, mac: bytes) -> None:
        if is_virtual(mac):  # gateways that share the load name several
            return
        key = (seen.link, address)
        holder = self._holders.get(key)
        if holder is None:
            self._holders.put(key, _Holder(seen.number, seen.at_ns, mac))
            return
        if overtaken(seen.at_ns, holder.at_ns):
            return
        if mac != holder.mac:
            if within(seen.at_ns, self._probes.get(key), _ANSWER_NS):
                return  # an answer to a probe, maybe on behalf of another (RFC 6957): a duplicate, if it is one
            self._moved(seen, address, mac, holder)
        holder.number = seen.number
        holder.at_ns = seen.at_ns

    def _moved(self, seen: Seen, address: bytes, mac: bytes, holder: _Holder) -> None:
        back = mac == holder.before and within(seen.at_ns, holder.left_ns, _BACK_NS)
        holder.moves = holder.moves + 1 if back else 1
        subject = str(IPv4Address(address) if len(address) == 4 else IPv6Address(address))
        if back:
            where = self._copies.place(seen, Fault.MOVING_ADDRESS, subject)
            if where is not None:
                detail = (
                    f"{subject} moves from {holder.mac.hex(':')} to {mac.hex(':')}, there and back:"
                    f" {holder.moves} moves"
                )
                quick = holder.moves > _FAILOVER or within(seen.at_ns, holder.left_ns, _QUICK_NS)
                severity = Severity.WARNING if quick else Severity.NOTICE
                packets = (holder.before_number, holder.number, seen.number)
                self._faults.add(Found(Fault.MOVING_ADDRESS, subject, where, detail, packets, seen.at_ns, severity))
        holder.before, holder.before_number = holder.mac, holder.number
        holder.left_ns, holder.mac = holder.at_ns, mac
