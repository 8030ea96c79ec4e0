"""The file that holds what was acknowledged: SQLite in a thread of its own, so that no disk ever stops the loop.

Everything that waits goes into one transaction, durable when it is over (WAL, synchronous=FULL). What is done with a row
is marked some time later and costs no transaction of its own; marks that a crash takes along make a record go twice,
which is what at-least-once means.

Callbacks run on the loop, in the order in which the thread did its work: whoever is told of a page has been told before
of every row that can be in it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from bngcorr.accountant.spool.row import FORM, Row, unpack
from bngcorr.errors import BngcorrError

APPLICATION_ID: Final = 0x626E6761  # "bnga": tells our files from other people's
GROUP: Final = 512  # rows in one transaction
MARK_EVERY_S: Final = 0.2
MOST_PENDING: Final = 8_192  # rows that wait for the disk
STALLED_S: Final = 2.0  # a transaction that takes longer is told
CLOSE_WITHIN_S: Final = 3.0
TRY_AGAIN_S: Final = 1.0
_CHUNKS: Final = (64, 16, 4, 1)  # rows in one statement: each statement costs two changes of thread

_SCHEMA: Final = """
CREATE TABLE record (
    seq INTEGER PRIMARY KEY,
    domain TEXT NOT NULL,
    restart INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    packed BLOB NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    learnt INTEGER NOT NULL DEFAULT 0
)
"""

log = structlog.get_logger()


class JournalError(BngcorrError):
    """The file can't be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much the file may hold."""

    records: int
    octets: int


@dataclass(slots=True)
class _Page:
    """A question for rows: their callback, told None if the file can't be read."""

    column: str  # sent or learnt: rows that are not yet
    domain: str | None
    restarts: bool
    after: int
    limit: int
    then: Callable[[list[Row] | None], None]


