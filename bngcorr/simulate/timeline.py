"""What happens to the lines of a box over some days: an ordered list of acts, drawn before anything runs. Pure.

Nobody lives through the same day twice, but what can be told apart by nobody does not happen: a VLAN pair gets a new
customer, and a CPE turns up on a line where only its MAC would tell, an hour and more after the BNG has ended what was
there before.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bngcorr.simulate.population import Box, Cpe, Kind, Line, Population, draw_cpe, draw_line, some
from bngcorr.simulate.sites import Place, collide, place_at

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR
EPOCH_MS: Final = 1_800_000_000_000  # when virtual time begins, in milliseconds since 1970

BOOT_WITHIN: Final = 4 * HOUR  # everybody is switched on in the first hours
SETTLED: Final = 6 * HOUR  # from then on there are swaps, moves and restarts
FREE_AGAIN: Final = 65 * MINUTE  # after the BNG ended the old sessions, a place or MAC may be another's

SWAPS: Final = 1.0  # percent of lines a day whose CPE is replaced
MOVES: Final = 1.0  # percent a day: half of them CPEs carried to another line, half lines put on another port
REUSES: Final = 1.0  # percent of lines with a VLAN pair of their own, a day: the customer leaves, another comes
POWER_CYCLES: Final = 3.0  # percent a day
V6_PAUSES: Final = 1.0  # percent a day: v6 is off for a while
REBOOTS: Final = 6.0  # percent of boxes a day, one at least in the whole run


class Do(StrEnum):
    """What can happen."""

    SWITCH_ON = "switch_on"  # a CPE boots; `cpe` if it is another one, `place` if the line is elsewhere now
    SWITCH_OFF = "switch_off"  # the CPE is gone; the BNG notices `grace_ms` later
    V6_ON = "v6_on"
    V6_OFF = "v6_off"
    REBOOT = "reboot"  # of the box, down for `grace_ms`


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing that happens."""

    at_ms: int  # since the beginning
    do: Do
    line: int = -1  # -1: the box
    grace_ms: int = 0
    cpe: Cpe | None = None
    place: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that happens on one box."""

    box: Box
    end_ms: int  # what is due later does not happen
    acts: tuple[Act, ...]  # in order
    lines: tuple[int, ...]  # those of the box and those that come later
    watched: dict[int, tuple[int, ...]]  # by line: instants before which its Interims matter, and are sent


def tell(population: Population, *, days: float) -> list[Story]:
    """The stories of all boxes. New customers are added to `population.lines`."""
    rng = random.Random(f"timeline {population.seed}")
    boxes = population.boxes
    count = max(1, some(rng, len(boxes) * REBOOTS / 100 * days))
    reboots = Counter(rng.sample([box.number for box in boxes] * (count // len(boxes) + 1), count))
    return [_Teller(population, box, round(days * DAY), reboots[box.number]).tell() for box in boxes]


class _Teller:
    """Draws the acts of one box."""

    def __init__(self, population: Population, box: Box, horizon: int, reboots: int) -> None:
        self._population = population
        self._box = box
        self._horizon = horizon
        self._reboots = reboots
        self._rng = random.Random(f"timeline {population.seed} {box.name}")
        self._acts: list[Act] = []
        self._lines = list(box.lines)
        self._watched: dict[int, set[int]] = {}
        self._next_place = len(box.lines)
        self._late = min(SETTLED, horizon // 3)  # begin of swaps and moves

    def tell(self) -> Story:
        """Draw."""
        self._first_day()
        days = self._horizon / DAY
        lines = [self._line(number) for number in self._box.lines]
        free = [line for line in lines if line.twin is None and line.mate is None]
        self._rng.shuffle(free)
        count = len(lines) * days / 100
        for _ in self._times(count * SWAPS):
            if free:
                self._swap(free.pop())
        for _ in self._times(count * MOVES / 2):
            if len(free) > 1:
                self._carry(free.pop(), free.pop())
        for _ in self._times(count * MOVES / 2):
            if free:
                self._repatch(free.pop())
        for _ in self._times(count * REUSES if self._box.site.per_line else 0.0):
            if free:
                self._hand_over(free.pop())
        for _ in self._times(count * POWER_CYCLES):
            if free:
                self._do(Do.SWITCH_ON, free.pop(), self._some_time())
        for _ in self._times(count * V6_PAUSES):
            if free:
                self._pause_v6(free.pop())
        for _ in range(self._reboots):
            at = self._some_time()
            self._acts.append(Act(at_ms=at, do=Do.REBOOT, grace_ms=self._between(2 * MINUTE, 5 * MINUTE)))
            for number in self._lines:
                self._watched.setdefault(number, set()).add(at)
        self._acts.sort(key=lambda act: act.at_ms)
        watched = {number: tuple(sorted(instants)) for number, instants in self._watched.items()}
        return Story(
            box=self._box, end_ms=self._horizon, acts=tuple(self._acts), lines=tuple(self._lines), watched=watched
        )

    # ---- tools

    def _line(self, number: int) -> Line:
        return self._population.lines[number]

    def _between(self, least: int, most: int) -> int:
        return self._rng.randint(least, max(least, most))

    def _times(self, expected: float) -> range:
        return range(some(self._rng, expected))

    def _some_time(self) -> int:
        """When everybody has long been up, and with time left to see what comes of it."""
        return self._between(self._late, self._horizon - self._late)

    def _do(
        self, do: Do, line: Line, at: int, *, grace_ms: int = 0, cpe: Cpe | None = None, place: Place | None = None
    ) -> None:
        self._acts.append(Act(at_ms=at, do=do, line=line.number, grace_ms=grace_ms, cpe=cpe, place=place))
        for number in (line.number, line.twin, line.mate):
            if number is not None:
                self._watched.setdefault(number, set()).add(at)

    def _leave(self, line: Line, at: int) -> int:
        """The CPE goes; returns when the BNG has noticed: a lease or a ping ran out."""
        grace = self._between(5 * MINUTE, 30 * MINUTE)
        self._do(Do.SWITCH_OFF, line, at, grace_ms=grace)
        return at + grace

    # ---- what happens

    def _first_day(self) -> None:
        for number in self._box.lines:
            line = self._line(number)
            if line.twin is not None and line.twin < number and line.careful and self._rng.random() < 0.5:
                continue  # comes when its twin is gone: see below
            self._appear(line, self._between(0, min(BOOT_WITHIN, self._horizon // 4)))
        booted = {act.line for act in self._acts}
        for number in self._box.lines:
            line = self._line(number)
            if number not in booted and line.twin is not None:
                gone = self._leave(self._line(line.twin), self._some_time())
                self._do(Do.SWITCH_ON, line, gone + FREE_AGAIN + self._between(0, HOUR))

    def _appear(self, line: Line, at: int) -> None:
        """A customer's first day, and the later one on which v6 is discovered."""
        self._do(Do.SWITCH_ON, line, at)
        if line.kind is Kind.V6_LATE:
            most = max(self._horizon - at - HOUR, 2 * MINUTE)
            self._do(Do.V6_ON, line, at + round(math.exp(self._rng.uniform(math.log(MINUTE), math.log(most)))))

    def _swap(self, line: Line) -> None:
        at = self._some_time()
        self._leave(line, at)
        both_macs = line.cpe.mac == line.cpe.mac6
        new = draw_cpe(self._rng, random_v6=not both_macs)
        self._do(Do.SWITCH_ON, line, at + self._between(MINUTE, 15 * MINUTE), cpe=new)

    def _carry(self, line: Line, other: Line) -> None:
        """A CPE is carried to another line of the box, and replaced by a new one."""
        at = self._some_time()
        gone = self._leave(line, at)
        self._leave(other, at + self._between(0, 10 * MINUTE))
        near = collide(self._box.site, line.place, other.place)
        there = gone + FREE_AGAIN + self._between(0, HOUR) if near else at + self._between(12 * MINUTE, HOUR)
        self._do(Do.SWITCH_ON, other, there, cpe=line.cpe)
        self._do(Do.SWITCH_ON, line, at + self._between(MINUTE, HOUR), cpe=draw_cpe(self._rng, random_v6=False))

    def _repatch(self, line: Line) -> None:
        """The line is put on another port or VLAN, where nobody was."""
        at = self._some_time()
        self._leave(line, at)
        place = self._fresh_place()
        self._do(Do.SWITCH_ON, line, at + self._between(MINUTE, 30 * MINUTE), place=place)

    def _fresh_place(self) -> Place | None:
        place = place_at(self._box.site, self._next_place)
        self._next_place += 1
        return place

    def _hand_over(self, line: Line) -> None:
        """The customer leaves; another, with ids and a CPE of his own, gets the VLAN pair."""
        gone = self._leave(line, self._some_time())
        lines = self._population.lines
        drawn = draw_line(self._rng, len(lines), self._box.number, self._box.site, line.kind, line.place)
        lines.append(drawn)
        self._lines.append(drawn.number)
        at = gone + FREE_AGAIN + self._between(0, 3 * HOUR)
        self._watched.setdefault(line.number, set()).add(at)
        self._appear(drawn, at)

    def _pause_v6(self, line: Line) -> None:
        if line.kind is Kind.V4_ONLY:
            return
        at = self._some_time()
        self._do(Do.V6_OFF, line, at, grace_ms=self._between(MINUTE, 10 * MINUTE))
        self._do(Do.V6_ON, line, at + self._between(15 * MINUTE, 5 * HOUR))
