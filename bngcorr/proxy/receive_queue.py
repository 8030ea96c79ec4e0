"""What the kernel keeps for a UDP socket until it is read: how much room it grants, and how much it had to drop."""

from __future__ import annotations

import socket
import struct
from typing import Final

SO_RCVBUFFORCE: Final = 33  # asm-generic/socket.h; the socket module names neither
SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=9I")  # linux/sock_diag.h: SK_MEMINFO_DROPS is the last; a 32-bit count that wraps
_WRAP: Final = 1 << 32


def ask_for(opened: socket.socket, octets: int) -> int:
    """Ask for a receive buffer of so many octets; those granted.

    A process with CAP_NET_ADMIN gets what it asks for, any other at most net.core.rmem_max (socket(7)). Raises OSError.
    """
    try:
        opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, octets)
    except OSError:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)
    return opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2  # Linux reports twice what it grants


class Drops:
    """Datagrams that the kernel dropped at one socket, because its buffer was full or their checksum wrong."""

    __slots__ = ("_counted", "_opened")

    def __init__(self, opened: socket.socket) -> None:
        self._opened = opened
        self._counted = 0

    def more(self) -> int:
        """How many since this was asked last; 0 for a socket that is closed, or a kernel that does not tell."""
        try:
            told = self._opened.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return 0
        if len(told) < _MEMINFO.size:
            return 0
        now: int = _MEMINFO.unpack(told)[8]
        more = (now - self._counted) % _WRAP
        self._counted = now
        return more
