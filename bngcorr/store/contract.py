"""What the correlator, the accountant and the API ask of a store. Scripts compare and set; rules are Python.

Everything of one correlation domain lives together (one hash slot). Instants are epoch milliseconds of the store's
clock; every record carries the instant until which it counts, judged against the `now_ms` that comes with the question.
All writes are idempotent: written twice, they change nothing the second time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from bngcorr.model.line import LineIds
from bngcorr.model.usage import Host, Usage
from bngcorr.model.vocabulary import HostKind, SessionState

MAX_LINES_PER_KEY = 4  # more than this on one key, and the key can't tell any of them
MAX_SESSIONS_PER_LINE = 8  # live sessions remembered per line and key; dual stack in host mode needs four
INTERIMS_MISSED = 3  # a session counts as live for so many intervals without a word
MAX_MACS_PER_LINE = 32  # MACs that one line may teach within a day
TAINT_MS = 30 * 86_400_000  # a MAC seen on two lines within this time is no key


# ---- what the correlator reads


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSession:
    """A session of a candidate line, as noted on the key."""

    nas: str  # "bng|hash of the NAS identity"
    epoch: int  # of that NAS when the session was last heard of
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A line that was seen on a key."""

    line: str  # line key
    ids: LineIds
    sighted_ms: int  # last sighting not proved to be v6; 0: never
    sighted_v6_ms: int  # last sighting by a v6-triggered request; 0: never
    attached: bool  # the sighting had an attachment (matters on bng+mac)
    v4_evident: bool = False  # a sighting was DHCPv4 by proof or strong evidence: its Remote-Id has no number in front
    sessions: tuple[LiveSession, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """Everything known on one correlation key."""

    candidates: tuple[Candidate, ...] = ()
    crowded: bool = False  # more lines than can be kept were seen


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionIdentity:
    """What was fixed for an Acct-Session-Id at first sight."""

    line: str | None  # None: it was carried on without identity
    ids: LineIds | None
    state: SessionState
    epoch: int
    nas: str
    fingerprint: str  # attachment and MAC it was seen with; "" unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """One question: the keys of one request."""

    domain: str
    keys: tuple[str, ...]  # correlation keys (hashes)
    mac: str | None  # MAC (hash), to learn whether it is tainted
    session: str | None  # session (hash), if the request carries an Acct-Session-Id


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """The answer: what the store knows about the keys of one request."""

    records: dict[str, KeyRecord]  # by key hash
    mac_lines: int  # lines the MAC was seen on within TAINT_MS (2 means two or more)
    session: SessionIdentity | None
    epochs: dict[str, int]  # of every NAS of the domain


class CorrelationStore(Protocol):
    """Reading for verdicts, writing what was seen."""

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection]:
        """Answer all questions in one round trip. Raises StoreError, at the latest after the budget."""
        ...

    async def write(self, lessons: Sequence[Lesson], now_ms: int) -> list[str]:
        """Apply lessons in order; one word each on what came of it. Raises StoreError; some may be applied then."""
        ...


# ---- what is written


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A line was seen on these keys, by a request that may teach."""

    domain: str
    bng: str
    keys: tuple[str, ...]  # correlation keys without the MAC
    mac_keys: tuple[str, ...]  # correlation keys with the MAC
    mac: str | None  # MAC (hash)
    line: str
    ids: LineIds
    at_ms: int
    v6: bool  # the request was triggered by DHCPv6
    v4_evident: bool = False  # it was triggered by DHCPv4, by proof or strong evidence
    attached: bool
    until_ms: int
    shown: str  # JSON for /v1/lines


class SessionStep(StrEnum):
    """What happened to a session."""

    EXPECTED = "expected"  # AAA accepted
    START = "start"
    INTERIM = "interim"
    STOP = "stop"
    EXPIRE = "expire"  # its deadline passed without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionChange:
    """One step in the life of a session, with the hosts it holds from now on."""

    domain: str
    bng: str
    session: str  # hash
    nas: str  # "bng|hash of the NAS identity"
    step: SessionStep
    at_ms: int  # instant of the event by the NAS's clock (Event-Timestamp, else arrival minus Acct-Delay-Time)
    until_ms: int  # it counts as live until then unless heard of again
    line: str | None
    ids: LineIds | None
    own: bool  # the request named the line itself; an inherited identity never replaces "none"
    keys: tuple[str, ...]  # correlation keys on which the session vouches for its line; empty if it may not teach
    fingerprint: str
    digest: str  # tells a replay from another record of the same second
    hosts: tuple[Host, ...] | None  # None: the record does not say, keep
    shown: str  # JSON for /v1/sessions
    interval_ms: int = 0  # Acct-Interim-Interval that AAA told; 0: it did not
    index: tuple[str, ...] = ()  # "kind:value" terms under which /v1/sessions finds it


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """Accounting-On or -Off: every session of that NAS from before is suspect."""

    domain: str
    bng: str
    nas: str
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberSeen:
    """An enterprise number stood in front of a Remote-Id."""

    domain: str
    bng: str
    number: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One verdict for /v1/correlations."""

    shown: str  # JSON


NEW_NUMBER = "new"  # the store's word on a NumberSeen that it did not know
FAILED = "failed:"  # how the store's word on a lesson begins that it can't take, now or ever

Lesson = Sighting | SessionChange | Restart | NumberSeen | Event


# ---- what the API reads


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session as stored."""

    session: str
    domain: str
    nas: str  # "bng|hash of the NAS identity"
    state: SessionState
    line: str | None
    ids: LineIds | None
    hosts: tuple[str, ...]  # Host as text
    at_ms: int
    until_ms: int
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """A line as stored."""

    line: str
    domain: str
    ids: LineIds
    first_ms: int
    last_ms: int
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where to go on reading."""

    cursor: str = ""
    limit: int = 100  # 1 … 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionQuery:
    """Filters, all of which must hold; None: any."""

    domains: tuple[tuple[str, tuple[str, ...]], ...]  # domain and its BNGs to look at
    term: str | None = None  # one index term to start from
    page: Page = field(default_factory=Page)


class QueryStore(Protocol):
    """Reading for people."""

    async def sessions(self, query: SessionQuery, now_ms: int) -> tuple[list[SessionRow], str | None]:
        """One page and the next cursor. Raises StoreError."""
        ...

    async def lines(
        self, domains: Sequence[str], term: str | None, page: Page, now_ms: int
    ) -> tuple[list[LineRow], str | None]:
        """One page and the next cursor. Raises StoreError."""
        ...

    async def usage(self, domain: str, bngs: Sequence[str]) -> dict[str, Usage]:
        """What the ledger says of each BNG. Raises StoreError."""
        ...

    async def events(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Events behind the cursor `after` ("" for the oldest): (cursor, JSON). Raises StoreError."""
        ...

    async def enterprise_numbers(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[int, int]]:
        """Per BNG: enterprise number and the instant (ms) when it was first seen. Raises StoreError."""
        ...

    async def due(self, domain: str, bng: str, now_ms: int, limit: int) -> list[SessionRow]:
        """Sessions whose deadline has passed, oldest first. Raises StoreError."""
        ...

    async def now_ms(self) -> int:
        """The store's clock. Raises StoreError."""
        ...


USAGE_KINDS: tuple[str, ...] = (*(str(kind) for kind in HostKind), "sessions", "na_or_pd")
