"""Walks over the records of every domain: ends silent sessions, drops what no longer counts, finds lost IPv6."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from bngcorr.correlator import findings
from bngcorr.errors import StoreError
from bngcorr.store.contract import Clock, UpkeepStore
from bngcorr.store.lesson import Lesson
from bngcorr.store.nodes import ONE_NODE, Nodes
from bngcorr.store.rows import Upkeep

EVERY_S: Final = 1.0
WALK_MS: Final = 60_000  # every record is looked at once in this time, however many processes there are
BUCKETS: Final = 128  # of a domain at once; 4096 make a walk
TOGETHER: Final = 32  # domains that one call asks for

log = structlog.get_logger()


class Caretaker:
    """One round over all domains a second, each over a bounded batch."""

    def __init__(
        self,
        store: UpkeepStore,
        clock: Clock,
        domains: Sequence[str],
        learn: Callable[[Lesson], None],
        *,
        nodes: Nodes = ONE_NODE,
    ) -> None:
        self._store = store
        self._nodes = nodes
        self._clock = clock
        self._domains = domains
        self._learn = learn
        self._troubles: dict[str, str] = {}  # by domain: what kept it from being looked after
        self.expired = 0  # sessions ended since the start
        self.census: dict[str, tuple[int, int, int]] = {}  # by BNG: lines dual stack, v4 only, v6 only

    def look_after(self, domains: Sequence[str]) -> None:
        """Of these domains from the next round on."""
        self._domains = domains

    async def round(self) -> None:
        """One batch of each domain, node beside node; a node that does not answer is left for the next time."""
        now_ms = self._clock.now_ms()
        groups: dict[str, list[str]] = {}
        for domain in self._domains:
            groups.setdefault(self._nodes.where(domain), []).append(domain)
        await asyncio.gather(*(self._walk(domains, now_ms) for domains in groups.values()))

    async def _walk(self, domains: Sequence[str], now_ms: int) -> None:
        waiting = [*domains]
        while waiting:
            some = waiting[:TOGETHER]
            try:
                done = await self._store.upkeep(some, now_ms, buckets=BUCKETS, walk_ms=WALK_MS)
            except StoreError:
                return
            for domain, one in zip(some, done, strict=False):
                self._take(domain, one, now_ms)
            del waiting[: max(len(done), 1)]

    def _take(self, domain: str, done: Upkeep, now_ms: int) -> None:
        if done.trouble != self._troubles.get(domain, ""):
            self._troubles[domain] = done.trouble
            log.warning("upkeep of a domain", domain=domain, error=done.trouble or None)
        self.expired += done.expired
        self.census.update((bng, (dual, v4, v6)) for bng, dual, v4, v6 in done.census)
        for lost in done.lost:
            self._learn(findings.of_lost(domain, lost, now_ms))

    async def run(self) -> None:
        """Go on until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            await self.round()
