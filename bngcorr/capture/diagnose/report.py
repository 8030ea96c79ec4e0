"""What a diagnosis found, as values for screens, pages and programs. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath
from typing import Any, Final

from bngcorr.capture.diagnose.distances import BOUNDS_S, Distances
from bngcorr.capture.diagnose.found import Found
from bngcorr.capture.diagnose.kinds import MEANINGS, Fault, Severity
from bngcorr.capture.diagnose.line import line
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.diagnose.summary import Summary
from bngcorr.capture.packets import Kind, kind_of
from bngcorr.capture.trees.node import Node
from bngcorr.capture.trees.reading import Words, tree

SEVERITIES: Final = {Severity.CRITICAL: "critical", Severity.WARNING: "warning", Severity.NOTICE: "notice"}

_NO_WORDS: Final = Words({}, {})

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

    @property
    def labels(self) -> dict[str, str]:
        """What stands beside packet numbers, by file: its name without folders, nothing if there is one file only."""
        names = [file["file"] for file in self.head["files"]]
        if len(names) < 2:
            return dict.fromkeys(names, "")
        short = [PurePath(name).name for name in names]
        return dict(zip(names, short if len(set(short)) == len(short) else names, strict=True))

    def head_lines(self) -> list[tuple[str, str]]:
        """What was read, for people: a word and a sentence."""
        return _head_lines(self.head, self.left_out)

    def as_json(self) -> Row:
        """One object."""
        return self.head | {
            "faults": [one.row for one in self.told],
            "left_out": self.left_out,
            "distances": self.distances,
        }


def moment(at: str) -> str:
    """An instant for people, to the millisecond."""
    return f"{at[:23].replace('T', ' ')}Z" if "T" in at else at


def by_kind(report: Report) -> list[list[Told]]:
    """Faults of one severity and kind together, in the report's order."""
    kinds: dict[tuple[Severity, Fault], list[Told]] = {}
    for told in report.told:
        kinds.setdefault((told.found.severity, told.found.fault), []).append(told)
    return list(kinds.values())


def packets_text(packets: Iterable[Row], report: Report) -> str:
    """``1, 9``; of several files ``a.pcap 1, 9; b.pcap 3``."""
    labels = report.labels
    by_file: dict[str, list[str]] = {}
    for one in packets:
        by_file.setdefault(labels.get(one["file"] or "", ""), []).append(str(one["number"]))
    return "; ".join(f"{name} {', '.join(numbers)}".lstrip() for name, numbers in by_file.items())


def shown_distances(rows: list[Row]) -> list[Row]:
    """Those from the first to the last that is not empty."""
    full = [at for at, row in enumerate(rows) if row["solicit_first"] or row["discover_first"]]
    return rows[full[0] : full[-1] + 1] if full else []


def verdict(report: Report) -> str:
    """The last line."""
    if not report.head["packets"]:
        return "Nothing could be read."
    counts = [
        f"{count:,} {word}{'s' if count > 1 and word != 'critical' else ''}"
        for word, count in report.head["counts"].items()
        if count
    ]
    return f"Found: {', '.join(counts)}." if counts else "Nothing found."


def report(diagnosis: Diagnosis, summary: Summary, choice: Choice, words: Callable[[], Words]) -> Report:
    """Of the faults that are chosen; `words` of RADIUS attributes are asked for only if an example needs them."""
    chosen, kinds = choice.of(diagnosis.faults), choice.kinds
    told = tuple(_told(found, summary, words) for found in chosen)
    left_out = {str(fault): count for fault, count in sorted(diagnosis.faults.left_out.items()) if fault in kinds}
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


def _head_lines(head: Row, left_out: dict[str, int]) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for file in head["files"]:
        names = file["interfaces"]
        on = f" on {', '.join(names[:8])}{', …' if len(names) > 8 else ''}" if names else ""
        lines.append(("file", f"{file['file']}: {file['packets']:,} packets{on}"))
        if file["unread"]:
            lines.append(("unread", file["unread"]))
    if head["first_at"] is not None:
        lines.append(("time", f"{moment(head['first_at'])} … {moment(head['last_at'])}, {head['seconds']:,.1f} s"))
    if head["protocols"]:
        lines.append(("packets", ", ".join(f"{name} {count:,}" for name, count in head["protocols"].items())))
    if head["malformed"]:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in head["malformed"].items())
        lines.append(("malformed", reasons))
    if head["cut"]:
        lines.append(("cut", f"{head['cut']:,} packets, read as far as they go: a snaplen, or fragments"))
    if head["twins"]:
        lines.append(("twins", f"{head['twins']:,} second copies, as mirror ports make them, looked at once"))
    if head["interrupted"]:
        lines.append(("unread", "interrupted: there may be more"))
    lines += [("unread", f"detector {name} failed: {why}") for name, why in head["broken"].items()]
    lines += [("not kept", f"{kind}: {count:,} times of further subjects") for kind, count in left_out.items()]
    return lines


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
    node = None
    if kind is not None:
        node = tree(seen.frame.payload, kind, words() if kind is Kind.RADIUS else _NO_WORDS, cut=seen.frame.cut)
    shown = _packet(found.example_number, summary)
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
