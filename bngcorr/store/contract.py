"""What the correlator, the accountant and the API ask of a store. Scripts compare and set; rules are Python.

Everything of one correlation domain lives together (one hash slot). Every record carries the instant until which it
counts, judged against the `now_ms` that comes with the call. A part of the store that does not answer fails only what
is about its domains.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, runtime_checkable

from bngcorr.model.line import LineIds
from bngcorr.model.usage import USAGE_FIELDS, Traffic, Usage
from bngcorr.model.vocabulary import Finding
from bngcorr.store.lesson import Lesson
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.store.rows import (
    Closed,
    Drift,
    FindingRow,
    LineRow,
    Observed,
    Page,
    Peak,
    Sample,
    SessionQuery,
    SessionRow,
    Upkeep,
)
from bngcorr.store.timeline import Entry, RequestEntry

MAX_LINES_PER_KEY: Final = 4  # more than this on one key, and the key can't tell any of them
MAX_SESSIONS_PER_LINE: Final = 8  # sessions that vouch for a line; dual stack in host mode needs four
INTERIMS_MISSED: Final = 3  # a session counts as live for so many intervals without a word
MAX_MACS_PER_LINE: Final = 32  # MACs that one line may teach within a day
TAINT_MS: Final = 30 * 86_400_000  # a MAC seen on two lines within this time is no key; an attachment neither
SLACK_MS: Final = 60_000  # a clock goes before another one by less
TOMBSTONE_MS: Final = 26 * 3_600_000  # an ended session is kept so long: BNGs replay records of up to 25 h ago
RESTART_TOLERANCE_MS: Final = 2_000  # a second Accounting-On this near is the first one told again
V6_LOST_MS: Final = 600_000  # a line whose IPv4 began anew has so long to get its IPv6 back
MAX_FINDINGS: Final = 10_000  # kept for each domain; beyond it the oldest go
FINDING_MS: Final = 7 * 86_400_000  # a finding that is not seen again is kept so long
USAGE_KINDS: Final = USAGE_FIELDS


class Clock(Protocol):
    """The store's clock as this process knows it."""

    def now_ms(self) -> int:
        """Epoch milliseconds."""
        ...


Told = Callable[[list[Recollection | None] | Exception], None]  # with the answers, or the error that nobody foresaw


@runtime_checkable
class Asking(Protocol):
    """A store that calls back, which costs less than to be waited for."""

    def ask(self, questions: Sequence[Recall], now_ms: int, told: Told) -> None:
        """As `recall`, but `told` is called with the answers, once and not before this returns."""
        ...


