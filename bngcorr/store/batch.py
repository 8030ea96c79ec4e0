"""Lessons of one batch as `write.lua` takes them, and its words on them. Pure.

Where all domains are kept by one server, one call carries them all; in a Cluster one call carries those of a domain.
"""

from __future__ import annotations

from binascii import a2b_hex
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import msgpack

from bngcorr.errors import StoreError
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.mac import Mac
from bngcorr.model.memo import Memo
from bngcorr.store import contract as c
from bngcorr.store import lesson as words
from bngcorr.store import packing, verdicts
from bngcorr.store.keys import term_hash
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
from bngcorr.store.terms import session_terms
from bngcorr.store.traffic import believable
from bngcorr.store.verdicts import Told

Row = list[Any]  # what the script takes; made on this page, and packed on the next line
Reply = Any  # what the server said, or an error in its place
Kept = Sighting | SessionChange | Restart | NumberSeen | FindingSeen | Distances

# lessons as the script numbers them
_SIGHTING, _SIGHTING_V6, _ACCEPT, _CHANGE, _RESTART, _NUMBER, _FINDING, _DISTANCES = 1, 2, 3, 4, 5, 6, 7, 8
_ATTACHED, _V4_EVIDENT, _CLAIMED = 1, 2, 4
_PAIR, _ATTACHMENT = 1, 2  # which of a sighting's keys come first
_EXPECTED: Final = SessionStep.EXPECTED
_WORDS: Final = {word.encode(): word for word in ("ok", "applied", "known", "stale", words.NEW)}
_DIGEST: Final = blake2b(digest_size=8)
_NO_INSTANTS: Final[Mapping[str, int]] = {}
# an Accept is about what its request was about
_TERMS: Final[Memo[tuple[bytes | None, bytes | None, Mac | None, str | None], bytes]] = Memo(16_384)

_pack: Final = msgpack.Packer(use_bin_type=False).pack


class Settings:
    """What all lessons of a store are told with, packed as the first argument of `write.lua`."""

    __slots__ = ("packed",)

    def __init__(self, *, v6_lost_ms: int, history_backlog: int, timeline: int) -> None:
        """As `ValkeyStore` has them."""
        self.packed: Final[bytes] = _pack([
            c.TAINT_MS, c.MAX_LINES_PER_KEY, c.MAX_MACS_PER_LINE, c.TOMBSTONE_MS, c.MAX_SESSIONS_PER_LINE,
            c.INTERIMS_MISSED, v6_lost_ms, history_backlog, c.RESTART_TOLERANCE_MS, c.MAX_FINDINGS, timeline,
        ])  # fmt: skip


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


class Batch:
    """Lessons by domain, each with its place among all that are told."""

    __slots__ = ("_lessons", "_places", "_rows", "_told", "events", "moves", "words")

    def __init__(self, lessons: Sequence[Lesson]) -> None:
        """Requests for people are left to `events`, whose word is "ok"."""
        self._lessons: Final = lessons
        self._rows: dict[str, Row] = {}
        self._places: dict[str, list[int]] = {}
        self.events: list[Told] = []
        self._told: dict[str, Row] = {}  # by domain, what their timelines are told of them
        self.words: list[str] = ["ok"] * len(lessons)
        self.moves: list[Moved] = []
        rows, places = self._rows, self._places
        for place, lesson in enumerate(lessons):
            if isinstance(lesson, Event):
                self._tell(lesson)
                continue
            domain = lesson.domain
            of_domain = rows.get(domain)
            if of_domain is None:
                rows[domain] = _row(lesson)
                places[domain] = [place]
            else:
                of_domain += _row(lesson)
                places[domain].append(place)

    def _tell(self, event: Event) -> None:
        told = verdicts.told(event)
        self.events.append(told)
        line, mac = event.line, event.mac
        if line is not None or mac is not None:
            row = self._told.get(event.domain)
            if row is None:
                row = self._told[event.domain] = []
            if line is not None:
                row += (a2b_hex(line), b"", *told)
            else:
                row += (b"", packing.name(mac), *told)

    @property
    def timelines(self) -> list[str]:
        """Domains with lines that were told of."""
        return list(self._told)

    def timeline(self, domains: Sequence[str], most: int) -> bytes:
        """What was told of the lines of these domains, as `timeline.lua` takes it; they keep `most` entries."""
        packed: bytes = _pack([most, *[self._told[domain] for domain in domains]])
        return packed

    @property
    def domains(self) -> list[str]:
        """Those that it is about, in the order of their first lessons."""
        return list(self._rows)

    def packed(self, domains: Sequence[str], now_ms: int, instants: Mapping[str, int] = _NO_INSTANTS) -> bytes:
        """The lessons of these domains as `write.lua` takes them, told at `now_ms` or at their domain's instant."""
        rows: Row = []
        for domain in domains:
            rows += (len(self._places[domain]), instants.get(domain, now_ms))
            rows += self._rows[domain]
        packed: bytes = _pack(rows)
        return packed

    def take(self, domains: Sequence[str], reply: Reply) -> None:
        """What the script said of the lessons of these domains, or the error that came in its place."""
        if isinstance(reply, Exception):
            trouble = words.AWAY if isinstance(reply, StoreError) else f"{words.FAILED} {reply}"
            for domain in domains:
                for place in self._places[domain]:
                    self.words[place] = trouble
            return
        said: list[Any] = packing.unpack(reply)
        number = 0
        for domain in domains:
            for place in self._places[domain]:
                word = said[number]
                number += 1
                if isinstance(word, bytes):
                    self.words[place] = _WORDS.get(word) or word.decode("utf-8", "replace")
                    continue
                self.words[place] = word[0].decode()
                lesson = self._lessons[place]
                if (word[1] or word[2]) and isinstance(lesson, SessionChange):
                    self.moves.append(Moved(place, domain, lesson.session, word[1], word[2]))

    def away(self) -> None:
        """Requests for people were not taken."""
        for place, lesson in enumerate(self._lessons):
            if isinstance(lesson, Event):
                self.words[place] = words.AWAY


