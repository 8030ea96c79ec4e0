"""All questions of one vector, put to the store as one for each domain, and the answer to each. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgpack import unpackb

from bngcorr.errors import StoreError
from bngcorr.model.line import LineIds
from bngcorr.store import packing
from bngcorr.store.answer import Found, Recalled, nth
from bngcorr.store.recollection import ALONE, NOTHING, KeyRecord, Recall, Recollection, alone

Reply = Any  # what the server said, or an error in its place
_ALL_ALONE: Final = b"\x91\x90"  # there are only questions that name their line, and nothing is told of any
_NO_OTHERS: Final = b"."
_OTHERS: Final = 6  # parts of an answer if no question names its line


class Questions:
    """What one round asks, by domain, and the answers in the order of the questions."""

    __slots__ = ("_domains", "_now_ms", "_of")

    def __init__(self, asked: Sequence[Recall], now_ms: int) -> None:
        """What counts only until an instant is judged at `now_ms`."""
        self._now_ms: Final = now_ms
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

    def arguments(self, domains: Sequence[str]) -> list[bytes | int]:
        """What is asked of these domains, as `recall.lua` takes it."""
        arguments: list[bytes | int] = [self._now_ms]
        for domain in domains:
            self._domains[domain].ask(arguments)
        return arguments

    def take(self, domains: Sequence[str], reply: Reply) -> None:
        """What the script said of these domains, or the error that came in its place."""
        if isinstance(reply, Exception):
            return
        said: list[bytes] = reply  # of each domain; empty if the script failed there
        for number, domain in enumerate(domains):
            self._domains[domain].take(said[number])

    def answers(self) -> list[Recollection | None]:
        """The answer to each question, once; None if there is none."""
        return [one.next_answer() for one in self._of]


class _OfDomain:
    """All questions about one domain. What two of them have in common is asked twice: that is rare."""

    __slots__ = (
        "_answers", "_found", "_given", "_key", "_keys", "_mac", "_macs", "_now_ms", "_place", "_places", "_session",
        "asked",
    )  # fmt: skip

    def __init__(self, now_ms: int) -> None:
        self.asked: Final[list[Recall]] = []
        self._now_ms: Final = now_ms
        self._found: Found | None = None
        self._keys = self._macs = self._places = b""  # what they ask for, one behind the other
        self._key = self._mac = self._session = self._place = 0  # where among that the next question's begin
        self._answers: list[Recollection | None] = []  # to each of them; none if there is none at all
        self._given = 0  # how many of those were given

    def ask(self, arguments: list[bytes | int]) -> None:
        """Add what is asked, as `recall.lua` takes it."""
        keys = macs = sessions = places = ""
        others = False
        for question in self.asked:
            if question.line is not None:
                arguments.append(packing.name(question.line))
                arguments.append(packing.name("".join(question.keys)))
                arguments.append(packing.name(question.mac))
                arguments.append(packing.name(question.place))
                continue
            others = True
            keys += "".join(question.keys)
            if question.mac is not None:
                macs += question.mac
            if question.session is not None:
                sessions += question.session
            if question.place is not None:
                places += question.place
        if not others:
            arguments.append(_NO_OTHERS)
            return
        self._keys, self._macs, self._places = packing.name(keys), packing.name(macs), packing.name(places)
        arguments += (b"", self._keys, self._macs, packing.name(sessions), self._places)

    def take(self, answer: bytes) -> None:
        """What the script says of it."""
        if answer == _ALL_ALONE:
            self._answers = [ALONE] * len(self.asked)
            return
        try:
            said: list[Any] = unpackb(answer, raw=True, strict_map_key=False)
            if len(said) > 1:
                self._found = Found(said, self._now_ms)
            self._answers = self._in_order(said[-1] if len(said) != _OTHERS else [])
        except (ValueError, TypeError, IndexError, AttributeError):
            self._answers = []  # a record is none: it puts all behind it out of place

    def _in_order(self, told: list[Any]) -> list[Recollection | None]:
        """The answers in the order of the questions. Of those that name their line it is `told` that it stands alone,
        with what is planned, or they are answered as the others, behind them. Raises what reading them may.
        """
        asked = self.asked
        answers = [self._answer(question) if question.line is None else ALONE for question in asked]
        if not told:
            return answers
        at = 0
        for number, question in enumerate(asked):
            if question.line is None:
                continue
            plan: bytes | None = told[at]
            at += 1
            if plan is None:
                answers[number] = self._answer_behind(question)
            elif plan:
                answers[number] = _planned(plan)
        return answers

    def next_answer(self) -> Recollection | None:
        """The answer to the next of them; None if there is none."""
        answers, number = self._answers, self._given
        self._given = number + 1
        return answers[number] if number < len(answers) else None

    def _answer_behind(self, question: Recall) -> Recollection | None:
        """The answer to one whose names the script put behind those of the others."""
        self._keys += packing.name("".join(question.keys))
        self._macs += packing.name(question.mac)
        self._places += packing.name(question.place)
        return self._answer(question)

    def _answer(self, question: Recall) -> Recollection | None:
        """The answer to the next of those about which all is told; None if there is none."""
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


def _planned(plan: bytes) -> Recollection | None:
    """A line that stands alone where something is planned; None if this version can't read that."""
    try:
        return alone(LineIds.decode(plan))
    except ValueError:
        return None
