"""Live events: one reader of the store for everybody who listens."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Final

import structlog

from bngcorr.errors import StoreError
from bngcorr.model.mac import format_mac
from bngcorr.store.contract import QueryStore
from bngcorr.store.rows import FindingRow
from bngcorr.store.timeline import RequestEntry
from bngcorr.web.models.correlation import Correlation, EventsQuery, Gap
from bngcorr.web.models.finding import Finding
from bngcorr.web.models.names import read_record_name
from bngcorr.web.problem import Problem
from bngcorr.web.resources.cursors import EVENT, shaped
from bngcorr.web.resources.domains import from_all
from bngcorr.web.resources.entries import request_shown
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.shown import finding_shown, line_of_finding
from bngcorr.wire.attributes import Code

Event = Correlation | Finding | Gap

EVERY_S: Final = 0.25  # that the store is asked for requests
FINDINGS_EVERY_S: Final = 2.0
AT_ONCE: Final = 500  # requests read in one go
MOST_FINDINGS: Final = 100  # of one domain, looked at for what is new
MOST_CAUGHT_UP: Final = 5_000  # requests told to one who resumes
MOST_WAITING: Final = 1_000  # events for one listener
MOST_LISTENERS: Final = 64
MOST_OF_ONE: Final = 32  # of these, so that nobody keeps all others out
HEARTBEAT_S: Final = 15.0

log = structlog.get_logger()

Order = tuple[int, int, int]  # of cursors


def order_of(cursor: str) -> Order:
    """What cursors are compared by."""
    entry, _, place = cursor.partition(".")
    at_ms, _, number = entry.partition("-")
    return int(at_ms), int(number), int(place or 0)


class Live:
    """Events as they come."""

    def __init__(self, store: QueryStore, estate: Estate) -> None:
        self._store = store
        self._estate = estate
        self._listeners: set[_Listener] = set()
        self._reader: asyncio.Task[None] | None = None
        self._after = ""  # cursor that the reader has come to
        self._known: dict[
            tuple[str, str, str], tuple[int, bool]
        ] = {}  # findings: when they began, whether they are over

    def follow(self, query: EventsQuery, name: str) -> AsyncGenerator[Event | None]:
        """Events that fit, as they come, after those behind `query.after`; None when there was none for a while. `name`
        is the caller's.

        Raises Problem at once for a cursor or BNG that can't be, or if too many listen; StoreError while it catches up.
        """
        self._estate.in_scope(query.bng)
        after = shaped("after", query.after, EVENT)
        if len(self._listeners) >= MOST_LISTENERS:
            raise Problem(503, "Too many listen", f"{MOST_LISTENERS} streams are open already")
        if sum(listener.name == name for listener in self._listeners) >= MOST_OF_ONE:
            raise Problem(503, "Too many listen", f"{MOST_OF_ONE} streams of this caller are open already")
        return self._follow(query, after, name)

    async def _follow(self, query: EventsQuery, after: str, name: str) -> AsyncGenerator[Event | None]:
        listener = _Listener(query, name)
        self._listeners.add(listener)
        try:
            if self._reader is None or self._reader.done():
                self._reader = asyncio.create_task(self._read())
            last: Order = (0, 0, 0)
            if after:
                async for cursor, event in self._missed(listener, after):
                    last = order_of(cursor) if cursor else last
                    yield event
            while True:
                cursor, event_or_none = await listener.next()
                if not cursor or order_of(cursor) > last:  # else it was told while it caught up
                    yield event_or_none
        except Over:
            return
        finally:
            self._listeners.discard(listener)
            if not self._listeners and self._reader is not None:
                self._reader.cancel()
                self._reader = None

    async def close(self) -> None:
        """No more events."""
        if self._reader is not None:
            self._reader.cancel()
            self._reader = None
        for listener in self._listeners:
            listener.end()

    async def _missed(self, listener: _Listener, after: str) -> AsyncIterator[tuple[str, Event]]:
        """What lies between a cursor and now."""
        since_ms = order_of(after)[0]
        rows, _ = await self._findings()
        for row in reversed(rows):
            if max(row.first_ms, row.over_ms) > since_ms and listener.wants_finding(row):
                yield "", finding_shown(row)
        told = 0
        while told < MOST_CAUGHT_UP:
            found = await self._store.events(after, AT_ONCE)
            told += len(found)
            for after, entry in found:
                if listener.wants(entry):
                    yield after, request_shown(entry, after)
            if len(found) < AT_ONCE:
                return

    # ---- the reader

    async def _read(self) -> None:
        """Until nobody listens. A store that is away is asked again and again."""
        loop = asyncio.get_running_loop()
        findings_at = 0.0
        started = False
        while True:
            try:
                if not started:
                    latest = await self._store.events_before("", 1)
                    self._after = latest[0][0] if latest else ""
                    self._known = {}
                    await self._read_findings(tell=False)
                    findings_at = loop.time() + FINDINGS_EVERY_S
                    started = True
                more = await self._read_requests()
                if loop.time() >= findings_at:
                    findings_at = loop.time() + FINDINGS_EVERY_S
                    await self._read_findings(tell=True)
            except StoreError:
                more = False
            except Exception:
                log.exception("live events")
                more = False
            if not more:
                await asyncio.sleep(EVERY_S)

    async def _read_requests(self) -> bool:
        """Whether there may be more at once."""
        found = await self._store.events(self._after, AT_ONCE)
        for cursor, entry in found:
            self._after = cursor
            wanting = [one for one in self._listeners if one.wants(entry)]
            if wanting:
                shown = request_shown(entry, cursor)
                for listener in wanting:
                    listener.put(cursor, shown)
        await asyncio.sleep(0)
        return len(found) == AT_ONCE

    async def _findings(self) -> tuple[list[FindingRow], tuple[str, ...]]:
        """The newest of each domain, and domains that did not answer. Raises StoreError if none did."""
        rows, silent = await from_all(
            tuple(self._estate.domains), lambda domains: self._store.findings(domains, MOST_FINDINGS)
        )
        return sorted(rows, key=lambda row: -row.last_ms), silent

    async def _read_findings(self, *, tell: bool) -> None:
        rows, silent = await self._findings()
        known = {name: state for name, state in self._known.items() if name[0] in silent}
        for row in reversed(rows):
            name, state = (row.domain, str(row.finding), row.subject), (row.first_ms, row.over_ms > 0)
            known[name] = state
            if tell and self._known.get(name) != state:
                for listener in self._listeners:
                    if listener.wants_finding(row):
                        listener.put("", finding_shown(row))
        self._known = known


class Over(Exception):
    """There are no more events: the process ends."""


class _Listener:
    """One who follows: what he wants, and what waits for him."""

    def __init__(self, query: EventsQuery, name: str) -> None:
        self.name = name  # the caller's
        self._query = query
        self._line = None if query.line is None else read_record_name(query.line)
        self._mac = None if query.mac is None else format_mac(query.mac)
        self._waiting: deque[tuple[str, Event]] = deque()
        self._lost = 0
        self._some = asyncio.Event()
        self._over = False

    def wants(self, entry: RequestEntry) -> bool:
        """Whether a request is one of those asked for."""
        asked = self._query
        return (
            asked.finding is None
            and (asked.kind is None or asked.kind == _kind_of(entry))
            and (asked.bng is None or entry.bng == asked.bng)
            and (asked.outcome is None or entry.verdict == asked.outcome)
            and (asked.mac is None or entry.mac == asked.mac)
            and (self._line is None or (entry.domain, entry.line) == self._line)
        )

    def wants_finding(self, row: FindingRow) -> bool:
        """Whether a finding is one of those asked for."""
        asked = self._query
        if asked.kind not in (None, "finding") or asked.outcome is not None:
            return False
        if (asked.finding is not None and row.finding != asked.finding) or (
            asked.bng is not None and row.bng != asked.bng
        ):
            return False
        if self._mac is None and self._line is None:
            return True
        detail = json.loads(row.detail)
        return (self._mac is None or self._mac in (row.subject, detail.get("mac"))) and (
            asked.line is None or line_of_finding(row, detail) == asked.line
        )

    def put(self, cursor: str, event: Event) -> None:
        """One more; the oldest goes if too many wait."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._lost += 1
        self._waiting.append((cursor, event))
        self._some.set()

    def end(self) -> None:
        """There is no more to come."""
        self._over = True
        self._some.set()

    async def next(self) -> tuple[str, Event | None]:
        """The next one with its cursor; how many were lost before it; or None if there was none for a while.

        Raises Over at the end.
        """
        if not self._waiting and not self._lost:
            self._some.clear()
            if self._over:
                raise Over
            try:
                async with asyncio.timeout(HEARTBEAT_S):
                    await self._some.wait()
            except TimeoutError:
                return "", None
        if self._lost:
            lost, self._lost = self._lost, 0
            return "", Gap(lost=lost)
        if not self._waiting:
            raise Over
        return self._waiting.popleft()


def _kind_of(entry: RequestEntry) -> str:
    return "accounting" if entry.code is Code.ACCOUNTING_REQUEST else "request"
