"""One box for everything."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from ipaddress import ip_network
from typing import Final

from bngcorr.correlator.keys import session_hash
from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import SessionState
from bngcorr.store.contract import Clock, QueryStore
from bngcorr.store.duplicates import address_of
from bngcorr.store.rows import LineRow, SessionRow
from bngcorr.web.guess import Guess, guesses
from bngcorr.web.models.asked import MOST_ROWS
from bngcorr.web.models.lookup import Hit, Lookup, LookupQuery, Meaning, Reading
from bngcorr.web.models.names import read_record_name
from bngcorr.web.resources.domains import from_all
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.lines import Lines
from bngcorr.web.resources.sessions import Sessions

READ_OF_A_PORT: Final = 3  # sessions for each that is told: it has thousands
_LINES_HAVE: Final = frozenset({Meaning.MAC, Meaning.REMOTE_ID, Meaning.CIRCUIT_ID})
_GONE: Final = frozenset({SessionState.STOPPED, SessionState.EXPIRED})


class Lookups:
    """Over all domains."""

    def __init__(self, store: QueryStore, estate: Estate, sessions: Sessions, lines: Lines, clock: Clock) -> None:
        self._store = store
        self._estate = estate
        self._sessions = sessions
        self._lines = lines
        self._clock = clock

    async def find(self, query: LookupQuery) -> Lookup:
        """What a text may be, and what is known of it."""
        asked = guesses(query.q, self._estate.bngs)
        found = await asyncio.gather(*(self._tried(guess, query.limit) for guess in asked))
        faults = [one for one in found if isinstance(one, StoreError)]
        if faults and len(faults) == sum(guess.meaning is not Meaning.BNG for guess in asked):
            raise faults[0]
        told = [one for one in found if not isinstance(one, StoreError)]
        readings = sorted((reading for reading, _ in told), key=lambda one: not _size(one))
        unread = [str(guess.meaning) for guess, one in zip(asked, found, strict=True) if isinstance(one, StoreError)]
        partial = tuple(dict.fromkeys([*unread, *(domain for _, silent in told for domain in silent)]))
        return Lookup(q=query.q, readings=tuple(readings), hit=None if partial else _hit(readings), partial=partial)

    async def _tried(self, guess: Guess, limit: int) -> tuple[Reading, tuple[str, ...]] | StoreError:
        """What one meaning found; or that the part of the store did not answer that knows: an index has its own."""
        try:
            return await self._read(guess, limit)
        except StoreError as error:
            return error

    async def _read(self, guess: Guess, limit: int) -> tuple[Reading, tuple[str, ...]]:
        if guess.meaning is Meaning.BNG:
            return Reading(meaning=guess.meaning, value=guess.value, bngs=(guess.bng,)), ()
        silent: tuple[str, ...] = ()
        lines: list[LineRow] = []
        now = self._clock.now_ms()
        if guess.meaning is Meaning.NAME:
            sessions, lines = await self._named(guess.value, now)
        elif guess.meaning is Meaning.SESSION_ID:
            sessions, silent = await self._by_session_id(guess.octets)
        elif guess.meaning in _LINES_HAVE:
            (sessions, silent), (found, quiet) = await asyncio.gather(
                self._indexed(guess, MOST_ROWS), self._lines.indexed(guess.terms[0], now)
            )
            lines, silent = [row for row in found if _line_is(row, guess)], (*silent, *quiet)
        else:
            most = READ_OF_A_PORT * limit + 1 if guess.meaning is Meaning.PORT else MOST_ROWS
            sessions, silent = await self._indexed(guess, most)
        sessions.sort(key=lambda row: (row.state in _GONE, -row.at_ms))
        names = {(row.domain, row.line) for row in lines}
        wanted = dict.fromkeys((row.domain, row.line) for row in sessions[:limit] if row.line is not None)
        lines += await self._line_rows([pair for pair in wanted if pair not in names], now)
        reading = Reading(
            meaning=guess.meaning,
            value=guess.value,
            lines=await self._lines.shown(lines[:limit], now, sessions),
            sessions=tuple(map(self._sessions.shown, sessions[:limit])),
            more=len(sessions) > limit or len(lines) > limit,
        )
        return reading, silent

    async def _indexed(self, guess: Guess, most: int) -> tuple[list[SessionRow], tuple[str, ...]]:
        """Sessions that stand under a guess's terms, and are what was meant; and domains that did not answer."""
        scope = self._estate.in_scope(guess.bng or None)
        return await self._sessions.indexed(guess.terms, lambda row: _is(row, guess), scope, most)

    async def _named(self, name: str, now: int) -> tuple[list[SessionRow], list[LineRow]]:
        domain, record = read_record_name(name)
        if domain not in self._estate.domains:
            return [], []
        session, line = await asyncio.gather(self._store.session(domain, record), self._lines.row(domain, record, now))
        return [session] if session is not None else [], [line] if line is not None else []

    async def _by_session_id(self, session_id: bytes) -> tuple[list[SessionRow], tuple[str, ...]]:
        """An Acct-Session-Id is unique for a box only."""

        async def ask(domains: Sequence[str]) -> list[SessionRow]:
            boxes = await self._store.boxes(domains)
            return await self._store.session_rows([(domain, session_hash(box, session_id)) for domain, box in boxes])

        found, silent = await from_all(tuple(self._estate.domains), ask)
        return [row for row in found if row.session_id == session_id], silent

    async def _line_rows(self, names: Sequence[tuple[str, str]], now: int) -> list[LineRow]:
        """Of lines that have no record of their own as well: see `Lines.row`."""
        if not names:
            return []
        found = {(row.domain, row.line): row for row in await self._store.line_rows(names, now)}
        missing = [name for name in names if name not in found]
        others = await asyncio.gather(*(self._lines.row(domain, line, now) for domain, line in missing))
        found |= {name: row for name, row in zip(missing, others, strict=True) if row is not None}
        return [found[name] for name in names if name in found]


