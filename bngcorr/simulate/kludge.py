"""What BNGs do by themselves: a SOLICIT gets the line of the DISCOVER that came from the same port and MAC just before.

No memory beyond the window, no other key, no waiting, no doubt.
"""

from __future__ import annotations

from typing import Final

from bngcorr.simulate.packet import Code, Form, Packet
from bngcorr.simulate.sites import Place

WINDOW_MS: Final = 5_000


class Kludge:
    """The plain correlation of one box."""

    def __init__(self) -> None:
        self._last: dict[tuple[Place | None, bytes], tuple[int, int]] = {}  # line, when
        self._sessions: dict[bytes, int] = {}

    def take(self, packet: Packet) -> int | None:
        """The line that the box would put into the request; that of a session stays. None: none."""
        key = (packet.place, packet.mac)
        if packet.code is not Code.ACCESS:
            return packet.line if packet.form is not Form.NONE else self._sessions.get(packet.session)
        if packet.form is not Form.NONE:
            if not packet.v6:
                self._last[key] = (packet.line, packet.event_ms)
            return packet.line
        line, when = self._last.get(key, (None, 0))
        if line is None or packet.event_ms - when > WINDOW_MS:
            return None
        self._sessions[packet.session] = line
        return line
