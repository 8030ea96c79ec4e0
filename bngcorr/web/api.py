"""`/v1`: sessions, lines, BNGs, findings and recent verdicts, read from the store."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv6Address
from typing import Final

from aiohttp import web

from bngcorr.accountant.cost import CostTable
from bngcorr.config import Config
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Finding, SessionState
from bngcorr.store.contract import CapacityStore, QueryStore
from bngcorr.store.rows import LineRow, Page, SessionQuery, SessionRow
from bngcorr.store.terms import circuit_id_term, remote_id_term
from bngcorr.web.filters import EVENT, MOST_ROWS, PLACE, RANK, Filters, cursor_of, limit_of, one_of, only, parse_octets
from bngcorr.web.hosts import Hosts
from bngcorr.web.problems import Problem, problems
from bngcorr.web.shown import JsonObject, bng_shown, finding_shown, line_shown, session_shown
from bngcorr.web.what_if import WhatIf

MOST_FINDINGS_READ: Final = 10_000  # of one domain, when they are filtered
SESSIONS_AT_ONCE: Final = 1_000  # read in one round trip, of the lines of a page
MOST_SCANNED: Final = 20_000  # rows read to fill one page when a filter has no index


class Api:
    """Handlers over one store."""

    def __init__(
        self, store: QueryStore, config: Config, costs: Mapping[str, CostTable], capacity: CapacityStore
    ) -> None:
        """`costs`: the cost table of each BNG, by its name."""
        self._store = store
        self._hosts = Hosts(store, capacity, config, costs)
        self._what_if = WhatIf(store, config, costs)
        self._bngs = config.bngs
        self._costs = costs
        self._interface_ids = {
            bng.name: None if bng.cpe_address is None else IPv6Address(bng.cpe_address) for bng in config.bngs
        }
        domains: dict[str, list[str]] = {}
        for bng in config.bngs:
            domains.setdefault(bng.domain_name, []).append(bng.name)
        self._domains = tuple((domain, tuple(names)) for domain, names in domains.items())

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(middlewares=[problems])
        app.add_routes(
            [
                web.get("/", self.index),
                web.get("/healthz", self.healthz),
                web.get("/v1/sessions", self.sessions),
                web.get("/v1/lines", self.lines),
                web.get("/v1/bngs", self.bngs),
                web.get("/v1/hosts", self._hosts.hosts),
                web.get("/v1/what-if", self._what_if.what_if),
                web.get("/v1/correlations", self.correlations),
                web.get("/v1/findings", self.findings),
            ]
        )
        return app

    async def index(self, request: web.Request) -> web.Response:
        """What there is."""
        paths = [path for path in (r.canonical for r in request.app.router.resources()) if path != "/"]
        return web.json_response({"service": "bngcorr", "resources": paths})

    async def healthz(self, _: web.Request) -> web.Response:
        """This process is alive; the store is not asked."""
        return web.json_response({"status": "alive"})

    def _in_scope(self, bng: str | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Domains and BNGs that are asked about. Raises Problem for a BNG that is not configured."""
        if bng is None:
            return self._domains
        one_of([one.name for one in self._bngs], "bng", bng)
        return tuple((domain, (bng,)) for domain, names in self._domains if bng in names)

    async def sessions(self, request: web.Request) -> web.Response:
        """GET /v1/sessions: filters mac, remote_id, circuit_id (text or 0x…), bng, address, state; limit, cursor."""
        filters = Filters.read(request.query)
        limit = limit_of(request.query)
        domains, terms = self._in_scope(filters.bng), filters.terms()
        cursor: str | None = cursor_of(request.query, "cursor", RANK if terms else PLACE)
        rows: dict[str, SessionRow] = {}
        if terms:
            query = SessionQuery(domains=domains, terms=terms, page=Page(cursor="", limit=MOST_ROWS))
            found, _ = await self._store.sessions(query)
            rows.update((f"{row.domain}/{row.session}", row) for row in found if filters.holds(row))
            start = int(cursor or 0)
            chosen = list(rows.values())[start : start + limit]
            following = str(start + limit) if start + limit < len(rows) else None
            return web.json_response({"items": self._shown(chosen), "next": following})
        scanned = 0
        while len(rows) < limit and cursor is not None and scanned < MOST_SCANNED:
            want = limit - len(rows)
            query = SessionQuery(domains=domains, page=Page(cursor=cursor, limit=want))
            found, cursor = await self._store.sessions(query)
            scanned += want
            rows.update((f"{row.domain}/{row.session}", row) for row in found if filters.holds(row))
        return web.json_response({"items": self._shown(rows.values()), "next": cursor})

    def _shown(self, rows: Iterable[SessionRow]) -> list[JsonObject]:
        return [session_shown(row, self._interface_ids) for row in rows]

    async def lines(self, request: web.Request) -> web.Response:
        """GET /v1/lines: filters remote_id, circuit_id (text or 0x…); limit, cursor. A look-up by id returns a list."""
        query = request.query
        only(query, ("remote_id", "circuit_id", "limit", "cursor"))
        remote = parse_octets(query["remote_id"]) if "remote_id" in query else None
        circuit = parse_octets(query["circuit_id"]) if "circuit_id" in query else None
        term = remote_id_term(remote) if remote is not None else None
        if term is None and circuit is not None:
            term = circuit_id_term(circuit)
        cursor = cursor_of(query, "cursor", RANK if term is not None else PLACE)
        domains = [domain for domain, _ in self._domains]
        page = Page(cursor=cursor, limit=limit_of(query))
        now_ms = time.time_ns() // 1_000_000
        found, following = await self._store.lines(domains, term, page, now_ms)
        rows = [
            row
            for row in found
            if (remote is None or row.ids.remote_id == remote) and (circuit is None or row.ids.circuit_id == circuit)
        ]
        sessions = await self._up(rows, now_ms)
        items = [line_shown(row, sessions[row.domain, row.line], self._interface_ids) for row in rows]
        return web.json_response({"items": items, "next": following})

    async def _up(self, lines: Sequence[LineRow], now_ms: int) -> dict[tuple[str, str], list[SessionRow]]:
        """Sessions of each line, by (domain, line), that are up."""
        pairs = list(dict.fromkeys((line.domain, session) for line in lines for session in line.sessions))
        found: dict[tuple[str, str], list[SessionRow]] = {(line.domain, line.line): [] for line in lines}
        for at in range(0, len(pairs), SESSIONS_AT_ONCE):
            for row in await self._store.session_rows(pairs[at : at + SESSIONS_AT_ONCE]):
                if row.state is SessionState.UP and row.until_ms >= now_ms and (row.domain, row.line) in found:
                    found[row.domain, row.line or ""].append(row)
        return found

    async def bngs(self, request: web.Request) -> web.Response:
        """GET /v1/bngs: usage against limits, traffic, lines, enterprise numbers, distances of matches."""
        only(request.query, ())
        usages: dict[str, Usage] = {}
        traffics: dict[str, Traffic] = {}
        census: dict[str, tuple[int, int, int]] = {}
        numbers: dict[str, dict[int, int]] = {}
        distances: dict[str, tuple[int, ...]] = {}
        for domain, names in self._domains:
            usages.update(await self._store.usage(domain, names))
            traffics.update(await self._store.traffic(domain, names))
            census.update(await self._store.census(domain))
            numbers.update(await self._store.enterprise_numbers(domain, names))
            distances.update(await self._store.distances(domain, names))
        items = [
            bng_shown(
                bng, self._costs[bng.name], usages[bng.name], traffics.get(bng.name, Traffic()), census.get(bng.name),
                numbers[bng.name], distances[bng.name],
            )
            for bng in self._bngs
        ]  # fmt: skip
        return web.json_response({"items": items})

    async def correlations(self, request: web.Request) -> web.Response:
        """GET /v1/correlations: recent verdicts, oldest first behind `after`; limit."""
        only(request.query, ("after", "limit"))
        after = cursor_of(request.query, "after", EVENT)
        entries = await self._store.events(after, limit_of(request.query))
        items = [{"id": cursor, **shown} for cursor, shown in entries]
        return web.json_response({"items": items, "next": entries[-1][0] if entries else after})

    async def findings(self, request: web.Request) -> web.Response:
        """GET /v1/findings: what operations should look at, newest first; filters finding, bng, state; limit."""
        query = request.query
        only(query, ("finding", "bng", "state", "limit"))
        kind, state, bng = query.get("finding"), query.get("state"), query.get("bng")
        if kind is not None and kind not in list(Finding):
            raise Problem(400, "Bad filter", f"finding={kind!r} is none of {', '.join(Finding)}")
        if state is not None and state not in ("open", "over"):
            raise Problem(400, "Bad filter", f"state={state!r} is neither open nor over")
        limit = limit_of(query)
        domains = [domain for domain, _ in self._in_scope(bng)]
        every = kind is None and state is None and bng is None
        rows = await self._store.findings(domains, limit if every else MOST_FINDINGS_READ)
        items = [
            finding_shown(row)
            for row in rows
            if (kind is None or row.finding == kind)
            and (bng is None or row.bng == bng)
            and (state is None or (state == "over") == (row.over_ms > 0))
        ]
        return web.json_response({"items": items[:limit]})
