"""The store contract over Redis ≥ 7.0 or Valkey."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, assert_never

from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import HostKind, SessionState
from bngcorr.store import contract as c
from bngcorr.store.keys import EVENTS, DomainKeys, line_index, session_index
from bngcorr.store.lane import Command, Lane, Reply

TOMBSTONE_MS: Final = 26 * 3_600_000  # an ended session is kept so long: BNGs replay records of up to 25 h ago
RESTART_TOLERANCE_MS: Final = 2_000  # a second Accounting-On this near is the first one told again
INDEX_CAP: Final = 1_000  # sessions under one index term (a switch's own MAC as Remote-Id names hundreds)
WRITE_BUDGET_S: Final = 2.0
READ_BUDGET_S: Final = 2.0


class ValkeyStore:
    """Correlation, ledger and queries on one server."""

    def __init__(self, url: str, *, budget_s: float, events: int) -> None:
        """`budget_s` bounds `recall`; `events` is how many recent verdicts are kept."""
        self._lane = Lane(url)
        self._budget_s = budget_s
        self._events = events
        self._names: dict[str, DomainKeys] = {}

    def _keys(self, domain: str) -> DomainKeys:
        names = self._names.get(domain)
        if names is None:
            names = self._names[domain] = DomainKeys(domain)
        return names

    @property
    def calls(self) -> int:
        """Round trips so far."""
        return self._lane.calls

    async def close(self) -> None:
        """Close all connections."""
        await self._lane.close()

    async def version(self) -> str:
        """Name and version of the server. Raises StoreError, also for a Redis older than 7.0."""
        (reply,) = await self._lane.run([("INFO", "server")], READ_BUDGET_S)
        info = dict(line.split(":", 1) for line in _text(reply).splitlines() if ":" in line)
        if int(info.get("redis_version", "0").split(".")[0]) < 7:
            raise StoreError(f"Redis {info.get('redis_version')} is too old: 7.0 or any Valkey is needed")
        return f"{info.get('server_name', 'redis')} {info.get('valkey_version', info.get('redis_version', '?'))}"

    async def now_ms(self) -> int:
        """The server's clock."""
        (reply,) = await self._lane.run([("TIME",)], READ_BUDGET_S)
        return int(reply[0]) * 1000 + int(reply[1]) // 1000

    # ---- for the correlator

    async def recall(self, questions: Sequence[c.Recall], now_ms: int) -> list[c.Recollection]:
        """One script call a domain, all of them in one write."""
        wanted: dict[str, dict[str, str]] = {}  # domain → key name → kind
        for question in questions:
            names = self._keys(question.domain)
            kinds = wanted.setdefault(question.domain, {})
            for key in question.keys:
                kinds[names.key(key)] = "k"
            if question.mac is not None:
                kinds[names.mac(question.mac)] = "m"
            if question.session is not None:
                kinds[names.session(question.session)] = "s"
        commands = [
            self._lane.script("recall", [self._keys(domain).epochs, *kinds], [now_ms - c.TAINT_MS, *kinds.values()])
            for domain, kinds in wanted.items()
        ]
        found: dict[str, Reply] = {}
        epochs: dict[str, dict[str, int]] = {}
        replies = await self._lane.run(commands, self._budget_s)
        try:
            for (domain, kinds), reply in zip(wanted.items(), replies, strict=True):
                epochs[domain] = _epochs(reply[0])
                found.update(zip(kinds, reply[1:], strict=True))
            return [self._recollection(question, found, epochs[question.domain], now_ms) for question in questions]
        except (ValueError, TypeError, KeyError) as error:
            raise StoreError(f"a record that this version can't read: {error}") from None

    def _recollection(
        self, question: c.Recall, found: dict[str, Reply], epochs: dict[str, int], now_ms: int
    ) -> c.Recollection:
        names = self._keys(question.domain)
        mac = found[names.mac(question.mac)] if question.mac is not None else 0
        session = found[names.session(question.session)] if question.session is not None else None
        return c.Recollection(
            records={key: _key_record(found[names.key(key)], now_ms) for key in question.keys},
            mac_lines=int(mac),
            session=_identity(session) if session is not None else None,
            epochs=epochs,
        )

    async def write(self, lessons: Sequence[c.Lesson], now_ms: int) -> list[str]:
        """One script call a lesson, all of them in one write; index entries ride along."""
        commands: list[Command] = []
        words: list[int] = []
        for lesson in lessons:
            words.append(len(commands))
            commands.extend(self._commands(lesson, now_ms))
        replies = await self._lane.run_each(commands, WRITE_BUDGET_S)
        bounds = [*words, len(commands)]
        return [_word(lesson, replies[at[0] : at[1]]) for lesson, at in zip(lessons, pairwise(bounds), strict=True)]

    def _commands(self, lesson: c.Lesson, now_ms: int) -> list[Command]:
        match lesson:
            case c.Sighting():
                return self._sight(lesson, now_ms)
            case c.SessionChange():
                return self._change(lesson, now_ms)
            case c.Restart():
                names = self._keys(lesson.domain)
                keys = [names.epochs, names.hosts(lesson.nas), names.usage(lesson.nas)]
                return [self._lane.script("restart", keys, [lesson.nas, lesson.at_ms, RESTART_TOLERANCE_MS])]
            case c.NumberSeen():
                key = self._keys(lesson.domain).numbers(lesson.bng)
                return [("HSETNX", key, lesson.number, lesson.at_ms)]
            case c.Event():
                return [("XADD", EVENTS, "MAXLEN", "~", self._events, "*", "j", lesson.shown)]
            case _:
                assert_never(lesson)

    def _sight(self, s: c.Sighting, now_ms: int) -> list[Command]:
        names = self._keys(s.domain)
        line = names.line(s.line)
        keys = [line, names.lines, names.line_macs(s.line), names.mac(s.mac) if s.mac else line]
        keys += [names.key(key) for key in (*s.keys, *s.mac_keys)]
        arguments: list[str | bytes | int] = [
            now_ms, s.line, s.at_ms, int(s.v6), s.until_ms, s.attached + 2 * s.v4_evident, s.ids.encode(), s.shown,
            s.mac or "", len(s.mac_keys), c.TAINT_MS, c.MAX_LINES_PER_KEY, c.MAX_MACS_PER_LINE,
        ]  # fmt: skip
        member = f"{s.domain}|{s.line}"
        commands = [self._lane.script("sight", keys, arguments)]
        for term in line_terms(s.ids):
            commands += _index(line_index(term), member, s.until_ms, now_ms)
        return commands

    def _change(self, s: c.SessionChange, now_ms: int) -> list[Command]:
        names = self._keys(s.domain)
        keys = [
            names.session(s.session), names.epochs, names.deadlines(s.bng), names.hosts(s.nas), names.usage(s.nas),
            *(names.key(key) for key in s.keys),
        ]  # fmt: skip
        hosts = [str(host) for host in s.hosts or ()]
        if hosts:
            hosts.append(f"sessions||{s.session}")
            if any(host.kind in (HostKind.IA_NA, HostKind.IA_PD) for host in s.hosts or ()):
                hosts.append(f"na_or_pd||{s.session}")
        arguments: list[str | bytes | int] = [
            now_ms, s.step, s.at_ms, s.until_ms, s.nas, s.line or "", s.ids.encode() if s.ids else b"", int(s.own),
            s.fingerprint, s.digest, int(s.hosts is not None), s.shown, s.session, TOMBSTONE_MS,
            c.MAX_SESSIONS_PER_LINE, s.interval_ms, c.INTERIMS_MISSED, *hosts,
        ]  # fmt: skip
        member = f"{s.domain}|{s.session}"
        commands = [self._lane.script("session", keys, arguments)]
        for term in s.index:
            commands += _index(session_index(term), member, s.until_ms, now_ms)
        return commands

    # ---- for people

    async def sessions(self, query: c.SessionQuery, now_ms: int) -> tuple[list[c.SessionRow], str | None]:
        """From an index term, else BNG by BNG. The cursor is "position of the BNG.rank in it"."""
        if query.term is not None:
            key = session_index(query.term)
            (members,) = await self._lane.run(
                [("ZREVRANGEBYSCORE", key, "+inf", now_ms - TOMBSTONE_MS, "LIMIT", 0, INDEX_CAP)], READ_BUDGET_S
            )
            known = {domain for domain, _ in query.domains}
            pairs = [pair for pair in (tuple(_text(m).split("|", 1)) for m in members) if pair[0] in known]
            start = int(query.page.cursor or 0)
            chosen = pairs[start : start + query.page.limit]
            rows = await self._session_rows([(domain, session) for domain, session in chosen])
            end = start + query.page.limit
            return rows, str(end) if end < len(pairs) else None
        bngs = [(domain, bng) for domain, names in query.domains for bng in names]
        position, rank = (int(part) for part in (query.page.cursor or "0.0").split("."))
        picked: list[tuple[str, str]] = []
        while position < len(bngs):
            domain, bng = bngs[position]
            want = query.page.limit - len(picked)
            (members,) = await self._lane.run(
                [("ZRANGE", self._keys(domain).deadlines(bng), rank, rank + want - 1)], READ_BUDGET_S
            )
            picked += [(domain, _text(member)) for member in members]
            if len(members) == want:
                return await self._session_rows(picked), f"{position}.{rank + want}"
            position, rank = position + 1, 0
        return await self._session_rows(picked), None

    async def _session_rows(self, pairs: Sequence[tuple[str, str]]) -> list[c.SessionRow]:
        if not pairs:
            return []
        fields = ("st", "ln", "id", "h", "at", "until", "j", "ep", "nas")
        domains = sorted({domain for domain, _ in pairs})
        replies = await self._lane.run(
            [
                *(("HGETALL", self._keys(domain).epochs) for domain in domains),
                *(("HMGET", self._keys(domain).session(session), *fields) for domain, session in pairs),
            ],
            READ_BUDGET_S,
        )
        epochs = {domain: _epochs(reply) for domain, reply in zip(domains, replies, strict=False)}
        rows = []
        for (domain, session), reply in zip(pairs, replies[len(domains) :], strict=True):
            if reply[0] is not None:
                rows.append(_session_row(domain, session, reply, epochs[domain]))
        return rows

    async def lines(
        self, domains: Sequence[str], term: str | None, page: c.Page, now_ms: int
    ) -> tuple[list[c.LineRow], str | None]:
        """From an index term, else domain by domain, newest first."""
        position, rank = (int(part) for part in (page.cursor or "0.0").split("."))
        picked: list[tuple[str, str]] = []
        more: str | None = None
        if term is not None:
            (members,) = await self._lane.run(
                [("ZREVRANGEBYSCORE", line_index(term), "+inf", now_ms, "LIMIT", rank, page.limit)], READ_BUDGET_S
            )
            pairs = [tuple(_text(member).split("|", 1)) for member in members]
            picked = [(pair[0], pair[1]) for pair in pairs if pair[0] in domains]
            more = f"0.{rank + page.limit}" if len(members) == page.limit else None
        else:
            while position < len(domains):
                want = page.limit - len(picked)
                domain = domains[position]
                (members,) = await self._lane.run(
                    [("ZREVRANGEBYSCORE", self._keys(domain).lines, "+inf", now_ms, "LIMIT", rank, want)],
                    READ_BUDGET_S,
                )
                picked += [(domain, _text(member)) for member in members]
                if len(members) == want:
                    more = f"{position}.{rank + want}"
                    break
                position, rank = position + 1, 0
        if not picked:
            return [], more
        replies = await self._lane.run(
            [("HMGET", self._keys(domain).line(line), "id", "first", "last", "j") for domain, line in picked],
            READ_BUDGET_S,
        )
        rows = [
            c.LineRow(
                line=line,
                domain=domain,
                ids=LineIds.decode(reply[0]),
                first_ms=int(reply[1]),
                last_ms=int(reply[2]),
                shown=_text(reply[3]),
            )
            for (domain, line), reply in zip(picked, replies, strict=True)
            if reply[0] is not None
        ]
        return rows, more

    async def usage(self, domain: str, bngs: Sequence[str]) -> dict[str, Usage]:
        """Sum over the NAS identities of each BNG, each in its present epoch."""
        names = self._keys(domain)
        (reply,) = await self._lane.run([("HGETALL", names.epochs)], READ_BUDGET_S)
        epochs = _epochs(reply)
        found = dict.fromkeys(bngs, Usage())
        ours = [(nas, epoch) for nas, epoch in epochs.items() if nas.split("|", 1)[0] in found]
        if not ours:
            return found
        replies = await self._lane.run(
            [("HMGET", f"{names.usage(nas)}:{epoch}", *c.USAGE_KINDS) for nas, epoch in ours], READ_BUDGET_S
        )
        for (nas, _), counts in zip(ours, replies, strict=True):
            bng = nas.split("|", 1)[0]
            sums = {
                kind: getattr(found[bng], kind) + int(count or 0)
                for kind, count in zip(c.USAGE_KINDS, counts, strict=True)
            }
            found[bng] = Usage(**sums)
        return found

    async def events(self, after: str, limit: int) -> list[tuple[str, str]]:
        """Verdicts behind the cursor."""
        start = f"({after}" if after else "-"
        (reply,) = await self._lane.run([("XRANGE", EVENTS, start, "+", "COUNT", limit)], READ_BUDGET_S)
        return [(_text(entry[0]), _text(entry[1][1])) for entry in reply]

    async def enterprise_numbers(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[int, int]]:
        """One hash a BNG."""
        names = self._keys(domain)
        replies = await self._lane.run([("HGETALL", names.numbers(bng)) for bng in bngs], READ_BUDGET_S)
        return {
            bng: {int(number): int(at) for number, at in _pairs(reply)}
            for bng, reply in zip(bngs, replies, strict=True)
        }

    async def due(self, domain: str, bng: str, now_ms: int, limit: int) -> list[c.SessionRow]:
        """Sessions past their deadline; one whose record is gone comes back as stopped, to be forgotten."""
        names = self._keys(domain)
        (members,) = await self._lane.run(
            [("ZRANGEBYSCORE", names.deadlines(bng), "-inf", now_ms, "LIMIT", 0, limit)], READ_BUDGET_S
        )
        sessions = [_text(member) for member in members]
        rows = {row.session: row for row in await self._session_rows([(domain, session) for session in sessions])}
        return [rows.get(session) or _gone(domain, session) for session in sessions]


