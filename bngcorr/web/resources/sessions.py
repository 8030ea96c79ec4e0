"""Sessions."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from typing import Final

from bngcorr.model.line import LineIds
from bngcorr.store.contract import QueryStore
from bngcorr.store.rows import Page as Place
from bngcorr.store.rows import SessionQuery, SessionRow
from bngcorr.store.terms import address_term, circuit_id_term, holding, mac_term, remote_id_term
from bngcorr.web.models.asked import MOST_ROWS
from bngcorr.web.models.model import Page
from bngcorr.web.models.names import read_record_name
from bngcorr.web.models.session import Session, SessionsQuery
from bngcorr.web.problem import not_found
from bngcorr.web.resources.cursors import PLACE, RANK, shaped
from bngcorr.web.resources.domains import from_all, walk
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.shown import session_shown
from bngcorr.web.turns import in_turns

MOST_SCANNED: Final = 20_000  # rows read to fill one page when a filter has no index


def address_terms(text: str) -> tuple[str, ...]:
    """Index terms under which an address or prefix may be found: itself, or any prefix that holds it."""
    if "/" in text:
        return (address_term(ipaddress.ip_network(text, strict=False)),)
    return tuple(address_term(held) for held in holding(ipaddress.ip_network(text)))


def terms_of(query: SessionsQuery) -> tuple[str, ...]:
    """Index terms to start from, the most telling filter first; empty: no filter is indexed."""
    if query.address is not None:
        return address_terms(query.address)
    if query.mac is not None:
        return (mac_term(query.mac),)
    if query.remote_id is not None:
        return (remote_id_term(query.remote_id),)
    if query.circuit_id is not None:
        return (circuit_id_term(query.circuit_id),)
    return ()


def fits(row: SessionRow, query: SessionsQuery) -> bool:
    """Whether a session is one of those asked for; the index may lag, so everything is checked."""
    ids = row.ids or LineIds()
    return (
        (query.state is None or row.state is query.state)
        and (query.bng is None or row.bng == query.bng)
        and (query.mac is None or row.address == query.mac)
        and (query.remote_id is None or ids.remote_id == query.remote_id)
        and (query.circuit_id is None or ids.circuit_id == query.circuit_id)
        and (query.address is None or _holds_address(row, query.address))
    )


def _holds_address(row: SessionRow, text: str) -> bool:
    wanted = ipaddress.ip_network(text, strict=False)
    for host in row.hosts:
        held = ipaddress.ip_network(host.split("|", 2)[2], strict=False)
        if held.version != wanted.version:
            continue
        if held == wanted or ("/" not in text and wanted.network_address in held):
            return True
    return False


class Sessions:
    """Of all domains."""

    def __init__(self, store: QueryStore, estate: Estate) -> None:
        self._store = store
        self._estate = estate

    async def page(self, query: SessionsQuery) -> Page[Session]:
        """Those that fit."""
        domains = self._estate.in_scope(query.bng)
        terms = terms_of(query)
        if not terms:
            cursor = shaped("cursor", query.cursor, PLACE)

            async def ask(domain: str, place: Place) -> tuple[list[SessionRow], str | None]:
                asked = SessionQuery(domains=((domain, domains[domain]),), page=place)
                found, following = await self._store.sessions(asked)
                return [row for row in found if fits(row, query)], following

            rows, following, silent = await walk(tuple(domains), cursor, query.limit, ask, MOST_SCANNED)
            return Page(items=await in_turns(rows, self.shown), next=following, partial=silent)
        start = int(shaped("cursor", query.cursor, RANK) or 0)
        rows, silent = await self.indexed(terms, lambda row: fits(row, query), domains)
        end = start + query.limit
        items = await in_turns(rows[start:end], self.shown)
        return Page(items=items, next=str(end) if end < len(rows) else None, partial=silent)

    async def indexed(
        self,
        terms: tuple[str, ...],
        keep: Callable[[SessionRow], bool],
        domains: dict[str, tuple[str, ...]],
        most: int = MOST_ROWS,
    ) -> tuple[list[SessionRow], tuple[str, ...]]:
        """Those of the first `most` that stand under one of the terms, each once; and domains that did not answer."""
        place = Place(cursor="", limit=most)

        async def ask(some: Sequence[str]) -> list[SessionRow]:
            scope = tuple((domain, domains[domain]) for domain in some)
            found, _ = await self._store.sessions(SessionQuery(domains=scope, terms=terms, page=place))
            return found

        found, silent = await from_all(tuple(domains), ask)
        return list({(row.domain, row.session): row for row in found if keep(row)}.values()), silent

    async def one(self, name: str) -> Session:
        """By its name in paths. Raises Problem if there is none."""
        return self.shown(await self.row(name))

    async def row(self, name: str) -> SessionRow:
        """The same as stored."""
        try:
            domain, session = read_record_name(name)
        except ValueError:
            raise not_found("session", name) from None
        rows = await self._store.session_rows([(domain, session)]) if domain in self._estate.domains else []
        if not rows:
            raise not_found("session", name)
        return rows[0]

    def shown(self, row: SessionRow) -> Session:
        """As it is told."""
        return session_shown(row, self._estate.interface_ids)
