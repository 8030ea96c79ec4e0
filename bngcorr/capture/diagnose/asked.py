"""One question on the wire, asked again and again until it is answered. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.found import MOST_PACKETS, Found
from bngcorr.capture.diagnose.instants import SECOND_NS
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.seen import Seen

# A capture of "any" interface shows a packet once per interface that it passes; no protocol here asks again as soon:
# ARP and ND after 1 s (RFC 4861 §10), DHCPv6 after 0.9 s (RFC 8415 §15), DHCPv4 after 3 s, RADIUS clients after 1 s.
SAME_NS: Final = 300_000_000
CLOSE_NS: Final = 3 * SECOND_NS
PACE_NS: Final = 5 * SECOND_NS
MOST_OCTETS: Final = 2_048  # of a frame that is kept as an example: there are thousands of them


class Asked:
    """Transmissions of one question; `told` belongs to whoever asks for it."""

    __slots__ = ("_before_ns", "_record", "close", "count", "first_ns", "last_ns", "packets", "told", "where")

    def __init__(self, seen: Seen, at_ns: int) -> None:
        self.where: Final = seen.where
        self._record: Final = seen.record if len(seen.record.octets) <= MOST_OCTETS else None
        self.first_ns: Final = at_ns
        self.last_ns = at_ns
        self._before_ns = at_ns  # the last but one
        self.count = 1
        self.close = 0  # how many came within 3 s of the one before
        self.packets: tuple[int, ...] = (seen.number,)  # the first ones
        self.told = False

    def again(self, seen: Seen, at_ns: int) -> bool:
        """Another frame of it; False if it is the same transmission, seen once more."""
        if abs(at_ns - self.last_ns) < SAME_NS:
            return False
        self.close += at_ns - self.last_ns <= CLOSE_NS
        self._before_ns = self.last_ns
        self.last_ns = max(at_ns, self.last_ns)
        self.count += 1
        if len(self.packets) < MOST_PACKETS:
            self.packets = (*self.packets, seen.number)
        return True

    def answered(self, at_ns: int, patience_ns: int = SECOND_NS) -> None:
        """An answer: if it came in time, the last transmission is none without one."""
        if self.count > 1 and at_ns - self.last_ns < patience_ns:
            self.count -= 1
            self.packets = self.packets[: self.count]
            self.last_ns = self._before_ns

    def settled(self, now_ns: int, patience_ns: int = SECOND_NS) -> int:
        """How many transmissions an answer would be there to by now."""
        return self.count if now_ns - self.last_ns >= patience_ns else self.count - 1

    @property
    def lasted(self) -> str:
        """``4 times in 12.3 s``."""
        if self.count == 1:
            return "once"
        return f"{self.count} times in {(self.last_ns - self.first_ns) / SECOND_NS:.1f} s"

    def found(self, fault: Fault, subject: str, detail: str, severity: Severity | None = None) -> Found:
        """The fault that it is, each transmission counted; its example is the first one."""
        found = Found(fault, subject, self.where, detail, self.packets, self.first_ns, severity)
        found.count = self.count
        found.last_ns = self.last_ns
        found.show(self._record, self.packets[0])
        return found

    def once_more(self, seen: Seen, fault: Fault, subject: str, detail: str) -> Found:
        """The same fault, told before, by this transmission."""
        return Found(fault, subject, self.where, detail, (seen.number,), self.last_ns)


class Pace:
    """When all that waits is looked over on a live tap: it may be thousands, and nobody reads faster."""

    __slots__ = ("_next_ns",)

    def __init__(self) -> None:
        self._next_ns = 0

    def due(self, now_ns: int) -> bool:
        """Whether it is time again."""
        if 0 < self._next_ns - now_ns <= PACE_NS:
            return False
        self._next_ns = now_ns + PACE_NS
        return True
