"""Search, lines and sessions: from whatever somebody was told on the phone to the one page that explains it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aiohttp import web

from bngcorr.model.vocabulary import HostKind, SessionState
from bngcorr.web.models.correlation import Correlation
from bngcorr.web.models.line import LineDetail, LinesQuery
from bngcorr.web.models.lookup import Hit, Lookup, LookupQuery
from bngcorr.web.models.octets import Octets
from bngcorr.web.models.session import Session, SessionsQuery
from bngcorr.web.pages.asking import asked, fields, seen
from bngcorr.web.pages.site import Site, href, taken
from bngcorr.web.problem import Problem
from bngcorr.web.resources.desk import Desk

PER_PAGE: Final = 50
LIVE: Final = frozenset({SessionState.UP, SessionState.SUSPECT})
SESSIONS_SHOWN: Final = (
    SessionState.UP, SessionState.EXPECTED, SessionState.SUSPECT, SessionState.STOPPED, SessionState.EXPIRED,
)  # fmt: skip
_LINES: Final = ("remote_id", "circuit_id")
_SESSIONS: Final = ("bng", "state", "mac", "address", "remote_id", "circuit_id")
_V6: Final = frozenset({HostKind.IA_NA, HostKind.IA_PD, HostKind.SLAAC, HostKind.PD_ROUTE})


@dataclass(frozen=True, slots=True)
class RawId:
    """A Remote-Id as it came, for comparison."""

    value: Octets
    taken: int  # octets in front that were taken off
    number: int | None  # enterprise number


class Lines:
    """Pages about access lines."""

    def __init__(self, site: Site, desk: Desk) -> None:
        self._site = site
        self._desk = desk

    async def search(self, request: web.Request) -> web.StreamResponse:
        """GET /search?q=: what a text may be; if it is one thing, that thing."""
        q = request.query.get("q", "").strip()
        if not q:
            return self._site.page(request, "search.html", {"found": None})
        found = await self._desk.lookups.find(asked(LookupQuery, request, q=q))
        hit = found.hit
        if hit is not None:
            return web.Response(status=303, headers={"Location": await self._place_of(found, hit)})
        found = seen(request, found)
        hits = any(one.lines or one.sessions or one.bngs for one in found.readings)
        return self._site.page(request, "search.html", {"q": q, "found": found, "hits": hits, "partial": found.partial})

    async def _place_of(self, found: Lookup, hit: Hit) -> str:
        """The page of the one thing; a session's line tells more than the session."""
        if hit.kind == "session":
            line = next(
                (one.line for reading in found.readings for one in reading.sessions if one.id == hit.id and one.line),
                None,
            )
            return f"/sessions/{hit.id}" if line is None else f"/lines/{line}"
        return f"/{'lines' if hit.kind == 'line' else 'bngs'}/{hit.id}"

    async def lines(self, request: web.Request) -> web.StreamResponse:
        """GET /lines: filters remote_id, circuit_id."""
        given = fields(request.query, _LINES)
        try:
            page = seen(request, await self._desk.lines.page(asked(LinesQuery, request, limit=PER_PAGE)))
        except Problem as problem:
            return self._refused(request, "lines.html", "/lines", problem, asked=given)
        return self._site.page(
            request,
            "lines.html",
            {
                "page": page,
                "asked": given,
                "filtered": any(given.values()),
                "fault": "",
                **_pager("/lines", given, page.next, request.query.get("cursor")),
            },
            section="/lines",
        )

    async def line(self, request: web.Request) -> web.StreamResponse:
        """GET /lines/{id}: the diagnosis first, then everything that it rests on."""
        line = seen(request, await self._desk.lines.one(request.match_info["id"]))
        trace = ("mac", line.last.mac) if line.last.mac is not None else ("line", line.id)
        return self._site.page(
            request,
            "line.html",
            {
                "line": line,
                "title": _title(line),
                "raw": _raw(line),
                "missing_families": _missing(line),
                "trace_kind": trace[0],
                "trace_value": trace[1],
                "sessions": sorted(line.sessions, key=_liveliest_first),
                "live": [one for one in line.sessions if one.state in LIVE],
                "partial": line.partial,
            },
            section="/lines",
        )

    async def sessions(self, request: web.Request) -> web.StreamResponse:
        """GET /sessions: filters bng, state, mac, address, remote_id, circuit_id."""
        given = fields(request.query, _SESSIONS)
        choices = {"bng_names": tuple(self._desk.estate.bngs), "states": tuple(SessionState)}
        try:
            page = seen(request, await self._desk.sessions.page(asked(SessionsQuery, request, limit=PER_PAGE)))
        except Problem as problem:
            return self._refused(request, "sessions.html", "/sessions", problem, asked=given, **choices)
        return self._site.page(
            request,
            "sessions.html",
            {
                "page": page,
                "asked": given,
                "filtered": any(given.values()),
                "fault": "",
                "partial": page.partial,
                **choices,
                **_pager("/sessions", given, page.next, request.query.get("cursor")),
            },
            section="/sessions",
        )

    async def session(self, request: web.Request) -> web.StreamResponse:
        """GET /sessions/{id}."""
        one = seen(request, await self._desk.lines.session(request.match_info["id"]))
        return self._site.page(request, "session.html", {"one": one}, section="/sessions")

    def _refused(
        self, request: web.Request, template: str, section: str, problem: Problem, **more: object
    ) -> web.Response:
        """The list with nothing in it, its form as it was filled in, and what is wrong with that."""
        if problem.status != 400:
            raise problem
        return self._site.page(
            request,
            template,
            {
                "page": {"items": ()},
                "filtered": True,
                "fault": problem.detail,
                "next_href": "",
                "first_href": "",
                **more,
            },
            section=section,
            status=400,
        )


def _pager(path: str, given: dict[str, str], following: str | None, cursor: str | None) -> dict[str, Any]:
    return {
        "next_href": href(path, **given, cursor=following) if following else "",
        "first_href": href(path, **given) if cursor else "",
    }


def _title(line: LineDetail) -> str:
    """What people call it: its Remote-Id, else its Circuit-Id."""
    for one in (line.remote_id, line.circuit_id):
        if one is not None:
            return one.text if one.text is not None else f"0x{one.hex}"
    return line.id


def _raw(line: LineDetail) -> RawId | None:
    """The Remote-Id of the newest request that brought one, if it came otherwise than it is kept."""
    requests: Sequence[Correlation] = [one for one in line.timeline if isinstance(one, Correlation)]
    for one in requests:
        came = one.raw.remote_id
        if came is not None and line.remote_id is not None and came.hex != line.remote_id.hex:
            return RawId(came, taken(one), one.enterprise_number)
    return None


def _liveliest_first(one: Session) -> tuple[int, float]:
    heard = 0.0 if one.updated_at is None else datetime.fromisoformat(one.updated_at).timestamp()
    return SESSIONS_SHOWN.index(one.state), -heard


def _missing(line: LineDetail) -> str:
    """The family of which it holds no address, while it holds one of the other."""
    kinds = {one.kind for one in line.addresses}
    if not kinds:
        return ""
    return "IPv4 address" if HostKind.V4 not in kinds else "" if kinds & _V6 else "IPv6 address or prefix"
