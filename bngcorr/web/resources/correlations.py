"""Recent requests with their verdicts."""

from __future__ import annotations

from typing import Final

from bngcorr.store.contract import Clock, QueryStore
from bngcorr.store.timeline import RequestEntry
from bngcorr.web.models.correlation import Correlation, CorrelationsQuery
from bngcorr.web.models.model import Page
from bngcorr.web.models.names import read_record_name
from bngcorr.web.resources.cursors import EVENT, shaped
from bngcorr.web.resources.entries import request_shown
from bngcorr.web.resources.estate import Estate
from bngcorr.web.turns import in_turns

AT_ONCE: Final = 500  # requests read in one go when they are filtered
MOST_SCANNED: Final = 10_000  # read for one page


class Correlations:
    """As the stream of the store has them."""

    def __init__(self, store: QueryStore, estate: Estate, clock: Clock) -> None:
        self._store = store
        self._estate = estate
        self._clock = clock

    async def page(self, query: CorrelationsQuery) -> Page[Correlation]:
        """Those that fit. With order=oldest `next` is never null: ask again with it as `after` to follow."""
        self._estate.in_scope(query.bng)
        after = shaped("after", query.after, EVENT)
        newest = query.order == "newest"
        read = self._store.events_before if newest else self._store.events
        wanted = Wanted(query, self._clock.now_ms())
        at_once = query.limit if wanted.everything else max(AT_ONCE, query.limit)
        items: list[tuple[str, RequestEntry]] = []
        scanned, more = 0, True
        while more and len(items) < query.limit and scanned < MOST_SCANNED:
            found = await read(after, at_once)
            more = len(found) == at_once
            scanned += len(found)
            for cursor, entry in found:
                after = cursor
                if wanted.fits(entry):
                    items.append((cursor, entry))
                    if len(items) == query.limit:
                        more = True
                        break
                elif newest and wanted.is_too_old(entry):
                    more = False
        shown = await in_turns(items, lambda item: request_shown(item[1], item[0]))
        return Page(items=shown, next=after or None if more or not newest else None)


class Wanted:
    """What requests have to be like."""

    def __init__(self, query: CorrelationsQuery, now_ms: int) -> None:
        self._query = query
        self._line = None if query.line is None else read_record_name(query.line)
        since = query.since
        self._since_ms = 0 if since is None else since if since >= 0 else now_ms + since
        self.everything = query.model_copy(update={"order": "oldest", "after": "", "limit": 100}) == CorrelationsQuery()

    def is_too_old(self, entry: RequestEntry) -> bool:
        """Whether it, and what was written before it, is from before `since`, with a margin for what was held."""
        return entry.over_ms + 60_000 < self._since_ms

    def fits(self, entry: RequestEntry) -> bool:
        """Whether it is one of those asked for."""
        asked = self._query
        return (
            (asked.bng is None or entry.bng == asked.bng)
            and (asked.outcome is None or entry.verdict == asked.outcome)
            and (asked.trigger is None or entry.trigger == asked.trigger)
            and (asked.rung is None or entry.rung == asked.rung)
            and (asked.mac is None or entry.mac == asked.mac)
            and (self._line is None or (entry.domain, entry.line) == self._line)
            and entry.at_ms >= self._since_ms
        )
