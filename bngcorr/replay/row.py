"""One request of a capture: what it said, what was decided, what AAA said."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import Mac, format_mac
from bngcorr.model.shown import instant_shown, octets_shown
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome, Strength, Trigger
from bngcorr.replay.why import Why

MOST_OPEN: Final = 65_536  # rows that wait for their verdict or answer

Changes = list[tuple[str, bytes, bytes]]


class Sort(StrEnum):
    """What a request is."""

    ACCESS = "access"  # an Access-Request
    ACCOUNTING = "accounting"  # an Accounting-Request
    DHCP = "dhcp"  # a DISCOVER or SOLICIT on the wire


class Row:
    """Filled as the capture goes on; `whole` once nothing more will come."""

    __slots__ = (
        "answer", "answer_ms", "at_ms", "attachment", "bng", "changes", "circuit_id", "copies", "evidence", "file",
        "mac", "number", "raw_circuit_id", "raw_remote_id", "remote_id", "retransmissions", "sort", "strength",
        "trigger", "verdict", "what", "whole", "why",
    )  # fmt: skip

    def __init__(self, sort: Sort, file: int, number: int, at_ms: int, bng: str, what: str) -> None:
        self.sort: Final = sort
        self.file = file  # from 0
        self.number = number  # of the frame that it was first seen in
        self.at_ms: Final = at_ms
        self.bng: Final = bng
        self.what: Final = what  # "Access-Request", "Accounting-Start", "DISCOVER"
        self.trigger = Trigger.UNKNOWN
        self.strength: Strength | None = None
        self.evidence = ""  # the strongest
        self.mac: Mac | None = None
        self.attachment: Attachment | None = None
        self.raw_remote_id: bytes | None = None
        self.raw_circuit_id: bytes | None = None
        self.remote_id: bytes | None = None  # as AAA is to see them
        self.circuit_id: bytes | None = None
        self.verdict: Verdict | None = None
        self.why: Why | None = None  # it is unmatched
        self.changes: Changes = []  # attribute, before, after
        self.answer: str | None = None
        self.answer_ms: int | None = None
        self.copies = 0  # of the packet, seen elsewhere
        self.retransmissions = 0
        self.whole = False

    @property
    def outcome(self) -> Outcome:
        """Of its verdict."""
        return Outcome.UNKNOWN if self.verdict is None else self.verdict.outcome

    def as_json(self, files: tuple[str, ...]) -> dict[str, object]:
        """A plain object for programs."""
        verdict = self.verdict
        found: dict[str, object] = {"packet": self.number}
        if len(files) > 1:
            found["capture"] = files[self.file]
        at = self.attachment
        found |= {
            "at": instant_shown(self.at_ms),
            "kind": str(self.sort),
            "bng": self.bng,
            "what": self.what,
            "trigger": str(self.trigger),
            "strength": None if self.strength is None else str(self.strength),
            "evidence": self.evidence or None,
            "mac": None if self.mac is None else format_mac(self.mac),
            "attachment": None if at is None else at.text,
            "remote_id_raw": octets_shown(self.raw_remote_id),
            "circuit_id_raw": octets_shown(self.raw_circuit_id),
            "remote_id": octets_shown(self.remote_id),
            "circuit_id": octets_shown(self.circuit_id),
            "outcome": str(self.outcome),
            "why": None if self.why is None else str(self.why),
            "line": None if verdict is None else verdict.line,
            "rung": None if verdict is None or verdict.rung is None else str(verdict.rung),
            "key": None if verdict is None or verdict.key is None else str(verdict.key),
            "distance_ms": None if verdict is None else verdict.distance_ms,
            "held_ms": 0 if verdict is None else verdict.held_ms,
            "changes": [
                {"attribute": name, "before": before.hex(), "after": after.hex()}
                for name, before, after in self.changes
            ],
            "answer": self.answer,
            "answer_ms": self.answer_ms,
            "copies": self.copies,
            "retransmissions": self.retransmissions,
        }
        return found


class Rows:
    """Rows in the order of the capture: each is given once it, and all before it, are whole."""

    def __init__(self, give: Callable[[Row], None]) -> None:
        self._give: Final = give
        self._open: Final[deque[Row]] = deque()

    def begin(self, row: Row) -> None:
        """A request has come."""
        self._open.append(row)
        if len(self._open) > MOST_OPEN:
            self._give(self._open.popleft())

    def flush(self) -> None:
        """Give those that are whole."""
        waiting = self._open
        while waiting and waiting[0].whole:
            self._give(waiting.popleft())

    def close(self) -> None:
        """The capture is over."""
        while self._open:
            self._give(self._open.popleft())
