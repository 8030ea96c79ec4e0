"""The operator's line plan of a box, and how it is kept up to date. Pure.

It is right: a line that is put elsewhere moves in the plan at that moment, a new customer is in it before he comes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.simulate.population import Line
from bngcorr.simulate.sites import Place
from bngcorr.simulate.timeline import MINUTE, Do, Story

AHEAD_MS: Final = 10 * MINUTE  # of a new customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the plan says of a place from now on."""

    at_ms: int
    place: Place
    line: int | None  # None: nobody is there


def changes(story: Story, lines: Sequence[Line]) -> list[Change]:
    """Everything that the plan says, in order; the first ones at the beginning."""
    found: list[Change] = []
    where: dict[int, Place] = {}
    for number in story.box.lines:
        place = lines[number].place
        if place is not None:
            where[number] = place
            found.append(Change(at_ms=0, place=place, line=number))
    for act in story.acts:
        if act.do is not Do.SWITCH_ON:
            continue
        place = act.place or lines[act.line].place
        if act.line not in where and place is not None:
            where[act.line] = place
            found.append(Change(at_ms=act.at_ms - AHEAD_MS, place=place, line=act.line))
        elif act.place is not None:
            found.append(Change(at_ms=act.at_ms, place=where[act.line], line=None))
            found.append(Change(at_ms=act.at_ms, place=act.place, line=act.line))
            where[act.line] = act.place
    return sorted(found, key=lambda change: change.at_ms)
