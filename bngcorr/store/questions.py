"""All questions of one vector, put to the store as one for each domain, and the answer to each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgpack import Packer, unpackb

from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.store import packing
from bngcorr.store.answer import Found, Recalled, nth
from bngcorr.store.recollection import NOTHING, KeyRecord, Recall, Recollection

Reply = Any  # what the server said, or an error in its place
_pack: Final = Packer(use_bin_type=False).pack  # to make one costs more than to use it


class Questions:
    """What one round asks, by domain, and the answers in the order of the questions."""

    __slots__ = ("_asked", "_domains", "_of")

    def __init__(self, asked: Sequence[Recall], now_ms: int) -> None:
        """What counts only until an instant is judged at `now_ms`."""
        self._asked: Final = asked
        self._of: Final[list[_OfDomain]] = []  # of each of them
        self._domains: Final[dict[str, _OfDomain]] = {}
        domains = self._domains
        for question in asked:
            one = domains.get(question.domain)
            if one is None:
                one = domains[question.domain] = _OfDomain(now_ms)
            one.asked.append(question)
            self._of.append(one)

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
            self._domains[domain].take(said[number])

    def answers(self) -> list[Recollection | None]:
        """The answer to each question, once; None if there is none."""
        return [self._of[number].next_answer(question) for number, question in enumerate(self._asked)]


class _OfDomain:
    """All questions about one domain. What two of them have in common is asked twice: that is rare."""

    __slots__ = (
        "_found", "_key", "_keys", "_mac", "_macs", "_now_ms", "_place", "_places", "_session", "asked",
    )  # fmt: skip

    def __init__(self, now_ms: int) -> None:
        self.asked: Final[list[Recall]] = []
        self._now_ms: Final = now_ms
        self._found: Found | None = None
        self._keys = self._macs = self._places = b""  # what they ask for, one behind the other
        self._key = self._mac = self._session = self._place = 0  # where among that the next question's begin

    def row(self) -> list[bytes]:
        """As `recall.lua` takes it."""
        keys = macs = sessions = places = ""
        for question in self.asked:
            keys += "".join(question.keys)
            if question.mac is not None:
                macs += question.mac
            if question.session is not None:
                sessions += question.session
            if question.place is not None:
                places += question.place
        self._keys, self._macs, self._places = packing.name(keys), packing.name(macs), packing.name(places)
        return [self._keys, self._macs, packing.name(sessions), self._places]

    def take(self, answer: bytes) -> None:
        """What the script says of it."""
        try:
            self._found = Found(unpackb(answer, raw=True, strict_map_key=False), self._now_ms)
        except (ValueError, TypeError, IndexError, AttributeError):
            self._found = None  # a record is none: it puts all behind it out of place

    def next_answer(self, question: Recall) -> Recollection | None:
        """The answer to the next of them, which is given; None if there is none."""
        found = self._found
        if found is None:
            return None
        first, mac_at, session_at, place_at = self._key, self._mac, self._session, self._place
        self._key += len(question.keys)
        if question.mac is not None:
            self._mac += 1
        if question.session is not None:
            self._session += 1
        if question.place is not None:
            self._place += 1
        try:
            mac = place = b""
            mac_lines = 0
            if question.mac is not None:
                mac = nth(self._macs, mac_at)
                mac_lines = found.mac_lines(mac_at)
            plan = b""
            if question.place is not None:
                place = nth(self._places, place_at)
                plan = found.places[place_at]
            records: dict[str, KeyRecord] = {}
            for number, key in enumerate(question.keys, first):
                record = found.keys[number]
                records[key] = found.record(record, nth(self._keys, number), mac, place) if record else NOTHING
            session = found.sessions[session_at] if question.session is not None else b""
            return Recalled(
                found,
                records,
                mac_lines,
                packing.session_identity(session) if session else None,
                LineIds.decode(plan) if plan else None,
            )
        except (ValueError, TypeError, IndexError, AttributeError, StoreError):
            return None  # a record that this version can't read: as good as no answer
