"""UDP sockets towards the BNGs: drained into vectors, nothing else done while reading.

Nothing that happens to a vector stops the reading: what can't be carried on is dropped by name further on, and a reply
that the kernel does not take is dropped here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable
from typing import Final

from bngcorr.proxy import exchange
from bngcorr.proxy.datagrams import DATAGRAM_OCTETS, MOST, Address, Origin, address_of, receive_from, send_each
from bngcorr.proxy.receive_queue import ReceiveQueue

LEAST: Final = 8  # however long they take
TURN_S: Final = 0.004  # a vector that takes longer makes the next one shorter: the store and AAA wait for every turn
EMPTY_WITHIN_S: Final = 1.0  # at the end
MOST_PEERS: Final = 16_384  # sources remembered by a socket; anybody can make them up
IP_PKTINFO: Final = 8  # linux/in.h; the socket module does not name it before Python 3.14
ANCILLARY_OCTETS: Final = 64
NOBODY_PORT: Final = 9  # discard (RFC 863)
EVERYWHERE: Final = ("0.0.0.0", "::")  # noqa: S104

Ancillary = list[tuple[int, int, bytes]]


class Peer:
    """Source of datagrams, and the way back to it."""

    __slots__ = ("address", "ancillary", "exchanges", "host", "origin", "port")

    def __init__(self, address: Address, origin: Origin, ancillary: Ancillary, socket: int) -> None:
        """`origin`: the same address as the kernel is told it. `ancillary`: what makes a reply leave from our address
        that was asked, where the socket is bound to any. `socket`: number of the one that receives from it.
        """
        self.host: str = address[0]
        self.port: int = address[1]
        # what their keys begin with: one that asks two of our addresses numbers its requests for each on its own
        name = f"{self.host} {ancillary[0][2].hex()}" if ancillary else self.host
        self.exchanges = exchange.origin(name, self.port, socket)
        self.address = address
        self.origin = origin
        self.ancillary = ancillary


class Datagram:
    """What one recvfrom gave. A plain class: one is made for every request."""

    __slots__ = ("octets", "peer")

    def __init__(self, octets: bytes, peer: Peer) -> None:
        self.octets = octets
        self.peer = peer


class NasSocket:
    """One listening socket for one kind of request."""

    def __init__(self, host: str, port: int, *, receive_buffer: int, number: int, reuse_port: bool = False) -> None:
        """Bind. Raises OSError. `number` tells sockets apart in exchange keys.

        With `reuse_port` other processes of the same user may bind the same address, all of them with it: the kernel
        gives each the BNGs' sockets that its hash chooses for it (socket(7), SO_REUSEPORT).
        """
        self.number = number
        self.family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._shared = reuse_port
        self._socket = socket.socket(self.family, socket.SOCK_DGRAM)
        try:
            if self.family == socket.AF_INET6:
                self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if reuse_port:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            self.queue = ReceiveQueue(self._socket, receive_buffer)
            self._socket.setblocking(False)
            self._socket.bind((host, port))
        except OSError:
            self._socket.close()
            raise
        self._ask_local = host in EVERYWHERE and self._can_tell_local()
        bound: Address = self._socket.getsockname()
        self.host: str = bound[0]
        self.port: int = bound[1]
        self._peers: dict[Origin, Peer] = {}
        self._most = LEAST
        self._carry: Callable[[NasSocket, list[Datagram]], None] | None = None

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

    # ---- reading

    def start(self, carry: Callable[[NasSocket, list[Datagram]], None]) -> None:
        """Call `carry` with a vector whenever datagrams wait."""
        self._carry = carry
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._turn)

    def _turn(self) -> None:
        """One vector, and how long the next one may be: what it costs to carry them is not known beforehand."""
        started = time.monotonic()
        length = self.drain(self._most)
        took = time.monotonic() - started
        if took > TURN_S:
            self._most = max(self._most // 2, LEAST)
        elif length == self._most and took < TURN_S / 2:
            self._most = min(self._most * 2, MOST)

    def drain(self, most: int = MOST) -> int:
        """Carry so many of the datagrams that wait now; how many there were."""
        vector: list[Datagram] = []
        # an error is an ICMP error of an earlier send: the next wake-up reads on. What came before it counts
        if self._ask_local:
            with contextlib.suppress(OSError):
                while len(vector) < most:
                    vector.append(self._receive())
        else:
            peers = self._peers
            for octets, origin in receive_from(self._socket, most)[0]:
                peer = peers.get(origin)
                if peer is None:
                    peer = self._peer(origin, address_of(origin), origin, [])
                vector.append(Datagram(octets, peer))
        if vector and self._carry is not None:
            self._carry(self, vector)
        return len(vector)

    def _receive(self) -> Datagram:
        octets, ancillary, _, address = self._socket.recvmsg(DATAGRAM_OCTETS, ANCILLARY_OCTETS)
        local = b""
        for level, kind, data in ancillary:
            if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(data) == 12:
                local = data[8:12]  # struct in_pktinfo: interface, address that routing chose, address in the header
            elif level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO and len(data) == 20:
                local = data[:16]  # struct in6_pktinfo: address, interface
        known: Origin = (address, local)
        peer = self._peers.get(known)
        if peer is None:
            peer = self._peer(known, address, address, self._back_from(local))
        return Datagram(octets, peer)

    def _back_from(self, local: bytes) -> Ancillary:
        if not local:
            return []
        if self.family == socket.AF_INET6:
            return [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, local + bytes(4))]
        return [(socket.IPPROTO_IP, IP_PKTINFO, bytes(4) + local + bytes(4))]

    def _peer(self, known: Origin, address: Address, origin: Origin, ancillary: Ancillary) -> Peer:
        if len(self._peers) >= MOST_PEERS:
            self._peers.clear()
        peer = self._peers[known] = Peer(address, origin, ancillary, self.number)
        return peer

    # ---- answering

    def send(self, octets: bytes, peer: Peer) -> bool:
        """Send a reply; False if the kernel would not take it."""
        return self.send_all([octets], [peer])[0]

    def send_all(self, replies: list[bytes], peers: list[Peer]) -> list[bool]:
        """Send a reply to each of these; False for those that the kernel would not take."""
        if self._ask_local:
            return [self._send_from(octets, peer) for octets, peer in zip(replies, peers, strict=True)]
        errors = send_each(self._socket, replies, [peer.origin for peer in peers])
        return [True] * len(replies) if errors is None else [not error for error in errors]

    def _send_from(self, octets: bytes, peer: Peer) -> bool:
        """From the address of ours that was asked."""
        try:
            self._socket.sendmsg([octets], peer.ancillary, 0, peer.address)
        except OSError:
            return False
        return True

    # ---- the end

    def _leave(self) -> None:
        """Let other processes on the same address have what comes from now on; what waits here can still be read.

        Linux gives nothing to a connected socket of a shared port but what its own peer sends (since 5.4), so that it
        can be emptied before it is closed: closing it loses what waits. Replies leave as before.
        """
        if not self._shared or (self.host in EVERYWHERE and not self._ask_local):
            return  # where the kernel does not tell what address was asked, replies would leave from the one given here
        to_us = self.host if self.host not in EVERYWHERE else "::1" if self.family == socket.AF_INET6 else "127.0.0.1"
        with contextlib.suppress(OSError):
            self._socket.connect((to_us, NOBODY_PORT))

    async def stop(self) -> None:
        """Carry what waits, and read no more; replies can still be sent."""
        self._leave()
        loop = asyncio.get_running_loop()
        end = loop.time() + EMPTY_WITHIN_S  # whoever goes on sending must not keep it
        while self.drain(self._most) and loop.time() < end:  # noqa: ASYNC110 -- nobody could tell
            await asyncio.sleep(0)  # AAA and the store are waiting, too
        loop.remove_reader(self._socket.fileno())

    def close(self) -> None:
        """Close; `stop` first."""
        self._socket.close()
