"""What is known of lines, keys and sessions at an instant of the capture: the memory store's rules, and bounds.

Records run out as in the store, but for one: that a MAC was on another line is remembered for as long as that line is,
and not for a month. Beyond so many lines those that were not heard of for longest are forgotten before their time, and
counted: a capture of any size is replayed in the same memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final, TypeVar

from bngcorr.store import contract as c
from bngcorr.store.lesson import Lesson, Restart, SessionChange, Sighting
from bngcorr.store.memory_domain import Domain
from bngcorr.store.memory_rows import recollection
from bngcorr.store.memory_sessions import change, restart
from bngcorr.store.memory_sightings import see
from bngcorr.store.memory_upkeep import upkeep
from bngcorr.store.recollection import Recall, Recollection

MOST_LINES: Final = 100_000  # of all domains together
KEYS_A_LINE: Final = 4
WALK_MS: Final = 600_000  # between two walks over the sessions, in the capture's time

ValueT = TypeVar("ValueT")


class Knowledge:
    """All correlation domains of a replay. Instants are epoch milliseconds of the capture, and never go back."""

    def __init__(self, most_lines: int = MOST_LINES) -> None:
        self._most: Final = most_lines
        self._domains: Final[dict[str, Domain]] = {}
        self._kept_ms = 0
        self.forgotten = 0  # lines that had to go before their time

    def recall(self, question: Recall, now_ms: int) -> Recollection:
        """What is known on the keys of a question."""
        return recollection(self._domain(question.domain), question, now_ms)

    def write(self, lessons: Iterable[Lesson], now_ms: int) -> None:
        """Take what was seen."""
        for lesson in lessons:
            if isinstance(lesson, Sighting):
                domain = self._domain(lesson.domain)
                most = self._most
                _used(domain.lines, lesson.line, most)
                for key in lesson.keys:
                    _used(domain.keys, key, most * KEYS_A_LINE)
                if lesson.mac is not None:
                    _used(domain.macs, lesson.mac, most * 2)
                see(domain, lesson, now_ms)
                self._bound(domain)
            elif isinstance(lesson, SessionChange):
                domain = self._domain(lesson.domain)
                _used(domain.sessions, lesson.session, self._most * 2)
                change(domain, lesson, now_ms, c.V6_LOST_MS)
                self._bound(domain)
            elif isinstance(lesson, Restart):
                restart(self._domain(lesson.domain), lesson)

    def elapsed(self, now_ms: int) -> None:
        """Let run out what has."""
        if now_ms - self._kept_ms < WALK_MS:
            return
        self._kept_ms = now_ms
        for domain in self._domains.values():
            upkeep(domain, now_ms, WALK_MS)
            for mac in [mac for mac, lines in domain.macs.items() if domain.lines.keys().isdisjoint(lines)]:
                del domain.macs[mac]

    @property
    def lines(self) -> int:
        """How many are known."""
        return sum(len(domain.lines) for domain in self._domains.values())

    def _domain(self, name: str) -> Domain:
        known = self._domains.get(name)
        if known is None:
            known = self._domains[name] = Domain(name=name, closed=deque(maxlen=0))
        return known

    def _bound(self, domain: Domain) -> None:
        most = self._most
        if len(domain.lines) > most + most // 8:
            self.forgotten += len(domain.lines) - most
            _shorten(domain.lines, most)
        if len(domain.keys) > (most + most // 8) * KEYS_A_LINE:
            _shorten(domain.keys, most * KEYS_A_LINE)
        if len(domain.macs) > (most + most // 8) * 2:
            _shorten(domain.macs, most * 2)
        if len(domain.sessions) > (most + most // 8) * 2:
            for name in list(islice(domain.sessions, len(domain.sessions) - most * 2)):
                domain.disown(domain.sessions[name].line, name)
                del domain.sessions[name]
        if len(domain.watched) > most:
            _shorten(domain.watched, most // 2)


def _used(records: dict[str, ValueT], name: str, most: int) -> None:
    """What was used last goes last, as soon as half of the room is taken: until then nobody has to go for long."""
    if len(records) * 2 < most:
        return
    record = records.pop(name, None)
    if record is not None:
        records[name] = record


def _shorten(records: dict[str, ValueT], most: int) -> None:
    """Many at a time: each look at the front of a dictionary passes over what was taken from there before."""
    for name in list(islice(records, len(records) - most)):
        del records[name]
