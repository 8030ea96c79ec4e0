"""Closed sessions in the memory store, until they are written down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import islice

from bngcorr.store.memory_domain import Domain
from bngcorr.store.rows import Closed


class MemoryHistory:
    """`HistoryStore`. It has no clock: a lease lasts until it is given up."""

    def __init__(self, domain: Callable[[str], Domain]) -> None:
        """`domain` gives what is kept of one."""
        self._domain = domain
        self._written: Counter[str] = Counter()  # by domain: how many were cut off
        self._read: dict[str, int] = {}  # by domain: how many are gone when what was last read is
        self._holders: dict[str, str] = {}

    async def closed(self, domain: str, limit: int) -> tuple[list[Closed], int]:
        """The oldest."""
        rows = list(islice(self._domain(domain).closed, limit))
        self._read[domain] = self._gone(domain) + len(rows)
        return rows, len(rows)

    async def written(self, domain: str) -> None:
        """What was read is cut off, as far as it still stands there."""
        for _ in range(self._read.pop(domain, 0) - self._gone(domain)):
            self._domain(domain).closed.popleft()
            self._written[domain] += 1

    def _gone(self, domain: str) -> int:
        return self._domain(domain).closed_lost + self._written[domain]

    async def recent(self, domain: str) -> list[Closed]:
        """The newest first."""
        return list(reversed(self._domain(domain).closed))

    async def waiting(self, domain: str) -> tuple[int, int]:
        """How many there are, and for how many there was no room."""
        known = self._domain(domain)
        return len(known.closed), known.closed_lost

    async def lease(self, domain: str, holder: str, lasts_ms: int) -> bool:
        """The first to ask has it."""
        if self._holders.setdefault(domain, holder) != holder:
            return False
        if lasts_ms <= 0:
            del self._holders[domain]
        return True
