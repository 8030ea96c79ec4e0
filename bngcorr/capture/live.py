"""Frames of an interface as they pass: a packet socket (packet(7)) behind a filter, and the interface it looks at.

Opening it needs CAP_NET_RAW; to look at another interface, or at the same one come back, does not. VLAN tags that the
kernel took off are put back.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import socket
import struct
import time
from enum import StrEnum
from typing import Final

from bngcorr.capture.bpf import KEEP, Instruction, packed
from bngcorr.capture.record import Record
from bngcorr.wire.frame import ETHERNET

_SOL_PACKET: Final = 263  # linux/if_packet.h and asm-generic/socket.h; the socket module names few of them
_ADD_MEMBERSHIP: Final = 1
_STATISTICS: Final = 6
_AUXDATA: Final = 8
_IGNORE_OUTGOING: Final = 23
_PROMISCUOUS: Final = 1
_OUTGOING: Final = 4  # packet type
_VLAN_VALID: Final = 1 << 4
_VLAN_TPID_VALID: Final = 1 << 6
_SO_ATTACH_FILTER: Final = 26
_SO_TIMESTAMPNS: Final = 35
_ALL: Final = 0x0003  # ETH_P_ALL
_GET_FLAGS: Final = 0x8913  # SIOCGIFFLAGS, SIOCGIFHWADDR
_GET_HARDWARE: Final = 0x8927
_UP: Final = 1
_LIKE_ETHERNET: Final = (1, 772)  # ARPHRD_ETHER, ARPHRD_LOOPBACK
_DEFAULT_TAG: Final = 0x8100
_ADDRESSES: Final = 12  # octets in front of a tag

_AUX: Final = struct.Struct("=IIIHHHH")  # struct tpacket_auxdata
_TIME: Final = struct.Struct("=qq")
_COUNTS: Final = struct.Struct("=II")
_ANCILLARY_OCTETS: Final = socket.CMSG_SPACE(_AUX.size) + socket.CMSG_SPACE(_TIME.size)


class Link(StrEnum):
    """How the interface is."""

    UP = "up"
    DOWN = "down"
    ABSENT = "absent"
    FOREIGN = "foreign"  # no Ethernet


class TapSocket:
    """Frames of one interface, as far as they pass the filter."""

    def __init__(self, interface: str, number: int, instructions: list[Instruction], *, outgoing: bool = False) -> None:
        """Raises PermissionError without CAP_NET_RAW, else OSError. Nothing is read before `look` has found the
        interface. `number` is that of its records; `outgoing`: frames that this host sends count, too.
        """
        self.interface: Final = interface
        self.number: Final = number
        self.opened: Final = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # for no protocol: nothing yet
        self._frames = 0
        self._index = 0  # of the interface that it is bound to
        self._keeps_outgoing: Final = outgoing
        try:
            self.opened.setblocking(False)
            program = ctypes.create_string_buffer(packed(instructions))
            filter_of = struct.pack("HP", len(instructions), ctypes.addressof(program))  # struct sock_fprog
            self.opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filter_of)
            self.opened.setsockopt(_SOL_PACKET, _AUXDATA, 1)
            self.opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            if not outgoing:
                with contextlib.suppress(OSError):  # before Linux 4.20 they are left out one by one
                    self.opened.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
        except OSError:
            self.opened.close()
            raise

    def look(self) -> Link:
        """How the interface is now; if it is there, or is there again, it is listened to from now on."""
        try:
            index = socket.if_nametoindex(self.interface)
            hardware = struct.unpack_from("H", self._ask(_GET_HARDWARE), 16)[0]
            if hardware not in _LIKE_ETHERNET:
                return Link.FOREIGN
            if index != self._index:
                self.opened.bind((self.interface, _ALL))
                self._index = index
                membership = struct.pack("=IHH8s", index, _PROMISCUOUS, 0, b"")
                self.opened.setsockopt(_SOL_PACKET, _ADD_MEMBERSHIP, membership)
            flags = struct.unpack_from("H", self._ask(_GET_FLAGS), 16)[0]
        except OSError:
            self._index = 0
            return Link.ABSENT
        return Link.UP if flags & _UP else Link.DOWN

    def _ask(self, what: int) -> bytes:
        """A struct ifreq of the interface."""
        return fcntl.ioctl(self.opened, what, struct.pack("16s24x", self.interface.encode()))

    def read(self, most: int) -> list[Record]:
        """So many of the frames that wait, with the kernel's instants. Never raises."""
        records: list[Record] = []
        for _ in range(most):
            try:
                octets, ancillary, _, address = self.opened.recvmsg(KEEP, _ANCILLARY_OCTETS)
            except BlockingIOError:
                break
            except OSError as error:
                if error.errno == errno.ENETDOWN:  # told once; frames that waited can still be read
                    continue
                break
            if address[0] != self.interface:  # it has another name now: it is not the one that was asked for
                continue
            if address[2] == _OUTGOING and not self._keeps_outgoing:
                continue
            self._frames += 1
            records.append(self._record(octets, ancillary))
        return records

    def _record(self, octets: bytes, ancillary: list[tuple[int, int, bytes]]) -> Record:
        at_ns, length = 0, len(octets)
        for level, kind, data in ancillary:
            if level == _SOL_PACKET and kind == _AUXDATA and len(data) >= _AUX.size:
                status, length, _, _, _, tag, tag_type = _AUX.unpack_from(data)
                if status & _VLAN_VALID:
                    tag_type = tag_type if status & _VLAN_TPID_VALID else _DEFAULT_TAG
                    put_back = struct.pack("!HH", tag_type, tag)
                    octets = octets[:_ADDRESSES] + put_back + octets[_ADDRESSES:]
                    length += len(put_back)
            elif level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) == _TIME.size:
                seconds, nanoseconds = _TIME.unpack(data)
                at_ns = seconds * 1_000_000_000 + nanoseconds
        return Record(self._frames, at_ns or time.time_ns(), octets, length, ETHERNET, self.number)

    def more_drops(self) -> int:
        """Frames that passed the filter and found no room, since this was asked last."""
        try:
            told = self.opened.getsockopt(_SOL_PACKET, _STATISTICS, _COUNTS.size)
        except OSError:
            return 0
        return int(_COUNTS.unpack(told)[1])

    def close(self) -> None:
        """Close."""
        self.opened.close()


__all__ = ["Link", "TapSocket"]
