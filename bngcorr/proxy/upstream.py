"""One AAA server: sockets, identifiers, what is in flight, and its deadline."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from bngcorr.errors import IdentifierExhausted

IDENTIFIERS: Final = 256
SWEEP_EVERY_S: Final = 0.05
DRAIN: Final = 16  # answers taken from a socket at one wake-up
DATAGRAM_OCTETS: Final = 4097
SILENT_AFTER: Final = 8  # requests in a row without an answer
SILENT_S: Final = 30.0  # then it is worth another try: without traffic nobody would ever notice that it is back

T = TypeVar("T")


class Flight(Generic[T]):
    """A request on its way to AAA, with whatever the pipeline needs when the answer comes."""

    __slots__ = ("context", "deadline", "identifier", "octets", "sent_at", "socket_number")

    def __init__(self, context: T, socket_number: int, identifier: int) -> None:
        self.context = context
        self.socket_number = socket_number
        self.identifier = identifier
        self.octets = b""
        self.sent_at = 0.0  # monotonic seconds
        self.deadline = 0.0


class _Lane(Generic[T]):
    """One connected socket and its 256 identifiers."""

    __slots__ = ("free", "in_flight", "socket")

    def __init__(self, family: int, address: tuple[str, int]) -> None:
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_048_576)
            self.socket.connect(address)  # the kernel then drops what comes from anybody else
        except OSError:
            self.socket.close()
            raise
        self.free: deque[int] = deque(range(IDENTIFIERS))  # first in, first out: the longest pause before reuse
        self.in_flight: list[Flight[T] | None] = [None] * IDENTIFIERS


class Upstream(Generic[T]):
    """Sends to one server and hands back what it answers. Nothing here judges an answer: that is the pipeline's."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        timeout_s: float,
        most_sockets: int,
        answered: Callable[[Flight[T] | None, bytes], None],
        expired: Callable[[Flight[T]], None],
    ) -> None:
        """`answered(flight, octets)`: a datagram came for that identifier (None: not awaited). `expired`: none came."""
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._most = most_sockets
        self._answered = answered
        self._expired = expired
        self._lanes: list[_Lane[T]] = []
        self._order: OrderedDict[int, Flight[T]] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None
        self.unanswered = 0  # requests that ran out since the server was last heard of
        self.last_unanswered_at = 0.0  # monotonic seconds

    def __len__(self) -> int:
        return len(self._order)

    def is_silent(self, now: float) -> bool:
        """Whether many requests in a row ran out, the last of them not long ago."""
        return self.unanswered >= SILENT_AFTER and now - self.last_unanswered_at < SILENT_S

    @property
    def sockets(self) -> int:
        """Sockets open now."""
        return len(self._lanes)

    def start(self) -> None:
        """Open the first socket. Raises OSError."""
        self._open()
        self._sweep()

    def _open(self) -> _Lane[T]:
        lane: _Lane[T] = _Lane(self._family, self._address)
        self._lanes.append(lane)
        asyncio.get_running_loop().add_reader(lane.socket.fileno(), self._drain, lane)
        return lane

    def take(self, context: T) -> Flight[T]:
        """An identifier of its own. Raises IdentifierExhausted."""
        for number, lane in enumerate(self._lanes):
            if lane.free:
                return Flight(context, number, lane.free.popleft())
        if len(self._lanes) >= self._most:
            raise IdentifierExhausted(f"{self._most * IDENTIFIERS} requests in flight")
        try:
            lane = self._open()
        except OSError as error:
            raise IdentifierExhausted(f"no further socket: {error.strerror}") from None
        return Flight(context, len(self._lanes) - 1, lane.free.popleft())

    def give_back(self, flight: Flight[T]) -> None:
        """Return an identifier that was taken and never used."""
        self._lanes[flight.socket_number].free.append(flight.identifier)

    def launch(self, flight: Flight[T], octets: bytes, now: float) -> None:
        """Send; the answer, or its absence, comes by callback."""
        flight.octets = octets
        flight.sent_at = now
        flight.deadline = now + self._timeout_s
        self._lanes[flight.socket_number].in_flight[flight.identifier] = flight
        self._order[id(flight)] = flight
        self.resend(flight)

    def resend(self, flight: Flight[T]) -> None:
        """The same octets again: AAA knows them for a retransmission."""
        # nobody listens, or the buffer is full: like a datagram lost on the way, the BNG sends again
        with contextlib.suppress(OSError):
            self._lanes[flight.socket_number].socket.send(flight.octets)

    def finish(self, flight: Flight[T]) -> None:
        """The answer was good: the identifier is free again."""
        lane = self._lanes[flight.socket_number]
        if lane.in_flight[flight.identifier] is flight:
            lane.in_flight[flight.identifier] = None
            lane.free.append(flight.identifier)
            self._order.pop(id(flight), None)

    def _drain(self, lane: _Lane[T]) -> None:
        for _ in range(DRAIN):
            try:
                octets = lane.socket.recv(DATAGRAM_OCTETS)
            except OSError:  # nothing left, or ECONNREFUSED: nobody listens there
                return
            self.unanswered = 0
            self._answered(lane.in_flight[octets[1]] if len(octets) > 1 else None, octets)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._order:
            flight = next(iter(self._order.values()))
            if flight.deadline > now:
                break
            self.finish(flight)
            self.unanswered += 1
            self.last_unanswered_at = now
            self._expired(flight)
        self._timer = loop.call_later(SWEEP_EVERY_S, self._sweep)

    def close(self) -> None:
        """Close all sockets; what is in flight stays unanswered."""
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        for lane in self._lanes:
            loop.remove_reader(lane.socket.fileno())
            lane.socket.close()
        self._lanes.clear()