def _word(lesson: c.Lesson, replies: Sequence[Reply]) -> str:
    """What the store said of a lesson: the script's word, or that one of its commands failed."""
    for reply in replies:
        if isinstance(reply, Exception):
            return f"{c.FAILED} {reply}"
    if isinstance(lesson, c.NumberSeen):
        return c.NEW_NUMBER if replies[0] == 1 else "known"
    return _text(replies[0]) if isinstance(replies[0], bytes) else "ok"


def _gone(domain: str, session: str) -> c.SessionRow:
    return c.SessionRow(
        session=session, domain=domain, nas="", state=SessionState.STOPPED, line=None, ids=None, hosts=(), at_ms=0,
        until_ms=0, shown="{}",
    )  # fmt: skip


def line_terms(ids: LineIds) -> tuple[str, ...]:
    """Index terms of a line: ``remote_id:<hex>``, ``circuit_id:<hex>``."""
    terms = []
    if ids.remote_id is not None:
        terms.append(f"remote_id:{ids.remote_id.hex()}")
    if ids.circuit_id is not None:
        terms.append(f"circuit_id:{ids.circuit_id.hex()}")
    return tuple(terms)


def _index(key: str, member: str, until_ms: int, now_ms: int) -> list[Command]:
    ttl = max(until_ms - now_ms, 0) + TOMBSTONE_MS
    return [
        ("ZADD", key, until_ms, member),
        ("ZREMRANGEBYRANK", key, 0, -INDEX_CAP - 1),
        ("PEXPIRE", key, ttl, "NX"),
        ("PEXPIRE", key, ttl, "GT"),
    ]


