"""Access lines."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from bngcorr.errors import StoreError
from bngcorr.model.attachment import Attachment
from bngcorr.model.mac import format_mac
from bngcorr.model.vocabulary import Finding as FindingKind
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.contract import Clock, QueryStore
from bngcorr.store.duplicates import address_of
from bngcorr.store.rows import FindingRow, LineRow, SessionQuery, SessionRow
from bngcorr.store.rows import Page as Place
from bngcorr.store.terms import circuit_id_term, remote_id_term
from bngcorr.store.timeline import Entry
from bngcorr.web.diagnosis import diagnose
from bngcorr.web.families import Known
from bngcorr.web.models.line import Line, LineDetail, LinesQuery
from bngcorr.web.models.model import Page
from bngcorr.web.models.names import read_record_name
from bngcorr.web.models.session import SessionDetail
from bngcorr.web.problem import not_found
from bngcorr.web.resources.cursors import PLACE, RANK, shaped
from bngcorr.web.resources.disputed import line_of
from bngcorr.web.resources.domains import from_all, walk
from bngcorr.web.resources.entries import entry_shown
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.sessions import Sessions
from bngcorr.web.resources.shown import ABOUT_LINES, finding_shown, line_shown, session_shown
from bngcorr.web.turns import in_turns

Row = TypeVar("Row")

LINES_AT_ONCE: Final = 100  # of a page, whose sessions are read in one round trip
MOST_SCANNED: Final = 20_000  # lines read to fill one page
MOST_OF_A_LINE: Final = 64  # sessions
MOST_INDEXED: Final = 1_000  # under one id


class Lines:
    """Of all domains."""

    def __init__(self, store: QueryStore, estate: Estate, sessions: Sessions, clock: Clock) -> None:
        self._store = store
        self._estate = estate
        self._sessions = sessions
        self._clock = clock

    async def page(self, query: LinesQuery) -> Page[Line]:
        """Those that fit."""
        remote, circuit, now = query.remote_id, query.circuit_id, self._clock.now_ms()
        term = remote_id_term(remote) if remote is not None else None
        if term is None and circuit is not None:
            term = circuit_id_term(circuit)

        def fits(row: LineRow) -> bool:
            return (remote is None or row.ids.remote_id == remote) and (
                circuit is None or row.ids.circuit_id == circuit
            )

        if term is None:
            cursor = shaped("cursor", query.cursor, PLACE)
            rows, following, silent = await walk(
                tuple(self._estate.domains),
                cursor,
                query.limit,
                lambda domain, place: self._store.lines([domain], None, place, now),
                MOST_SCANNED,
            )
        else:
            start = int(shaped("cursor", query.cursor, RANK) or 0)
            found, silent = await self.indexed(term, now)
            fitting = [row for row in found if fits(row)]
            end = start + query.limit
            rows, following = fitting[start:end], str(end) if end < len(fitting) else None
        return Page(items=await self.shown(rows, now), next=following, partial=silent)

    async def indexed(self, term: str, now: int) -> tuple[list[LineRow], tuple[str, ...]]:
        """Those that stand under a term; and domains that did not answer."""
        place = Place(cursor="", limit=MOST_INDEXED)

        async def ask(domains: Sequence[str]) -> list[LineRow]:
            found, _ = await self._store.lines(domains, term, place, now)
            return found

        return await from_all(tuple(self._estate.domains), ask)

    async def shown(self, rows: Sequence[LineRow], now: int, known: Iterable[SessionRow] = ()) -> tuple[Line, ...]:
        """With what their sessions hold, of which some may be `known` already."""
        read = {(one.domain, one.session): one for one in known}
        sessions: dict[tuple[str, str], list[SessionRow]] = {}
        for at in range(0, len(rows), LINES_AT_ONCE):
            sessions |= await self._up(rows[at : at + LINES_AT_ONCE], now, read)
        return await in_turns(
            rows, lambda row: line_shown(row, sessions[row.domain, row.line], self._estate.interface_ids)
        )

    async def _up(
        self, lines: Sequence[LineRow], now: int, known: Mapping[tuple[str, str], SessionRow]
    ) -> dict[tuple[str, str], list[SessionRow]]:
        """Sessions of each line, by (domain, line), that are up."""
        pairs = dict.fromkeys((line.domain, session) for line in lines for session in line.sessions)
        rows = {(row.domain, row.session): row for row in await self._store.session_rows([*(pairs.keys() - known)])}
        found: dict[tuple[str, str], list[SessionRow]] = {(line.domain, line.line): [] for line in lines}
        for pair in pairs:
            row = rows.get(pair) or known.get(pair)
            if row is not None and _is_up(row, now) and (row.domain, row.line) in found:
                found[row.domain, row.line or ""].append(row)
        return found

    async def one(self, name: str) -> LineDetail:
        """A line with diagnosis, timeline, sessions and findings. Raises Problem if there is none."""
        try:
            domain, line = read_record_name(name)
        except ValueError:
            raise not_found("line", name) from None
        now = self._clock.now_ms()
        row = await self.row(domain, line, now) if domain in self._estate.domains else None
        if row is None:
            raise not_found("line", name)
        missing: list[str] = []
        sessions, entries = await asyncio.gather(
            _part("sessions", self._sessions_of(row), missing),
            _part("timeline", self._store.timeline(domain, line), missing),
        )
        ours = sorted(sessions, key=lambda one: -(one.at_ms or one.until_ms))
        findings = await _part("findings", self._findings(domain, line, row.bng, row.port, ours), missing)
        shown = line_shown(row, [one for one in ours if _is_up(one, now)], self._estate.interface_ids)
        return LineDetail(
            **{field: getattr(shown, field) for field in Line.model_fields},
            diagnosis=diagnose(self._known(row.bng, ours, findings, entries), now),
            timeline=tuple(
                sorted(
                    [
                        *(entry_shown(entry) for entry in entries),
                        *(finding_shown(one) for one in findings if one.finding is not FindingKind.NEAR_LIMIT),
                    ],
                    key=lambda entry: (entry.first_seen if entry.kind == "finding" else entry.at) or "",
                    reverse=True,
                )
            ),
            sessions=tuple(map(self._sessions.shown, ours)),
            findings=tuple(map(finding_shown, findings)),
            partial=tuple(missing),
        )

    async def row(self, domain: str, line: str, now: int) -> LineRow | None:
        """Its record; of a line that has none, since another is live where it asked, what the conflict tells of it."""
        row = await self._store.line(domain, line, now)
        if row is not None:
            return row
        conflicts = await self._store.findings_about(domain, [(FindingKind.CONFLICT, line)])
        told = line_of(conflicts, (), line)
        return None if told is None else line_of(conflicts, await self._sessions_of(told), line)

    async def _sessions_of(self, line: LineRow) -> list[SessionRow]:
        """Those that vouch for it, and those that have ended, as long as they are known by its id."""
        ids = line.ids
        terms = [remote_id_term(ids.remote_id)] if ids.remote_id is not None else []
        terms += [circuit_id_term(ids.circuit_id)] if ids.circuit_id is not None and not terms else []
        asked = SessionQuery(
            domains=((line.domain, self._estate.domains.get(line.domain, ())),),
            terms=tuple(terms),
            page=Place(limit=MOST_OF_A_LINE),
        )
        vouching, (others, _) = await asyncio.gather(
            self._store.session_rows([(line.domain, session) for session in line.sessions]),
            self._store.sessions(asked) if terms else _none(),
        )
        found = {one.session: one for one in (*vouching, *others) if one.line == line.line}
        return list(found.values())

    async def session(self, name: str) -> SessionDetail:
        """A session with its diagnosis and findings. Raises Problem if there is none."""
        row = await self._sessions.row(name)
        if row.line is None:
            entries: Sequence[Entry] = ()
            line = ""
        else:
            line = row.line
            entries = await self._store.timeline(row.domain, line)
        findings = await self._findings(row.domain, line, row.bng, row.port, [row])
        shown = session_shown(row, self._estate.interface_ids)
        known = self._known(row.bng, await self._beside(row), findings, entries)
        return SessionDetail(
            **{field: getattr(shown, field) for field in type(shown).model_fields},
            diagnosis=diagnose(known, self._clock.now_ms()),
            findings=tuple(map(finding_shown, findings)),
        )

    async def _beside(self, row: SessionRow) -> list[SessionRow]:
        """A session and the others of its line."""
        line = await self.row(row.domain, row.line, self._clock.now_ms()) if row.line is not None else None
        others = await self._sessions_of(line) if line is not None else []
        return [row, *(one for one in others if one.session != row.session)]

    def _known(
        self, bng: str, sessions: Sequence[SessionRow], findings: Sequence[FindingRow], entries: Sequence[Entry]
    ) -> Known:
        entry = self._estate.bngs.get(bng)
        window_s = 0.0 if entry is None else entry.window
        return Known(sessions=sessions, findings=findings, entries=entries, window_ms=round(1000 * window_s))

    async def _findings(
        self, domain: str, line: str, bng: str, port: Attachment | None, sessions: Sequence[SessionRow]
    ) -> list[FindingRow]:
        """About a line, its addresses and MACs, its port and its BNG; the newest first."""
        wanted = [(kind, line) for kind in FindingKind if kind in ABOUT_LINES and line]
        wanted += [(FindingKind.DUPLICATE, address) for one in sessions for host in one.hosts
                   if (address := address_of(host))]  # fmt: skip
        wanted += [(FindingKind.MOVED, format_mac(one.address)) for one in sessions if one.address is not None]
        if port is not None:
            wanted += [(kind, str(port)) for kind in (FindingKind.SHARED_ATTACHMENT, FindingKind.MAC_FLOOD)]
        for threshold in self._estate.config.capacity.thresholds:
            places = [bng] if port is None else [bng, f"{bng} port {port.port}"]
            wanted += [(FindingKind.NEAR_LIMIT, f"{place} {threshold} %") for place in places]
        rows = await self._store.findings_about(domain, list(dict.fromkeys(wanted)))
        return sorted(rows, key=lambda row: -row.last_ms)


async def _none() -> tuple[list[SessionRow], None]:
    """Of a line that has no id, nothing else is known."""
    return [], None


async def _part(name: str, read: Awaitable[list[Row]], missing: list[str]) -> list[Row]:
    """A part of what is known of a line: its name is noted, and nothing told, if the store does not answer."""
    try:
        return await read
    except StoreError:
        missing.append(name)
        return []


def _is_up(row: SessionRow, now: int) -> bool:
    return row.state is SessionState.UP and row.until_ms >= now
