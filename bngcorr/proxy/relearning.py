"""From the spool to the store: what a durable record teaches is told until the store has taken it.

In quiet times a lesson goes to the writer at once. When that has no room, or loses some, the domain lags: its rows are
read from the file, in order, and told as the store takes them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import structlog

from bngcorr.accountant.spool.journal import Journal
from bngcorr.accountant.spool.row import Row
from bngcorr.errors import WireError
from bngcorr.proxy import lessons
from bngcorr.proxy.admit import describe, which
from bngcorr.proxy.nas import NasTable
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.proxy.settle import verified
from bngcorr.store.lesson import Lesson
from bngcorr.wire import radius

PAGE: Final = 250
MOST_LESSONS: Final = 2  # of one row
LOOK_EVERY_S: Final = 0.1  # while a domain lags

log = structlog.get_logger()


class Writer(Protocol):
    """Who writes lessons into the store."""

    def put(self, lesson: Lesson) -> None:
        """Queue one."""
        ...

    def waiting(self, domain: str) -> int:
        """Lessons of a domain that are queued."""
        ...


class Reader:
    """Says what records teach; reads rows anew, by the rules of today and with the verdict of then."""

    def __init__(self, table: NasTable, numbers: Numbers, remember_ms: int, noise: Noise) -> None:
        self._table = table
        self._numbers = numbers
        self._remember_ms = remember_ms
        self._noise = noise

    def use(self, table: NasTable, numbers: Numbers) -> None:
        """Read by these BNGs and numbers from now on."""
        self._table, self._numbers = table, numbers

    def lessons(self, request: Request) -> list[Lesson]:
        """What a judged record teaches."""
        if request.record is None or request.verdict is None:
            return []
        return lessons.accounting(request, request.record, request.verdict, self._remember_ms)

    def read(self, row: Row) -> list[Lesson]:
        """What the record of a row teaches; nothing if its BNG is no longer in the configuration, which is told."""
        try:
            view = radius.decode(row.octets)
            group = self._table.find(row.host)
            if not group:
                self._noise.unlearnable(row.host, row.bng, "its BNG is no longer in the configuration")
                return []
            # that it is authentic was seen when it came: the secret may be another one by now
            request = describe(
                which(group, view), view, row.host, at_ms=row.arrived_ms, authentic=True, numbers=self._numbers
            )
            if row.verdict.verified:
                verified(request, self._numbers)
            request.verdict = row.verdict
            return self.lessons(request)
        except WireError as error:
            self._noise.unlearnable(row.host, row.bng, str(error.reason))
        except Exception as fault:
            self._noise.internal("nothing is learnt from a record", row.host, fault, row.octets[4:20])
        return []


class Relearning:
    """Follows each row's lessons until the store has them."""

    def __init__(self, journal: Journal, writer: Writer, room: int, read: Callable[[Row], list[Lesson]]) -> None:
        """`room`: lessons of one domain that may be with the writer."""
        self._journal = journal
        self._writer = writer
        self._room = room
        self._lessons_of = read
        self._rows: dict[int, tuple[Lesson, Row]] = {}  # by id of a lesson that the writer has
        self._left: dict[int, int] = {}  # by row: lessons that the writer has
        self._lagging: dict[str, int] = {}  # by domain: all its rows up to this place are with the writer, or learnt
        self._reading: set[str] = set()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def lagging(self) -> list[str]:
        """Domains whose rows are read from the file."""
        return list(self._lagging)

    def begin(self, domains: Sequence[str]) -> None:
        """Tell what an earlier process left of these domains."""
        for domain in domains:
            self._lag(domain, 0)

    def close(self) -> None:
        """Read no more."""
        self._lagging.clear()
        if self._timer is not None:
            self._timer.cancel()

    def take(self, row: Row, taught: Callable[[], list[Lesson]]) -> None:
        """A row that has just become durable."""
        if row.domain in self._lagging:
            return
        if self._writer.waiting(row.domain) >= self._room:
            self._lag(row.domain, row.seq - 1)
            return
        self._tell(row, taught())

    def _tell(self, row: Row, told: list[Lesson]) -> None:
        if not told:
            self._journal.mark_learnt(row.seq)
            return
        self._left[row.seq] = len(told)
        for lesson in told:  # all of them first: a full writer may give one up at once
            self._rows[id(lesson)] = (lesson, row)
        for lesson in told:
            self._writer.put(lesson)

    def written(self, lessons_taken: Sequence[Lesson]) -> None:
        """The store has these, or will never take them."""
        for lesson in lessons_taken:
            _, row = self._rows.pop(id(lesson), (None, None))
            left = self._left.get(row.seq) if row is not None else None
            if row is None or left is None:
                continue
            if left > 1:
                self._left[row.seq] = left - 1
            else:
                del self._left[row.seq]
                self._journal.mark_learnt(row.seq)

    def lost(self, given_up: Sequence[Lesson]) -> None:
        """The writer had to give these up: they are told again, from the file."""
        for lesson in given_up:
            _, row = self._rows.pop(id(lesson), (None, None))
            if row is not None and self._left.pop(row.seq, None) is not None:
                self._lag(row.domain, row.seq - 1)

    def _lag(self, domain: str, after: int) -> None:
        if domain not in self._lagging:
            log.info("lessons of spooled records wait on disk for the store", domain=domain)
        self._lagging[domain] = min(after, self._lagging.get(domain, after))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        self._timer = None
        for domain in self._lagging:
            self._read_more(domain)
        if self._lagging:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)

    def _read_more(self, domain: str) -> None:
        after = self._lagging.get(domain)
        room = self._room - self._writer.waiting(domain)
        if after is None or domain in self._reading or room < self._room // 2:
            return
        self._reading.add(domain)
        rows = min(max(room // MOST_LESSONS, 1), PAGE)
        self._journal.unlearnt(domain, after, rows, lambda rows, last: self._read(domain, after, rows, last))

    def _read(self, domain: str, after: int, rows: list[Row] | None, last: int) -> None:
        self._reading.discard(domain)
        if rows is None or self._lagging.get(domain) != after:
            return  # the disk has trouble, or an earlier row was given up meanwhile: the timer looks again
        if not last:  # whatever becomes durable from here on comes through `take`
            del self._lagging[domain]
            log.info("the store has all lessons of spooled records, or they are on their way", domain=domain)
            return
        self._lagging[domain] = last
        for row in rows:
            if row.seq not in self._left:
                self._tell(row, self._lessons_of(row))
        self._read_more(domain)
