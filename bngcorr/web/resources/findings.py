"""What operations should look at."""

from __future__ import annotations

import heapq
import json
from typing import Final

from bngcorr.store.contract import QueryStore
from bngcorr.store.rows import FindingRow
from bngcorr.web.models.finding import Finding, FindingsQuery
from bngcorr.web.models.model import Page
from bngcorr.web.models.names import read_record_name
from bngcorr.web.resources.domains import from_each
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.shown import finding_shown, line_of_finding

MOST_READ: Final = 10_000  # of one domain, when they are filtered


class Findings:
    """Of all domains."""

    def __init__(self, store: QueryStore, estate: Estate) -> None:
        self._store = store
        self._estate = estate

    async def page(self, query: FindingsQuery) -> Page[Finding]:
        """Those that fit, the newest first; at most `limit`, there is no more to read on."""
        domains = self._estate.in_scope(query.bng)
        if query.line is not None:
            domain, _ = read_record_name(query.line)
            domains = {domain: domains[domain]} if domain in domains else {}
        every = query.finding is None and query.state is None and query.bng is None and query.line is None
        most = query.limit if every else MOST_READ
        found, silent = await from_each(tuple(domains), lambda domain: self._store.findings([domain], most))
        rows = heapq.merge(*found.values(), key=lambda row: -row.last_ms)
        items = []
        for row in rows:
            if _fits(row, query):
                items.append(finding_shown(row))
                if len(items) == query.limit:
                    break
        return Page(items=tuple(items), partial=silent)


def _fits(row: FindingRow, query: FindingsQuery) -> bool:
    return (
        (query.finding is None or row.finding == query.finding)
        and (query.bng is None or row.bng == query.bng)
        and (query.state is None or (query.state == "over") == (row.over_ms > 0))
        and (query.line is None or line_of_finding(row, json.loads(row.detail)) == query.line)
    )
