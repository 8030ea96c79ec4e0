"""The capture's time."""

from __future__ import annotations


class Clock:
    """Epoch milliseconds; never goes back."""

    __slots__ = ("began_ms", "late", "now_ms")

    def __init__(self) -> None:
        self.now_ms = 0
        self.began_ms: int | None = None  # instant of the first packet
        self.late = 0  # packets that came after later ones, in spite of all that was read ahead

    def advance(self, at_ms: int) -> None:
        """A packet of that instant has come."""
        if self.began_ms is None:
            self.began_ms = at_ms
        if at_ms < self.now_ms:
            self.late += 1
        else:
            self.now_ms = at_ms
