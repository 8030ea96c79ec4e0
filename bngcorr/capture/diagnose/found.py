"""Faults of a capture, merged by kind and subject. Pure; memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bngcorr.capture.diagnose.kinds import MEANINGS, Fault, Severity
from bngcorr.capture.record import Record

MOST_SUBJECTS: Final = 1_000  # of one kind; the rest is counted
MOST_PACKETS: Final = 10  # numbers kept of one fault: the first ones
MOST_OCTETS: Final = 2_048  # kept of a frame that is an example


class Found:
    """One fault of one subject."""

    __slots__ = (
        "cleared",
        "count",
        "detail",
        "example",
        "example_number",
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
        self.example: Record | None = None  # the frame by which it was first told, if a frame told it
        self.example_number = 0  # its number, one of `packets`
        self.cleared: int | None = None  # number of the frame by which it was over; None: it was not

    def show(self, record: Record | None, number: int) -> None:
        """That frame is its example, with that number; None: it was not kept."""
        self.example = record
        self.example_number = number

    def again(self, later: Found) -> None:
        """It was seen another time."""
        self.count += later.count
        self.detail = later.detail
        self.last_ns = later.last_ns
        self.packets = (*self.packets, *(one for one in later.packets if one not in self.packets))[:MOST_PACKETS]
        self.severity = min(self.severity, later.severity)
        self.cleared = None


def kept(record: Record) -> Record:
    """A frame to be shown later, without what is too long."""
    if len(record.octets) <= MOST_OCTETS:
        return record
    octets = record.octets[:MOST_OCTETS]
    return Record(record.number, record.at_ns, octets, record.length, record.link, record.interface)


class Faults:
    """All that was found."""

    def __init__(
        self, most_subjects: int = MOST_SUBJECTS, *, most_at_one: int = MOST_SUBJECTS, examples: bool = True
    ) -> None:
        """`most_at_one`: subjects of one kind at one place; `examples`: frames by which faults are told are kept."""
        self._most_subjects: Final = most_subjects
        self._most_at_one: Final = most_at_one
        self._there: Final[dict[tuple[Fault, str], int]] = {}
        self._examples: Final = examples
        self._found: Final[dict[tuple[Fault, str, str], Found]] = {}
        self._subjects: Final[dict[Fault, int]] = {}
        self.left_out: Final[dict[Fault, int]] = {}  # faults of further subjects
        self._record: Record | None = None
        self._number = 0
        self.last_ns: Final[dict[int, int]] = {}  # by interface: the latest instant of any of its frames

    def now(self, record: Record | None, number: int, interface: int = 0) -> None:
        """That frame is being looked at: an example of what is added now, if it is among its packets."""
        self._record = record if self._examples else None
        self._number = number
        if record is not None and record.at_ns is not None:
            self.last_ns[interface] = max(record.at_ns, self.last_ns.get(interface, 0))

    def add(self, found: Found) -> None:
        """A fault, or one more time the same."""
        key = (found.fault, found.subject, found.where)
        known = self._found.get(key)
        if known is not None:
            known.again(found)
            return
        there = (found.fault, found.where)
        full = self._there.get(there, 0) >= self._most_at_one
        if full or self._subjects.get(found.fault, 0) >= self._most_subjects:
            self.left_out[found.fault] = self.left_out.get(found.fault, 0) + 1
            return
        self._subjects[found.fault] = self._subjects.get(found.fault, 0) + 1
        self._there[there] = self._there.get(there, 0) + 1
        self._found[key] = found
        if self._number in found.packets:
            found.show(None if self._record is None else kept(self._record), self._number)

    def also(self, fault: Fault, subject: str, where: str, number: int) -> None:
        """That frame shows it, too: of the same time, not one more."""
        known = self._found.get((fault, subject, where))
        if known is not None and number not in known.packets:
            known.packets = (*known.packets, number)[:MOST_PACKETS]

    def forget(self, before_ns: int) -> None:
        """Let go of what was last seen before then: a live tap has no end."""
        for key, found in list(self._found.items()):
            if found.last_ns is not None and found.last_ns < before_ns:
                del self._found[key]
                self._subjects[found.fault] -= 1
                there = (found.fault, found.where)
                self._there[there] -= 1
                if not self._there[there]:
                    del self._there[there]

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
