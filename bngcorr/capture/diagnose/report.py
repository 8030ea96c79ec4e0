"""What a diagnosis found, as values for screens, pages and programs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from bngcorr.capture.diagnose.distances import BOUNDS_S, Distances
from bngcorr.capture.diagnose.found import Found
from bngcorr.capture.diagnose.kinds import MEANINGS, Fault, Severity
from bngcorr.capture.diagnose.line import line
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.diagnose.summary import Summary
from bngcorr.capture.packets import kind_of
from bngcorr.capture.trees.node import Node
from bngcorr.capture.trees.reading import Words, tree

SEVERITIES: Final = {Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.NOTICE: "notice"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which faults are told."""

    kinds: frozenset[Fault] = frozenset(Fault)
    severity: Severity = Severity.NOTICE  # at least that bad

    def of(self, faults: Iterable[Found]) -> list[Found]:
        """Those, in their order."""
        return [one for one in faults if one.fault in self.kinds and one.severity <= self.severity]


@dataclass(frozen=True, slots=True)
class Told:
    """One fault with all that is said of it."""

    found: Found
    row: Row  # as JSON has it
    example: Node | None  # the tree of its example, if that is RADIUS or DHCP


@dataclass(frozen=True, slots=True)
class Report:
    """All of it."""

    head: Row
    told: tuple[Told, ...]
    left_out: dict[str, int]  # by kind: faults of subjects beyond those that are kept
    distances: list[Row]  # by bound; empty if there was nothing to measure

    def as_json(self) -> Row:
        """One object."""
        return self.head | {
            "faults": [one.row for one in self.told],
            "left_out": self.left_out,
            "distances": self.distances,
        }


def report(diagnosis: Diagnosis, summary: Summary, chosen: list[Found], words: Callable[[], Words]) -> Report:
    """Of faults that were chosen; `words` of RADIUS attributes are asked for only if an example needs them."""
    told = tuple(_told(found, summary, words) for found in chosen)
    left_out = {str(fault): count for fault, count in sorted(diagnosis.faults.left_out.items())}
    return Report(_head(diagnosis, summary, chosen), told, left_out, _distances(diagnosis.distances))


def instant(at_ns: int | None) -> str | None:
    """RFC 3339 with nanoseconds, in UTC; seconds since 1970 if no calendar has it."""
    if at_ns is None:
        return None
    seconds, fraction = divmod(at_ns, 1_000_000_000)
    try:
        second = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds}.{fraction:09}"
    return f"{second:%Y-%m-%dT%H:%M:%S}.{fraction:09}Z"


def _head(diagnosis: Diagnosis, summary: Summary, chosen: list[Found]) -> Row:
    first, last = summary.first_ns, summary.last_ns
    return {
        "files": [
            {
                "file": file.name,
                "packets": file.frames,
                "interfaces": [f"if{file.first_interface + at}" for at in range(file.interfaces)],
                "unread": file.unread or None,
            }
            for file in summary.files
        ],
        "packets": summary.frames,
        "first_at": instant(first),
        "last_at": instant(last),
        "seconds": None if first is None or last is None else round((last - first) / 1e9, 6),
        "protocols": dict(sorted(summary.protocols.items(), key=lambda item: (-item[1], item[0]))),
        "malformed": dict(sorted(summary.refused.items())),
        "cut": summary.cut,
        "twins": summary.twins,
        "interrupted": summary.interrupted,
        "broken": dict(diagnosis.broken),
        "counts": {
            word: sum(1 for one in chosen if one.severity is severity) for severity, word in SEVERITIES.items()
        },
    }  # fmt: skip


def _told(found: Found, summary: Summary, words: Callable[[], Words]) -> Told:
    meaning = MEANINGS[found.fault]
    example, node = _example(found, summary, words)
    row: Row = {
        "kind": str(found.fault),
        "severity": SEVERITIES[found.severity],
        "title": meaning.title,
        "subject": found.subject,
        "where": found.where,
        "detail": found.detail,
        "count": found.count,
        "packets": [_packet(number, summary) for number in found.packets],
        "first_at": instant(found.first_ns),
        "last_at": instant(found.last_ns),
        "cleared": None if found.cleared is None else _packet(found.cleared, summary),
        "means": meaning.means,
        "todo": meaning.todo,
        "source": meaning.source,
        "example": example,
    }
    return Told(found, row, node)


def _packet(number: int, summary: Summary) -> Row:
    place = summary.file_of(number)
    return {"file": place[0].name, "number": place[1]} if place is not None else {"file": None, "number": number}


def _example(found: Found, summary: Summary, words: Callable[[], Words]) -> tuple[Row | None, Node | None]:
    record = found.example
    if record is None:
        return None, None
    seen = Seen(record)
    kind = kind_of(seen.frame)
    node = tree(seen.frame.payload, kind, words(), cut=seen.frame.cut) if kind is not None else None
    number = next((one for one in found.packets if (place := summary.file_of(one)) and place[1] == record.number), None)
    shown = {"file": None, "number": record.number} if number is None else _packet(number, summary)
    shown |= {"at": instant(record.at_ns), "line": line(seen), "tree": None if node is None else node.as_json()}
    return shown, node


def _distances(distances: Distances) -> list[Row]:
    if not len(distances):
        return []
    bounds = (*BOUNDS_S, None)  # None: more than the one before
    return [
        {"up_to_seconds": bound, "solicit_first": before, "discover_first": after}
        for bound, before, after in zip(bounds, distances.before, distances.after, strict=True)
    ]
