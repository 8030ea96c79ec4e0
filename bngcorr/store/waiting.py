"""Lessons that wait for the store, and which of them go next. Pure."""

from __future__ import annotations

from collections import deque

from bngcorr.store.lesson import Distances, FindingSeen, NumberSeen, Restart, SessionChange, Sighting

Kept = Sighting | SessionChange | Restart | NumberSeen | FindingSeen | Distances


def alike(s: Sighting) -> tuple[object, ...]:
    """What two sightings have in common that tell the store the same, of another instant."""
    return (
        s.domain, s.bng, s.line, s.ids, s.attachment_mac, s.attachment, s.bng_mac, s.multi_session, s.mac, s.place,
        s.v6, s.v4_evident, s.attached, s.claimed,
    )  # fmt: skip


class Queue:
    """What waits for one domain, each lesson with its place."""

    __slots__ = ("_back", "_front", "others", "restarts", "sightings")

    def __init__(self) -> None:
        self._front = self._back = 0
        self.restarts: deque[tuple[int, Kept]] = deque()
        self.sightings: deque[tuple[int, Kept]] = deque()
        self.others: deque[tuple[int, Kept]] = deque()

    def __len__(self) -> int:
        return len(self.restarts) + len(self.sightings) + len(self.others)

    def _of(self, lesson: Kept) -> deque[tuple[int, Kept]]:
        if isinstance(lesson, Sighting):
            return self.sightings
        return self.restarts if isinstance(lesson, Restart) else self.others

    def append(self, lesson: Kept) -> None:
        """Behind all that waits."""
        self._back += 1
        self._of(lesson).append((self._back, lesson))

    def appendleft(self, lesson: Kept) -> None:
        """In front of all that waits."""
        self._front -= 1
        self._of(lesson).appendleft((self._front, lesson))

    def take(self, most: int) -> list[Kept]:
        """The next lessons in order. Of more than that: restarts, sightings, and all else in half of the room that is
        left.
        """
        if len(self) <= most:
            taken = sorted((*self.restarts, *self.sightings, *self.others), key=_place)
            for queue in (self.restarts, self.sightings, self.others):
                queue.clear()
        else:
            taken = _next(self.restarts, most)
            room = most - len(taken)
            taken += _next(self.sightings, max(room - len(self.others), room // 2))
            taken += _next(self.others, most - len(taken))
        return [lesson for _, lesson in taken]

    def give_up(self, kind: type[Kept], most: int) -> list[Kept]:
        """The oldest lessons of a kind."""
        queue = self.sightings if kind is Sighting else self.others
        given_up: list[Kept] = []
        kept: list[tuple[int, Kept]] = []
        for pair in queue:
            if len(given_up) < most and isinstance(pair[1], kind):
                given_up.append(pair[1])
            else:
                kept.append(pair)
        queue.clear()
        queue.extend(kept)
        return given_up


def _place(pair: tuple[int, Kept]) -> int:
    return pair[0]


def _next(queue: deque[tuple[int, Kept]], most: int) -> list[tuple[int, Kept]]:
    return [queue.popleft() for _ in range(min(most, len(queue)))]
