"""What the memory store keeps of one correlation domain: small records that are changed in place.

Names (lines, sessions, keys, MACs, places) are hexadecimal digits, instants epoch milliseconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.usage import Traffic
from bngcorr.model.vocabulary import Outcome, SessionState
from bngcorr.store.rows import Closed, FindingRow
from bngcorr.store.timeline import Entry


@dataclass(slots=True, kw_only=True)
class Seen:
    """A line on a key."""

    first_ms: int
    until_ms: int
    sighted_ms: int = 0  # last sighting not proved to be v6
    sighted_v6_ms: int = 0
    attached: bool = False
    v4_evident: bool = False

    @property
    def last_ms(self) -> int:
        """The last sighting of either family."""
        return max(self.sighted_ms, self.sighted_v6_ms)


@dataclass(slots=True)
class Notes:
    """What stands on a key."""

    lines: dict[str, Seen] = field(default_factory=dict)
    crowded_ms: int = 0  # until then more lines than can be kept were seen
    shared_ms: int = 0  # until then it is known to be no line by itself
    disputed_ms: int = 0  # when another line than the one that was live there was sighted


@dataclass(slots=True, kw_only=True)
class Voucher:
    """A session that vouches for a line."""

    nas: str
    epoch: int
    until_ms: int
    heard_ms: int = 0
    up: bool = False
    has_v4: bool = False
    has_v6: bool = False
    keys: set[str] = field(default_factory=set)  # on which it does


class Told(NamedTuple):
    """What the latest sighting by one family said of a line."""

    at_ms: int
    terms: tuple[str, ...]


class Shown(NamedTuple):
    """When a MAC on a line was last noted, and whether the customer's device only claimed it then."""

    at_ms: int
    claimed: bool


@dataclass(slots=True, kw_only=True)
class Line:
    """A line, as its latest sighting told it."""

    ids: LineIds
    first_ms: int
    last_ms: int
    until_ms: int
    bng: str
    port: Attachment | None
    address: Mac | None
    place: str | None
    told: dict[bool, Told] = field(default_factory=dict)  # by family, True for v6
    macs: dict[str, Shown] = field(default_factory=dict)
    vouchers: dict[str, Voucher] = field(default_factory=dict)  # by session
    v6_ms: int = 0  # last known to have IPv6
    begun_ms: int = 0  # its IPv4 session began
    lost_ms: int = 0  # its IPv6 was found to be lost
    rose_ms: int = 0  # its IPv4 counters rose
    timeline: list[Entry] = field(default_factory=list)  # the oldest first

    @property
    def terms(self) -> tuple[str, ...]:
        """It is found by what either family told last."""
        return tuple(
            dict.fromkeys(term for family in (False, True) if family in self.told for term in self.told[family].terms)
        )


class Accepted(NamedTuple):
    """What AAA said of the next session of a name that is up."""

    fingerprint: str
    epoch: int
    at_ms: int
    promised: tuple[str, ...]
    interval_ms: int
    timeout_ms: int


