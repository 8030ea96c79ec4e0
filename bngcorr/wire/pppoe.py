"""PPPoE discovery (RFC 2516 §5) and the line's ids in it (Broadband Forum TR-101 §3.9.2).

tag:  type (2), length (2), value      tag 0x0105: enterprise number (4), then sub-tags of type (1), length (1), value
"""

from __future__ import annotations

from typing import Final

from bngcorr.errors import Malformed
from bngcorr.wire.attributes import BROADBAND_FORUM
from bngcorr.wire.refusal import Refusal

CODES: Final = {0x09: "PADI", 0x07: "PADO", 0x19: "PADR", 0x65: "PADS", 0xA7: "PADT"}

END_OF_LIST: Final = 0x0000
SERVICE_NAME: Final = 0x0101
AC_NAME: Final = 0x0102
HOST_UNIQ: Final = 0x0103
AC_COOKIE: Final = 0x0104
VENDOR: Final = 0x0105
RELAY_SESSION: Final = 0x0110
SERVICE_NAME_ERROR: Final = 0x0201
AC_SYSTEM_ERROR: Final = 0x0202
GENERIC_ERROR: Final = 0x0203
TITLES: Final = {
    SERVICE_NAME: "Service-Name", AC_NAME: "AC-Name", HOST_UNIQ: "Host-Uniq", AC_COOKIE: "AC-Cookie",
    VENDOR: "Vendor-Specific", RELAY_SESSION: "Relay-Session-Id", SERVICE_NAME_ERROR: "Service-Name-Error",
    AC_SYSTEM_ERROR: "AC-System-Error", GENERIC_ERROR: "Generic-Error",
}  # fmt: skip

CIRCUIT_ID: Final = 1
REMOTE_ID: Final = 2


class Discovery:
    """Tags of one packet in their order, and what the access node says of the line."""

    __slots__ = ("circuit_id", "remote_id", "sub_tags", "tags", "whole")

    def __init__(self, tags: list[tuple[int, bytes]], whole: bool) -> None:
        self.tags: Final = tags
        self.whole: Final = whole  # False: the last tag claims more octets than there are; it is left out
        self.circuit_id: bytes | None = None  # empty is none, as everywhere
        self.remote_id: bytes | None = None
        self.sub_tags: list[tuple[int, bytes]] = []  # of the Broadband Forum's tag
        for kind, value in tags:
            if kind == VENDOR and int.from_bytes(value[:4], "big") == BROADBAND_FORUM and len(value) > 4:
                self._line(value)
                break

    def _line(self, value: bytes) -> None:
        at, size = 4, len(value)
        while at + 2 <= size and at + 2 + value[at + 1] <= size:
            end = at + 2 + value[at + 1]
            self.sub_tags.append((value[at], value[at + 2 : end]))
            at = end
        for kind, sub in self.sub_tags:
            if kind == CIRCUIT_ID:
                self.circuit_id = self.circuit_id or sub or None
            elif kind == REMOTE_ID:
                self.remote_id = self.remote_id or sub or None


def decode(payload: bytes, *, cut: bool = False) -> Discovery:
    """Tags behind the PPPoE header. Raises Malformed: overrun, unless the packet is `cut`."""
    tags: list[tuple[int, bytes]] = []
    at, size = 0, len(payload)
    while at + 4 <= size:
        kind = payload[at] << 8 | payload[at + 1]
        if kind == END_OF_LIST:
            return Discovery(tags, True)
        end = at + 4 + (payload[at + 2] << 8 | payload[at + 3])
        if end > size:
            break
        tags.append((kind, payload[at + 4 : end]))
        at = end
    if at < size and not cut:
        raise Malformed(Refusal.OVERRUN, at)
    return Discovery(tags, not cut)
