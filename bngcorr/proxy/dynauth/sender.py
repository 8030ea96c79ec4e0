"""CoA and Disconnect on their way to BNGs: sockets, identifiers, deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from bngcorr.errors import IdentifierExhausted, WireError
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.dynauth import packets
from bngcorr.proxy.dynauth.route import Way
from bngcorr.wire import attributes as a
from bngcorr.wire import radius, radius_auth
from bngcorr.wire.radius import PacketView

IDENTIFIERS: Final = 256  # towards one BNG
MOST_PEERS: Final = 4_096  # BNGs whose identifiers are remembered
DATAGRAM_OCTETS: Final = 4_097
DRAIN: Final = 64  # answers taken at one wake-up

Then = Callable[[PacketView | None], None]


class Flight:
    """One request on its way to one BNG."""

    __slots__ = ("code", "identifier", "octets", "states", "then", "timer", "way")

    def __init__(self, way: Way, code: int, identifier: int, states: Sequence[bytes], then: Then) -> None:
        self.way = way
        self.code = code
        self.identifier = identifier
        self.states = states  # all Proxy-States in it
        self.octets = b""
        self.then = then
        self.timer: asyncio.TimerHandle | None = None


class _Peer:
    """What is in flight to one BNG; the identifier that was free for longest is taken next."""

    __slots__ = ("flights", "free")

    def __init__(self) -> None:
        self.free: deque[int] = deque(range(IDENTIFIERS))
        self.flights: dict[int, Flight] = {}


class Sender:
    """Sends to any BNG from one socket for each IP version, and hands its answers back once they are verified."""

    def __init__(
        self, sources: Sequence[IPv4Address | IPv6Address], dropped: Callable[[DropReason, str], None]
    ) -> None:
        """`sources`: addresses to send from. `dropped` is told of datagrams that are no answer, and whose."""
        self._sources = {address.version: str(address) for address in sources}
        self._dropped = dropped
        self._sockets: dict[int, socket.socket] = {}  # by IP version
        self._peers: OrderedDict[tuple[str, int], _Peer] = OrderedDict()
        self._nonce = os.urandom(4)
        self._serial = 0
        self._closed = False

    def __len__(self) -> int:
        """Requests in flight."""
        return sum(len(peer.flights) for peer in self._peers.values())

    def open(self) -> None:
        """Bind the addresses to send from. Raises OSError."""
        for version in self._sources:
            self._socket(version)

    def room(self, ways: Sequence[Way]) -> bool:
        """Whether a request can be launched on each of these, all of them together."""
        wanted = Counter((way.host, way.port) for way in ways)
        return all(
            peer is None or len(peer.free) >= number
            for key, number in wanted.items()
            for peer in [self._peers.get(key)]
        ) and (len(self) + len(ways) <= MOST_PEERS)

    def launch(
        self,
        way: Way,
        code: int,
        attributes: bytes,
        then: Then,
        *,
        within_s: float,
        states: Sequence[bytes] | None = None,
        signed: bool = False,
    ) -> Flight:
        """Send; `then` gets the BNG's answer, or None if none came `within_s`. Raises IdentifierExhausted.

        `states` are the Proxy-States of a forwarded request, to which ours is added; None: the request is our own.
        `signed`: with a Message-Authenticator.
        """
        peer = self._peer(way)
        if peer is None or not peer.free or self._closed:
            raise IdentifierExhausted(f"too many requests in flight to {way.host}")
        flight = Flight(way, code, peer.free.popleft(), states or (), then)
        if states is not None:
            self._serial = self._serial + 1 & 0xFFFFFFFF
            ours = self._nonce + self._serial.to_bytes(4, "big")
            flight.states = (*states, ours)
            attributes += radius.attribute(a.PROXY_STATE, ours)
        flight.octets = radius_auth.sign_computed_request(
            code, flight.identifier, attributes, way.secret, with_message=signed
        )
        peer.flights[flight.identifier] = flight
        flight.timer = asyncio.get_running_loop().call_later(within_s, self._end, flight, None)
        self.repeat(flight)
        return flight

    def repeat(self, flight: Flight) -> None:
        """The same octets again: the BNG knows them for a retransmission."""
        with contextlib.suppress(OSError):  # like a datagram lost on the way: it is sent again
            host, port = flight.way.host, flight.way.port
            self._socket(6 if ":" in host else 4).sendto(flight.octets, (host, port))

    def give_up(self, flight: Flight) -> None:
        """Await no answer any more; `then` is not called."""
        flight.then = _nobody
        self._end(flight, None)

    def _end(self, flight: Flight, answer: PacketView | None) -> None:
        peer = self._peers.get((flight.way.host, flight.way.port))
        if peer is None or peer.flights.get(flight.identifier) is not flight:
            return
        del peer.flights[flight.identifier]
        peer.free.append(flight.identifier)
        if flight.timer is not None:
            flight.timer.cancel()
        flight.then(answer)

    def _peer(self, way: Way) -> _Peer | None:
        key = (way.host, way.port)
        peer = self._peers.get(key)
        if peer is None:
            if len(self._peers) >= MOST_PEERS:
                idle = next((other for other, one in self._peers.items() if not one.flights), None)
                if idle is None:
                    return None
                del self._peers[idle]
            peer = self._peers[key] = _Peer()
        return peer

    def _socket(self, version: int) -> socket.socket:
        opened = self._sockets.get(version)
        if opened is None:
            opened = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, socket.SOCK_DGRAM)
            try:
                opened.setblocking(False)
                if version in self._sources:
                    opened.bind((self._sources[version], 0))
            except OSError:
                opened.close()
                raise
            self._sockets[version] = opened
            asyncio.get_running_loop().add_reader(opened.fileno(), self._drain, opened)
        return opened

    def _drain(self, opened: socket.socket) -> None:
        for _ in range(DRAIN):
            try:
                octets, source = opened.recvfrom(DATAGRAM_OCTETS)
            except OSError:
                return
            try:
                self._take(octets, str(source[0]), int(source[1]))
            except WireError as error:
                self._dropped(DropReason(error.reason), str(source[0]))

    def _take(self, octets: bytes, host: str, port: int) -> None:
        """Raises Malformed or Unauthentic; what is refused leaves its request waiting for the real answer."""
        view = radius.decode(octets)
        peer = self._peers.get((host, port))
        flight = peer.flights.get(view.identifier) if peer is not None else None
        if flight is None:
            self._dropped(DropReason.UNEXPECTED_REPLY, host)
            return
        packets.verify(view, flight.code, flight.octets[4:20], flight.states, flight.way.secret)
        self._end(flight, view)

    def close(self) -> None:
        """Close the sockets; what is in flight stays unanswered, and nothing is sent any more."""
        self._closed = True
        for peer in self._peers.values():
            for flight in peer.flights.values():
                if flight.timer is not None:
                    flight.timer.cancel()
        self._peers.clear()
        for opened in self._sockets.values():
            asyncio.get_running_loop().remove_reader(opened.fileno())
            opened.close()
        self._sockets.clear()


def _nobody(_: PacketView | None) -> None:
    """The answer comes too late for anybody to care."""
