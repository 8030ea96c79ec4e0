"""UDP sockets towards the BNGs: drained into vectors, nothing else done while reading."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

VECTOR: Final = 16  # most datagrams taken from a socket at one wake-up: the store waits for every turn of the loop
IP_PKTINFO: Final = 8  # linux/in.h; the socket module does not name it before Python 3.14
ANCILLARY_OCTETS: Final = 64
DATAGRAM_OCTETS: Final = 4097  # one more than a RADIUS packet may have, so that an oversize one is seen as such


class Peer(NamedTuple):
    """Source of a datagram; an IPv6 scope stays with it for the way back."""

    host: str
    port: int
    flow: int = 0
    scope: int = 0
    local: bytes = b""  # our address it was sent to, where the socket is bound to any address: the reply leaves from it


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
        self._ask_local = host in ("0.0.0.0", "::") and self._can_tell_local()  # noqa: S104
        granted = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
        self.receive_buffer = granted // 2  # Linux reports twice what it grants (socket(7))
        self.host, self.port = self._socket.getsockname()[:2]

    def _can_tell_local(self) -> bool:
        """Ask the kernel for the address each datagram was sent to (ip(7) IP_PKTINFO, RFC 3542 §6.1)."""
        try:
            if self.family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            else:
                self._socket.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
        except OSError:
            return False
        return True

    def _receive(self) -> Datagram:
        octets, ancillary, _, address = self._socket.recvmsg(DATAGRAM_OCTETS, ANCILLARY_OCTETS)
        local = b""
        for level, kind, data in ancillary:
            if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO) and len(data) == 12:
                local = data[8:12]  # struct in_pktinfo: interface, address that routing chose, address in the header
            elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO) and len(data) == 20:
                local = data[:16]  # struct in6_pktinfo: address, interface
        host, port, flow, scope = (*address, 0, 0)[:4]
        return Datagram(octets, Peer(host, port, flow, scope, local))

    def _receive_plain(self) -> Datagram:
        octets, address = self._socket.recvfrom(DATAGRAM_OCTETS)
        return Datagram(octets, Peer(*address))

    def start(self, carry: Callable[[NasSocket, list[Datagram]], None]) -> None:
        """Call `carry` with a vector whenever datagrams wait."""
        receive = self._receive if self._ask_local else self._receive_plain

        def drain() -> None:
            vector: list[Datagram] = []
            try:
                for _ in range(VECTOR):
                    vector.append(receive())  # noqa: PERF401 - what came before EAGAIN counts
            except BlockingIOError:
                pass
            except OSError:  # an ICMP error of an earlier send; the next wake-up reads on
                pass
            if vector:
                carry(self, vector)

        asyncio.get_running_loop().add_reader(self._socket.fileno(), drain)

    def send(self, octets: bytes, peer: Peer) -> bool:
        """Send a reply; False if the kernel would not take it."""
        address = peer[:4] if self.family == socket.AF_INET6 else peer[:2]
        try:
            if not peer.local:
                self._socket.sendto(octets, address)
            elif self.family == socket.AF_INET6:
                info = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, peer.local + bytes(4))
                self._socket.sendmsg([octets], [info], 0, address)
            else:
                info = (socket.IPPROTO_IP, IP_PKTINFO, bytes(4) + peer.local + bytes(4))
                self._socket.sendmsg([octets], [info], 0, address)
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """Read no more; replies can still be sent."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())

    def close(self) -> None:
        """Close; `stop` first."""
        self._socket.close()
