"""All questions of one vector, put to the store as one for each domain, and what came back. Pure."""

from __future__ import annotations

from binascii import a2b_hex
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from msgpack import Packer, unpackb

from bngcorr.model.line import LineIds
from bngcorr.store import contract as c
from bngcorr.store import packing
from bngcorr.store.recollection import (
    NOTHING,
    Candidate,
    KeyRecord,
    LiveSession,
    Recall,
    Recollection,
    undisputed,
)

Reply = Any  # what the server said, or an error in its place
Record = list[Any]  # what MessagePack gives
_UP: Final = 1
_ATTACHED: Final = 1
_V4_EVIDENT: Final = 2
_DIGITS: Final = 24  # of a name
_OCTETS: Final = 12
_CACHED_EPOCHS: Final = 16_384  # domains
_pack: Final = Packer(use_bin_type=False).pack  # to make one costs more than to use it
_NO_SESSIONS: Final[tuple[LiveSession, ...]] = ()


class Questions:
    """What one round asks, by domain."""

    __slots__ = ("_asked", "_domains", "_now_ms")

    def __init__(self, asked: Sequence[Recall], now_ms: int) -> None:
        """What counts only until an instant is judged at `now_ms`."""
        self._now_ms: Final = now_ms
        self._asked: Final = asked
        self._domains: Final[dict[str, _OfDomain]] = {}
        domains = self._domains
        for question in asked:
            one = domains.get(question.domain)
            if one is None:
                one = domains[question.domain] = _OfDomain()
            one.add(question)

    @property
    def domains(self) -> list[str]:
        """Those that it is about."""
        return list(self._domains)

    def packed(self, domains: Sequence[str]) -> bytes:
        """What is asked of these domains, as `recall.lua` takes it."""
        packed: bytes = _pack([self._domains[domain].row() for domain in domains])
        return packed

    def take(self, domains: Sequence[str], reply: Reply) -> None:
        """What the script said of these domains, or the error that came in its place."""
        if isinstance(reply, Exception):
            return
        said: list[bytes] = reply  # of each domain; empty if the script failed there
        for number, domain in enumerate(domains):
            self._domains[domain].take(said[number], self._now_ms)

    def answers(self) -> list[Recollection | None]:
        """The answer to each question; None if there is none."""
        domains = self._domains
        return [domains[question.domain].answer(question) for question in self._asked]


class _Names:
    """Names of one kind, each once: nearly always one or two."""

    __slots__ = ("_first", "_further", "digits")

    def __init__(self) -> None:
        self.digits = ""  # of all of them, one behind the other
        self._first = ""
        self._further: dict[str, int] | None = None  # places of the others

    def add(self, name: str) -> None:
        """Unless it is there."""
        if not self.digits:
            self._first = self.digits = name
        elif name != self._first:
            further = self._further
            if further is None:
                further = self._further = {}
            if name not in further:
                further[name] = len(self.digits) // _DIGITS
                self.digits += name

    def place(self, name: str) -> int:
        """Its own, from 0 on."""
        further = self._further
        return 0 if further is None or name == self._first else further[name]


