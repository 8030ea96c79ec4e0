"""Lessons of one batch as `write.lua` takes them, and its words on them. Pure.

Where all domains are kept by one server, one call carries them all; in a Cluster one call carries those of a domain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Any, Final

from bngcorr.errors import StoreError
from bngcorr.store import contract as c
from bngcorr.store import lesson as words
from bngcorr.store import packing, row_core
from bngcorr.store.lesson import (
    Distances,
    Event,
    FindingSeen,
    Lesson,
    NumberSeen,
    Restart,
    SessionChange,
    SessionStep,
    Sighting,
)
from bngcorr.store.promises import promised
from bngcorr.store.traffic import believable

Reply = Any  # what the server said, or an error in its place
_Other = SessionChange | Restart | NumberSeen | FindingSeen | Distances  # what nearly no request makes

# lessons as the script numbers them; a Sighting has marks in this place
_ACCEPT, _CHANGE, _RESTART, _NUMBER, _FINDING, _DISTANCES = 32, 33, 34, 35, 36, 37
_ATTACHED, _V4_EVIDENT, _CLAIMED = 1, 2, 4
_EXPECTED: Final = SessionStep.EXPECTED
_WORDS: Final = {word.encode(): word for word in ("ok", "applied", "known", "stale", words.NEW)}
NO_INSTANTS: Final[Mapping[str, int]] = {}
_domain_head: Final = Struct(">HQ").pack  # how many lessons, and when they are told
# bound once: compiled code looks an imported function up at every call
_values: Final = row_core.values
_sighting: Final = row_core.sighting
_accept: Final = row_core.accept
_terms: Final = row_core.terms
_shown: Final = row_core.shown


class Settings:
    """What all lessons of a store are told with, packed as the first argument of `write.lua`."""

    __slots__ = ("packed",)

    def __init__(self, *, v6_lost_ms: int, history_backlog: int, timeline: int) -> None:
        """As `ValkeyStore` has them."""
        self.packed: Final[bytes] = row_core.array(
            c.TAINT_MS, c.MAX_LINES_PER_KEY, c.MAX_MACS_PER_LINE, c.TOMBSTONE_MS, c.MAX_SESSIONS_PER_LINE,
            c.INTERIMS_MISSED, v6_lost_ms, history_backlog, c.RESTART_TOLERANCE_MS, c.MAX_FINDINGS, timeline,
        )  # fmt: skip


class Moved:
    """Hosts that a session took, and hosts that it gave back: ``kind|service|address``."""

    __slots__ = ("came", "domain", "index", "session", "went")

    def __init__(self, index: int, domain: str, session: str, came: Sequence[bytes], went: Sequence[bytes]) -> None:
        """`index` is that of the lesson."""
        self.index: Final = index
        self.domain: Final = domain
        self.session: Final = session
        self.came: Final = came
        self.went: Final = went


class _Domain:
    """What a batch tells one domain."""

    __slots__ = ("name", "places", "rows")

    def __init__(self, name: str) -> None:
        self.name: Final = name
        self.rows: Final[list[bytes]] = []  # of each lesson
        self.places: Final[list[int]] = []  # and where it stands in the batch


class Batch:
    """Lessons by domain, each with its place among all that are told."""

    __slots__ = ("_domains", "_last", "_lessons", "domains", "events", "moves", "words")

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        """Requests for people are left to `events`, whose word is "ok"."""
        self._lessons: Final = lessons
        self._domains: Final[dict[str, _Domain]] = {}
        self._last: _Domain | None = None
        self.domains: Final[list[str]] = []  # those that it is about, in the order of their first lessons
        self.events: Final[list[Event]] = []
        self.words: Final[list[str]] = ["ok"] * len(lessons)  # until the script says another; on an Accept "applied"
        self.moves: Final[list[Moved]] = []
        for place, lesson in enumerate(lessons):
            if isinstance(lesson, Sighting):
                self._add(lesson.domain, place, _sighting_row(lesson))
            elif isinstance(lesson, Event):
                self.events.append(lesson)
            elif isinstance(lesson, SessionChange) and lesson.step is _EXPECTED:
                self._add(lesson.domain, place, _expected_row(lesson))
                self.words[place] = "applied"
            else:
                self._add(lesson.domain, place, _other_row(lesson))

    def _domain(self, name: str) -> _Domain:
        """Nearly always the one of the lesson before."""
        domain = self._last
        if domain is not None and domain.name == name:
            return domain
        domain = self._domains.get(name)
        if domain is None:
            domain = self._domains[name] = _Domain(name)
        self._last = domain
        return domain

    def _add(self, name: str, place: int, row: bytes) -> None:
        domain = self._domain(name)
        if not domain.rows:
            self.domains.append(name)
        domain.places.append(place)
        domain.rows.append(row)

    def packed(self, domains: Sequence[str], now_ms: int, instants: Mapping[str, int] = NO_INSTANTS) -> bytes:
        """The lessons of these domains as `write.lua` takes them, told at `now_ms` or at their domain's instant."""
        parts: list[bytes] = []
        for name in domains:
            rows = self._domains[name].rows
            parts.append(_domain_head(len(rows), instants.get(name, now_ms)))
            parts += rows
        return b"".join(parts)

    def take(self, domains: Sequence[str], reply: Reply) -> None:
        """What the script said of the lessons of these domains, or the error that came in its place."""
        if isinstance(reply, Exception):
            trouble = words.AWAY if isinstance(reply, StoreError) else f"{words.FAILED} {reply}"
            for domain in domains:
                for place in self._domains[domain].places:
                    self.words[place] = trouble
            return
        said: list[Any] = packing.unpack(reply)
        if not said:
            return
        places = [(domain, place) for domain in domains for place in self._domains[domain].places]
        for at in range(0, len(said), 2):
            domain_name, place = places[said[at] - 1]
            word = said[at + 1]
            if isinstance(word, bytes):
                self.words[place] = _WORDS.get(word) or word.decode("utf-8", "replace")
                continue
            self.words[place] = word[0].decode()
            lesson = self._lessons[place]
            if (word[1] or word[2]) and isinstance(lesson, SessionChange):
                self.moves.append(Moved(place, domain_name, lesson.session, word[1], word[2]))

    def away(self) -> None:
        """Requests for people were not taken."""
        for place, lesson in enumerate(self._lessons):
            if isinstance(lesson, Event):
                self.words[place] = words.AWAY


