"""Forgetting a line: what was learnt of it in the store, and its entries in the history's files."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any, Final, Protocol

from bngcorr.accountant.history.deletion import forget
from bngcorr.accountant.history.subject import Subject
from bngcorr.model.vocabulary import ActOutcome
from bngcorr.store.contract import Clock, QueryStore
from bngcorr.web.resources.performer import Progress, Result

MOST_UNREAD: Final = 20  # files that are named


class Memory(Protocol):
    """What the store has learnt of lines. Raises StoreError."""

    async def forget(self, domain: str, line: str) -> bool:
        """Whether anything was known."""
        ...


class Forgetting:
    """One line of one domain."""

    def __init__(
        self, store: QueryStore, memory: Memory, clock: Clock, directory: Path | None, domain: str, line: str, *,
        dry_run: bool,
    ) -> None:  # fmt: skip
        """`directory`: of the history's files, if there are any."""
        self._store = store
        self._memory = memory
        self._clock = clock
        self._directory = directory
        self._domain = domain
        self._line = line
        self._dry_run = dry_run

    async def carry(self, progress: Progress) -> Result:
        """The store first, then the files, while others append to them. Raises StoreError."""
        row = await self._store.line(self._domain, self._line, self._clock.now_ms())
        known = row is not None or len(await self._store.timeline(self._domain, self._line)) > 0
        if not self._dry_run:
            known = await self._memory.forget(self._domain, self._line) or known
        told: dict[str, Any] = {"record": known, "history_entries": None, "history_files": 0, "unread": []}
        progress.body = {"forgotten": told}
        if self._directory is not None:
            progress.said = "reading the history's files"
            try:
                await self._from_files(self._directory, told)
            except OSError as error:
                told["unread"] = [f"{error.filename or self._directory}: {error.strerror}"]
        if told["unread"]:
            said = "files of the history could not be read or rewritten: entries may be left there"
            return Result(outcome=ActOutcome.FAILED, said=said, body=progress.body)
        if not known and not told["history_entries"]:
            return Result(outcome=ActOutcome.NOTHING, said="nothing is known of that line", body=progress.body)
        said = "nothing was deleted: this is what would be" if self._dry_run else "forgotten; its sessions stay"
        return Result(outcome=ActOutcome.DONE, said=said, body=progress.body)

    async def _from_files(self, directory: Path, told: dict[str, Any]) -> None:
        """Raises OSError. When it is cancelled the thread ends soon; files that are done are done as a whole."""
        over = threading.Event()

        def read(_octets: int) -> None:
            if over.is_set():
                raise _EndedError

        try:
            done = await asyncio.to_thread(
                forget, directory, Subject(line=self._line), read, dry_run=self._dry_run
            )  # fmt: skip
        finally:
            over.set()
        told["history_entries"], told["history_files"] = done.hosts, done.files
        told["unread"] = done.unread[:MOST_UNREAD]


class _EndedError(Exception):
    """Nobody wants it any more."""
