"""Lessons that wait for the store, and which of them go next. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import MutableSequence
from typing import Final

from bngcorr.store.lesson import Distances, FindingSeen, NumberSeen, Restart, SessionChange, Sighting

Kept = Sighting | SessionChange | Restart | NumberSeen | FindingSeen | Distances

BATCH: Final = 128  # lessons in one write: while a server is busy with them it answers nobody else


def alike(one: Sighting, other: Sighting) -> bool:
    """Whether two sightings tell the store the same, of two instants."""
    return (
        one.line == other.line
        and one.domain == other.domain
        and one.bng == other.bng
        and one.attachment_mac == other.attachment_mac
        and one.attachment == other.attachment
        and one.bng_mac == other.bng_mac
        and one.multi_session == other.multi_session
        and one.mac == other.mac
        and one.place == other.place
        and one.v6 is other.v6
        and one.v4_evident is other.v4_evident
        and one.attached is other.attached
        and one.claimed is other.claimed
        and one.ids == other.ids
    )


class Joins:
    """Sightings that wait and that a later one may join: the latest of each line and family."""

    __slots__ = ("_v4", "_v6")

    def __init__(self) -> None:
        """None waits."""
        self._v4: dict[str, Sighting] = {}
        self._v6: dict[str, Sighting] = {}

    def joined(self, late: Sighting) -> bool:
        """Whether one like it waits already, which then speaks for both; else the next one may join this one."""
        those = self._v6 if late.v6 else self._v4
        waits = those.get(late.line)
        if waits is None or not alike(waits, late):
            those[late.line] = late
            return False
        if late.at_ms > waits.at_ms:
            waits.at_ms = late.at_ms
        if late.until_ms > waits.until_ms:
            waits.until_ms = late.until_ms
        return True

    def leaves(self, sighting: Sighting) -> None:
        """It waits no longer."""
        those = self._v6 if sighting.v6 else self._v4
        if those.get(sighting.line) is sighting:
            del those[sighting.line]


class Queue:
    """What waits for one domain: in one order as long as that is little; else each kind in its own.

    Restarts then come first, and sightings pass the steps of sessions: both are true whatever is told later.
    """

    __slots__ = ("_apart", "_count", "_others", "_restarts", "_sightings", "_together")

    def __init__(self) -> None:
        """Nothing waits."""
        self._together: list[Kept] = []
        self._apart = False
        self._restarts: deque[Kept] = deque()
        self._sightings: deque[Kept] = deque()
        self._others: deque[Kept] = deque()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def _of(self, lesson: Kept) -> deque[Kept]:
        """Its kind's queue."""
        if isinstance(lesson, Sighting):
            return self._sightings
        return self._restarts if isinstance(lesson, Restart) else self._others

    def append(self, lesson: Kept) -> None:
        """Behind all that waits."""
        self._count += 1
        if not self._apart:
            if self._count <= BATCH:
                self._together.append(lesson)
                return
            self._part()
        self._of(lesson).append(lesson)

    def appendleft(self, lesson: Kept) -> None:
        """In front of all that waits."""
        self._count += 1
        if not self._apart:
            if self._count <= BATCH:
                self._together.insert(0, lesson)
                return
            self._part()
        self._of(lesson).appendleft(lesson)

    def _part(self) -> None:
        self._apart = True
        for lesson in self._together:
            self._of(lesson).append(lesson)
        self._together.clear()

    def take(self, most: int) -> list[Kept]:
        """The next lessons. Of more than that: restarts, sightings, and all else in half of the room that is left."""
        if not self._apart:
            if self._count <= most:
                taken, self._together = self._together, []
                self._count = 0
                return taken
            self._part()
        taken = _next(self._restarts, most)
        room = most - len(taken)
        taken += _next(self._sightings, max(room - len(self._others), room // 2))
        taken += _next(self._others, most - len(taken))
        self._count -= len(taken)
        self._apart = self._count > 0
        return taken

    def give_up(self, kind: type[Kept], most: int) -> list[Kept]:
        """The oldest lessons of a kind."""
        apart = self._sightings if kind is Sighting else self._others
        queue: MutableSequence[Kept] = apart if self._apart else self._together
        given_up: list[Kept] = []
        kept: list[Kept] = []
        for lesson in queue:
            if len(given_up) < most and isinstance(lesson, kind):
                given_up.append(lesson)
            else:
                kept.append(lesson)
        queue.clear()
        queue.extend(kept)
        self._count -= len(given_up)
        self._apart = self._apart and self._count > 0
        return given_up


def _next(queue: deque[Kept], most: int) -> list[Kept]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]
