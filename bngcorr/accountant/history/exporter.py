"""From the store to disk: what sessions held, as soon as they are closed."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Callable, Coroutine, Sequence
from typing import Final

import structlog

from bngcorr.accountant.history.files import Folder
from bngcorr.accountant.history.format import as_line
from bngcorr.accountant.history.held import of_closed
from bngcorr.accountant.history.meters import HistoryMeters
from bngcorr.errors import StoreError
from bngcorr.store.contract import Clock, HistoryStore
from bngcorr.store.rows import Closed

EVERY_S: Final = 2.0
BATCH: Final = 100  # closed sessions read from the store at once: requests wait while they are unpacked
PAUSE_S: Final = 0.005  # between two batches, for requests
LEASE_MS: Final = 10_000  # one that was killed keeps others out for so long
REST_S: Final = 10.0
TIDY_EVERY_S: Final = 600.0
LET_GO_S: Final = 0.5  # for giving the lease up at the end; it runs out by itself

log = structlog.get_logger()


class Exporter:
    """The one writer of each domain among all processes, while it holds the lease.

    What is read stays in the store until it is durable on disk, so that it is written at least once. A line may stand
    twice, after a process or a machine has died between the two.
    """

    def __init__(
        self, store: HistoryStore, folder: Folder, domains: Sequence[str], clock: Clock, meters: HistoryMeters
    ) -> None:
        self._store = store
        self._folder = folder
        self._domains = domains
        self._clock = clock
        self._meters = meters
        self._holder = secrets.token_hex(16)
        self._leased: set[str] = set()
        self._ending = threading.Event()
        self._trouble = ""
        self._resting_until_s = 0.0

    def look_after(self, domains: Sequence[str]) -> None:
        """Of these domains from the next round on."""
        self._domains = domains

    async def run(self) -> None:
        """Until it is cancelled."""
        self._ending.clear()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._again(EVERY_S, self.export))
                group.create_task(self._again(TIDY_EVERY_S, self.tidy))
        finally:
            self._ending.set()
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(LET_GO_S):
                    await self._let_go()

    async def _let_go(self) -> None:
        """Others may write now."""
        while self._leased:
            await self._store.lease(self._leased.pop(), self._holder, 0)

    async def _again(self, every_s: float, do: Callable[[], Coroutine[None, None, None]]) -> None:
        while True:
            await do()
            await asyncio.sleep(every_s)

    async def export(self) -> None:
        """Bring what is waiting in each domain to disk, if this process is its writer now.

        After a failure it rests for a while: another process may have a better disk.
        """
        now_s = asyncio.get_running_loop().time()
        for domain in self._domains:
            with contextlib.suppress(StoreError):  # it is told elsewhere that the store is away
                if now_s >= self._resting_until_s and not await self._export(domain):
                    self._resting_until_s = now_s + REST_S
                    await self._let_go()
                waiting, lost = await self._store.waiting(domain)
                self._meters.waiting.labels(domain).set(waiting)
                self._meters.lost.labels(domain).set(lost)

    async def _export(self, domain: str) -> bool:
        """Whether nothing was wrong with the disk."""
        while await self._store.lease(domain, self._holder, LEASE_MS):
            self._leased.add(domain)
            rows, read = await self._store.closed(domain, BATCH)
            if not read:
                return True
            if len(rows) < read:
                log.error("closed sessions can't be read, they are lost", domain=domain, sessions=read - len(rows))
            if not await self._append(rows):
                return False
            await self._store.written(domain)
            self._meters.written.inc(len(rows))
            await asyncio.sleep(PAUSE_S)
        self._leased.discard(domain)
        return True

    def _write(self, rows: Sequence[Closed], now_ms: int) -> None:
        self._folder.append([as_line(held) for row in rows for held in of_closed(row, now_ms)])

    async def _append(self, rows: Sequence[Closed]) -> bool:
        """Whether they are durable. What is wrong is told once, until something else is or all is well."""
        try:
            await asyncio.to_thread(self._write, rows, self._clock.now_ms())
        except OSError as error:  # also BlockingIOError: somebody is forgotten just now
            if not isinstance(error, BlockingIOError):
                self._failed(error)
            return False
        if self._trouble:
            self._trouble = ""
            log.info("history is written again")
        self._meters.failing.set(0)
        return True

    def _failed(self, error: OSError) -> None:
        self._meters.failing.set(1)
        trouble = error.strerror or str(error)
        if trouble != self._trouble:
            self._trouble = trouble
            log.error("history can't be written, closed sessions wait in the store", error=trouble, file=error.filename)

    async def tidy(self) -> None:
        """Drop and pack older files; the next time, if that fails."""
        try:
            await asyncio.to_thread(self._folder.tidy, lambda: not self._ending.is_set())
        except BlockingIOError:
            return  # another process is at it
        except OSError as error:
            log.warning("older files of the history can't be packed or dropped", error=error.strerror or str(error))