def _text(reply: Reply) -> str:
    return reply.decode() if isinstance(reply, bytes) else str(reply)


def _pairs(reply: Reply) -> list[tuple[bytes, bytes]]:
    """Fields and values of a hash, as a script (flat list) or a command (mapping) gives them."""
    if isinstance(reply, dict):
        return list(reply.items())
    return list(zip(reply[::2], reply[1::2], strict=True))


def _epochs(reply: Reply) -> dict[str, int]:
    return {_text(nas): int(value.split(b" ", 1)[0]) for nas, value in _pairs(reply)}


def _key_record(reply: Reply, now_ms: int) -> c.KeyRecord:
    lines: dict[str, tuple[int, int, int, LineIds]] = {}
    sessions: dict[str, list[c.LiveSession]] = {}
    crowded = False
    for field, value in _pairs(reply):
        if field == b"*":
            crowded = int(value) >= now_ms
            continue
        name, _, session = field.decode().partition("/")
        if session:
            nas, epoch, live_until = value.decode().rsplit(" ", 2)
            sessions.setdefault(name, []).append(c.LiveSession(nas=nas, epoch=int(epoch), until_ms=int(live_until)))
            continue
        sighted, sighted_v6, until, marks, ids = value.split(b" ", 4)
        if int(until) >= now_ms:
            lines[name] = (int(sighted), int(sighted_v6), int(marks), LineIds.decode(ids))
    candidates = tuple(
        c.Candidate(
            line=name,
            ids=ids,
            sighted_ms=sighted,
            sighted_v6_ms=sighted_v6,
            attached=bool(marks & 1),
            v4_evident=bool(marks & 2),
            sessions=tuple(sessions.get(name, ())),
        )
        for name, (sighted, sighted_v6, marks, ids) in lines.items()
    )
    return c.KeyRecord(candidates=candidates, crowded=crowded)


