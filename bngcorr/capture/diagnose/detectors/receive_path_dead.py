"""A host whose packets leave, and to which nothing comes back, while others get their answers.

Counted are packets that ask for something: TCP, echo requests, questions to DNS and NTP, QUIC. Multicast, broadcast,
link-local addresses, DHCP and ND are not. Any unicast packet to the host is an answer, and a host whose TCP
acknowledges more than before hears something that takes another way than by here; QUIC counts in its handshake only, as
what follows shows nothing. One host and one peer prove nothing, for the peer may be down: there must be two, or the
peer must answer somebody else.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from bngcorr.capture.diagnose.asked import Asked, Pace
from bngcorr.capture.diagnose.found import Faults
from bngcorr.capture.diagnose.instants import SECOND_NS
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire.frame import ACK, ICMP, ICMPV6, RST, TCP, UDP, Frame

PACKETS: Final = 10
LEAST_NS: Final = 5 * SECOND_NS
TRIES: Final = 3  # packets to one peer at least: whoever sends one to each of many looks for hosts
_MOST: Final = 8_192
_MOST_PEERS: Final = 8  # of a host; one with more of them must have a peer that answers somebody else
_ASKING: Final = frozenset((53, 123, 443))  # ports of UDP that answer
_MOST_FLOWS: Final = 16  # of a host, whose acknowledgements are remembered
_QUIC: Final = 443
_LONG_HEADER: Final = 0x80  # of QUIC's handshake (RFC 9000 §17.2)
_ECHO: Final = {ICMP: 8, ICMPV6: 128}

Host = tuple[int, bytes]  # interface, address


class _Waits:
    """A host that sends, since something last came back."""

    __slots__ = ("acknowledged", "asked", "last_ns", "mac", "packets", "peers")

    def __init__(self, asked: Asked, mac: bytes) -> None:
        self.asked: Final = asked
        self.mac: Final = mac
        self.packets = 0
        self.last_ns = asked.first_ns
        self.peers: Final[dict[bytes, int]] = {}
        # by peer and ports, what TCP had got when it was first seen; -1: nothing, for it sent a SYN
        self.acknowledged: Final[dict[tuple[bytes, int, int], int]] = {}

    def hears(self, frame: Frame) -> bool:
        """Whether the host has got something since, by what it says."""
        if frame.protocol != TCP:
            return False
        flow = (frame.destination, frame.source_port, frame.destination_port)
        has = frame.acknowledgement if frame.flags & ACK else -1
        if flow not in self.acknowledged and len(self.acknowledged) >= _MOST_FLOWS:
            return False
        return self.acknowledged.setdefault(flow, has) != has and has >= 0


class ReceivePathDead:
    """Looks at all IP but DHCP, ND and RADIUS."""

    concerns = frozenset((Concern.OTHER,))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._pace: Final = Pace()
        self._waiting: Final[Recent[Host, _Waits]] = Recent(_MOST)
        self._got: Final[Recent[int, int]] = Recent(1_024)  # by interface: when any host last got an answer
        self._answers: Final[Recent[Host, int]] = Recent(_MOST)  # when a peer last answered

    def see(self, seen: Seen) -> None:
        """A packet."""
        frame = seen.frame
        source, destination = frame.source, frame.destination
        if seen.at_ns is None or not _unicast(source) or not _unicast(destination):
            return
        if len(frame.link_destination) == 6 and frame.link_destination[0] & 1:
            return
        waits = self._waiting.pop((seen.interface, destination))
        if waits is not None:
            self._got.put(seen.interface, seen.at_ns)
            self._answers.put((seen.interface, source), seen.at_ns)
            if waits.asked.told:
                subject = str(ip_address(destination))
                self._faults.clear(Fault.RECEIVE_PATH_DEAD, subject, waits.asked.where, seen.number)
        if _asks(frame):
            self._ask(seen, seen.at_ns, source, destination)

    def elapsed(self, now_ns: int) -> None:
        """What is certain by now on a live tap."""
        if self._pace.due(now_ns):
            self.end()

    def end(self) -> None:
        """Who is still without an answer."""
        for host, waits in self._waiting.items():
            self._decide(host, waits)

    def _ask(self, seen: Seen, at_ns: int, source: bytes, destination: bytes) -> None:
        host = (seen.interface, source)
        waits = self._waiting.get(host)
        if waits is None:
            waits = _Waits(Asked(seen, at_ns), seen.frame.link_source)
            self._waiting.put(host, waits)
        else:
            waits.asked.again(seen, at_ns)
        if waits.hears(seen.frame):
            self._waiting.pop(host)
            if waits.asked.told:
                self._faults.clear(Fault.RECEIVE_PATH_DEAD, str(ip_address(source)), waits.asked.where, seen.number)
            return
        waits.packets += 1
        waits.last_ns = at_ns
        if destination in waits.peers:
            waits.peers[destination] += 1
        elif len(waits.peers) <= _MOST_PEERS:
            waits.peers[destination] = 1

    def _decide(self, host: Host, waits: _Waits) -> None:
        asked, (interface, address) = waits.asked, host
        if asked.told or waits.packets < PACKETS or waits.last_ns - asked.first_ns < LEAST_NS:
            return
        if (self._got.get(interface) or 0) < asked.first_ns or max(waits.peers.values()) < TRIES:
            return
        live = any((self._answers.get((interface, peer)) or 0) >= asked.first_ns for peer in waits.peers)
        if not live and not 2 <= len(waits.peers) <= _MOST_PEERS:
            return
        asked.told = True
        lasted = (waits.last_ns - asked.first_ns) / SECOND_NS
        peers = f"{len(waits.peers)} addresses" if len(waits.peers) > 1 else str(ip_address(next(iter(waits.peers))))
        by = f" ({waits.mac.hex(':')})" if len(waits.mac) == 6 else ""
        found = asked.found(
            Fault.RECEIVE_PATH_DEAD, str(ip_address(address)),
            f"{ip_address(address)}{by} sent {waits.packets} packets to {peers} in {lasted:.1f} s and got none; others"
            " here get theirs",
        )  # fmt: skip
        found.count = waits.packets
        self._faults.add(found)


def _unicast(address: bytes) -> bool:
    """Neither a group, nor link-local, nor nobody's."""
    if len(address) == 4:
        return 0 < address[0] < 224 and address[:2] != b"\xa9\xfe" and address[0] != 127
    return len(address) == 16 and address[0] != 0xFF and address[:2] != b"\xfe\x80" and any(address[:15])


def _asks(frame: Frame) -> bool:
    """Whether an answer is to be expected."""
    if frame.protocol == TCP:
        return not frame.flags & RST
    if frame.protocol == UDP:
        if frame.destination_port == _QUIC and not (frame.payload[:1] and frame.payload[0] & _LONG_HEADER):
            return False
        return frame.destination_port in _ASKING and frame.source_port not in _ASKING
    kind = _ECHO.get(frame.protocol)
    return kind is not None and frame.start < frame.end and frame.octets[frame.start] == kind
