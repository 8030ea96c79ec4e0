"""What really happened on the access network, and which requests could be attributed from it.

Only the demonstration knows the truth: which line a CPE hangs on, whatever its packets say. From that, and from the
rules an operator was promised (a request is put on a line only if evidence on the same key exists and no other line
fits), this module says which id-less requests *must* be matched. It never asks the service. Pure: instants are
arguments.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

GUARD_MS = 50
"""Milliseconds by which evidence must clear a limit: what two processes see in between is nobody's promise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One access line: its identity at AAA and the place where its CPE is plugged in."""

    remote_id: bytes  # Option 82.2 as AAA has it provisioned, without any enterprise number
    circuit_id: bytes  # Option 82.1
    bng: str
    domain: str  # correlation domain of that BNG
    port: str | None  # "1/1/4" or "lag-12"; None: this BNG tells no port
    outer: int | None  # VLAN ids; None where the attachment has none
    inner: int | None
    mac: str  # of the CPE, "02:00:00:00:00:01"
    number: int  # of the line in this run; addresses derive from it
    provisioned: bool = True  # AAA knows it

    @property
    def attachment(self) -> tuple[str, str, int | None, int | None] | None:
        """BNG, port and VLANs, or None where the BNG tells no port."""
        return None if self.port is None else (self.bng, self.port, self.outer, self.inner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the operator configured for one BNG."""

    per_line: bool  # the VLAN pair is the line; False: an N:1 VLAN
    window_ms: int
    hold_ms: int
    v4_always_has_id: bool  # so a request without an id may be held even if nothing in it says v6


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request that names no line, and what the truth knows about it."""

    at_ms: int  # when the BNG sent it
    line: Line
    session_id: str
    accounting: bool
    says_v6: bool  # raw DHCPv6 options prove the family
    policy: Policy


class EventKind(StrEnum):
    """What can be evidence for, or against, a later attribution."""

    NAMED = "named"  # a request that carries its own line id
    UP = "up"  # a session of a known line: Access-Accept, Start or Interim
    DOWN = "down"  # its Stop
    RESTART = "restart"  # Accounting-On of the BNG


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry of the log that `attributable` judges by."""

    at_ms: int
    kind: EventKind
    bng: str
    line: Line | None = None  # None for RESTART
    session_id: str | None = None
    proved_at_ms: int | None = None  # NAMED: signed at once, else when AAA accepted it; None: never proved


def attributable(question: Question, events: Sequence[Event], *, guard_ms: int = GUARD_MS) -> tuple[bool, str]:
    """Whether this id-less request must be put on its line, and why (not).

    Keys, strongest first; a weaker one counts only where the stronger cannot be computed: the accounting session;
    attachment and MAC; the attachment alone, on a VLAN per line; the MAC alone, where the BNG tells no port. A MAC
    that was seen on two lines of the domain is no key. Under the key, every line with a trusted sighting inside the
    window or a live session is a candidate: exactly one, the true one, makes the request attributable.
    """
    if _session_known(question, events, guard_ms):
        return True, f"session {question.session_id} is known"
    line = question.line
    tainted = _tainted(question, events, guard_ms)
    if line.attachment is not None and not tainted:
        key, fits = "attachment+mac", _same(lambda other: (other.attachment, other.mac), line)
    elif line.attachment is not None and question.policy.per_line:
        key, fits = "attachment", _same(lambda other: other.attachment, line)
    elif line.attachment is None and not tainted:
        key, fits = "bng+mac", _same(lambda other: (other.attachment, other.mac), line)
    else:
        return False, "MAC seen on two lines, and the VLAN is shared"

    near = [e for e in events if e.line is not None and e.line.domain == line.domain and fits(e.line)]
    restarts = [e.at_ms for e in events if e.kind is EventKind.RESTART and e.bng == line.bng]
    others = {e.line for e in near if e.line != line and _could_speak(question, e.line, near, guard_ms)}
    if others:
        return False, f"another line fits by {key}"
    if _window(question, near, guard_ms):
        return True, f"trusted sighting within the window, {key}"
    if _live(question, near, restarts, guard_ms):
        return True, f"live session, {key}"
    return False, f"no trusted sighting in the window and no live session by {key}"


def _same(key: Callable[[Line], object], line: Line) -> Callable[[Line], bool]:
    wanted = key(line)
    return lambda other: key(other) == wanted


def _deadline(question: Question, guard_ms: int) -> int:
    """The instant by which evidence must exist: the request waits only if it is known, or taken, to be v6."""
    holds = not question.accounting and (question.says_v6 or question.policy.v4_always_has_id)
    return question.at_ms + (question.policy.hold_ms if holds else 0) - guard_ms


def _session_known(question: Question, events: Iterable[Event], guard_ms: int) -> bool:
    return any(
        e.kind is EventKind.UP
        and (e.bng, e.session_id, e.line) == (question.line.bng, question.session_id, question.line)
        and e.at_ms <= question.at_ms - guard_ms
        for e in events
    )


def _tainted(question: Question, events: Iterable[Event], guard_ms: int) -> bool:
    until = question.at_ms + question.policy.hold_ms + guard_ms
    seen = {
        e.line
        for e in events
        if e.kind is EventKind.NAMED
        and e.line is not None
        and e.line.domain == question.line.domain
        and e.line.mac == question.line.mac
        and e.at_ms <= until
    }
    return len(seen | {question.line}) > 1


def _could_speak(question: Question, line: Line | None, near: Iterable[Event], guard_ms: int) -> bool:
    """Whether the service could take that other line for a candidate: every doubt counts as yes."""
    until = question.at_ms + question.policy.hold_ms + guard_ms
    since = question.at_ms - question.policy.window_ms - guard_ms
    mine = [e for e in near if e.line == line and e.at_ms <= until]
    if any(e.kind is EventKind.NAMED and e.at_ms >= since for e in mine):
        return True
    ended = {e.session_id for e in mine if e.kind is EventKind.DOWN and e.at_ms < question.at_ms - guard_ms}
    return any(e.kind is EventKind.UP and e.session_id not in ended for e in mine)


def _window(question: Question, near: Iterable[Event], guard_ms: int) -> bool:
    deadline = _deadline(question, guard_ms)
    return any(
        e.kind is EventKind.NAMED
        and e.line == question.line
        and e.proved_at_ms is not None
        and e.proved_at_ms <= deadline
        and abs(e.at_ms - question.at_ms) <= question.policy.window_ms - guard_ms
        for e in near
    )


def _live(question: Question, near: Sequence[Event], restarts: Sequence[int], guard_ms: int) -> bool:
    deadline = _deadline(question, guard_ms)
    mine = [e for e in near if e.line == question.line and e.session_id != question.session_id]
    for session_id in {e.session_id for e in mine if e.kind is EventKind.UP and e.at_ms <= deadline}:
        seen_at = max(
            e.at_ms for e in mine if e.kind is EventKind.UP and e.session_id == session_id and e.at_ms <= deadline
        )
        judged_at = max(question.at_ms, seen_at) + guard_ms
        stopped = any(e.kind is EventKind.DOWN and e.session_id == session_id and e.at_ms <= judged_at for e in mine)
        forgotten = any(seen_at <= at <= judged_at for at in restarts)
        if not stopped and not forgotten:
            return True
    return False