def _sighting_row(s: Sighting) -> bytes:
    ids, port = s.ids, s.port
    return _sighting(
        s.v6, s.line, s.at_ms, s.until_ms, ids.remote_id, ids.circuit_id, s.address,
        s.bng, None if port is None else port.port, None if port is None else port.outer,
        None if port is None else port.inner,
        (_ATTACHED if s.attached else 0) + (_V4_EVIDENT if s.v4_evident else 0) + (_CLAIMED if s.claimed else 0),
        s.attachment_mac, s.attachment, s.multi_session, s.bng_mac, s.mac, s.place,
    )  # fmt: skip


def _expected_row(s: SessionChange) -> bytes:
    ids, port = s.ids, s.port
    return _accept(
        _ACCEPT, s.at_ms, s.until_ms, s.nas, s.line, s.session, 1 if s.own else 0, s.keys,
        packing.outcome_code(s.outcome), ids is not None, None if ids is None else ids.remote_id,
        None if ids is None else ids.circuit_id, s.address, s.fingerprint, s.session_id, s.user_name,
        None if port is None else port.port, None if port is None else port.outer, None if port is None else port.inner,
        s.interval_ms, s.timeout_ms, packing.hosts_text(promised(s.promised)) if s.promised else b"",
    )  # fmt: skip


def _other_row(lesson: _Other) -> bytes:
    if isinstance(lesson, SessionChange):
        return _values(_CHANGE, _change(lesson))
    if isinstance(lesson, Restart):
        return _values(_RESTART, [lesson.nas, lesson.at_ms])
    if isinstance(lesson, NumberSeen):
        return _values(_NUMBER, [lesson.bng, lesson.number, lesson.at_ms])
    if isinstance(lesson, FindingSeen):
        name = packing.finding_id(lesson.finding, lesson.subject)
        return _values(_FINDING, [name, lesson.bng, lesson.at_ms, lesson.detail, 1 if lesson.over else 0])
    return _values(_DISTANCES, [lesson.bng, [number for pair in lesson.counts for number in pair]])


def _change(s: SessionChange) -> list[object]:
    ids, port, address, user_name = s.ids, s.port, s.address, s.user_name
    at, outer, inner = (None, None, None) if port is None else (port.port, port.outer, port.inner)
    remote_id, circuit_id = (None, None) if ids is None else (ids.remote_id, ids.circuit_id)
    return [
        s.step, s.at_ms, s.until_ms, s.nas, packing.name(s.line), b"" if ids is None else ids.encode(),
        1 if s.own else 0, packing.fingerprint(s.fingerprint),
        _shown(packing.outcome_code(s.outcome), s.session_id, user_name, address, at, outer, inner),
        _terms(remote_id, circuit_id, address, user_name), packing.tags(s.keys), packing.name(s.session),
        at or "", s.interval_ms, s.timeout_ms, packing.name(s.digest),
        False if s.hosts is None else packing.hosts_text(s.hosts), believable(s.traffic) or False,
        packing.name(s.accepted_as), s.fill, s.sent_ms, s.lasted_ms,
    ]  # fmt: skip