@dataclass(slots=True, kw_only=True)
class Session:
    """A session."""

    nas: str
    at_ms: int = 0  # of the latest record, by the NAS's clock
    until_ms: int = 0
    accepted_ms: int = 0  # when AAA last accepted it
    state: SessionState = SessionState.EXPECTED
    epoch: int = 0
    line: str | None = None
    ids: LineIds | None = None
    own: bool = False
    fingerprint: str = ""
    digests: list[str] = field(default_factory=list)  # of records of the latest instant
    hosts: tuple[str, ...] = ()  # "kind|service|address"
    filled: tuple[str, ...] = ()  # the last of them, which accounting left out of what was promised
    promised: tuple[str, ...] = ()
    claimed: bool = False  # a session that began since took what was promised
    next: Accepted | None = None
    began_ms: int = 0  # its first record of this life
    since_ms: tuple[int, ...] = ()  # from when it holds each of its hosts
    ledger_port: str = ""  # where they count
    interval_ms: int = 0
    timeout_ms: int = 0
    gap_ms: int = 0  # the longest between two of its records
    gap_confirmed: bool = False  # another one was as long
    gap_twice: bool = False  # so it was, but a third has to be
    traffic: Traffic | None = None
    flat: int = 0  # Interims over which IPv6 stood still
    session_id: bytes = b""
    user_name: str | None = None
    port: Attachment | None = None
    address: Mac | None = None
    outcome: Outcome | None = None
    terms: tuple[str, ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Those of its hosts that accounting names."""
        return self.hosts[: len(self.hosts) - len(self.filled)]

    @property
    def has_v4(self) -> bool:
        """Whether it holds an IPv4 host."""
        return any(host.startswith("v4|") for host in self.named)

    @property
    def has_v6(self) -> bool:
        """Whether it holds an IPv6 host: what was merely promised may not be there."""
        return any(host.startswith(("ia_na|", "ia_pd|", "slaac|", "pd_route|")) for host in self.named)


@dataclass(slots=True)
class Box:
    """A box and its restarts."""

    epoch: int = 0
    since_ms: int = 0
    names: set[str] = field(default_factory=set)  # kinds of hosts that it names in accounting
    ports: set[str] = field(default_factory=set)
    traffic: Traffic = field(default_factory=Traffic)  # of all its sessions


@dataclass(slots=True)
class Walk:
    """When the walks over sessions and over all else began; None: none is under way."""

    sessions_ms: int | None = None
    others_ms: int | None = None
    census: dict[str, tuple[int, int, int]] = field(default_factory=dict)


@dataclass(slots=True)
class Domain:
    """Everything of one correlation domain."""

    name: str
    closed: deque[Closed]  # sessions that gave back hosts, and are not written down yet; as many as there is room for
    lines: dict[str, Line] = field(default_factory=dict)
    keys: dict[str, Notes] = field(default_factory=dict)
    macs: dict[str, dict[str, int]] = field(default_factory=dict)  # the lines of each, and when seen there
    sessions: dict[str, Session] = field(default_factory=dict)
    boxes: dict[str, Box] = field(default_factory=dict)
    plan: dict[str, LineIds] = field(default_factory=dict)
    watched: dict[str, int] = field(default_factory=dict)  # lines whose IPv6 has to come back, and when to look
    numbers: dict[str, dict[int, int]] = field(default_factory=dict)
    distances: dict[str, dict[int, int]] = field(default_factory=dict)
    findings: dict[tuple[str, str], FindingRow] = field(default_factory=dict)  # by kind and subject
    over_ms: dict[tuple[str, str], int] = field(default_factory=dict)  # when each of them was last over
    walk: Walk = field(default_factory=Walk)
    closed_lost: int = 0  # those for which there was no room

    def epoch(self, nas: str) -> int:
        """The present epoch of a box."""
        box = self.boxes.get(nas)
        return 0 if box is None else box.epoch

    def vouchers(self, line: str, key: str, now_ms: int) -> Iterator[Voucher]:
        """Sessions of a line on a key that count now, or may again: their box has restarted since."""
        known = self.lines.get(line)
        if known is not None:
            for voucher in known.vouchers.values():
                if voucher.until_ms > now_ms and key in voucher.keys:
                    yield voucher

    def counts(self, voucher: Voucher) -> bool:
        """Whether a session is of its box's present life."""
        return voucher.epoch == self.epoch(voucher.nas)

    def live(self, line: str, key: str, now_ms: int) -> bool:
        """Whether a line has a session on a key that counts now."""
        return any(map(self.counts, self.vouchers(line, key, now_ms)))

    def prune(self, key: str, now_ms: int, *, keep: str = "") -> Notes:
        """What stands on a key, without lines that neither sighting nor session keeps; `keep` stays in any case."""
        notes = self.keys.get(key)
        if notes is None:
            return Notes()
        gone = [
            line
            for line, seen in notes.lines.items()
            if seen.until_ms < now_ms and line != keep and not any(self.vouchers(line, key, now_ms))
        ]
        for line in gone:
            del notes.lines[line]
        return notes

    def disown(self, line: str | None, session: str) -> None:
        """A session no longer vouches for a line."""
        known = self.lines.get(line or "")
        if known is not None:
            known.vouchers.pop(session, None)
