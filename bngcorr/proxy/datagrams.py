"""Many datagrams at a time: in one system call where the package is compiled (recvmmsg(2) and sendmmsg(2), which are
Linux's), else one by one. Sockets are non-blocking, and nothing here waits.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final, TypeVar

DATAGRAM_OCTETS: Final = 4097  # one more than a RADIUS packet may have, so that an oversize one is seen as such
MOST: Final = 64  # datagrams that are received at a time

Address = tuple[Any, ...]  # as the socket module has it: host, port, and for IPv6 flow and scope
T = TypeVar("T")
Origin = Any  # who sent a datagram: an Address, or a struct sockaddr as octets; to be hashed, and to send to

_Receive = Callable[[int, int], tuple[list[bytes], int]]
_ReceiveFrom = Callable[[int, int], tuple[list[tuple[bytes, Origin]], int]]
_SendEach = Callable[[int, list[bytes], list[Origin] | None], list[int] | None]


def _compiled() -> Any:
    try:
        return import_module("bngcorr.proxy._datagrams")
    except ImportError:  # not compiled
        return None


_FAST: Final = _compiled()


def receive(sock: socket.socket, most: int) -> tuple[list[bytes], int]:
    """At most so many datagrams that wait, from 1 to `MOST`; and the errno that ended it, 0 if nothing did.

    An errno that is not EAGAIN is an error of an earlier send, and told once.
    """
    if _FAST is not None:
        fast: _Receive = _FAST.receive
        return fast(sock.fileno(), most)
    return _one_by_one(sock.recv, most)


def receive_from(sock: socket.socket, most: int) -> tuple[list[tuple[bytes, Origin]], int]:
    """Likewise, each with who sent it."""
    if _FAST is not None:
        fast: _ReceiveFrom = _FAST.receive_from
        return fast(sock.fileno(), most)
    return _one_by_one(sock.recvfrom, most)


def _one_by_one(read: Callable[[int], T], most: int) -> tuple[list[T], int]:
    found: list[T] = []
    try:
        while len(found) < most:
            found.append(read(DATAGRAM_OCTETS))
    except OSError as error:
        return found, error.errno or 0
    return found, 0


def send_each(sock: socket.socket, datagrams: list[bytes], origins: list[Origin] | None) -> list[int] | None:
    """Send each where its origin says, or where the socket is connected to (`origins` None).

    None if the kernel took all of them; else an errno for each, 0 for those that it took.
    """
    if _FAST is not None:
        fast: _SendEach = _FAST.send_each
        return fast(sock.fileno(), datagrams, origins)
    errors: list[int] = []
    for place, octets in enumerate(datagrams):
        try:
            if origins is None:
                sock.send(octets)
            else:
                sock.sendto(octets, origins[place])
        except OSError as error:
            errors.append(error.errno or -1)
        else:
            errors.append(0)
    return errors if any(errors) else None


def address_of(origin: Origin) -> Address:
    """Who that is. A struct sockaddr_in (ip(7)) is family, port, address; a sockaddr_in6 (ipv6(7)) has a flow in front
    of the address and a scope behind it.
    """
    if not isinstance(origin, bytes):
        known: Address = origin
        return known
    port = int.from_bytes(origin[2:4], "big")
    if int.from_bytes(origin[:2], sys.byteorder) == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, origin[4:8]), port
    flow, scope = int.from_bytes(origin[4:8], "big"), int.from_bytes(origin[24:28], sys.byteorder)
    return socket.inet_ntop(socket.AF_INET6, origin[8:24]), port, flow, scope
