"""`/v1`: sessions, lines, BNGs and recent verdicts, read from the store."""

from __future__ import annotations

import ipaddress
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from bngcorr.accountant.capacity import CostTable, capacity
from bngcorr.config import Bng, Config
from bngcorr.model.line import LineIds
from bngcorr.model.mac import format_mac, parse_mac
from bngcorr.model.shown import octets_shown
from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.contract import LineRow, Page, QueryStore, SessionQuery, SessionRow
from bngcorr.web.problems import Problem, problems

MOST_ROWS: Final = 1000
MOST_SCANNED: Final = 20_000  # rows read to fill one page when a filter has no index

JsonObject = dict[str, Any]


def instant_shown(epoch_ms: int) -> str | None:
    """RFC 3339 in UTC; None for "never"."""
    if epoch_ms <= 0:
        return None
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_octets(text: str) -> bytes:
    """An id as text, or as hex with ``0x`` in front."""
    if text.startswith("0x"):
        try:
            return bytes.fromhex(text[2:])
        except ValueError:
            raise Problem(400, "Bad filter", f"{text!r} is not hexadecimal") from None
    return text.encode()


def session_shown(row: SessionRow) -> JsonObject:
    """One session as the API tells it."""
    ids = row.ids or LineIds()
    hosts = [host.split("|", 2) for host in row.hosts]
    return {
        **json.loads(row.shown),
        "key": f"{row.domain}/{row.session}",
        "domain": row.domain,
        "nas": row.nas,
        "state": str(row.state),
        "line": row.line,
        "remote_id": octets_shown(ids.remote_id),
        "circuit_id": octets_shown(ids.circuit_id),
        "addresses": [{"kind": kind, "service": service, "address": address} for kind, service, address in hosts],
        "updated_at": instant_shown(row.at_ms),
        "expires_at": instant_shown(row.until_ms),
    }


def line_shown(row: LineRow) -> JsonObject:
    """One line as the API tells it."""
    return {
        "line": row.line,
        "domain": row.domain,
        "remote_id": octets_shown(row.ids.remote_id),
        "circuit_id": octets_shown(row.ids.circuit_id),
        "first_seen": instant_shown(row.first_ms),
        "last_seen": instant_shown(row.last_ms),
        "last": json.loads(row.shown),
    }


def address_terms(text: str) -> tuple[str, ...]:
    """Index terms under which an address or prefix may be found: itself, or any prefix that holds it."""
    try:
        if "/" in text:
            return (f"address:{ipaddress.ip_network(text, strict=False)}",)
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Problem(400, "Bad filter", f"address={text!r} is no IP address or prefix") from None
    if address.version == 4:
        return (f"address:{address}",)
    prefixes = (ipaddress.ip_network((address, length), strict=False) for length in range(64, 31, -1))
    return (f"address:{address}", *(f"address:{prefix}" for prefix in prefixes))


