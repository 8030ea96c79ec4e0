"""What people look for in the memory store, by looking through everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from bngcorr.store.duplicates import address_of
from bngcorr.store.memory_domain import Domain
from bngcorr.store.memory_records import Session
from bngcorr.store.memory_rows import line_row, session_row
from bngcorr.store.rows import LineRow, Page, SessionQuery, SessionRow
from bngcorr.store.terms import address_term, attachment_term, port_term

_Row = TypeVar("_Row", SessionRow, LineRow)


def sessions(domains: Mapping[str, Domain], query: SessionQuery) -> tuple[list[SessionRow], str | None]:
    """In the order of domains and names; the cursor is a rank."""
    rows = [
        session_row(name, session, known, domain.epoch(known.nas))
        for name, bngs in query.domains
        if (domain := domains.get(name)) is not None
        for session, known in sorted(domain.sessions.items())
        if known.nas.partition("|")[0] in bngs and (not query.terms or not _terms(known).isdisjoint(query.terms))
    ]
    return _paged(rows, query.page)


def lines(
    domains: Mapping[str, Domain], names: Sequence[str], term: str | None, page: Page, now_ms: int
) -> tuple[list[LineRow], str | None]:
    """Likewise; of a line that its session is found by as well."""
    rows: list[LineRow] = []
    for name in names:
        domain = domains.get(name)
        if domain is None:
            continue
        found = {one.line for one in domain.sessions.values() if term in _terms(one, of_lines=False)}
        rows += [
            line_row(name, key, line)
            for key, line in sorted(domain.lines.items())
            if (term is None or term in line.terms or key in found) and line.until_ms >= now_ms
        ]
    return _paged(rows, page)


def _terms(session: Session, *, of_lines: bool = True) -> set[str]:
    """All that a session is found by, or what its line is not found by itself."""
    terms = {address_term(address_of(host)) for host in session.hosts}
    terms |= {one for one in session.terms if of_lines or one.startswith("user:")}
    if session.port is not None:
        bng = session.nas.partition("|")[0]
        terms |= {port_term(bng, session.port.port), attachment_term(bng, session.port)}
    return terms


def _paged(rows: Sequence[_Row], page: Page) -> tuple[list[_Row], str | None]:
    start = int(page.cursor or 0)
    end = start + page.limit
    return list(rows[start:end]), str(end) if end < len(rows) else None
