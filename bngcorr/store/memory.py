"""A store in memory, for replays and simulations: what the scripts of the real one do, to be read.

Its time is the `now_ms` of each call and nothing else, so hours pass in a moment. It is never away, and raises nothing.
`memory_records` says what is kept, `memory_sightings` and `memory_sessions` what a lesson changes, `memory_life` how
long a session lives, `memory_ledger` what sessions add up to, `memory_upkeep` what time does, `memory_holders` who has
which address. Unlike the real one it walks over a domain whole, and finds by looking through everything.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Self, assert_never

from bngcorr.model.line import LineIds
from bngcorr.model.usage import Traffic, Usage
from bngcorr.model.vocabulary import Finding
from bngcorr.store import contract as c
from bngcorr.store import lesson as lessons
from bngcorr.store import memory_found
from bngcorr.store import memory_timelines as timelines
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS, Lesson
from bngcorr.store.memory_capacity import MemoryCapacity
from bngcorr.store.memory_domain import Domain
from bngcorr.store.memory_findings import find
from bngcorr.store.memory_history import MemoryHistory
from bngcorr.store.memory_holders import Holders, Move, Pair
from bngcorr.store.memory_ledger import add, by_port, counted, reckon
from bngcorr.store.memory_rows import line_row, recollection, session_row
from bngcorr.store.memory_sessions import change, restart
from bngcorr.store.memory_sightings import see
from bngcorr.store.memory_upkeep import upkeep
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.store.rows import FindingRow, LineRow, Page, SessionQuery, SessionRow, Upkeep
from bngcorr.store.timeline import Entry, RequestEntry


class MemoryStore:
    """`CorrelationStore`, `QueryStore`, `UpkeepStore` and `PlanStore` in one."""

    def __init__(
        self,
        *,
        events: int = 10_000,
        v6_lost_s: float = c.V6_LOST_MS / 1000,
        history_backlog: int = 0,
        timeline: int = 0,
    ) -> None:
        """`events` is how many recent requests are kept, `history_backlog` how many closed sessions of each domain,
        `timeline` how many entries of each line.
        """
        self._history_backlog = history_backlog
        self._domains: dict[str, Domain] = {}
        self._events: deque[tuple[str, RequestEntry]] = deque(maxlen=events)  # each with its cursor
        self._told = 0
        self._timeline = timeline
        self._holders = Holders()
        self._v6_lost_ms = round(v6_lost_s * 1000)
        self.capacity = MemoryCapacity()
        self.history = MemoryHistory(self.domain)

    @property
    def queries(self) -> Self:
        """`QueryStore`, as the real store has it."""
        return self

    @property
    def plans(self) -> Self:
        """`PlanStore`, as the real store has it."""
        return self

    async def close(self) -> None:
        """Nothing is open."""

    async def ping(self, domain: str) -> bool:  # noqa: ARG002  # the contract's
        """It always answers."""
        return True

    def domain(self, name: str) -> Domain:
        """What is kept of a domain."""
        known = self._domains.get(name)
        if known is None:
            known = self._domains[name] = Domain(name=name, closed=deque(maxlen=self._history_backlog))
        return known

    # ---- reading for verdicts

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """What is known on the keys of each question."""
        return [recollection(self.domain(question.domain), question, now_ms) for question in questions]

    # ---- writing what was seen

    async def write(
        self, lessons_: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> list[str]:
        """Apply them in order, then look for addresses that are live twice."""
        words: list[str] = []
        moves: list[Move] = []
        for index, lesson in enumerate(lessons_):
            if isinstance(lesson, lessons.SessionChange):
                domain = self.domain(lesson.domain)
                before = _hosts(domain, lesson.session)
                words.append(",".join(change(domain, lesson, now_ms, self._v6_lost_ms)))
                after = _hosts(domain, lesson.session)
                if words[index].startswith("applied") and self._timeline:
                    timelines.account(domain, lesson, before, after, self._timeline)
                told_again = words[index] == "duplicate"  # the first time, the address may not have been noted
                came = [host for host in after if told_again or host not in before]
                went = [host for host in before if host not in after]
                moves.append(Move(index, (lesson.domain, lesson.session), came, went))
            else:
                words.append(self._apply(lesson, now_ms))
        taken(list(words))
        for index, address in self._holders.move(moves, self._row):
            words[index] += f",{lessons.DUPLICATE}{address}"
        return words

    def _apply(
        self,
        lesson: lessons.Sighting
        | lessons.Restart
        | lessons.NumberSeen
        | lessons.FindingSeen
        | lessons.Distances
        | lessons.Event,
        now_ms: int,
    ) -> str:
        match lesson:
            case lessons.Sighting():
                return ",".join(see(self.domain(lesson.domain), lesson, now_ms)) or "ok"
            case lessons.Restart():
                return restart(self.domain(lesson.domain), lesson)
            case lessons.NumberSeen():
                numbers = self.domain(lesson.domain).numbers.setdefault(lesson.bng, {})
                word = "known" if lesson.number in numbers else lessons.NEW
                numbers.setdefault(lesson.number, lesson.at_ms)
                return word
            case lessons.FindingSeen():
                return find(self.domain(lesson.domain), lesson)
            case lessons.Distances():
                counts = self.domain(lesson.domain).distances.setdefault(lesson.bng, {})
                for bucket, count in lesson.counts:
                    counts[bucket] = counts.get(bucket, 0) + count
            case lessons.Event():
                self._told += 1
                entry = timelines.told(lesson)
                self._events.append((f"{self._told:012d}", entry))
                timelines.add(self.domain(lesson.domain), lesson.line or "", lesson.mac, entry, self._timeline)
            case _:
                assert_never(lesson)
        return "ok"

    # ---- upkeep

    async def upkeep(
        self,
        domains: Sequence[str],
        now_ms: int,
        *,
        buckets: int,  # noqa: ARG002  # the contract's
        walk_ms: int,
    ) -> list[Upkeep]:
        """What is due by the end of a walk is done then, however many `buckets` are asked for."""
        found: list[Upkeep] = []
        for name in domains:
            done, released = upkeep(self.domain(name), now_ms, walk_ms)
            self._holders.move([Move(0, (name, session), (), hosts) for session, hosts in released], self._row)
            found.append(done)
        return found

    def _row(self, pair: Pair) -> SessionRow | None:
        name, session = pair
        domain = self.domain(name)
        known = domain.sessions.get(session)
        return None if known is None else session_row(name, session, known, domain.epoch(known.nas))

    # ---- reading for people

    async def sessions(self, query: SessionQuery) -> tuple[list[SessionRow], str | None]:
        """In the order of domains and names; the cursor is a rank."""
        return memory_found.sessions(self._domains, query)

    async def lines(
        self, domains: Sequence[str], term: str | None, page: Page, now_ms: int
    ) -> tuple[list[LineRow], str | None]:
        """In the order of domains and names; the cursor is a rank."""
        return memory_found.lines(self._domains, domains, term, page, now_ms)

    async def session_rows(self, pairs: Sequence[tuple[str, str]]) -> list[SessionRow]:
        """As far as they are there, in the order asked."""
        return [row for pair in pairs if (row := self._row(pair)) is not None]

    async def boxes(self, domains: Sequence[str]) -> list[tuple[str, str]]:
        """Those that anything is known of."""
        return [(domain, box) for domain in domains for box in sorted(self.domain(domain).boxes)]

    async def session(self, domain: str, session: str) -> SessionRow | None:
        """One of them."""
        return self._row((domain, session))

    async def line(self, domain: str, line: str, now_ms: int) -> LineRow | None:
        """One of them."""
        known = self.domain(domain).lines.get(line)
        return None if known is None or known.until_ms < now_ms else line_row(domain, line, known)

    async def line_rows(self, pairs: Sequence[tuple[str, str]], now_ms: int) -> list[LineRow]:
        """One by one."""
        rows = [await self.line(domain, line, now_ms) for domain, line in pairs]
        return [row for row in rows if row is not None]

    async def timeline(self, domain: str, line: str) -> list[Entry]:
        """Of the lines that there are."""
        known = self.domain(domain).lines.get(line)
        return [] if known is None else list(known.timeline)

    async def usage(self, domain: str, bngs: Sequence[str]) -> dict[str, Usage]:
        """Counted anew from the sessions that are up in the present epoch of each box, summed over the boxes."""
        found = dict.fromkeys(bngs, Usage())
        for bng, nas in self._boxes(domain, bngs):
            found[bng] += reckon(counted(self.domain(domain), nas))
        return found

    async def usage_by_port(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[tuple[str, str], Usage]]:
        """The same by box and port."""
        found: dict[str, dict[tuple[str, str], Usage]] = {bng: {} for bng in bngs}
        for bng, nas in self._boxes(domain, bngs):
            usages = by_port(counted(self.domain(domain), nas))
            found[bng] |= {(nas, port): usage for port, usage in usages.items()}
        return found

    async def traffic(self, domain: str, bngs: Sequence[str]) -> dict[str, Traffic]:
        """What the sessions' counters grew by, summed over the boxes."""
        found = dict.fromkeys(bngs, Traffic())
        for bng, nas in self._boxes(domain, bngs):
            found[bng] = add(found[bng], self.domain(domain).boxes[nas].traffic)
        return found

    async def census(self, domain: str) -> dict[str, tuple[int, int, int]]:
        """As the upkeep left it."""
        return dict(self.domain(domain).walk.census)

    def _boxes(self, domain: str, bngs: Sequence[str]) -> list[tuple[str, str]]:
        boxes = [(nas.partition("|")[0], nas) for nas in self.domain(domain).boxes]
        return [pair for pair in boxes if pair[0] in bngs]

    async def events(self, after: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """Requests behind the cursor."""
        return [event for event in self._events if event[0] > after][:limit]

    async def events_before(self, before: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """Requests before the cursor."""
        return [event for event in reversed(self._events) if not before or event[0] < before][:limit]

    async def enterprise_numbers(self, domain: str, bngs: Sequence[str]) -> dict[str, dict[int, int]]:
        """Each number with the instant of its first sight."""
        return {bng: dict(self.domain(domain).numbers.get(bng, {})) for bng in bngs}

    async def findings(self, domains: Sequence[str], limit: int) -> list[FindingRow]:
        """The newest of each domain, merged."""
        rows = [
            row
            for name in domains
            for row in sorted(self.domain(name).findings.values(), key=_newest, reverse=True)[:limit]
        ]
        return sorted(rows, key=lambda row: -row.last_ms)

    async def findings_about(self, domain: str, wanted: Sequence[tuple[Finding, str]]) -> list[FindingRow]:
        """By their names."""
        known = self.domain(domain).findings
        return [known[name] for kind, subject in wanted if (name := (str(kind), subject)) in known]

    async def distances(self, domain: str, bngs: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """One histogram a BNG."""
        counted = {bng: self.domain(domain).distances.get(bng, {}) for bng in bngs}
        return {
            bng: tuple(counts.get(bucket, 0) for bucket in range(len(DISTANCE_BUCKETS_MS) + 1))
            for bng, counts in counted.items()
        }

    # ---- the plan

    async def read_plan(self, domain: str) -> dict[str, LineIds]:
        """The plan in force, by place."""
        return dict(self.domain(domain).plan)

    async def replace_plan(
        self,
        domain: str,
        plan: dict[str, LineIds],
        now_ms: int,  # noqa: ARG002  # the contract's
    ) -> None:
        """Put another in force."""
        self.domain(domain).plan = dict(plan)


def _newest(row: FindingRow) -> tuple[int, str]:
    return row.last_ms, f"{row.finding}|{row.subject}"


def _hosts(domain: Domain, session: str) -> tuple[str, ...]:
    known = domain.sessions.get(session)
    return () if known is None else known.hosts
