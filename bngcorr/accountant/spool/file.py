"""The spool on disk: an SQLite file that one process holds at a time. Every call may wait for the disk."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from bngcorr.accountant.spool.row import FORM, Row, unpack
from bngcorr.errors import BngcorrError

APPLICATION_ID: Final = 0x626E6761  # "bnga": tells our files from other people's
SPARE_PAGES: Final = 256  # so that what is done with can be marked in a full file
VACUUM_PAGES: Final = 2_048  # given back to the file system at a time, while more are free
LOG_PAGES: Final = 1_000  # of the write-ahead log, before they are copied into the file
_CHUNKS: Final = (64, 16, 4, 1)  # rows in one statement: each statement costs two changes of thread

_OURS: Final = (APPLICATION_ID, FORM)
_SCHEMA: Final = """
CREATE TABLE record (
    seq INTEGER PRIMARY KEY,
    domain TEXT NOT NULL,
    restart INTEGER NOT NULL,
    wall_ms INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,
    learnt INTEGER NOT NULL DEFAULT 0,
    packed BLOB NOT NULL
)
"""
_INSERT: Final = "INSERT INTO record (seq, domain, restart, wall_ms, packed) VALUES "
_SELECT: Final = "SELECT seq, domain, restart, wall_ms, packed FROM record "
_AMONG: Final = "WHERE seq IN (SELECT value FROM json_each(?))"
_DELETE: Final = "DELETE FROM record " + _AMONG  # noqa: S608 -- our own words, here and below
_SENT: Final = "UPDATE record SET sent = 1 " + _AMONG  # noqa: S608
_LEARNT: Final = "UPDATE record SET learnt = 1 " + _AMONG  # noqa: S608
_WRITABLE: Final = "it has to be a file that can be written, on a local disk"

log = structlog.get_logger()


class SpoolError(BngcorrError):
    """The file can't be used; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much the file may hold."""

    records: int
    octets: int


