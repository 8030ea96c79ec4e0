"""All that waits for the store: which domain stands in line before which node, and what goes out next. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from bngcorr.store.lesson import Distances, FindingSeen, SessionChange, Sighting
from bngcorr.store.waiting import BATCH, Joins, Kept, Queue

_EXPENDABLE: Final = (Sighting, Distances, FindingSeen, SessionChange)  # given up in this order, a restart never


class Domain:
    """What waits for one domain. It stands in line, or something is under way for it, or it rests after a refusal."""

    __slots__ = ("away", "busy", "name", "queue", "road")

    def __init__(self, name: str) -> None:
        """Nothing waits."""
        self.name = name
        self.queue = Queue()
        self.road: Road | None = None  # where it stands in line
        self.busy = False  # whether what comes now has to wait until something has ended
        self.away = False  # whether its node did not take the last lessons


class Road:
    """One node of the store, and the domains that have something for it."""

    __slots__ = ("awaited", "free_at", "line", "name", "waiting", "writing")

    def __init__(self, name: str) -> None:
        """Nobody stands in line."""
        self.name = name
        self.line: deque[Domain] = deque()  # who was served last comes last
        self.waiting = 0  # their lessons
        self.writing = False  # whether lessons are under way that it has not taken yet
        self.free_at = 0.0  # until then only whole batches are written, by the loop's clock
        self.awaited = False  # whether the writer knows that something waits


class Backlog:
    """Bounded. What it is given to keep it gives back as the very objects."""

    def __init__(self, limit: int, where: Callable[[str], str] | None) -> None:
        """`limit` in lessons; `where` names the node of a domain now, None: it is the same for all of them, and ""."""
        self._limit = limit
        self._where = where
        self._domains: dict[str, Domain] = {}
        self._joins = Joins()
        self.roads: dict[str, Road] = {}  # by name
        self.count = 0  # lessons that wait

    def domain(self, name: str) -> Domain:
        """A domain by its name."""
        domain = self._domains.get(name)
        if domain is None:
            domain = self._domains[name] = Domain(name)
        return domain

    def road(self, name: str) -> Road:
        """A node by its name."""
        road = self.roads.get(name)
        if road is None:
            road = self.roads[name] = Road(name)
        return road

    def waiting(self, name: str) -> int:
        """Lessons of a domain."""
        domain = self._domains.get(name)
        return 0 if domain is None else len(domain.queue)

    def joined(self, sighting: Sighting) -> bool:
        """Whether one like it waits, which then speaks for both."""
        return self._joins.joined(sighting)

    @property
    def is_full(self) -> bool:
        """Whether room has to be made before anything is put."""
        return self.count >= self._limit

    def put(self, lesson: Kept) -> Road | None:
        """Behind all else of its domain; where that stands in line now, None if it has to wait for something."""
        domain = self.domain(lesson.domain)
        domain.queue.append(lesson)
        self.count += 1
        road = domain.road
        if road is not None:
            road.waiting += 1
            return road
        return None if domain.busy else self._stand(domain)

    def put_back(self, lessons: Sequence[Kept]) -> None:
        """In front of all else of their domains, for which something is under way still."""
        for lesson in reversed(lessons):
            self.domain(lesson.domain).queue.appendleft(lesson)
        self.count += len(lessons)

    def release(self, domain: Domain) -> None:
        """What a domain was waiting for has ended: it stands in line again, if it has anything to tell."""
        domain.busy = False
        if len(domain.queue):
            self._stand(domain).awaited = True

    def next(self, road: Road) -> tuple[list[Kept], list[Domain]]:
        """What goes out to a node, in the order of the line, at most `BATCH`; and the domains that it is of."""
        lessons: list[Kept] = []
        domains: list[Domain] = []
        line = road.line
        while line and len(lessons) < BATCH:
            domain = self._leave(road)
            taken = domain.queue.take(BATCH - len(lessons))
            if taken:
                domain.busy = True
                domains.append(domain)
                lessons += taken
        leaves = self._joins.leaves
        for lesson in lessons:
            if isinstance(lesson, Sighting):
                leaves(lesson)
        self.count -= len(lessons)
        return lessons, domains

    def line_up_again(self, road: Road) -> None:
        """Whoever stands in line before a node that has trouble goes where its successor is, if there is one."""
        for domain in [self._leave(road) for _ in range(len(road.line))]:
            self.release(domain)

    def make_room(self) -> list[Kept]:
        """Give up the oldest tenth of the most expendable kind that there is."""
        most = max(self._limit // 10, 1)
        given_up: list[Kept] = []
        for kind in _EXPENDABLE:
            for domain in self._domains.values():
                some = domain.queue.give_up(kind, most - len(given_up))
                given_up += some
                if domain.road is not None:
                    domain.road.waiting -= len(some)
                if not domain.queue:
                    domain.away = False  # nothing is left to try
                if len(given_up) >= most:
                    break
            if given_up:
                break
        for lesson in given_up:
            if isinstance(lesson, Sighting):
                self._joins.leaves(lesson)
        self.count -= len(given_up)
        return given_up

    def _stand(self, domain: Domain) -> Road:
        where = self._where
        road = self.road("" if where is None else where(domain.name))
        road.line.append(domain)
        road.waiting += len(domain.queue)
        domain.road = road
        return road

    def _leave(self, road: Road) -> Domain:
        """The first in line."""
        domain = road.line.popleft()
        domain.road = None
        road.waiting -= len(domain.queue)
        return domain
