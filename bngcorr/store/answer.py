"""What the store says of one domain: records, and the values that are made of them as far as they matter. Pure."""

from __future__ import annotations

from binascii import a2b_hex
from typing import Any, Final

from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.model.memo import Memo
from bngcorr.store import contract as c
from bngcorr.store import packing
from bngcorr.store.packing import VOUCHER, VOUCHERS
from bngcorr.store.recollection import (
    Candidate,
    KeyRecord,
    LiveSession,
    Recollection,
    SessionIdentity,
    undisputed,
)

Record = list[Any]  # what MessagePack gives
_UP: Final = 1
_ATTACHED: Final = 1
_V4_EVIDENT: Final = 2
_OCTETS: Final = 12  # of a name
_TAG: Final = 4
_NO_EPOCHS: Final[dict[str, int]] = {}  # stands in for those that are not read
_EPOCHS: Final[Memo[tuple[bytes, ...], dict[str, int]]] = Memo(16_384)  # of domains


class _Line:
    """A line's record, as far as questions are about it."""

    __slots__ = (
        "_now_ms", "_record", "ids", "keys", "keys_v6", "last_ms", "last_v6_ms", "macs", "name", "place", "until_ms",
        "until_v6_ms",
    )  # fmt: skip

    def __init__(self, name: bytes, record: Record, now_ms: int) -> None:
        """Raises ValueError, TypeError or IndexError if it can't be read."""
        self._record: Final = record
        self._now_ms: Final = now_ms
        self.name: Final[str] = name.hex()
        self.ids: Final[LineIds] = packing.ids_of_line(record)
        self.last_ms: Final[int] = record[1]
        self.until_ms: Final[int] = record[2]
        self.last_v6_ms: Final[int] = record[4]
        self.until_v6_ms: Final[int] = record[5]
        self.place: Final[bytes] = record[8]
        self.keys: Final[bytes] = record[10]
        keys_v6: bytes | int = record[12]
        self.keys_v6: Final[bytes] = keys_v6 if isinstance(keys_v6, bytes) else self.keys  # the same
        self.macs: Final[bytes] = record[20]
        if len(record) % VOUCHER != VOUCHERS % VOUCHER:
            raise ValueError("line: half a session")

    def stands_alone(self, key: bytes) -> bool:
        """Whether no other line stands on a key, and this one will for some time: see `row_octets.alone`."""
        after_ms = self._now_ms + c.SLACK_MS
        return (self.until_ms > after_ms and _is_among(key, self.keys)) or (
            self.until_v6_ms > after_ms and _is_among(key, self.keys_v6)
        )

    def vouching(self, tag: bytes) -> tuple[LiveSession, ...]:
        """Its sessions that count and vouch for it on a key. Raises StoreError if one can't be read."""
        record, now_ms = self._record, self._now_ms
        some: list[LiveSession] = []
        try:
            for at in range(VOUCHERS, len(record), VOUCHER):
                until_ms: int = record[at + 5]
                tags: bytes = record[at + 4]
                if until_ms <= now_ms or not _is_among(tag, tags):
                    continue
                nas: bytes = record[at + 1]
                marks: int = record[at + 7]
                some.append(
                    LiveSession(
                        nas=nas.decode(), epoch=record[at + 2], until_ms=until_ms, heard_ms=record[at + 6],
                        up=marks & _UP != 0,
                    )
                )  # fmt: skip
        except (ValueError, TypeError):
            raise StoreError("a line's sessions are of another version") from None
        return tuple(some)


class _Told(Candidate):
    """A line on a key, as its record tells it. What its sessions are is read if it matters: it seldom does."""

    __slots__ = ("_line", "_read", "_tag")

    def __init__(
        self, line: _Line, tag: bytes, *, first_ms: int, sighted_ms: int, sighted_v6_ms: int, marks: int,
        same_mac: bool, same_place: bool,
    ) -> None:  # fmt: skip
        super().__init__(
            line=line.name, ids=line.ids, first_ms=first_ms, sighted_ms=sighted_ms, sighted_v6_ms=sighted_v6_ms,
            attached=marks & _ATTACHED != 0, v4_evident=marks & _V4_EVIDENT != 0, same_mac=same_mac,
            same_place=same_place,
        )  # fmt: skip
        self._line: Final = line
        self._tag: Final = tag
        self._read = False

    def stands_alone(self, key: bytes) -> bool:
        """As that of its line."""
        return self._line.stands_alone(key)

    @property
    def sessions(self) -> tuple[LiveSession, ...]:
        """Raises StoreError if they can't be read."""
        if not self._read:
            self._sessions = self._line.vouching(self._tag)
            self._read = True
        return self._sessions


