"""The operator's plan of a box follows what happens there."""

from __future__ import annotations

from bngcorr.simulate.plan import AHEAD_MS, Change, changes
from bngcorr.simulate.sites import Place
from bngcorr.simulate.timeline import HOUR, Act, Do, Story

from .scene import PLACE, box, line, site

ELSEWHERE = Place(1, 100, 9)


def test_the_plan_begins_with_all_lines_and_follows_moves_and_new_customers() -> None:
    """A moved line leaves its place in the plan at once; a new customer is planned before he comes."""
    lines = [line(0), line(1, place=PLACE)]
    acts = (
        Act(at_ms=0, do=Do.SWITCH_ON, line=0),
        Act(at_ms=HOUR, do=Do.SWITCH_ON, line=0, place=ELSEWHERE),
        Act(at_ms=9 * HOUR, do=Do.SWITCH_ON, line=1),
        Act(at_ms=10 * HOUR, do=Do.SWITCH_ON, line=1),
    )
    story = Story(box=box(site("cisco-planned"), (0,)), end_ms=20 * HOUR, acts=acts, lines=(0, 1), watched={})

    assert [
        Change(at_ms=0, place=PLACE, line=0),
        Change(at_ms=HOUR, place=PLACE, line=None),
        Change(at_ms=HOUR, place=ELSEWHERE, line=0),
        Change(at_ms=9 * HOUR - AHEAD_MS, place=PLACE, line=1),
    ] == changes(story, lines)
