"""What the kernel keeps for a UDP socket until it is read: how much room it grants, and how much it had to drop."""

from __future__ import annotations

import socket
import struct
from typing import Final

SO_RCVBUFFORCE: Final = 33  # asm-generic/socket.h; the socket module names neither
SO_MEMINFO: Final = 55
_MEMINFO: Final = struct.Struct("=9I")  # linux/sock_diag.h: SK_MEMINFO_DROPS is the last; a 32-bit count that wraps
_WRAP: Final = 1 << 32


class ReceiveQueue:
    """One socket's."""

    __slots__ = ("_dropped", "_opened", "granted", "requested")

    def __init__(self, opened: socket.socket, octets: int) -> None:
        """Ask for so much room. Raises OSError.

        A process with CAP_NET_ADMIN gets what it asks for, any other at most net.core.rmem_max (socket(7)).
        """
        try:
            opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, octets)
        except OSError:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, octets)
        self.requested = octets
        # Linux reports twice what it grants (socket(7))
        self.granted: int = opened.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        self._opened = opened
        self._dropped = 0

    def more_drops(self) -> int:
        """Datagrams dropped since this was asked last, for lack of room or for a wrong checksum.

        0 for a socket that is closed, or a kernel that does not tell (before Linux 4.12).
        """
        try:
            told = self._opened.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, _MEMINFO.size)
        except OSError:
            return 0
        if len(told) < _MEMINFO.size:
            return 0
        dropped: int = _MEMINFO.unpack(told)[8]
        more = (dropped - self._dropped) % _WRAP
        self._dropped = dropped
        return more