class _OfDomain:
    """All questions about one domain: each record is asked for once."""

    __slots__ = ("_found", "_keys", "_macs", "_octets", "_places", "_sessions")

    def __init__(self) -> None:
        self._keys: Final = _Names()
        self._macs: Final = _Names()
        self._sessions: Final = _Names()
        self._places: Final = _Names()
        self._octets = b""  # of the keys
        self._found: _Found | None = None

    def add(self, question: Recall) -> None:
        """Ask for what it is about."""
        for key in question.keys:
            self._keys.add(key)
        if question.mac is not None:
            self._macs.add(question.mac)
        if question.session is not None:
            self._sessions.add(question.session)
        if question.place is not None:
            self._places.add(question.place)

    def row(self) -> list[bytes]:
        """As `recall.lua` takes it."""
        self._octets = a2b_hex(self._keys.digits)
        return [
            self._octets, a2b_hex(self._macs.digits), a2b_hex(self._sessions.digits), a2b_hex(self._places.digits),
        ]  # fmt: skip

    def take(self, answer: bytes, now_ms: int) -> None:
        """What the script says of it."""
        try:
            self._found = _Found(unpackb(answer, raw=True, strict_map_key=False), now_ms)
        except (ValueError, TypeError, IndexError, AttributeError):
            self._found = None  # a record is none: it puts all behind it out of place

    def answer(self, question: Recall) -> Recollection | None:
        """The answer to one of them; None if there is none."""
        found = self._found
        if found is None:
            return None
        mac_name, session_name, place_name = question.mac, question.session, question.place
        try:
            mac = a2b_hex(mac_name) if mac_name is not None else b""
            place = a2b_hex(place_name) if place_name is not None else b""
            records: dict[str, KeyRecord] = {}
            for key in question.keys:
                number = self._keys.place(key)
                record = found.keys[number]
                if record:
                    octets = self._octets[_OCTETS * number : _OCTETS * (number + 1)]
                    records[key] = found.record(record, octets, mac, place)
                else:
                    records[key] = NOTHING
            session = found.sessions[self._sessions.place(session_name)] if session_name is not None else b""
            plan = found.places[self._places.place(place_name)] if place_name is not None else b""
            return Recollection(
                records=records,
                mac_lines=found.mac_lines(self._macs.place(mac_name)) if mac_name is not None else 0,
                session=packing.session_identity(session) if session else None,
                epochs=found.epochs,
                plan=LineIds.decode(plan) if plan else None,
            )
        except (ValueError, TypeError, IndexError, AttributeError):
            return None  # a record that this version can't read: as good as no answer


class _Line:
    """A line's record, as far as questions are about it."""

    __slots__ = (
        "ids", "keys", "keys_v6", "last_ms", "last_v6_ms", "macs", "name", "place", "sessions", "tags", "until_ms",
        "until_v6_ms",
    )  # fmt: skip

    def __init__(self, name: bytes, record: Record, now_ms: int) -> None:
        self.name: Final[str] = name.hex()
        self.ids: Final[LineIds] = packing.ids_of_line(record)
        self.place: Final[bytes] = record[4]
        self.macs: Final[bytes] = record[9]
        self.last_ms: Final[int] = record[11]
        self.until_ms: Final[int] = record[12]
        self.keys: Final[bytes] = record[14]
        self.last_v6_ms: Final[int] = record[16]
        self.until_v6_ms: Final[int] = record[17]
        self.keys_v6: Final[bytes] = record[19]
        self.sessions: Final[list[LiveSession]] = []  # that count at `now_ms`
        self.tags: Final[list[bytes]] = []  # of the keys on which each of them vouches
        for at in range(21, len(record), 8):
            until_ms: int = record[at + 3]
            if until_ms > now_ms:
                nas: bytes = record[at + 1]
                marks: int = record[at + 4]
                self.tags.append(record[at + 6])
                self.sessions.append(
                    LiveSession(
                        nas=nas.decode(), epoch=record[at + 2], until_ms=until_ms, heard_ms=record[at + 5],
                        up=marks & _UP != 0,
                    )
                )  # fmt: skip

    def vouching(self, tag: bytes) -> tuple[LiveSession, ...]:
        """Its sessions that do so on a key."""
        sessions, tags = self.sessions, self.tags
        if not sessions:
            return _NO_SESSIONS
        if len(sessions) == 1:
            return (sessions[0],) if _has_tag(tags[0], tag) else _NO_SESSIONS
        return tuple([session for number, session in enumerate(sessions) if _has_tag(tags[number], tag)])