class Journal:
    """Rows until they are both sent and learnt. All methods are called on the loop."""

    def __init__(
        self, path: Path, bounds: Bounds, committed: Callable[[list[Row], str | None, float], None]
    ) -> None:
        """`committed(rows, error, took_s)`: they are durable if `error` is None, else not here at all."""
        self._path = path
        self._bounds = bounds
        self._committed = committed
        self._rows: deque[Row] = deque()
        self._pages: deque[_Page] = deque()
        self._marks: deque[tuple[int, bool]] = deque()  # (seq, True: sent, False: learnt)
        self._bell = threading.Event()
        self._ending = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._database: sqlite3.Connection | None = None
        self._seq = 0
        self._pending = 0
        self._began_at: float | None = None  # monotonic seconds; of the transaction under way
        self.records = 0  # durable, and not done with
        self.octets = 0  # of the file that are in use, with what is to be copied into it
        self.oldest_ms: int | None = None  # arrival of the oldest row, by this machine's clock
        self.error: str | None = None  # why the last transaction failed

    # ---- life

    def open(self) -> None:
        """Open or make the file, and start the thread. Raises JournalError."""
        try:
            self._database = self._opened()
        except OSError as error:
            raise JournalError(f"spool.path {self._path}: {error.strerror}; {_WRITABLE}") from None
        except sqlite3.Error as error:
            raise JournalError(f"spool.path {self._path}: {_advice(error)}") from None
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        made = not self._path.exists()
        # who was where and when is in there: nobody else's business
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        database = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            database.execute("PRAGMA locking_mode=EXCLUSIVE")
            database.execute("PRAGMA auto_vacuum=INCREMENTAL")
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=FULL")
            (page,) = database.execute("PRAGMA page_size").fetchone()
            database.execute(f"PRAGMA max_page_count={self._bounds.octets // page}")
            database.execute("BEGIN IMMEDIATE")  # the lock is ours from here on, or somebody else's
            (ours,), (form,) = (database.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version"))
            (tables,) = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if not tables:
                database.execute(_SCHEMA)
                database.execute(f"PRAGMA application_id={APPLICATION_ID}")
                database.execute(f"PRAGMA user_version={FORM}")
            elif (ours, form) != (APPLICATION_ID, FORM):
                raise JournalError(
                    f"spool.path {self._path}: a database, but not a spool of this version of bngcorr; name another file"
                )
            database.execute("COMMIT")
            self._look(database)
            (last,) = database.execute("SELECT max(seq) FROM record").fetchone()
            (self.records,) = database.execute("SELECT count(*) FROM record").fetchone()
            self._seq = last or 0
            if made:
                self._sync_folder()
        except BaseException:
            database.close()
            raise
        return database

    def _sync_folder(self) -> None:
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

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
        if self.octets >= self._bounds.octets:
            return f"max_octets {self._bounds.octets} reached"
        if self._pending >= MOST_PENDING:
            return f"disk too slow, {self._pending} records wait for it"
        return None

    @property
    def trouble(self) -> str | None:
        """What is wrong with the disk."""
        began_at = self._began_at
        if began_at is not None and time.monotonic() - began_at > STALLED_S:
            return f"disk does not answer for {time.monotonic() - began_at:.0f} s"
        return self.error

    def next_seq(self) -> int:
        """The place of the next row."""
        self._seq += 1
        return self._seq

    @property
    def last_seq(self) -> int:
        """The last place that was given."""
        return self._seq

    def append(self, row: Row) -> None:
        """Make it durable, with everything else that waits; `committed` is told."""
        self._pending += 1
        self._rows.append(row)
        self._bell.set()

    def mark_sent(self, seq: int) -> None:
        """AAA has it."""
        self._marks.append((seq, True))

    def mark_learnt(self, seq: int) -> None:
        """The store has what it teaches, or it teaches nothing."""
        self._marks.append((seq, False))

    def restarts(self, limit: int, then: Callable[[list[Row] | None], None]) -> None:
        """Accounting-Ons and -Offs that are not sent, in order."""
        self._ask(_Page("sent", None, True, 0, limit, then))

    def unsent(self, after: int, limit: int, then: Callable[[list[Row] | None], None]) -> None:
        """Rows that are not sent, in order, behind a place."""
        self._ask(_Page("sent", None, False, after, limit, then))

    def unlearnt(self, domain: str, after: int, limit: int, then: Callable[[list[Row] | None], None]) -> None:
        """Rows of a domain that are not learnt, in order, behind a place."""
        self._ask(_Page("learnt", domain, False, after, limit, then))

    def domains(self) -> list[str]:
        """Domains with rows that are not learnt; before the thread has anything to do."""
        if self._database is None:
            return []
        return [name for (name,) in self._database.execute("SELECT DISTINCT domain FROM record WHERE NOT learnt")]

    def _ask(self, page: _Page) -> None:
        self._pages.append(page)
        self._bell.set()

    def _told(self, rows: list[Row], error: str | None, took_s: float) -> None:
        self._pending -= len(rows)
        if error is None:
            self.records += len(rows)
        self.error = error
        self._committed(rows, error, took_s)

    def _gone(self, count: int) -> None:
        self.records -= count

    # ---- in the thread

    def _run(self) -> None:
        database = self._database
        assert database is not None  # noqa: S101 -- `open` came first
        mark_at = time.monotonic() + MARK_EVERY_S
        while True:
            self._bell.wait(MARK_EVERY_S)
            self._bell.clear()
            ending = self._ending
            while self._rows:
                self._append(database, [self._rows.popleft() for _ in range(min(GROUP, len(self._rows)))])
            if self._marks and (self._pages or ending or time.monotonic() >= mark_at):
                mark_at = time.monotonic() + (MARK_EVERY_S if self._mark(database) else TRY_AGAIN_S)
            while self._pages:
                self._read(database, self._pages.popleft())
            if ending and not self._rows:
                break
        with contextlib.suppress(sqlite3.Error):
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with contextlib.suppress(sqlite3.Error):
            database.close()

    def _call(self, callback: Callable[..., None], *arguments: object) -> None:
        assert self._loop is not None  # noqa: S101
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there to be told
            self._loop.call_soon_threadsafe(callback, *arguments)

    def _append(self, database: sqlite3.Connection, rows: list[Row]) -> None:
        started = self._began_at = time.monotonic()
        error = None
        try:
            statements = list(_inserts(rows))
            if len(statements) > 1:
                database.execute("BEGIN")
            for statement, values in statements:
                database.execute(statement, values)
            if len(statements) > 1:
                database.execute("COMMIT")
            self._look(database)
        except sqlite3.Error as fault:
            error = _text(fault)
            _roll_back(database)
        except Exception as fault:  # a bug of ours: the rows are refused, the thread goes on
            log.exception("internal error in the spool")
            error = type(fault).__name__
            _roll_back(database)
        self._began_at = None
        self._call(self._told, rows, error, time.monotonic() - started)

    def _mark(self, database: sqlite3.Connection) -> bool:
        """Write down what is done with; False, and kept for later, if the disk does not take it."""
        marks = [self._marks.popleft() for _ in range(len(self._marks))]
        sent = {seq for seq, is_sent in marks if is_sent}
        learnt = {seq for seq, is_sent in marks if not is_sent}
        gone = 0
        self._began_at = time.monotonic()
        try:
            database.execute("BEGIN")
            for statement, seqs in (
                (f"DELETE FROM record {_AMONG}", sent & learnt),
                (f"DELETE FROM record {_AMONG} AND learnt", sent - learnt),
                (f"DELETE FROM record {_AMONG} AND sent", learnt - sent),
                (f"UPDATE record SET sent = 1 {_AMONG}", sent - learnt),
                (f"UPDATE record SET learnt = 1 {_AMONG}", learnt - sent),
            ):
                if seqs:
                    cursor = database.execute(statement, (json.dumps(sorted(seqs)),))
                    gone += cursor.rowcount if statement.startswith("DELETE") else 0
            database.execute("COMMIT")
            self._look(database)
        except sqlite3.Error as fault:
            _roll_back(database)
            self._marks.extendleft(reversed(marks))
            self._call(self._failed, _text(fault))
            return False
        finally:
            self._began_at = None
        self._call(self._gone, gone)
        return True

    def _failed(self, error: str) -> None:
        self.error = error

    def _read(self, database: sqlite3.Connection, page: _Page) -> None:
        where = f"NOT {page.column} AND seq > ?"
        values: list[object] = [page.after]
        if page.domain is not None:
            where += " AND domain = ?"
            values.append(page.domain)
        if page.restarts:
            where += " AND restart"
        rows: list[Row] | None = None
        try:
            found = database.execute(
                f"SELECT seq, domain, restart, wall_ms, packed FROM record WHERE {where} ORDER BY seq LIMIT ?",  # noqa: S608
                (*values, page.limit),
            ).fetchall()
            rows = list(self._unpacked(found))
        except sqlite3.Error as fault:
            self._call(self._failed, _text(fault))
        self._call(page.then, rows)

    def _unpacked(self, found: Iterable[tuple[int, str, int, int, bytes]]) -> Iterable[Row]:
        for columns in found:
            try:
                yield unpack(*columns)
            except ValueError as error:
                log.error("record in the spool can't be read, it stays there", path=str(self._path), error=str(error))

    def _look(self, database: sqlite3.Connection) -> None:
        """How much of the file is in use, and how old its first row is."""
        (pages,), (free,), (size,) = (
            database.execute(f"PRAGMA {name}").fetchone() for name in ("page_count", "freelist_count", "page_size")
        )
        log_octets = 0
        with contextlib.suppress(OSError):
            log_octets = self._path.with_name(self._path.name + "-wal").stat().st_size
        self.octets = (pages - free) * size + log_octets
        first = database.execute("SELECT wall_ms FROM record ORDER BY seq LIMIT 1").fetchone()
        self.oldest_ms = None if first is None else first[0]


_AMONG: Final = "WHERE seq IN (SELECT value FROM json_each(?))"
_WRITABLE: Final = "it has to be a file that can be written, on a local disk"


def _inserts(rows: list[Row]) -> Iterable[tuple[str, list[object]]]:
    """As few statements as may be, of few kinds, so that SQLite knows them already."""
    at = 0
    for chunk in _CHUNKS:
        while len(rows) - at >= chunk:
            values: list[object] = []
            for row in rows[at : at + chunk]:
                values += (row.seq, row.domain, row.restart, row.wall_ms, row.pack())
            yield _INSERT + ", ".join(["(?, ?, ?, ?, ?)"] * chunk), values
            at += chunk


_INSERT: Final = "INSERT INTO record (seq, domain, restart, wall_ms, packed) VALUES "


def _roll_back(database: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        if database.in_transaction:
            database.execute("ROLLBACK")


def _text(error: sqlite3.Error) -> str:
    return f"{getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}"


def _advice(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "another process has it open; each packet process needs a file of its own"
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return f"{error}; {_WRITABLE}"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return (
            f"damaged, or no spool ({error}); move it away to start with an empty one, and keep it: what it holds was "
            "acknowledged and may not have reached AAA (sqlite3 FILE .recover)"
        )
    if name.startswith("SQLITE_FULL"):
        return "the disk is full"
    return f"{error}; {_WRITABLE}"
