"""All questions of one vector about one domain, put to the store as one, and what came back. Pure."""

from __future__ import annotations

from binascii import a2b_hex
from typing import Any, Final

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

Answer = bytes  # of the script, about one domain; empty if it failed
Record = Any  # what MessagePack gives
_UP: Final = 1
_ATTACHED: Final = 1
_V4_EVIDENT: Final = 2
_OCTETS: Final = 12  # of a key
_NO_SESSIONS: Final[tuple[LiveSession, ...]] = ()


class Questions:
    """Each record is asked for once."""

    __slots__ = ("_found", "_keys", "_macs", "_now_ms", "_octets", "_places", "_sessions")

    def __init__(self, now_ms: int) -> None:
        """Nothing is asked yet; what counts only until an instant is judged at `now_ms`."""
        self._now_ms: Final = now_ms
        self._keys: Final[dict[str, int]] = {}
        self._octets: Final[list[bytes]] = []  # of the keys
        self._macs: Final[dict[str, int]] = {}
        self._sessions: Final[dict[str, int]] = {}
        self._places: Final[dict[str, int]] = {}
        self._found: _Found | None = None

    def add(self, question: Recall) -> None:
        """Ask for what it is about."""
        keys, octets = self._keys, self._octets
        for key in question.keys:
            if key not in keys:
                keys[key] = len(octets)
                octets.append(a2b_hex(key))
        if question.mac is not None and question.mac not in self._macs:
            self._macs[question.mac] = len(self._macs)
        if question.session is not None and question.session not in self._sessions:
            self._sessions[question.session] = len(self._sessions)
        if question.place is not None and question.place not in self._places:
            self._places[question.place] = len(self._places)

    def row(self) -> list[bytes]:
        """As `recall.lua` takes them."""
        return [
            b"".join(self._octets), a2b_hex("".join(self._macs)), a2b_hex("".join(self._sessions)),
            a2b_hex("".join(self._places)),
        ]  # fmt: skip

    def take(self, answer: Answer) -> None:
        """What the script says of this domain."""
        try:
            self._found = _Found(packing.unpack(answer), self._now_ms)
        except (ValueError, TypeError, AttributeError):
            self._found = None  # a record is none: it puts all behind it out of place

    def answer(self, question: Recall) -> Recollection | None:
        """The answer to one of them; None if there is none."""
        found = self._found
        if found is None:
            return None
        try:
            mac = a2b_hex(question.mac) if question.mac is not None else b""
            place = a2b_hex(question.place) if question.place is not None else b""
            records: dict[str, KeyRecord] = {}
            for key in question.keys:
                number = self._keys[key]
                record = found.keys[number]
                records[key] = found.record(record, self._octets[number], mac, place) if record else NOTHING
            plan = found.places[self._places[question.place]] if question.place is not None else b""
            session = found.sessions[self._sessions[question.session]] if question.session is not None else b""
            return Recollection(
                records=records,
                mac_lines=found.mac_lines(self._macs[question.mac]) if question.mac is not None else 0,
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
                self.tags.append(record[at + 6])
                self.sessions.append(
                    LiveSession(
                        nas=record[at + 1].decode(), epoch=record[at + 2], until_ms=until_ms, heard_ms=record[at + 5],
                        up=record[at + 4] & _UP != 0,
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

    __slots__ = ("_lines", "_macs", "_now_ms", "_records", "epochs", "keys", "places", "sessions")

    def __init__(self, answer: Record, now_ms: int) -> None:
        epochs, self.keys, lines, self._macs, self.sessions, self.places = answer
        self._now_ms: Final = now_ms
        self.epochs: Final = packing.epochs_of(epochs)
        self._records: Final[dict[bytes, Record]] = dict(zip(lines[::2], lines[1::2], strict=True))
        self._lines: Final[dict[bytes, _Line]] = {}

    def mac_lines(self, number: int) -> int:
        """How many lines a MAC was seen on, as far as that still taints it."""
        record = self._macs[number]
        count = 0
        for at in range(1, len(record), 2):
            if record[at] >= self._now_ms - c.TAINT_MS:
                count += 1
        return count

    def _line(self, name: bytes) -> _Line | None:
        known = self._lines.get(name)
        if known is None:
            record = self._records.get(name)
            if not record:
                return None
            known = self._lines[name] = _Line(name, record, self._now_ms)
        return known

    def record(self, record: Record, key: bytes, mac: bytes, place: bytes) -> KeyRecord:
        """What stands on one key, as far as it counts now. `mac` and `place` are those of the question."""
        candidates: list[Candidate] = []
        crowded = shared = False
        disputed_ms = 0
        now_ms = self._now_ms
        tag = key[:4]
        for at in range(0, len(record), 6):
            name: bytes = record[at]
            if not name:
                crowded, shared, disputed_ms = record[at + 1] >= now_ms, record[at + 2] >= now_ms, record[at + 3]
                continue
            line = self._line(name)
            if line is None:
                continue
            sighted_ms: int = record[at + 2]
            sighted_v6_ms: int = record[at + 3]
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
                    same_mac=mac != b"" and mac in line.macs,  # 12 octets of a hash stand nowhere else by chance
                    same_place=place != b"" and place == line.place,
                    sessions=sessions,
                )
            )
        if disputed_ms:
            candidates = [one for one in candidates if undisputed(one, disputed_ms, self.epochs)]
        return KeyRecord(candidates=tuple(candidates), crowded=crowded, shared=shared)


def _has_tag(tags: bytes, tag: bytes) -> bool:
    at = tags.find(tag)
    while at > 0 and at % 4:  # across two of them
        at = tags.find(tag, at + 1)
    return at >= 0