def _identity(reply: Reply) -> c.SessionIdentity | None:
    line, ids, state, epoch, nas, fingerprint = reply
    if state is None:
        return None
    return c.SessionIdentity(
        line=_text(line) if line else None,
        ids=LineIds.decode(ids) if ids else None,
        state=SessionState(_text(state)),
        epoch=int(epoch),
        nas=_text(nas),
        fingerprint=_text(fingerprint) if fingerprint else "",
    )


def _session_row(domain: str, session: str, reply: Reply, epochs: dict[str, int]) -> c.SessionRow:
    state, line, ids, hosts, at, until, shown, epoch, nas = reply
    life = SessionState(_text(state))
    if life in (SessionState.UP, SessionState.EXPECTED) and int(epoch) != epochs.get(_text(nas), 0):
        life = SessionState.SUSPECT
    per_session = ("sessions|", "na_or_pd|")
    return c.SessionRow(
        session=session,
        domain=domain,
        nas=_text(nas) if nas else "",
        state=life,
        line=_text(line) if line else None,
        ids=LineIds.decode(ids) if ids else None,
        hosts=tuple(host for host in _text(hosts).split("\n") if host and not host.startswith(per_session)),
        at_ms=int(at),
        until_ms=int(until),
        shown=_text(shown) if shown else "{}",
    )
