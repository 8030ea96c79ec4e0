"""Faults of a capture, merged by kind and subject. Pure; memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bngcorr.capture.diagnose.kinds import MEANINGS, Fault, Severity

MOST_SUBJECTS: Final = 1_000  # of one kind; the rest is counted
MOST_PACKETS: Final = 10  # numbers kept of one fault: the first ones


class Found:
    """One fault of one subject."""

    __slots__ = (
        "cleared",
        "count",
        "detail",
        "fault",
        "first_ns",
        "last_ns",
        "packets",
        "severity",
        "subject",
        "where",
    )

    def __init__(
        self, fault: Fault, subject: str, where: str, detail: str, packets: tuple[int, ...], at_ns: int | None,
        severity: Severity | None = None,
    ) -> None:  # fmt: skip
        """`packets`: numbers of the frames that show it, the one that decided last."""
        self.fault: Final = fault
        self.subject: Final = subject  # what it is about: a MAC, an address, a line; with kind and place it names it
        self.where: Final = where  # interface and VLANs, as `Seen.where` says them
        self.detail = detail  # one sentence with the values in question; that of the last time
        self.packets = packets[:MOST_PACKETS]
        self.count = 1  # how many times
        self.first_ns = at_ns
        self.last_ns = at_ns
        self.severity = MEANINGS[fault].severity if severity is None else severity
        self.cleared: int | None = None  # number of the frame by which it was over; None: it was not

    def again(self, later: Found) -> None:
        """It was seen another time."""
        self.count += 1
        self.detail = later.detail
        self.last_ns = later.last_ns
        self.packets = (*self.packets, *(one for one in later.packets if one not in self.packets))[:MOST_PACKETS]
        self.severity = min(self.severity, later.severity)
        self.cleared = None


class Faults:
    """All that was found."""

    def __init__(self) -> None:
        self._found: Final[dict[tuple[Fault, str, str], Found]] = {}
        self._subjects: Final[dict[Fault, int]] = {}
        self.left_out: Final[dict[Fault, int]] = {}  # faults of further subjects

    def add(self, found: Found) -> None:
        """A fault, or one more time the same."""
        key = (found.fault, found.subject, found.where)
        known = self._found.get(key)
        if known is not None:
            known.again(found)
            return
        if self._subjects.get(found.fault, 0) >= MOST_SUBJECTS:
            self.left_out[found.fault] = self.left_out.get(found.fault, 0) + 1
            return
        self._subjects[found.fault] = self._subjects.get(found.fault, 0) + 1
        self._found[key] = found

    def clear(self, fault: Fault, subject: str, where: str, number: int) -> None:
        """It is over, as that frame shows: it is still told, as over."""
        known = self._found.get((fault, subject, where))
        if known is not None and known.cleared is None:
            known.cleared = number

    def __iter__(self) -> Iterator[Found]:
        """The worst first; of the same severity by kind, then what is not over, then by first packet."""
        return iter(
            sorted(
                self._found.values(),
                key=lambda one: (one.severity, one.fault, one.cleared is not None, one.packets[:1]),
            )
        )

    def __len__(self) -> int:
        return len(self._found)
