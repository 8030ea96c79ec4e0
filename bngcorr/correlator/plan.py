"""The operator's line plan: which line is at which place, and how one plan differs from another.

A *place* is a port of a BNG with its VLANs, by its hash (`correlator.keys.place_hash`), 12 octets. What stands there
are the ids of a line, encoded (`LineIds.encode`). Both are kept as octets: a plan may have millions of places.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from bngcorr.model.vocabulary import LineIdPolicy

EXAMPLES: Final = 5  # of each kind of change
SMALL_PLAN: Final = 100  # places; a plan of no more may lose any share of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A BNG of the configuration, as far as a plan is about it."""

    name: str
    domain: str
    networks: tuple[IPv4Network | IPv6Network, ...]  # where its boxes send from
    many_boxes: bool  # each with ports of its own, so that a port alone does not say which is meant
    ports_name: Callable[[str], str]  # the `ports` of `place_hash`, by the box's address; "" where there is one box
    line_id: LineIdPolicy
    port_shown: Callable[[str], str | None]  # a port's text as its requests would show it; None: they never would


@dataclass(frozen=True, slots=True)
class Place:
    """A place as the file tells it."""

    line: int  # number in the file, from 1
    shown: str  # "bng1 1/1/4:100.20"


class DomainPlan(Mapping[bytes, bytes]):
    """The plan of one correlation domain: encoded ids by place, in the order of the file."""

    __slots__ = ("_at", "_ids", "_lines", "_shown")

    def __init__(self) -> None:
        self._at: dict[bytes, int] = {}  # a place's index in the three columns
        self._ids: list[bytes] = []
        self._lines = array("Q")
        self._shown: list[str] = []

    def add(self, place: bytes, ids: bytes, line: int, shown: str) -> Place | None:
        """Put a line at a place; if the place is taken already, leave it and tell by whom."""
        index = self._at.setdefault(place, len(self._ids))
        if index < len(self._ids):
            return Place(self._lines[index], self._shown[index])
        self._ids.append(ids)
        self._lines.append(line)
        self._shown.append(shown)
        return None

    def told(self, place: bytes) -> Place | None:
        """How the file tells a place; None if it does not."""
        index = self._at.get(place)
        return Place(self._lines[index], self._shown[index]) if index is not None else None

    def repeated(self) -> tuple[int, int]:
        """Lines that are at more than one place, and how many places those are."""
        once: set[bytes] = set()
        again: set[bytes] = set()
        surplus = 0
        for ids in self._ids:
            if ids in once:
                again.add(ids)
                surplus += 1
            else:
                once.add(ids)
        return len(again), len(again) + surplus

    def __getitem__(self, place: bytes) -> bytes:
        return self._ids[self._at[place]]

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)


class Change(StrEnum):
    """What becomes of a place."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"  # another line is there
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One place that changes."""

    place: bytes
    before: bytes | None  # encoded ids in force
    after: bytes | None  # encoded ids to come


class Difference:
    """How a plan differs from the one in force, in counts and a few examples of each change."""

    __slots__ = ("counts", "examples")

    def __init__(self) -> None:
        self.counts: dict[Change, int] = dict.fromkeys(Change, 0)
        self.examples: dict[Change, list[Example]] = {change: [] for change in Change if change is not Change.UNCHANGED}

    def compare(self, before: Mapping[bytes, bytes], after: Mapping[bytes, bytes]) -> None:
        """Take a part of both plans into account: all that either has among some places."""
        for place, ids in before.items():
            then = after.get(place)
            if then is None:
                self._note(Change.REMOVED, place, ids, None)
            elif then != ids:
                self._note(Change.CHANGED, place, ids, then)
            else:
                self.counts[Change.UNCHANGED] += 1
        for place, ids in after.items():
            if place not in before:
                self._note(Change.ADDED, place, None, ids)

    def _note(self, change: Change, place: bytes, before: bytes | None, after: bytes | None) -> None:
        self.counts[change] += 1
        examples = self.examples[change]
        if len(examples) < EXAMPLES:
            examples.append(Example(place=place, before=before, after=after))

    @property
    def before(self) -> int:
        """Places in force."""
        return self.counts[Change.REMOVED] + self.counts[Change.CHANGED] + self.counts[Change.UNCHANGED]

    @property
    def after(self) -> int:
        """Places to come."""
        return self.counts[Change.ADDED] + self.counts[Change.CHANGED] + self.counts[Change.UNCHANGED]

    @property
    def nothing(self) -> bool:
        """Whether both plans say the same."""
        return self.before == self.after == self.counts[Change.UNCHANGED]

    @property
    def drastic(self) -> bool:
        """Whether more than half of a plan of some size would go: rather a broken export than a rebuilt network."""
        return self.before > SMALL_PLAN and 2 * self.counts[Change.REMOVED] > self.before