class _Found:
    """The script's answer about one domain; its lines are read once, by those who ask first."""

    __slots__ = ("_lines", "_macs", "_now_ms", "epochs", "keys", "places", "sessions")

    def __init__(self, answer: Record, now_ms: int) -> None:
        epochs: list[bytes] = answer[0]
        lines: list[Any] = answer[2]
        self._now_ms: Final = now_ms
        self.epochs: Final = _epochs(*epochs)
        self.keys: Final[list[Any]] = answer[1]  # records, or empty: not there
        self._macs: Final[list[Any]] = answer[3]
        self.sessions: Final[list[Any]] = answer[4]
        self.places: Final[list[bytes]] = answer[5]
        self._lines: Final[dict[bytes, Any]] = {}  # a record, or the line that was made of it
        for at in range(0, len(lines), 2):
            self._lines[lines[at]] = lines[at + 1]

    def mac_lines(self, number: int) -> int:
        """How many lines a MAC was seen on, as far as that still taints it."""
        found = self._macs[number]
        if not found:
            return 0
        record: Record = found
        since_ms = self._now_ms - c.TAINT_MS
        count = 0
        for at in range(1, len(record), 2):
            at_ms: int = record[at]
            if at_ms >= since_ms:
                count += 1
        return count

    def _line(self, name: bytes) -> _Line | None:
        known = self._lines.get(name)
        if isinstance(known, _Line):
            return known
        if not known:
            return None
        line = self._lines[name] = _Line(name, known, self._now_ms)
        return line

    def record(self, record: Record, key: bytes, mac: bytes, place: bytes) -> KeyRecord:
        """What stands on one key, as far as it counts now. `mac` and `place` are those of the question."""
        candidates: list[Candidate] = []
        crowded = shared = False
        disputed_ms = 0
        now_ms = self._now_ms
        tag = key[:4]
        for at in range(0, len(record), 6):
            name: bytes = record[at]
            sighted_ms: int = record[at + 2]
            sighted_v6_ms: int = record[at + 3]
            if not name:
                crowded, shared, disputed_ms = record[at + 1] >= now_ms, sighted_ms >= now_ms, sighted_v6_ms
                continue
            line = self._line(name)
            if line is None:
                continue
            until_ms: int = record[at + 4]
            marks: int = record[at + 5]
            if line.keys.find(key) % _OCTETS == 0:  # the line's own record says more
                if line.last_ms > sighted_ms:
                    sighted_ms = line.last_ms
                if line.until_ms > until_ms:
                    until_ms = line.until_ms
            if line.keys_v6 and line.keys_v6.find(key) % _OCTETS == 0:
                if line.last_v6_ms > sighted_v6_ms:
                    sighted_v6_ms = line.last_v6_ms
                if line.until_v6_ms > until_ms:
                    until_ms = line.until_v6_ms
            sessions = line.vouching(tag)
            if until_ms < now_ms and not sessions:
                continue
            candidates.append(
                Candidate(
                    line=line.name,
                    ids=line.ids,
                    first_ms=record[at + 1],
                    sighted_ms=sighted_ms,
                    sighted_v6_ms=sighted_v6_ms,
                    attached=marks & _ATTACHED != 0,
                    v4_evident=marks & _V4_EVIDENT != 0,
                    # 12 octets of a hash stand nowhere else by chance; `in` would try first whether they are a number
                    same_mac=mac != b"" and line.macs.find(mac) >= 0,
                    same_place=place != b"" and place == line.place,
                    sessions=sessions,
                )
            )
        if disputed_ms:
            candidates = [one for one in candidates if undisputed(one, disputed_ms, self.epochs)]
        return KeyRecord(candidates=tuple(candidates), crowded=crowded, shared=shared)


@lru_cache(maxsize=_CACHED_EPOCHS)
def _epochs(*flat: bytes) -> dict[str, int]:
    """As `packing.epochs_of`: they change only when a box restarts, and nobody changes what was made of them."""
    return packing.epochs_of(flat)


def _has_tag(tags: bytes, tag: bytes) -> bool:
    at = tags.find(tag)
    while at > 0 and at % 4:  # across two of them
        at = tags.find(tag, at + 1)
    return at >= 0
