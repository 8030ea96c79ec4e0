"""The spool's file in a thread of its own, so that no disk ever stops the loop.

Everything that waits goes into one transaction, durable when it is over. What is done with a row is marked some time
later, many marks at once; marks that a crash takes along make a record go twice, which is what at-least-once means.

Callbacks run on the loop, in the order in which the thread did its work: whoever is told of a page has been told before
of every row that can be in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

import structlog

from bngcorr.accountant.spool.file import Bounds, SpoolFile, told
from bngcorr.accountant.spool.row import Row

GROUP: Final = 512  # rows in one transaction
MARK_EVERY_S: Final = 0.05
TRY_AGAIN_S: Final = 1.0
LOOK_EVERY_S: Final = 0.02  # how full the file is
IDLE_S: Final = 0.5  # a mark that comes at the very moment when the thread goes to sleep waits no longer
MOST_PENDING: Final = 8_192  # rows that wait for the disk
STALLED_S: Final = 2.0  # a transaction that takes longer is told
CLOSE_WITHIN_S: Final = 1.5

log = structlog.get_logger()


class Reader(Protocol):
    """Who asked for rows."""

    def __call__(self, rows: list[Row] | None, last: int) -> None:
        """What was found, and the place of the last of it, 0 if nothing was; None if the file can't be read now."""
        ...


