"""A request on its way to one AAA server, and the socket and identifier it has there."""

from __future__ import annotations

import socket
from collections import deque
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from bngcorr.proxy.receive_queue import ReceiveQueue
from bngcorr.proxy.rewrite import Hop

if TYPE_CHECKING:
    from bngcorr.proxy.upstream.server import Server

IDENTIFIERS: Final = 256
RECEIVE_BUFFER: Final = 1_048_576  # octets asked of the kernel

T = TypeVar("T")


class Lane(Generic[T]):
    """One connected socket and its 256 identifiers."""

    __slots__ = ("busy", "flights", "free", "queue", "socket")

    def __init__(self, address: tuple[str, int], source: str | None) -> None:
        """Raises OSError."""
        self.socket = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.setblocking(False)
            self.queue = ReceiveQueue(self.socket, RECEIVE_BUFFER)
            if source is not None:
                self.socket.bind((source, 0))
            self.socket.connect(address)  # the kernel then drops what comes from anybody else
        except OSError:
            self.socket.close()
            raise
        self.free: deque[int] = deque(range(IDENTIFIERS))  # first in, first out: the longest pause before reuse
        self.flights: list[Flight[T] | None] = [None] * IDENTIFIERS
        self.busy = 0  # identifiers in use

    def awaiting(self, octets: bytes) -> Flight[T] | None:
        """The flight under whose identifier a datagram came; None: nothing was awaited under it."""
        return self.flights[octets[1]] if len(octets) > 1 else None

    @property
    def source(self) -> str:
        """The address of this host that requests leave from, as the kernel chose it; "" if the socket is closed."""
        try:
            name: str = self.socket.getsockname()[0]
        except OSError:
            return ""
        return name


class Flight(Generic[T]):
    """One transmission, with whatever is needed when its answer comes."""

    __slots__ = ("aaa", "context", "deadline", "earlier", "identifier", "lane", "last_at", "octets", "proxy_state",
                 "sent_at", "server", "unusable")  # fmt: skip

    def __init__(self, server: Server[T], lane: Lane[T], identifier: int, context: T) -> None:
        self.server = server
        self.lane = lane
        self.identifier = identifier
        self.context: T | None = context  # None once its request is over: what comes now comes late
        self.aaa: Hop | None = None  # secret and authenticator it was signed with
        self.proxy_state = b""  # ours
        self.octets = b""
        self.sent_at = 0.0  # monotonic seconds
        self.last_at = 0.0  # of the last copy
        self.deadline = 0.0
        self.unusable = False  # an authentic answer came that can't be carried on
        self.earlier: Flight[T] | None = None  # of the same request, to another server

    def any_pending(self) -> bool:
        """Whether this one, or an earlier one of its request, may still be answered in time."""
        flight: Flight[T] | None = self
        while flight is not None:
            if flight.lane.flights[flight.identifier] is flight:
                return True
            flight = flight.earlier
        return False

    def over(self) -> None:
        """Its request is answered or given up: nothing keeps that alive, nor the request this."""
        flight: Flight[T] | None = self
        while flight is not None:
            flight.context = None
            flight.octets = b""
            earlier = flight.earlier
            flight.earlier = None
            flight = earlier

    def __repr__(self) -> str:
        return f"Flight({self.server.name!r}, {self.identifier})"