@dataclass(frozen=True, slots=True)
class Filters:
    """What a request for sessions asks for; every filter that is given must hold."""

    mac: str | None
    remote_id: bytes | None
    circuit_id: bytes | None
    bng: str | None
    address: str | None
    state: SessionState | None

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """From the query string. Raises Problem naming the filter and the value."""
        known = {"mac", "remote_id", "circuit_id", "bng", "address", "state", "limit", "cursor"}
        for name in query:
            if name not in known:
                raise Problem(400, "Unknown filter", f"{name!r} is none of {', '.join(sorted(known))}")
        mac = None
        if "mac" in query:
            parsed = parse_mac(query["mac"])
            if parsed is None:
                raise Problem(400, "Bad filter", f"mac={query['mac']!r} is no MAC address")
            mac = format_mac(parsed)
        state = None
        if "state" in query:
            try:
                state = SessionState(query["state"])
            except ValueError:
                raise Problem(
                    400, "Bad filter", f"state={query['state']!r} is none of {', '.join(SessionState)}"
                ) from None
        if "address" in query:
            address_terms(query["address"])
        return cls(
            mac=mac,
            remote_id=parse_octets(query["remote_id"]) if "remote_id" in query else None,
            circuit_id=parse_octets(query["circuit_id"]) if "circuit_id" in query else None,
            bng=query.get("bng"),
            address=query.get("address"),
            state=state,
        )

    def terms(self) -> tuple[str, ...]:
        """Index terms to start from, the most telling filter first; empty: no filter is indexed."""
        if self.address is not None:
            return address_terms(self.address)
        if self.mac is not None:
            return (f"mac:{self.mac}",)
        if self.remote_id is not None:
            return (f"remote_id:{self.remote_id.hex()}",)
        if self.circuit_id is not None:
            return (f"circuit_id:{self.circuit_id.hex()}",)
        return ()

    def holds(self, row: SessionRow) -> bool:
        """Whether a session is one of those asked for; the index may lag, so everything is checked."""
        shown = json.loads(row.shown)
        ids = row.ids or LineIds()
        return (
            (self.state is None or row.state is self.state)
            and (self.bng is None or shown.get("bng") == self.bng)
            and (self.mac is None or shown.get("mac") == self.mac)
            and (self.remote_id is None or ids.remote_id == self.remote_id)
            and (self.circuit_id is None or ids.circuit_id == self.circuit_id)
            and (self.address is None or _holds_address(row, self.address))
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


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", "100")
    if re.fullmatch(r"[1-9][0-9]{0,3}", text) is None or int(text) > MOST_ROWS:
        raise Problem(400, "Bad limit", f"limit={text!r} is not 1 … {MOST_ROWS}")
    return int(text)


def _cursor(query: Mapping[str, str], name: str, shape: re.Pattern[str]) -> str:
    text = query.get(name, "")
    if text and shape.fullmatch(text) is None:
        raise Problem(400, "Bad cursor", f"{name}={text[:40]!r} was not given out by this API for these filters")
    return text


_RANK: Final = re.compile(r"[0-9]{1,9}")  # in the answers to one index term
_PLACE: Final = re.compile(r"[0-9]{1,9}\.[0-9]{1,9}")  # which BNG or domain, and how far in it
_EVENT: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,15}")  # id of a stream entry


