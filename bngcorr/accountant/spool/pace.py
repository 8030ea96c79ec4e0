"""How many records may be with AAA at a time, and how fast they may go. Pure: `now` is an argument, monotonic seconds.

The window grows with every answer and shrinks when answers stay out. An AAA that answers nothing at all gets a handful
at a time, to find out when it is back. While older records wait, no more than `rate` go out in a second; an AAA that
comes back from an outage is not met by everything at once.
"""

from __future__ import annotations

from typing import Final

WINDOW: Final = 32.0  # to begin with
LEAST: Final = 4.0
MOST: Final = 1024.0
SHRINK_EVERY_S: Final = 1.0  # one loss or many: the window shrinks once
BURST_S: Final = 0.05  # this long's worth of the rate may go at once


class Pace:
    """Towards one AAA."""

    def __init__(self, rate: int) -> None:
        """`rate`: records a second while older ones wait."""
        self._rate = rate
        self._burst = max(rate * BURST_S, 1.0)
        self._tokens = self._burst
        self._filled_at = 0.0
        self._answered_at = -1.0
        self._shrunk_at = 0.0
        self._window = WINDOW
        self.silent = False  # it answered nothing since the last of those was sent that ran out

    @property
    def window(self) -> int:
        """Records that may be with AAA at a time."""
        return int(self._window)

    def allows(self, now: float, out: int, *, backlog: bool) -> bool:
        """Whether one more may go while so many are with AAA."""
        self._tokens = min(self._tokens + (now - self._filled_at) * self._rate, self._burst)
        self._filled_at = now
        return out < self.window and (not backlog or self._tokens >= 1.0)

    def launched(self) -> None:
        """One went."""
        self._tokens = max(self._tokens - 1.0, 0.0)

    def answered(self, now: float) -> bool:
        """AAA answered one; whether it had been silent before."""
        self._answered_at = now
        grown = self._window + (1.0 if self._window < WINDOW else 1.0 / self._window)
        self._window = min(grown, MOST)
        was, self.silent = self.silent, False
        return was

    def unanswered(self, now: float, sent_at: float) -> bool:
        """One ran out; whether AAA answered others since that one was sent."""
        if self._answered_at < sent_at:
            self.silent = True
            self._window = LEAST
            return False
        if now - self._shrunk_at >= SHRINK_EVERY_S:
            self._shrunk_at = now
            self._window = max(self._window * 0.75, LEAST)
        return True

    def allowed_at(self, now: float) -> float:
        """When the rate lets the next one go."""
        return now + max(1.0 - self._tokens, 0.0) / self._rate
