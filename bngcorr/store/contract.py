"""What the correlator, the accountant and the API ask of a store. Scripts compare and set; rules are Python.

Everything of one correlation domain lives together (one hash slot). Every record carries the instant until which it
counts, judged against the `now_ms` that comes with the call. A part of the store that does not answer fails only what
is about its domains.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from bngcorr.model.line import LineIds
from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import HostKind
from bngcorr.store.lesson import Lesson
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.store.rows import FindingRow, LineRow, Page, SessionQuery, SessionRow, Upkeep

MAX_LINES_PER_KEY: Final = 4  # more than this on one key, and the key can't tell any of them
MAX_SESSIONS_PER_LINE: Final = 8  # sessions that vouch for a line; dual stack in host mode needs four
INTERIMS_MISSED: Final = 3  # a session counts as live for so many intervals without a word
MAX_MACS_PER_LINE: Final = 32  # MACs that one line may teach within a day
TAINT_MS: Final = 30 * 86_400_000  # a MAC seen on two lines within this time is no key; an attachment neither
TOMBSTONE_MS: Final = 26 * 3_600_000  # an ended session is kept so long: BNGs replay records of up to 25 h ago
RESTART_TOLERANCE_MS: Final = 2_000  # a second Accounting-On this near is the first one told again
V6_LOST_MS: Final = 600_000  # a line whose IPv4 began anew has so long to get its IPv6 back
MAX_FINDINGS: Final = 10_000  # kept for each domain; beyond it the oldest go
FINDING_MS: Final = 7 * 86_400_000  # a finding that is not seen again is kept so long
USAGE_KINDS: Final = (*(str(kind) for kind in HostKind), "sessions", "na_or_pd")


class CorrelationStore(Protocol):
    """Reading for verdicts, writing what was seen."""

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """Answer all questions in one round trip per node, within the budget; None: its node did not answer."""
        ...

    async def write(self, lessons: Sequence[Lesson], now_ms: int) -> list[str]:
        """Apply lessons in order; one word each on what came of it, AWAY if its node did not take it."""
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

    async def events(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Recent verdicts behind a cursor: (cursor, JSON)."""
        ...

    async def enterprise_numbers(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[int, int]]:
        """Per BNG: enterprise number and the instant (ms) when it was first seen."""
        ...

    async def findings(self, domains: Sequence[str], limit: int) -> list[FindingRow]:
        """Findings of these domains, the newest first, at most `limit` of each domain."""
        ...

    async def distances(self, domain: str, bngs: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Per BNG: matches for each of DISTANCE_BUCKETS_MS, and beyond the last."""
        ...


class UpkeepStore(Protocol):
    """What is to be done now and then, each call over a bounded batch."""

    async def upkeep(self, domain: str, now_ms: int, *, buckets: int, walk_ms: int) -> Upkeep:
        """Walk on over some records: end sessions past their deadline, drop what no longer counts, look for lost IPv6.

        However many processes call, the sessions of a domain are walked once in `walk_ms`, all else once in ten times
        that. Raises StoreError.
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
