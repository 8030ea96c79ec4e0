"""UDP sockets towards the BNGs: drained into vectors, nothing else done while reading."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

VECTOR: Final = 64  # most datagrams taken from a socket at one wake-up
DATAGRAM_OCTETS: Final = 4097  # one more than a RADIUS packet may have, so that an oversize one is seen as such


class Peer(NamedTuple):
    """Source of a datagram; an IPv6 scope stays with it for the way back."""

    host: str
    port: int
    flow: int = 0
    scope: int = 0


@dataclass(slots=True)  # not frozen: one is made for every request, and that costs a call a field
class Datagram:
    """What one recvfrom gave."""

    octets: bytes
    peer: Peer


class NasSocket:
    """One listening socket for one kind of request."""

    def __init__(self, host: str, port: int, *, receive_buffer: int, number: int) -> None:
        """Bind. Raises OSError. `number` tells sockets apart in exchange keys."""
        self.number = number
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(self.family, socket.SOCK_DGRAM)
        try:
            if self.family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self._socket.setblocking(False)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        granted = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.receive_buffer = granted // 2  # Linux reports twice what it grants (socket(7))
        self.host, self.port = self._socket.getsockname()[:2]

    def start(self, carry: Callable[[NasSocket, list[Datagram]], None]) -> None:
        """Call `carry` with a vector whenever datagrams wait."""
        receive = self._socket.recvfrom

        def drain() -> None:
            vector: list[Datagram] = []
            try:
                for _ in range(VECTOR):
                    octets, address = receive(DATAGRAM_OCTETS)
                    vector.append(Datagram(octets, Peer(*address)))
            except BlockingIOError:
                pass
            except OSError:  # an ICMP error of an earlier send; the next wake-up reads on
                pass
            if vector:
                carry(self, vector)

        asyncio.get_running_loop().add_reader(self._socket.fileno(), drain)

    def send(self, octets: bytes, peer: Peer) -> bool:
        """Send a reply; False if the kernel would not take it."""
        try:
            self._socket.sendto(octets, peer if self.family == socket.AF_INET6 else peer[:2])
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Stop reading and close."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()
