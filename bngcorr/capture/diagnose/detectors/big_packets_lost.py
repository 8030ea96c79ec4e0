"""Big IPv6 packets of TCP that are sent again and again, while nobody says Packet Too Big.

Looked at are segments above 1280 octets in a tunnel, and elsewhere those above the MTU of a tunnel over Ethernet (1480,
RFC 4213 §3.2), or a smaller one that a Router Advertisement or a Packet Too Big names. It is told if none of a
connection's big segments is acknowledged. Its handshake is not looked at: a way that dies with the first of them looks
the same.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from bngcorr.capture.diagnose.asked import Asked
from bngcorr.capture.diagnose.found import Faults
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire import too_big
from bngcorr.wire.frame import ACK, ICMP, ICMPV6, RST, SYN, TCP, Frame
from bngcorr.wire.too_big import TooBig

LEAST_MTU: Final = 1280  # RFC 8200 §5
TUNNEL_MTU: Final = 1480
TRANSMISSIONS: Final = 3
_MOST: Final = 8_192
_HALF: Final = 0x80000000

Flow = tuple[tuple[int, ...], bytes, int, bytes, int]  # segment, source and destination with their ports


class _Big:
    """The first big segment of a flow that is not acknowledged."""

    __slots__ = ("asked", "sequence", "size", "tunnel", "until")

    def __init__(self, asked: Asked, frame: Frame) -> None:
        self.asked: Final = asked
        self.sequence: Final = frame.sequence
        self.until: Final = (frame.sequence + frame.end - frame.start) & 0xFFFFFFFF
        self.size: Final = frame.ip_octets
        self.tunnel: Final = frame.outer


class _Flow:
    """One direction of a connection in which something big was sent."""

    __slots__ = ("big", "passed")

    def __init__(self) -> None:
        self.passed = False  # something big got through
        self.big: _Big | None = None


class BigPacketsLost:
    """Looks at TCP over IPv6, at ICMP, and at the MTU in RAs."""

    concerns = frozenset((Concern.NEIGHBOUR, Concern.OTHER))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._flows: Final[Recent[Flow, _Flow]] = Recent(_MOST)
        self._links: Final[Recent[int, int]] = Recent(1_024)  # MTU that RAs name, by interface
        self._paths: Final[Recent[tuple[bytes, bytes], int]] = Recent(_MOST)  # MTU that a Packet Too Big names
        self._needed: Final[Recent[tuple[bytes, bytes], tuple[int, int]]] = Recent(_MOST)  # of tunnels: frame, MTU

    def see(self, seen: Seen) -> None:
        """A segment, an ICMP message, or an RA."""
        frame = seen.frame
        if seen.neighbour is not None:
            if seen.neighbour.mtu >= LEAST_MTU:
                self._links.put(seen.interface, seen.neighbour.mtu)
        elif frame.protocol == TCP:
            if frame.version == 6:
                self._segment(seen, frame)
        elif frame.protocol in (ICMP, ICMPV6):
            message = too_big.decode(frame)
            if message is not None:
                self._too_big(seen, message)

    def end(self) -> None:
        """Nothing waits."""

    def _too_big(self, seen: Seen, message: TooBig) -> None:
        if len(message.source) == 4:
            self._needed.put((message.source, message.destination), (seen.number, message.mtu))
            return
        self._paths.put((message.source, message.destination), message.mtu)
        subject = _subject(message.source, message.destination)
        self._faults.clear(Fault.BIG_PACKETS_LOST, subject, seen.where, seen.number)

    def _segment(self, seen: Seen, frame: Frame) -> None:
        if frame.flags & ACK and len(self._flows):
            reverse = (seen.segment, frame.destination, frame.destination_port, frame.source, frame.source_port)
            acknowledged = self._flows.get(reverse)
            if acknowledged is not None:
                self._acknowledged(seen, acknowledged, frame.acknowledgement)
        if seen.at_ns is None or frame.ip_octets <= LEAST_MTU or frame.end == frame.start:
            return
        if frame.flags & (SYN | RST) or frame.ip_octets <= self._limit(seen, frame):
            return
        forward = (seen.segment, frame.source, frame.source_port, frame.destination, frame.destination_port)
        flow = self._flows.get(forward)
        if flow is None:
            flow = _Flow()
            self._flows.put(forward, flow)
        if flow.big is None:
            flow.big = _Big(Asked(seen, seen.at_ns), frame)
        elif flow.big.sequence == frame.sequence:
            if flow.big.size == frame.ip_octets:
                self._again(seen, seen.at_ns, flow, flow.big)
            elif not flow.big.asked.told:  # what the sender's network card is to cut comes bigger the first time
                flow.big = _Big(Asked(seen, seen.at_ns), frame)

    def _limit(self, seen: Seen, frame: Frame) -> int:
        if frame.outer:
            return LEAST_MTU
        path = self._paths.get((frame.source, frame.destination)) or TUNNEL_MTU
        return max(LEAST_MTU, min(TUNNEL_MTU, path, self._links.get(seen.interface) or TUNNEL_MTU))

    def _acknowledged(self, seen: Seen, flow: _Flow, number: int) -> None:
        """The other end has everything before `number`."""
        big = flow.big
        if big is None or not (number - big.until) & 0xFFFFFFFF < _HALF:
            return
        flow.passed = flow.passed or big.asked.count == 1  # else it may have come in smaller pieces
        flow.big = None
        if big.asked.told:
            subject = _subject(seen.frame.destination, seen.frame.source)
            self._faults.clear(Fault.BIG_PACKETS_LOST, subject, big.asked.where, seen.number)

    def _again(self, seen: Seen, at_ns: int, flow: _Flow, big: _Big) -> None:
        frame, asked = seen.frame, big.asked
        if not asked.again(seen, at_ns) or asked.count < TRANSMISSIONS or flow.passed:
            return
        if (frame.source, frame.destination) in self._paths:
            return
        subject = _subject(frame.source, frame.destination)
        detail = (
            f"{big.size} octets of [{ip_address(frame.source)}]:{frame.source_port} to"
            f" [{ip_address(frame.destination)}]:{frame.destination_port} sent {asked.lasted}, never acknowledged; no"
            " Packet Too Big"
        )
        needed = None
        if big.tunnel:
            outer = big.tunnel[-1]
            detail += f"; in the tunnel {ip_address(outer.source)} – {ip_address(outer.destination)}"
            needed = self._needed.get((outer.source, outer.destination))
            if needed is not None:
                detail += f", whose end was told an MTU of {needed[1]} by ICMP and did not pass it on"
        if asked.told:
            self._faults.add(asked.once_more(seen, Fault.BIG_PACKETS_LOST, subject, detail))
            return
        asked.told = True
        found = asked.found(Fault.BIG_PACKETS_LOST, subject, detail)
        if needed is not None:
            found.packets = tuple(sorted((needed[0], *found.packets)))
        self._faults.add(found)


def _subject(source: bytes, destination: bytes) -> str:
    return f"{ip_address(source)} → {ip_address(destination)}"
