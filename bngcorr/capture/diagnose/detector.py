"""What a detector is. Pure."""

from __future__ import annotations

from typing import Protocol

from bngcorr.capture.diagnose.found import Faults
from bngcorr.capture.diagnose.seen import Seen


class Detector(Protocol):
    """Looks for one kind of trouble, or a few that need the same memory.

    Made as ``Kind(faults)`` or with thresholds besides; it adds to `faults` as soon as it is sure, and clears what is
    over. What it keeps is bounded (`bngcorr.capture.diagnose.memory`): a capture, or a live tap, has no end.
    """

    def see(self, seen: Seen) -> None:
        """The next frame. Frames that are cut (`seen.frame.cut`) are read as far as they go, and prove no absence."""

    def end(self) -> None:
        """No more frames: what waits for something that never came is decided now, by the last instant seen."""


class Timed(Detector, Protocol):
    """One that tells by what did not come."""

    def elapsed(self, now_ns: int) -> None:
        """So late it is, on a live tap: whatever has waited long enough is decided."""


__all__ = ["Detector", "Faults", "Timed"]
