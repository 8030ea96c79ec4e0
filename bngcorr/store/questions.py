"""All questions of one vector about one domain, put to the store as one, and what came back. Pure."""

from __future__ import annotations

from typing import Any, Final

from bngcorr.model.line import LineIds
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

Answer = Any  # of the script, about one domain
_UP, _ATTACHED, _V4_EVIDENT = 1, 1, 2
_OCTETS = 12  # of a key


class Questions:
    """Each record is asked for once."""

    __slots__ = ("_found", "_keys", "_macs", "_places", "_sessions")

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self._keys: Final[dict[str, int]] = {}
        self._macs: Final[dict[str, int]] = {}
        self._sessions: Final[dict[str, int]] = {}
        self._places: Final[dict[str, int]] = {}
        self._found: _Found | None = None

    def add(self, question: Recall) -> None:
        """Ask for what it is about."""
        keys = self._keys
        for key in question.keys:
            if key not in keys:
                keys[key] = len(keys)
        if question.mac is not None and question.mac not in self._macs:
            self._macs[question.mac] = len(self._macs)
        if question.session is not None and question.session not in self._sessions:
            self._sessions[question.session] = len(self._sessions)
        if question.place is not None and question.place not in self._places:
            self._places[question.place] = len(self._places)

    def row(self) -> list[list[bytes]]:
        """As `recall.lua` takes them."""
        return [
            list(map(bytes.fromhex, self._keys)), list(map(bytes.fromhex, self._macs)),
            list(map(bytes.fromhex, self._sessions)), list(map(bytes.fromhex, self._places)),
        ]  # fmt: skip

    def take(self, answer: Answer) -> None:
        """What the script says of this domain."""
        if isinstance(answer, list):
            self._found = _Found(answer)

    def answer(self, question: Recall, now_ms: int) -> Recollection | None:
        """The answer to one of them; None if there is none."""
        found = self._found
        if found is None:
            return None
        try:
            mac = bytes.fromhex(question.mac) if question.mac is not None else b""
            place = bytes.fromhex(question.place) if question.place is not None else b""
            records: dict[str, KeyRecord] = {}
            for key in question.keys:
                record = found.keys[self._keys[key]]
                records[key] = found.record(record, bytes.fromhex(key), mac, place, now_ms) if record else NOTHING
            plan = found.places[self._places[question.place]] if question.place is not None else b""
            session = found.sessions[self._sessions[question.session]] if question.session is not None else b""
            return Recollection(
                records=records,
                mac_lines=found.macs[self._macs[question.mac]] if question.mac is not None else 0,
                session=packing.session_identity(session) if session else None,
                epochs=found.epochs,
                plan=LineIds.decode(plan) if plan else None,
            )
        except (ValueError, TypeError, IndexError):
            return None  # a record that this version can't read: as good as no answer


class _Line:
    """A line's record, as far as questions are about it."""

    __slots__ = (
        "ids", "keys", "keys_v6", "last_ms", "last_v6_ms", "macs", "name", "place", "sessions", "tags", "until_ms",
        "until_v6_ms",
    )  # fmt: skip

    def __init__(self, name: bytes, packed: bytes) -> None:
        record = packing.unpack(packed)
        self.name: Final[str] = name.hex()
        self.ids: Final[LineIds] = LineIds.decode(packing.told_last(record)[0])
        self.place: Final[bytes] = record[4]
        self.macs: Final[bytes] = record[9]
        self.last_ms: Final[int] = record[11]
        self.until_ms: Final[int] = record[12]
        self.keys: Final[bytes] = record[14]
        self.last_v6_ms: Final[int] = record[16]
        self.until_v6_ms: Final[int] = record[17]
        self.keys_v6: Final[bytes] = record[19]
        self.sessions: Final[list[LiveSession]] = []
        self.tags: Final[list[bytes]] = []  # of the keys on which each of them vouches
        for at in range(21, len(record), 8):
            _, box, epoch, until_ms, marks, heard_ms, tags, _ = record[at : at + 8]
            self.tags.append(tags)
            self.sessions.append(
                LiveSession(
                    nas=box.decode(), epoch=epoch, until_ms=until_ms, heard_ms=heard_ms, up=marks & _UP != 0
                )
            )  # fmt: skip

    def vouching(self, tag: bytes, now_ms: int) -> tuple[LiveSession, ...]:
        """Its sessions that do so on a key."""
        found: list[LiveSession] = []
        for number, session in enumerate(self.sessions):
            if session.until_ms > now_ms and _has_tag(self.tags[number], tag):
                found.append(session)
        return tuple(found)


class _Found:
    """The script's answer about one domain; its lines are read once, by those who ask first."""

    __slots__ = ("_lines", "_packed", "epochs", "keys", "macs", "places", "sessions")

    def __init__(self, answer: list[Any]) -> None:
        epochs, self.keys, lines, self.macs, self.sessions, self.places = answer
        self.epochs: Final = packing.epochs_of(epochs)
        self._packed: Final[dict[bytes, bytes]] = dict(zip(lines[::2], lines[1::2], strict=True))
        self._lines: Final[dict[bytes, _Line]] = {}

    def _line(self, name: bytes) -> _Line | None:
        known = self._lines.get(name)
        if known is None:
            packed = self._packed.get(name)
            if not packed:
                return None
            known = self._lines[name] = _Line(name, packed)
        return known

    def record(self, record: list[Any], key: bytes, mac: bytes, place: bytes, now_ms: int) -> KeyRecord:
        """What stands on one key, as far as it counts at `now_ms`. `mac` and `place` are those of the question."""
        candidates: list[Candidate] = []
        crowded = shared = False
        disputed_ms = 0
        tag = key[:4]
        for at in range(0, len(record), 6):
            name, first_ms, sighted_ms, sighted_v6_ms, until_ms, marks = record[at : at + 6]
            if not name:
                crowded, shared, disputed_ms = first_ms >= now_ms, sighted_ms >= now_ms, sighted_v6_ms
                continue
            line = self._line(name)
            if line is None:
                continue
            if line.keys.find(key) % _OCTETS == 0:  # the line's own record says more
                if line.last_ms > sighted_ms:
                    sighted_ms = line.last_ms
                if line.until_ms > until_ms:
                    until_ms = line.until_ms
            if line.keys_v6.find(key) % _OCTETS == 0:
                if line.last_v6_ms > sighted_v6_ms:
                    sighted_v6_ms = line.last_v6_ms
                if line.until_v6_ms > until_ms:
                    until_ms = line.until_v6_ms
            sessions = line.vouching(tag, now_ms)
            if until_ms < now_ms and not sessions:
                continue
            candidates.append(
                Candidate(
                    line=line.name,
                    ids=line.ids,
                    first_ms=first_ms,
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
