"""What a detector is. Pure."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from bngcorr.capture.diagnose.found import Faults
from bngcorr.capture.diagnose.seen import Concern, Seen


class Detector(Protocol):
    """Looks for one kind of trouble, or a few that need the same memory.

    Made as ``Kind(faults)`` or with thresholds besides; it adds to `faults` as soon as it is sure, and clears what is
    over. What it keeps is bounded (`bngcorr.capture.diagnose.memory`): a capture, or a live tap, has no end.
    """

    @property
    def concerns(self) -> frozenset[Concern]:
        """Which frames it is shown; a class attribute. ``Concern.OTHER``: neither ARP, ND, DHCP nor RADIUS."""

    def see(self, seen: Seen) -> None:
        """The next frame. Frames that are cut (`seen.frame.cut`) are read as far as they go, and prove no absence.

        The same octets twice within 1 ms on one interface are one frame (a mirror port's second copy): shown once.
        """

    def end(self) -> None:
        """No more frames: what waits for something that never came is decided now, by the last instant seen."""


@runtime_checkable
class Timed(Detector, Protocol):
    """One that tells by what did not come."""

    def elapsed(self, now_ns: int) -> None:
        """So late it is, on a live tap: whatever has waited long enough is decided. Not called over captures."""


__all__ = ["Concern", "Detector", "Faults", "Timed"]