def _is(row: SessionRow, guess: Guess) -> bool:
    """Whether a session that stands under a guess's terms is what was meant: the index may lag."""
    ids = row.ids or LineIds()
    match guess.meaning:
        case Meaning.MAC:
            return row.address is not None and guess.value == row.address.hex(":")
        case Meaning.REMOTE_ID:
            return ids.remote_id == guess.octets
        case Meaning.CIRCUIT_ID:
            return ids.circuit_id == guess.octets
        case Meaning.USER_NAME:
            return row.user_name is not None and row.user_name.lower() == guess.value.lower()
        case Meaning.ADDRESS | Meaning.PREFIX:
            return _within(guess.value, map(address_of, row.hosts))
        case Meaning.PORT:
            at = row.port
            return (
                at is not None
                and at.port == guess.port
                and guess.bng in ("", row.bng)
                and (not guess.vlans or at.text == guess.port + guess.vlans)
            )
    return True


def _within(part: str, held: Iterable[str]) -> bool:
    wanted = ip_network(part)
    for text in held:
        network = ip_network(text, strict=False)
        if network.prefixlen <= wanted.prefixlen and wanted.network_address in network:
            return True
    return False


def _line_is(row: LineRow, guess: Guess) -> bool:
    if guess.meaning is Meaning.REMOTE_ID:
        return row.ids.remote_id == guess.octets
    if guess.meaning is Meaning.CIRCUIT_ID:
        return row.ids.circuit_id == guess.octets
    return row.address is not None and guess.value == row.address.hex(":")


def _size(reading: Reading) -> int:
    return len(reading.lines) + len(reading.sessions) + len(reading.bngs)


def _hit(readings: Sequence[Reading]) -> Hit | None:
    """The one thing that all readings together found: a line, counting its sessions; a session; or a BNG."""
    lines = {line.id for one in readings for line in one.lines}
    sessions = {session.id: session.line for one in readings for session in one.sessions}
    bngs = {bng for one in readings for bng in one.bngs}
    if any(one.more for one in readings):
        return None
    if len(lines) == 1 and not bngs and {*sessions.values()} <= lines:
        return Hit(kind="line", id=lines.pop())
    if len(sessions) == 1 and not lines and not bngs:
        return Hit(kind="session", id=next(iter(sessions)))
    if len(bngs) == 1 and not lines and not sessions:
        return Hit(kind="bng", id=bngs.pop())
    return None
