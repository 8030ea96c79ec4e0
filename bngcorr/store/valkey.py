"""The correlation store over Redis ≥ 7.0 or Valkey: reading for verdicts, writing what was seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, assert_never

from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.store import contract as c
from bngcorr.store import lesson as lessons
from bngcorr.store import packing
from bngcorr.store.audit import Audits
from bngcorr.store.capacity import Capacities
from bngcorr.store.history import Histories
from bngcorr.store.holders import Holders, Move
from bngcorr.store.keys import EVENTS, DomainKeys, term_hash
from bngcorr.store.lane import Command, Lane, Reply, open_lane
from bngcorr.store.lesson import Lesson
from bngcorr.store.plan import Plans
from bngcorr.store.promises import promised
from bngcorr.store.queries import READ_BUDGET_S, Queries
from bngcorr.store.questions import Questions
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.store.rows import Upkeep
from bngcorr.store.terms import line_terms
from bngcorr.store.traffic import believable

WRITE_BUDGET_S: Final = 2.0


class ValkeyStore:
    """Correlation and upkeep on one server, a Sentinel's master, or a cluster; `queries` and `plans` beside them."""

    def __init__(
        self,
        url: str,
        *,
        budget_s: float,
        events: int,
        v6_lost_s: float = c.V6_LOST_MS / 1000,
        history_backlog: int = 0,
    ) -> None:
        """`budget_s` bounds `recall`; `events` is how many recent verdicts are kept, `history_backlog` how many closed
        sessions of each domain. Raises StoreError for a bad URL.
        """
        self.lane: Lane = open_lane(url)
        self._budget_s = budget_s
        self._events = events
        self._v6_lost_ms = round(v6_lost_s * 1000)
        self._history_backlog = history_backlog
        self._names: dict[str, DomainKeys] = {}
        self._troubles: dict[str, str] = {}  # of domains
        self.queries = Queries(self.lane)
        self.plans = Plans(self.lane)
        self.audits = Audits(self.lane)
        self.capacity = Capacities(self.lane)
        self.history = Histories(self.lane)
        self._holders = Holders(self.lane, self.queries)

    def _keys(self, domain: str) -> DomainKeys:
        names = self._names.get(domain)
        if names is None:
            names = self._names[domain] = DomainKeys(domain)
        return names

    @property
    def calls(self) -> int:
        """Round trips so far."""
        return self.lane.calls

    def where(self, domain: str) -> str:
        """Name of the node that keeps a domain now; "" for a single server."""
        return self.lane.where(self._keys(domain).epochs)

    def where_events(self) -> str:
        """Name of the node that keeps the verdicts for people."""
        return self.lane.where(EVENTS)

    def trouble(self, domain: str) -> str:
        """Why the node of a domain last did not answer, or did not take what it was told; "" if it did."""
        return self._troubles.get(domain, "")

    def _heard(self, domain: str, reply: Reply) -> None:
        if isinstance(reply, Exception):
            self._troubles[domain] = str(reply)
        elif self._troubles:
            self._troubles.pop(domain, None)

    async def close(self) -> None:
        """Close all connections."""
        await self.lane.close()

    async def now_ms(self) -> int:
        """The server's clock. Raises StoreError."""
        (reply,) = await self.lane.run([("TIME",)], READ_BUDGET_S)
        return int(reply[0]) * 1000 + int(reply[1]) // 1000

    async def ping(self, domain: str) -> bool:
        """Whether the node that keeps this domain answers."""
        try:
            await self.lane.run([("EXISTS", self._keys(domain).epochs)], self._budget_s)
        except StoreError:
            return False
        return True

    # ---- reading for verdicts

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """One script call a domain, all of them in one write per node; None: its node did not answer in time."""
        asked: dict[str, Questions] = {}
        for question in questions:
            one = asked.get(question.domain)
            if one is None:
                one = asked[question.domain] = Questions()
            one.add(question)
        commands = [
            self.lane.script("recall", (self._keys(domain).epochs,), (one.packed(now_ms - c.TAINT_MS),))
            for domain, one in asked.items()
        ]
        replies = await self.lane.run_each(commands, self._budget_s)
        for (domain, one), reply in zip(asked.items(), replies, strict=True):
            self._heard(domain, reply)
            one.take(reply)
        return [asked[question.domain].answer(question, now_ms) for question in questions]

    # ---- writing what was seen

    async def write(
        self, lessons_: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> list[str]:
        """One script call a lesson, all of them in one write per node; then who holds which address."""
        replies = await self.lane.run_each([self._command(lesson, now_ms) for lesson in lessons_], WRITE_BUDGET_S)
        words: list[str] = []
        moves: list[Move] = []
        for index, (lesson, reply) in enumerate(zip(lessons_, replies, strict=True)):
            if isinstance(reply, StoreError):
                if not isinstance(lesson, lessons.Event):
                    self._heard(lesson.domain, reply)
                words.append(lessons.AWAY)
            elif isinstance(reply, Exception):
                words.append(f"{lessons.FAILED} {reply}")
            elif isinstance(lesson, lessons.SessionChange):
                words.append(reply[0].decode())
                if reply[1] or reply[2]:
                    moves.append(Move(index, lesson.domain, lesson.session, reply[1], reply[2]))
            elif isinstance(lesson, lessons.NumberSeen):
                words.append(lessons.NEW if reply == 1 else "known")
            else:
                words.append("ok" if isinstance(lesson, lessons.Event) else reply.decode())
        taken(list(words))
        self._holders.retry()
        if moves:
            for index, address in await self._holders.move(moves):
                words[index] += f",{lessons.DUPLICATE}{address}"
        return words

    def _command(self, lesson: Lesson, now_ms: int) -> Command:
        match lesson:
            case lessons.Sighting():
                return self._sight(lesson, now_ms)
            case lessons.SessionChange():
                return self._change(lesson, now_ms)
            case lessons.Restart():
                arguments = (lesson.nas, lesson.at_ms, c.RESTART_TOLERANCE_MS)
                return self.lane.script("restart", (self._keys(lesson.domain).epochs,), arguments)
            case lessons.NumberSeen():
                return ("HSETNX", self._keys(lesson.domain).numbers(lesson.bng), lesson.number, lesson.at_ms)
            case lessons.FindingSeen():
                identity = packing.finding_id(lesson.finding, lesson.subject)
                row = [identity, lesson.bng, lesson.at_ms, lesson.detail, int(lesson.over), c.MAX_FINDINGS]
                return self.lane.script("finding", (self._keys(lesson.domain).epochs,), (packing.pack(row),))
            case lessons.Distances():
                flat = [number for pair in lesson.counts for number in pair]
                name = self._keys(lesson.domain).distances(lesson.bng)
                return self.lane.script("distances", (self._keys(lesson.domain).epochs, name), flat)
            case lessons.Event():
                return ("XADD", EVENTS, "MAXLEN", "~", self._events, "*", "j", lesson.shown)
            case _:
                assert_never(lesson)

    def _sight(self, s: lessons.Sighting, now_ms: int) -> Command:
        row = [
            now_ms, packing.name(s.line), s.at_ms, int(s.v6), s.until_ms, s.attached + 2 * s.v4_evident,
            s.ids.encode(), packing.shown_line(s), packing.name(s.mac), int(s.claimed),
            packing.name(s.attachment_mac), packing.name(s.attachment),
            [packing.name(key) for key in (s.multi_session, s.bng_mac) if key], packing.name(s.place),
            _terms(s.ids, s), c.TAINT_MS, c.MAX_LINES_PER_KEY, c.MAX_MACS_PER_LINE,
        ]  # fmt: skip
        return self.lane.script("sight", (self._keys(s.domain).epochs,), (packing.pack(row),))

    def _change(self, s: lessons.SessionChange, now_ms: int) -> Command:
        row = [
            now_ms, str(s.step), s.at_ms, s.until_ms, s.nas, packing.name(s.line), s.ids.encode() if s.ids else b"",
            int(s.own), packing.fingerprint(s.fingerprint), packing.name(s.digest),
            False if s.hosts is None else packing.hosts_text(s.hosts), s.interval_ms,
            believable(s.traffic) or (),
            packing.shown_session(s), _terms(s.ids, s), packing.tags(s.keys), packing.name(s.session),
            c.TOMBSTONE_MS, c.MAX_SESSIONS_PER_LINE, c.INTERIMS_MISSED, self._v6_lost_ms,
            "" if s.port is None else s.port.port, packing.hosts_text(promised(s.promised)),
            packing.name(s.accepted_as), str(s.fill), s.timeout_ms, self._history_backlog, s.sent_ms,
            s.lasted_ms,
        ]  # fmt: skip
        return self.lane.script("session", (self._keys(s.domain).epochs,), (packing.pack(row),))

    # ---- upkeep

    async def upkeep(self, domain: str, now_ms: int, *, buckets: int, walk_ms: int) -> Upkeep:
        """One script call over at most `buckets` of 4096. Raises StoreError."""
        row = [now_ms, buckets, walk_ms, c.TAINT_MS, c.TOMBSTONE_MS, c.FINDING_MS, self._history_backlog]
        command = self.lane.script("upkeep", (self._keys(domain).epochs,), (packing.pack(row),))
        (reply,) = await self.lane.run([command], WRITE_BUDGET_S)
        expired, dropped, released, lost, census = packing.unpack(reply)
        moves = [
            Move(0, domain, session.hex(), (), hosts.split(b"\n"))
            for session, hosts in zip(released[::2], released[1::2], strict=True)
        ]
        if moves:
            await self._holders.move(moves)
        return Upkeep(
            expired=expired,
            dropped=dropped,
            lost=tuple(packing.lost_line(*pair) for pair in zip(lost[::2], lost[1::2], strict=True)),
            census=tuple((bng.decode(), *counts) for bng, counts in dict(census or {}).items()),
        )


def _terms(ids: LineIds | None, of: lessons.Sighting | lessons.SessionChange) -> bytes:
    return b"".join(map(term_hash, line_terms(ids, of.address)))