class SpoolFile:
    """Rows until they are both sent and learnt. Methods raise sqlite3.Error."""

    def __init__(self, path: Path, bounds: Bounds) -> None:
        """Open or make it, and lock it. Raises SpoolError."""
        self.path = path
        self._log_path = path.with_name(path.name + "-wal")
        self.records = 0  # when it was opened
        self.last_seq = 0  # likewise
        self.unlearnt: list[str] = []  # domains with rows that were not learnt, likewise
        self.octets = 0  # in use, with what is to be copied into the file; this and the next two since the last look
        self.free_pages = 0
        self.oldest_ms: int | None = None  # arrival of the first row
        try:
            made = not path.exists()
            path.parent.mkdir(parents=True, exist_ok=True)
            # who was where and when is in there: nobody else's business
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(bounds)
                if made:
                    _sync(path.parent)
            except BaseException:
                self._database.close()
                raise
        except OSError as error:
            raise SpoolError(f"spool.path {path}: {error.strerror}; {_WRITABLE}") from None
        except sqlite3.Error as error:
            raise SpoolError(f"spool.path {path}: {_advice(error)}") from None

    def _prepare(self, bounds: Bounds) -> None:
        self._ask("PRAGMA locking_mode=EXCLUSIVE")
        made = not self._ask("SELECT count(*) FROM sqlite_schema")
        if not made and (self._ask("PRAGMA application_id"), self._ask("PRAGMA user_version")) != _OURS:
            raise SpoolError(
                f"spool.path {self.path}: a database, but no spool of this version of bngcorr; name another file"
            )
        self._ask("PRAGMA auto_vacuum=INCREMENTAL")
        self._ask("PRAGMA journal_mode=WAL")
        self._ask("PRAGMA synchronous=FULL")
        page = self._ask("PRAGMA page_size")
        pages = bounds.octets // page
        log_pages = min(pages // 8, LOG_PAGES)  # the log counts, too: a small spool has a small one
        self._ask(f"PRAGMA max_page_count={pages + SPARE_PAGES}")
        self._ask(f"PRAGMA wal_autocheckpoint={log_pages}")
        self._ask(f"PRAGMA journal_size_limit={log_pages * page}")
        self._database.execute("BEGIN IMMEDIATE")
        if made:
            self._database.execute(_SCHEMA)
            self._ask(f"PRAGMA application_id={APPLICATION_ID}")
            self._ask(f"PRAGMA user_version={FORM}")
        self._database.execute("COMMIT")
        for domain, count, last, learnt in self._database.execute(
            "SELECT domain, count(*), max(seq), min(learnt) FROM record GROUP BY domain"
        ):
            self.records += count
            self.last_seq = max(self.last_seq, last)
            if not learnt:
                self.unlearnt.append(domain)
        self.look()

    def _ask(self, statement: str) -> int:
        row = self._database.execute(statement).fetchone()
        return row[0] if row is not None else 0

    def insert(self, rows: list[Row]) -> None:
        """All of them are durable when this returns, none of them if it raises."""
        statements = list(_inserts(rows))
        try:
            if len(statements) > 1:
                self._database.execute("BEGIN")
            for statement, values in statements:
                self._database.execute(statement, values)
            if len(statements) > 1:
                self._database.execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def mark(self, sent: Collection[int], learnt: Collection[int]) -> int:
        """Note what AAA has and what the store has; how many rows went because both have them.

        Not synced: a process that is killed loses none of it, and a machine that stops makes some records go twice.
        """
        sent, learnt = set(sent), set(learnt)
        gone = 0
        try:
            self._ask("PRAGMA synchronous=NORMAL")
            self._database.execute("BEGIN")
            for statement, seqs in (
                (_DELETE, sent & learnt),
                (_DELETE + " AND learnt", sent - learnt),
                (_DELETE + " AND sent", learnt - sent),
                (_SENT, sent - learnt),
                (_LEARNT, learnt - sent),
            ):
                if seqs:
                    cursor = self._database.execute(statement, (json.dumps(sorted(seqs)),))
                    gone += cursor.rowcount if statement.startswith(_DELETE) else 0
            self._database.execute("COMMIT")
        except BaseException:
            self._roll_back()
            with contextlib.suppress(sqlite3.Error):  # what stands in the log may fit into the file, and make room
                self._ask("PRAGMA wal_checkpoint(TRUNCATE)")
            raise
        finally:
            self._ask("PRAGMA synchronous=FULL")
        return gone

    def restarts(self, limit: int) -> tuple[list[Row], int]:
        """Accounting-Ons and -Offs that are not sent, in order; and the place of the last one, 0 if there is none."""
        return self._read("WHERE restart AND NOT sent ORDER BY seq LIMIT ?", limit)

    def unsent(self, after: int, limit: int) -> tuple[list[Row], int]:
        """Rows that are not sent, behind a place, likewise."""
        return self._read("WHERE seq > ? AND NOT sent ORDER BY seq LIMIT ?", after, limit)

    def unlearnt_of(self, domain: str, after: int, limit: int) -> tuple[list[Row], int]:
        """Rows of a domain that are not learnt, behind a place, likewise."""
        return self._read("WHERE seq > ? AND domain = ? AND NOT learnt ORDER BY seq LIMIT ?", after, domain, limit)

    def _read(self, which: str, *values: object) -> tuple[list[Row], int]:
        rows, last = [], 0
        for columns in self._database.execute(_SELECT + which, values).fetchall():
            last = columns[0]
            try:
                rows.append(unpack(*columns))
            except ValueError as error:
                log.warning("record in the spool can't be read, it stays there", path=str(self.path), error=str(error))
        return rows, last

    def shrink(self) -> None:
        """Give some free pages back to the file system, if there are many."""
        if self.free_pages > VACUUM_PAGES:
            self._database.execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})").fetchall()
            self.look()

    def look(self) -> None:
        size, pages = self._ask("PRAGMA page_size"), self._ask("PRAGMA page_count")
        self.free_pages = self._ask("PRAGMA freelist_count")
        log_octets = 0
        with contextlib.suppress(OSError):
            log_octets = self._log_path.stat().st_size
        self.octets = (pages - self.free_pages) * size + log_octets
        self.oldest_ms = self._ask("SELECT wall_ms FROM record ORDER BY seq LIMIT 1") or None

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            if self._database.in_transaction:
                self._database.execute("ROLLBACK")

    def close(self) -> None:
        """Copy the log into the file, and let go of it."""
        with contextlib.suppress(sqlite3.Error):
            self._ask("PRAGMA wal_checkpoint(TRUNCATE)")
        with contextlib.suppress(sqlite3.Error):
            self._database.close()


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


def _sync(folder: Path) -> None:
    """Make the name of a new file durable."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def told(error: sqlite3.Error) -> str:
    """An error of SQLite in its own words."""
    return f"{getattr(error, 'sqlite_errorname', type(error).__name__)}: {error}"


def _advice(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "another process has it open; each packet process needs a file of its own"
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return (
            f"damaged, or no spool ({error}); move it away to start with an empty one, and keep it: what it holds was "
            "acknowledged and may not have reached AAA (sqlite3 FILE .recover)"
        )
    if name.startswith("SQLITE_FULL"):
        return "the disk is full; make room"
    return f"{error}; {_WRITABLE}"