class Journal:
    """Rows until they are both sent and learnt. All methods are called on the loop."""

    def __init__(self, path: Path, bounds: Bounds, committed: Callable[[list[Row], str | None, float], None]) -> None:
        """`committed(rows, error, took_s)`: they are durable if `error` is None, else not there at all."""
        self._path = path
        self._bounds = bounds
        self._committed = committed
        self._rows: deque[Row] = deque()
        self._questions: deque[tuple[Callable[[], tuple[list[Row], int]], Reader]] = deque()
        self._marks: deque[tuple[int, bool]] = deque()  # (seq, True: sent, False: learnt)
        self._bell = threading.Event()
        self._ending = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._file: SpoolFile | None = None
        self._pending = 0
        self._pending_octets = 0
        self._looked_at = 0.0
        self._began_at: float | None = None  # monotonic seconds; of the transaction under way
        self._error: str | None = None  # of the last transaction
        self.records = 0  # durable, and not done with
        self.last_seq = 0

    # ---- life

    async def open(self) -> list[str]:
        """Open or make the file, and start the thread; the domains with rows that are not learnt. Raises SpoolError."""
        file = self._file = await asyncio.to_thread(SpoolFile, self._path, self._bounds)
        self.records, self.last_seq = file.records, file.last_seq
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, args=(file,), name="spool", daemon=True)
        self._thread.start()
        return file.unlearnt

    async def close(self) -> None:
        """Write what waits, marks among it, and end the thread; a disk that hangs is not waited for."""
        if self._thread is None:
            return
        self._ending = True
        self._bell.set()
        await asyncio.to_thread(self._thread.join, CLOSE_WITHIN_S)
        if self._thread.is_alive():
            log.warning("spool can't be closed, the disk does not answer", path=str(self._path))
        self._thread = None

    # ---- on the loop

    @property
    def full(self) -> str | None:
        """Why nothing more can be taken now; None while it can."""
        if self.records + self._pending >= self._bounds.records:
            return f"max_records {self._bounds.records} reached"
        if self.records and self.octets + self._pending_octets >= self._bounds.octets:
            return f"max_octets {self._bounds.octets} reached"
        if self._pending >= MOST_PENDING:
            return f"disk too slow, {self._pending} records wait for it"
        return None

    @property
    def trouble(self) -> str | None:
        """What is wrong with the disk."""
        began_at = self._began_at
        if began_at is not None and time.monotonic() - began_at > STALLED_S:
            return f"disk has not answered for {time.monotonic() - began_at:.0f} s"
        return self._error

    @property
    def octets(self) -> int:
        """Of the file that are in use."""
        return self._file.octets if self._file is not None else 0

    @property
    def oldest_ms(self) -> int | None:
        """Arrival of the oldest row by this machine's clock; None if there is none."""
        return self._file.oldest_ms if self._file is not None and self.records else None

    def next_seq(self) -> int:
        """The place of the next row."""
        self.last_seq += 1
        return self.last_seq

    def append(self, row: Row) -> None:
        """Make it durable, with everything else that waits; `committed` is told."""
        self._pending += 1
        self._pending_octets += row.size
        self._rows.append(row)
        self._bell.set()

    def mark_sent(self, seq: int) -> None:
        """AAA has it."""
        self._mark_as(seq, True)

    def mark_learnt(self, seq: int) -> None:
        """The store has what it teaches, or it teaches nothing."""
        self._mark_as(seq, False)

    def _mark_as(self, seq: int, sent: bool) -> None:
        first = not self._marks
        self._marks.append((seq, sent))
        if first:
            self._bell.set()

    def restarts(self, limit: int, then: Reader) -> None:
        """Accounting-Ons and -Offs that are not sent, in order."""
        self._ask(lambda file: file.restarts(limit), then)

    def unsent(self, after: int, limit: int, then: Reader) -> None:
        """Rows that are not sent, in order, behind a place."""
        self._ask(lambda file: file.unsent(after, limit), then)

    def unlearnt(self, domain: str, after: int, limit: int, then: Reader) -> None:
        """Rows of a domain that are not learnt, in order, behind a place."""
        self._ask(lambda file: file.unlearnt_of(domain, after, limit), then)

    def _ask(self, question: Callable[[SpoolFile], tuple[list[Row], int]], then: Reader) -> None:
        if self._file is not None:
            self._questions.append((functools.partial(question, self._file), then))
            self._bell.set()

    def _appended(self, rows: list[Row], error: str | None, took_s: float) -> None:
        self._pending -= len(rows)
        self._pending_octets -= sum(row.size for row in rows)
        if error is None:
            self.records += len(rows)
        self._error = error
        self._committed(rows, error, took_s)

    def _marked(self, gone: int, error: str | None) -> None:
        self.records -= gone
        self._error = error

    # ---- in the thread

    def _run(self, file: SpoolFile) -> None:
        mark_at = 0.0
        while True:
            self._bell.wait(max(mark_at - time.monotonic(), 0.001) if self._marks else IDLE_S)
            self._bell.clear()
            ending = self._ending
            while self._rows:
                self._append(file, [self._rows.popleft() for _ in range(min(GROUP, len(self._rows)))])
            if self._marks and (self._questions or ending or time.monotonic() >= mark_at):
                mark_at = time.monotonic() + (MARK_EVERY_S if self._mark(file) else TRY_AGAIN_S)
            while self._questions:
                self._answer(*self._questions.popleft())
            if ending and not self._rows:
                break
        file.close()

    def _call(self, callback: Callable[..., None], *arguments: object) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there to be told
                self._loop.call_soon_threadsafe(callback, *arguments)

    def _append(self, file: SpoolFile, rows: list[Row]) -> None:
        started = self._began_at = time.monotonic()
        error = None
        try:
            file.insert(rows)
            if started - self._looked_at > LOOK_EVERY_S:
                self._looked_at = started
                file.look()
        except Exception as fault:
            error = _told(fault)
        self._began_at = None
        self._call(self._appended, rows, error, time.monotonic() - started)

    def _mark(self, file: SpoolFile) -> bool:
        """Write down what is done with; False, and kept for later, if the disk does not take it."""
        marks = [self._marks.popleft() for _ in range(len(self._marks))]
        self._began_at = time.monotonic()
        try:
            gone = file.mark(
                [seq for seq, sent in marks if sent],
                [seq for seq, sent in marks if not sent],
            )
            file.look()
            if not self._rows:
                file.shrink()
        except Exception as fault:
            self._marks.extendleft(reversed(marks))
            self._call(self._marked, 0, _told(fault))
            return False
        finally:
            self._began_at = None
        self._call(self._marked, gone, None)
        return True

    def _answer(self, question: Callable[[], tuple[list[Row], int]], then: Reader) -> None:
        try:
            rows, last = question()
        except Exception as fault:
            log.warning("spool can't be read", path=str(self._path), error=_told(fault))
            self._call(then, None, 0)
        else:
            self._call(then, rows, last)


def _told(fault: Exception) -> str:
    """What SQLite says; anything else is a bug of ours, which must not end the thread."""
    if isinstance(fault, sqlite3.Error):
        return told(fault)
    log.error("internal error in the spool", exc_info=fault)
    return type(fault).__name__


__all__ = ["Bounds", "Journal", "Reader"]
