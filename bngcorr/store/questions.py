"""All questions of one vector about one domain, put to the store as one, and what came back."""

from __future__ import annotations

from bngcorr.model.line import LineIds
from bngcorr.store import packing
from bngcorr.store.lane import Reply
from bngcorr.store.recollection import Recall, Recollection


class Questions:
    """Each record is asked for once."""

    __slots__ = ("_keys", "_macs", "_places", "_reply", "_sessions")

    def __init__(self) -> None:
        """Nothing is asked yet."""
        self._keys: dict[str, int] = {}
        self._macs: dict[str, int] = {}
        self._sessions: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._reply: _Answers | None = None

    def add(self, question: Recall) -> None:
        """Ask for what it is about."""
        for key in question.keys:
            self._keys.setdefault(key, len(self._keys))
        for value, table in (
            (question.mac, self._macs),
            (question.session, self._sessions),
            (question.place, self._places),
        ):
            if value is not None:
                table.setdefault(value, len(table))

    def packed(self, taints_from_ms: int) -> bytes:
        """As `recall.lua` takes them; `taints_from_ms`: oldest sighting of a MAC that still taints it."""
        tables = (self._keys, self._macs, self._sessions, self._places)
        return packing.pack([taints_from_ms, *([bytes.fromhex(value) for value in table] for table in tables)])

    def take(self, reply: Reply) -> None:
        """What the script says, or the error that came in its place."""
        if not isinstance(reply, Exception):
            self._reply = _Answers(reply)

    def answer(self, question: Recall, now_ms: int) -> Recollection | None:
        """The answer to one of them; None if there is none."""
        found = self._reply
        if found is None:
            return None
        mac, place = packing.name(question.mac), packing.name(question.place)
        try:
            session = found.sessions[self._sessions[question.session]] if question.session is not None else b""
            plan = found.places[self._places[question.place]] if question.place is not None else b""
            return Recollection(
                records={
                    key: packing.key_record(
                        found.keys[self._keys[key]], found.lines, found.epochs, bytes.fromhex(key), mac, place, now_ms
                    )
                    for key in question.keys
                },
                mac_lines=found.macs[self._macs[question.mac]] if question.mac is not None else 0,
                session=packing.session_identity(session),
                epochs=found.epochs,
                plan=LineIds.decode(plan) if plan else None,
            )
        except (ValueError, TypeError, IndexError):
            return None  # a record that this version can't read: as good as no answer


class _Answers:
    """The reply of the script, unpacked once for all questions."""

    __slots__ = ("epochs", "keys", "lines", "macs", "places", "sessions")

    def __init__(self, reply: bytes) -> None:
        epochs, self.keys, lines, self.macs, self.sessions, self.places = packing.unpack(reply)
        self.epochs = packing.epochs_of(epochs)
        self.lines = {
            line: packing.unpack(packed) for line, packed in zip(lines[::2], lines[1::2], strict=True) if packed
        }
