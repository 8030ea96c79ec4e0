"""All that the memory store keeps of one correlation domain, and which of it counts now.

Names (lines, sessions, keys, MACs, places) are hexadecimal digits, instants epoch milliseconds.
"""

from __future__ import annotations

from collections import deque

from bngcorr.model.line import LineIds
from bngcorr.store.memory_records import Box, Line, Notes, Session, Voucher
from bngcorr.store.rows import Closed, FindingRow


class Walk:
    """When the walks over sessions and over all else began; None: none is under way."""

    __slots__ = ("census", "others_ms", "sessions_ms")

    def __init__(self, sessions_ms: int | None = None, others_ms: int | None = None) -> None:
        """All but what has no default may be left out."""
        self.sessions_ms: int | None = sessions_ms
        self.others_ms: int | None = others_ms
        self.census: dict[str, tuple[int, int, int]] = {}


class Domain:
    """Everything of one correlation domain."""

    __slots__ = (
        "boxes",
        "closed",
        "closed_lost",
        "distances",
        "findings",
        "keys",
        "lines",
        "macs",
        "name",
        "numbers",
        "over_ms",
        "plan",
        "sessions",
        "walk",
        "watched",
    )

    def __init__(self, name: str, closed: deque[Closed], closed_lost: int = 0) -> None:
        """All but what has no default may be left out."""
        self.name: str = name
        self.closed: deque[Closed] = (
            closed  # sessions that gave back hosts, and are not written down yet; as many as there is room for
        )
        self.lines: dict[str, Line] = {}
        self.keys: dict[str, Notes] = {}
        self.macs: dict[str, dict[str, int]] = {}  # the lines of each, and when seen there
        self.sessions: dict[str, Session] = {}
        self.boxes: dict[str, Box] = {}
        self.plan: dict[str, LineIds] = {}
        self.watched: dict[str, int] = {}  # lines whose IPv6 has to come back, and when to look
        self.numbers: dict[str, dict[int, int]] = {}
        self.distances: dict[str, dict[int, int]] = {}
        self.findings: dict[tuple[str, str], FindingRow] = {}  # by kind and subject
        self.over_ms: dict[tuple[str, str], int] = {}  # when each of them was last over
        self.walk: Walk = Walk()
        self.closed_lost: int = closed_lost  # those for which there was no room

    def box(self, nas: str) -> Box:
        """A box; one that was not known begins."""
        box = self.boxes.get(nas)
        if box is None:
            box = self.boxes[nas] = Box()
        return box

    def epoch(self, nas: str) -> int:
        """The present epoch of a box."""
        box = self.boxes.get(nas)
        return 0 if box is None else box.epoch

    def vouchers(self, line: str, key: str, now_ms: int) -> list[Voucher]:
        """Sessions of a line on a key that count now, or may again: their box has restarted since."""
        known = self.lines.get(line)
        if known is None:
            return []
        return [one for one in known.vouchers.values() if one.until_ms > now_ms and key in one.keys]

    def counts(self, voucher: Voucher) -> bool:
        """Whether a session is of its box's present life."""
        return voucher.epoch == self.epoch(voucher.nas)

    def live(self, line: str, key: str, now_ms: int) -> bool:
        """Whether a line has a session on a key that counts now."""
        return any(self.counts(voucher) for voucher in self.vouchers(line, key, now_ms))

    def prune(self, key: str, now_ms: int, *, keep: str = "") -> Notes:
        """What stands on a key, without lines that neither sighting nor session keeps; `keep` stays in any case."""
        notes = self.keys.get(key)
        if notes is None:
            return Notes()
        gone = [
            line
            for line, seen in notes.lines.items()
            if seen.until_ms < now_ms and line != keep and not self.vouchers(line, key, now_ms)
        ]
        for line in gone:
            del notes.lines[line]
        return notes

    def disown(self, line: str | None, session: str) -> None:
        """A session no longer vouches for a line."""
        known = self.lines.get(line or "")
        if known is not None:
            known.vouchers.pop(session, None)