class Api:
    """Handlers over one store."""

    def __init__(self, store: QueryStore, config: Config) -> None:
        self._store = store
        self._bngs = config.bngs
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
                web.get("/v1/correlations", self.correlations),
            ]
        )
        return app

    async def index(self, _: web.Request) -> web.Response:
        """What there is."""
        paths = ["/healthz", "/v1/sessions", "/v1/lines", "/v1/bngs", "/v1/correlations"]
        return web.json_response({"service": "bngcorr", "resources": paths})

    async def healthz(self, _: web.Request) -> web.Response:
        """This process is alive; the store is not asked."""
        return web.json_response({"status": "alive"})

    def _in_scope(self, bng: str | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
        if bng is None:
            return self._domains
        return tuple((domain, (bng,)) for domain, names in self._domains if bng in names)

    async def sessions(self, request: web.Request) -> web.Response:
        """GET /v1/sessions: filters mac, remote_id, circuit_id (text or 0x…), bng, address, state; limit, cursor."""
        filters = Filters.read(request.query)
        limit = _limit(request.query)
        terms = filters.terms()
        cursor: str | None = _cursor(request.query, "cursor", _RANK if terms else _PLACE)
        rows: dict[str, SessionRow] = {}
        now_ms = time.time_ns() // 1_000_000
        if terms:
            for term in terms:
                query = SessionQuery(
                    domains=self._in_scope(filters.bng), term=term, page=Page(cursor="", limit=MOST_ROWS)
                )
                found, _ = await self._store.sessions(query, now_ms)
                rows.update((f"{row.domain}/{row.session}", row) for row in found if filters.holds(row))
            start = int(cursor or 0)
            chosen = list(rows.values())[start : start + limit]
            following = str(start + limit) if start + limit < len(rows) else None
            return web.json_response({"items": [session_shown(row) for row in chosen], "next": following})
        scanned = 0
        while len(rows) < limit and cursor is not None and scanned < MOST_SCANNED:
            want = limit - len(rows)
            query = SessionQuery(domains=self._in_scope(filters.bng), page=Page(cursor=cursor, limit=want))
            found, cursor = await self._store.sessions(query, now_ms)
            scanned += want
            rows.update((f"{row.domain}/{row.session}", row) for row in found if filters.holds(row))
        return web.json_response({"items": [session_shown(row) for row in rows.values()], "next": cursor})

    async def lines(self, request: web.Request) -> web.Response:
        """GET /v1/lines: filters remote_id, circuit_id (text or 0x…); limit, cursor. A look-up by id returns a list."""
        query = request.query
        for name in query:
            if name not in ("remote_id", "circuit_id", "limit", "cursor"):
                raise Problem(400, "Unknown filter", f"{name!r} is none of circuit_id, cursor, limit, remote_id")
        remote = parse_octets(query["remote_id"]) if "remote_id" in query else None
        circuit = parse_octets(query["circuit_id"]) if "circuit_id" in query else None
        term = f"remote_id:{remote.hex()}" if remote is not None else None
        if term is None and circuit is not None:
            term = f"circuit_id:{circuit.hex()}"
        cursor = _cursor(query, "cursor", _PLACE)
        domains = [domain for domain, _ in self._domains]
        page = Page(cursor=cursor, limit=_limit(query))
        rows, following = await self._store.lines(domains, term, page, time.time_ns() // 1_000_000)
        items = [
            line_shown(row)
            for row in rows
            if (remote is None or row.ids.remote_id == remote) and (circuit is None or row.ids.circuit_id == circuit)
        ]
        return web.json_response({"items": items, "next": following})

    async def bngs(self, _: web.Request) -> web.Response:
        """GET /v1/bngs: usage against limits."""
        usages: dict[str, Usage] = {}
        numbers: dict[str, dict[int, int]] = {}
        for domain, names in self._domains:
            usages.update(await self._store.usage(domain, names))
            numbers.update(await self._store.enterprise_numbers(domain, names))
        items = [_bng_shown(bng, usages[bng.name], numbers[bng.name]) for bng in self._bngs]
        return web.json_response({"items": items})

    async def correlations(self, request: web.Request) -> web.Response:
        """GET /v1/correlations: recent verdicts, oldest first behind `after`; limit."""
        for name in request.query:
            if name not in ("after", "limit"):
                raise Problem(400, "Unknown filter", f"{name!r} is none of after, limit")
        after = _cursor(request.query, "after", _EVENT)
        entries = await self._store.events(after, _limit(request.query))
        items = [{"id": cursor, **json.loads(shown)} for cursor, shown in entries]
        return web.json_response({"items": items, "next": entries[-1][0] if entries else after})


def _bng_shown(bng: Bng, usage: Usage, numbers: dict[int, int]) -> JsonObject:
    spent = capacity(usage, CostTable(bng.cost_table), bng.limits.host_resources)
    return {
        "name": bng.name,
        "domain": bng.domain_name,
        "addresses": [str(network) for network in bng.address],
        "profile": bng.profile,
        "mode": str(bng.mode),
        "usage": {
            "v4": usage.v4,
            "ia_na": usage.ia_na,
            "ia_pd": usage.ia_pd,
            "slaac": usage.slaac,
            "sessions": usage.sessions,
        },
        "cost_table": bng.cost_table,
        "host_resources": spent.host_resources,
        "limit": spent.limit,
        "headroom": spent.headroom,
        "enterprise_numbers": [
            {"number": number, "first_seen": instant_shown(at)} for number, at in sorted(numbers.items())
        ],
    }