class Recalled(Recollection):
    """One answer. The epochs are read if it matters whether somebody is live: it seldom does."""

    __slots__ = ("_found",)

    def __init__(
        self,
        found: Found,
        records: dict[str, KeyRecord],
        mac_lines: int,
        session: SessionIdentity | None,
        plan: LineIds | None,
    ) -> None:
        super().__init__(records=records, mac_lines=mac_lines, session=session, epochs=_NO_EPOCHS, plan=plan)
        self._found: Final = found

    @property
    def epochs(self) -> dict[str, int]:
        """Raises StoreError if they can't be read."""
        return self._found.epochs

    @property
    def lone_line(self) -> str:
        """Key of the line that stands alone on all the keys, as its own record tells it; "" if none does."""
        line = ""
        for key, record in self.records.items():
            if len(record.candidates) != 1:
                return ""
            one = record.candidates[0]
            if not isinstance(one, _Told) or not one.stands_alone(a2b_hex(key)) or (line and one.line != line):
                return ""
            line = one.line
        return line


class Found:
    """The answer of `recall.lua` about one domain, or one like it; its lines are read once, by those who ask first."""

    __slots__ = ("_epochs", "_lines", "_macs", "_now_ms", "keys", "places", "sessions")

    def __init__(self, answer: Record, now_ms: int) -> None:
        lines: list[Any] = answer[2]
        self._now_ms: Final = now_ms
        self._epochs: Final[list[bytes]] = answer[0]
        self.keys: Final[list[Any]] = answer[1]  # records, or empty: not there
        self._macs: Final[list[Any]] = answer[3]
        self.sessions: Final[list[Any]] = answer[4]
        self.places: Final[list[bytes]] = answer[5]
        self._lines: Final[dict[bytes, Any]] = {}  # a record, or the line that was made of it
        for at in range(0, len(lines), 2):
            self._lines[lines[at]] = lines[at + 1]

    @property
    def epochs(self) -> dict[str, int]:
        """Of every box of the domain. Raises StoreError if that can't be read."""
        return _epochs(self._epochs)

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
        tag = key[:_TAG]
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
            if _is_among(key, line.keys):  # the line's own record says more
                if line.last_ms > sighted_ms:
                    sighted_ms = line.last_ms
                if line.until_ms > until_ms:
                    until_ms = line.until_ms
            if _is_among(key, line.keys_v6):
                if line.last_v6_ms > sighted_v6_ms:
                    sighted_v6_ms = line.last_v6_ms
                if line.until_v6_ms > until_ms:
                    until_ms = line.until_v6_ms
            if until_ms < now_ms and not line.vouching(tag):
                continue
            candidates.append(
                _Told(
                    line,
                    tag,
                    first_ms=record[at + 1],
                    sighted_ms=sighted_ms,
                    sighted_v6_ms=sighted_v6_ms,
                    marks=record[at + 5],
                    same_mac=mac != b"" and _was_seen_with(line.macs, mac),
                    same_place=place != b"" and place == line.place,
                )
            )
        if disputed_ms:
            candidates = [one for one in candidates if undisputed(one, disputed_ms, self.epochs)]
        return KeyRecord(candidates=tuple(candidates), crowded=crowded, shared=shared)


def _epochs(flat: list[bytes]) -> dict[str, int]:
    """As `packing.epochs_of`: they change only when a box restarts, and nobody changes what was made of them."""
    boxes = tuple(flat)
    known = _EPOCHS.get(boxes)
    if known is not None:
        return known
    try:
        return _EPOCHS.put(boxes, packing.epochs_of(flat))
    except (ValueError, TypeError, IndexError, AttributeError):
        raise StoreError("the epochs of a domain are of another version") from None


def nth(names: bytes, number: int) -> bytes:
    """One of some names that stand one behind the other."""
    return names[_OCTETS * number : _OCTETS * (number + 1)]


def _is_among(name: bytes, names: bytes) -> bool:
    """Whether it is one of those that stand one behind the other, all of its size: nearly always the first or second,
    and a search of Python's costs more than a few comparisons.
    """
    size, first, at, end = len(name), name[0], 0, len(names)
    while at < end:  # compiled code makes no range then
        if names[at] == first and names[at : at + size] == name:
            return True
        at += size
    return False


def _was_seen_with(macs: bytes, mac: bytes) -> bool:
    """Whether a MAC is among those of a line, which are packed: behind two octets if it comes first, as nearly always.

    12 octets of a hash stand nowhere else by chance; `in` would try first whether they are a number.
    """
    return macs[2 : 2 + _OCTETS] == mac or macs.find(mac) >= 0