class CorrelationStore(Protocol):
    """Reading for verdicts, writing what was seen."""

    def recall(self, questions: Sequence[Recall], now_ms: int) -> Awaitable[list[Recollection | None]]:
        """Answer all questions in one round trip per node, within the budget; None: its node did not answer.

        Of a question with a `line` that stands alone on its keys the answer may be `alone`.
        """
        ...

    async def write(
        self, lessons: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> list[str]:
        """Apply lessons in order; one word each on what came of it, AWAY if its node did not take it.

        `taken` is called with the words once all of them are in the store; then it is noted who holds which address,
        and the words that are returned tell of duplicates as well.
        """
        ...

    async def ping(self, domain: str) -> bool:
        """Whether the node that keeps this domain answers."""
        ...


class QueryStore(Protocol):
    """Reading for people. Every call is bounded by its page, and raises StoreError."""

    async def sessions(self, query: SessionQuery) -> tuple[list[SessionRow], str | None]:
        """A page of sessions, and the cursor of the next one."""
        ...

    async def lines(
        self, domains: Sequence[str], term: str | None, page: Page, now_ms: int
    ) -> tuple[list[LineRow], str | None]:
        """A page of lines, and the cursor of the next one."""
        ...

    async def usage(self, domain: str, bngs: Sequence[str]) -> dict[str, Usage]:
        """Present usage of each BNG, summed over its boxes."""
        ...

    async def usage_by_port(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[tuple[str, str], Usage]]:
        """Present usage of each BNG by (box, port); port "" gathers what no port is known of. Only what is in use."""
        ...

    async def traffic(self, domain: str, bngs: Sequence[str]) -> dict[str, Traffic]:
        """Octets that each BNG has accounted for since its sessions are known here; never goes down."""
        ...

    async def census(self, domain: str) -> dict[str, tuple[int, int, int]]:
        """By BNG, of the last whole walk of the upkeep: lines dual stack, IPv4 only, IPv6 only."""
        ...

    async def session_rows(self, pairs: Sequence[tuple[str, str]]) -> list[SessionRow]:
        """Sessions by (domain, name), as far as they are there."""
        ...

    async def boxes(self, domains: Sequence[str]) -> list[tuple[str, str]]:
        """(domain, box) of all boxes ("bng|host") that sessions of these domains were heard of from, in order."""
        ...

    async def session(self, domain: str, session: str) -> SessionRow | None:
        """One session by its name; None: it is not there."""
        ...

    async def line(self, domain: str, line: str, now_ms: int) -> LineRow | None:
        """One line by its name; None: it is not there, or counts no more."""
        ...

    async def line_rows(self, pairs: Sequence[tuple[str, str]], now_ms: int) -> list[LineRow]:
        """Lines by (domain, name), as far as they are there and count."""
        ...

    async def timeline(self, domain: str, line: str) -> list[Entry]:
        """What happened to a line of late, the oldest first, as it was told: instants may be out of order."""
        ...

    async def events(self, after: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """Recent requests behind a cursor ("": from the first one kept on), each with its cursor, the oldest first.

        Raises ValueError for what is no cursor.
        """
        ...

    async def events_before(self, before: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """Recent requests before a cursor ("": from the latest one back), each with its cursor, the newest first.

        Raises ValueError for what is no cursor.
        """
        ...

    async def enterprise_numbers(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[int, int]]:
        """Per BNG: enterprise number and the instant (ms) when it was first seen."""
        ...

    async def findings(self, domains: Sequence[str], limit: int) -> list[FindingRow]:
        """Findings of these domains, the newest first, at most `limit` of each domain."""
        ...

    async def findings_about(self, domain: str, wanted: Sequence[tuple[Finding, str]]) -> list[FindingRow]:
        """Findings by kind and subject, as far as they are there."""
        ...

    async def distances(self, domain: str, bngs: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Per BNG: matches for each of DISTANCE_BUCKETS_MS, and beyond the last."""
        ...


class UpkeepStore(Protocol):
    """What is to be done now and then, each call over a bounded batch."""

    async def upkeep(self, domains: Sequence[str], now_ms: int, *, buckets: int, walk_ms: int) -> list[Upkeep]:
        """Walk on over some records: end sessions past their deadline, drop what no longer counts, look for lost IPv6.

        Of the first of these domains, one at least: as many as a bounded number of records allows. However many
        processes call, the sessions of a domain are walked once in `walk_ms`, all else once in ten times that. Raises
        StoreError.
        """
        ...


class PlanStore(Protocol):
    """The operator's plan: which line is at a place. Raises StoreError."""

    async def read_plan(self, domain: str) -> dict[str, LineIds]:
        """The plan in force, by place (hash)."""
        ...

    async def replace_plan(self, domain: str, plan: dict[str, LineIds], now_ms: int) -> None:
        """Put another in force, all at once for readers."""
        ...


class CapacityStore(Protocol):
    """What is kept to see a BNG fill up. Raises StoreError."""

    async def sample(self, domain: str, bng: str, sample: Sample, host_resources: int, every_ms: int) -> None:
        """Note usage unless that was done within `every_ms`, however many processes try; and the peak in any case."""
        ...

    async def samples(self, domain: str, bng: str) -> list[Sample]:
        """Usage over time, the oldest first: fine for two days, hourly for sixty."""
        ...

    async def peaks(self, domain: str, bngs: Sequence[str]) -> dict[str, Peak]:
        """The most that each BNG ever spent; those without a sample are left out."""
        ...

    async def observe(self, domain: str, bng: str, observed: Observed) -> None:
        """Keep what a box says of itself; the newest is kept."""
        ...

    async def observed(self, domain: str, bngs: Sequence[str]) -> dict[str, Observed]:
        """What each box said last; those that said nothing are left out."""
        ...


class AuditStore(Protocol):
    """The ledger recounted from the sessions beside it, while it is in use. Raises StoreError."""

    async def audit(
        self, domain: str, clock: Clock, *, repair: bool, progress: Callable[[float], None]
    ) -> tuple[list[Drift], int]:
        """Counters that differ, and how many references to hosts do; `progress` is told 0 … 1.

        Raises AuditUnderwayError if another audit of this domain is under way.
        """
        ...


class HistoryStore(Protocol):
    """Closed sessions, until they are written down. Raises StoreError."""

    async def closed(self, domain: str, limit: int) -> tuple[list[Closed], int]:
        """The oldest of them, and how many were read for that: those that can't be understood are left out.

        They stay until `written`.
        """
        ...

    async def written(self, domain: str) -> None:
        """What `closed` last gave of this domain is on disk."""
        ...

    async def recent(self, domain: str) -> list[Closed]:
        """All that wait, the newest first."""
        ...

    async def waiting(self, domain: str) -> tuple[int, int]:
        """How many wait, and how many were ever given up because too many did."""
        ...

    async def lease(self, domain: str, holder: str, lasts_ms: int) -> bool:
        """Whether this process is the one that writes them down now; renewed by asking again, given up with 0 ms."""
        ...