def _row(lesson: Kept) -> Row:
    if isinstance(lesson, Sighting):
        return _sighting(lesson)
    if isinstance(lesson, SessionChange):
        return _change(lesson)
    if isinstance(lesson, Restart):
        return [_RESTART, [lesson.nas, lesson.at_ms]]
    if isinstance(lesson, NumberSeen):
        return [_NUMBER, [lesson.bng, lesson.number, lesson.at_ms]]
    if isinstance(lesson, FindingSeen):
        name = packing.finding_id(lesson.finding, lesson.subject)
        return [_FINDING, [name, lesson.bng, lesson.at_ms, lesson.detail, 1 if lesson.over else 0]]
    return [_DISTANCES, [lesson.bng, [number for pair in lesson.counts for number in pair]]]


def _sighting(s: Sighting) -> Row:
    pair, attachment = s.attachment_mac, s.attachment
    keys, kinds = "", 0
    if pair is not None:
        keys, kinds = pair, _PAIR
    if attachment is not None:
        keys, kinds = keys + attachment, kinds + _ATTACHMENT
    if s.multi_session is not None:
        keys += s.multi_session
    if s.bng_mac is not None:
        keys += s.bng_mac
    port = s.port
    told = [
        s.ids.encode(),
        [s.bng, s.address or b""] if port is None else [s.bng, s.address or b"", port.port, port.outer, port.inner],
        terms_of(s.ids.remote_id, s.ids.circuit_id, s.address, None),
        (_ATTACHED if s.attached else 0) + (_V4_EVIDENT if s.v4_evident else 0) + (_CLAIMED if s.claimed else 0),
    ]
    mac, place = packing.name(s.mac), packing.name(s.place)
    return [
        _SIGHTING_V6 if s.v6 else _SIGHTING, a2b_hex(s.line), s.at_ms, s.until_ms, _pack(told), a2b_hex(keys),
        kinds, mac, place,
    ]  # fmt: skip


def _change(s: SessionChange) -> Row:
    if s.step is _EXPECTED:
        return _expected(s)
    ids, port = s.ids, s.port
    remote_id, circuit_id = (None, None) if ids is None else (ids.remote_id, ids.circuit_id)
    row = [
        s.step, s.at_ms, s.until_ms, s.nas, packing.name(s.line), b"" if ids is None else ids.encode(),
        1 if s.own else 0, packing.fingerprint(s.fingerprint),
        _shown(s, port, packing.outcome_code(s.outcome)),
        terms_of(remote_id, circuit_id, s.address, s.user_name), packing.tags(s.keys), a2b_hex(s.session),
        "" if port is None else port.port, s.interval_ms, s.timeout_ms, packing.name(s.digest),
        False if s.hosts is None else packing.hosts_text(s.hosts), believable(s.traffic) or False,
        packing.name(s.accepted_as), s.fill, s.sent_ms, s.lasted_ms,
    ]  # fmt: skip
    return [_CHANGE, row]


def _expected(s: SessionChange) -> Row:
    ids, port = s.ids, s.port
    remote_id, circuit_id = (None, None) if ids is None else (ids.remote_id, ids.circuit_id)
    told: bytes = _pack([
        b"" if ids is None else ids.encode(), packing.fingerprint(s.fingerprint), _shown(s, port, 0),
        terms_of(remote_id, circuit_id, s.address, s.user_name),
        "" if port is None else port.port, s.interval_ms, s.timeout_ms,
        packing.hosts_text(promised(s.promised)) if s.promised else b"",
    ])  # fmt: skip
    digest = _DIGEST.copy()
    digest.update(told)
    return [
        _ACCEPT, s.at_ms, s.until_ms, s.nas, packing.name(s.line), a2b_hex(s.session), digest.digest(), told,
        1 if s.own else 0, packing.tags(s.keys), packing.outcome_code(s.outcome),
    ]  # fmt: skip


def _shown(s: SessionChange, port: Attachment | None, outcome: int) -> bytes:
    """How it came by its line, Acct-Session-Id, User-Name, MAC, and its port: for people."""
    user = None if s.user_name is None else s.user_name.encode("utf-8", "surrogateescape")
    shown: Row = [outcome, s.session_id, user, s.address or b""]
    if port is not None:
        shown += (port.port, port.outer, port.inner)
    packed: bytes = _pack(shown)
    return packed


def terms_of(remote_id: bytes | None, circuit_id: bytes | None, address: Mac | None, user_name: str | None) -> bytes:
    """Hashes of the terms of a line or session, one behind the other."""
    asked = (remote_id, circuit_id, address, user_name)
    known = _TERMS.get(asked)
    if known is None:
        terms = session_terms(LineIds(remote_id, circuit_id), address, user_name)
        known = _TERMS.put(asked, b"".join(map(term_hash, terms)))
    return known
