"""CAP_NET_RAW of this process: held until packet sockets are open, and given up then (capabilities(7))."""

from __future__ import annotations

import ctypes
import struct
from pathlib import Path
from typing import Final

NET_RAW: Final = 13
_VERSION_3: Final = 0x20080522
_BOUNDING_DROP: Final = 24  # linux/prctl.h
_AMBIENT: Final = 47
_AMBIENT_LOWER: Final = 3
_DATA: Final = struct.Struct("=6I")  # effective, permitted, inheritable: the lower 32 of each, then the upper ones


def give_up(capability: int = NET_RAW) -> bool:
    """Take it out of all sets of this thread: neither it nor what it starts from now on has it.

    False if that was refused, or if there are other threads, which keep theirs.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_AMBIENT, _AMBIENT_LOWER, capability, 0, 0)  # refused by a kernel that knows no ambient set
    libc.prctl(_BOUNDING_DROP, capability, 0, 0, 0)  # refused without CAP_SETPCAP: only children of root need it
    header = ctypes.create_string_buffer(struct.pack("=Ii", _VERSION_3, 0))
    data = ctypes.create_string_buffer(_DATA.size)
    if libc.capget(header, data) != 0:
        return False
    sets = list(_DATA.unpack(data.raw))
    half = len(sets) // 2
    first = 0 if capability < 32 else half
    for at in range(first, first + half):
        sets[at] &= ~(1 << capability % 32)
    if libc.capset(header, ctypes.create_string_buffer(_DATA.pack(*sets))) != 0:
        return False
    return len(list(Path("/proc/self/task").iterdir())) == 1
