"""Findings near a limit: when they begin, are told again, and end."""

from __future__ import annotations

import json

import pytest

from bngcorr.accountant.capacity import Capacity
from bngcorr.accountant.places import Place
from bngcorr.accountant.thresholds import AGAIN_MS, Name, near_limits, subject_of, tell
from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import Finding, Scope
from bngcorr.store.lesson import FindingSeen

NOW = 1_800_000_000_000
THRESHOLDS = (80, 90)


def place(spent: int, limit: int | None = 100, scope: Scope = Scope.BNG, name: str = "bng1", box: str = "") -> Place:
    """Somewhere with so many host resources spent."""
    usage = Usage(v4=spent)
    return Place(scope=scope, bng="bng1", box=box, name=name, usage=usage, spent=Capacity(spent, limit))


def named(subject: str) -> Name:
    """A finding near_limit."""
    return Finding.NEAR_LIMIT, subject


@pytest.mark.parametrize(
    ("spent", "limit", "reached"),
    [(79, 100, []), (80, 100, [80]), (89, 100, [80]), (90, 100, [80, 90]), (101, 100, [80, 90]), (2, 3, []),
     (4, 5, [80]), (2**40 * 8 - 1, 2**40 * 10, []), (2**40 * 8, 2**40 * 10, [80]), (10**9, None, [])],
)  # fmt: skip
def test_each_threshold_that_is_reached_is_a_finding(spent: int, limit: int | None, reached: list[int]) -> None:
    """From the very host on that reaches it, with no error of rounding; without a limit there is none."""
    found = near_limits([place(spent, limit)], THRESHOLDS, (), "core", NOW)
    assert {named(f"bng1 {threshold} %") for threshold in reached} == found.keys()


@pytest.mark.parametrize(
    ("threshold", "spent", "holds"),
    [(80, 79, True), (80, 78, True), (80, 77, False), (1, 1, True), (1, 0, False), (2, 1, True), (100, 98, True)],
)
def test_a_finding_ends_only_well_below_its_threshold(threshold: int, spent: int, holds: bool) -> None:
    """Two points below, or half of a threshold that is less than four; what did not hold does not begin there."""
    subject = named(f"bng1 {threshold} %")
    assert holds == (subject in near_limits([place(spent)], [threshold], {subject}, "core", NOW))
    assert (spent >= threshold) == (subject in near_limits([place(spent)], [threshold], (), "core", NOW))


def test_a_finding_names_its_place_and_says_how_full_it_is() -> None:
    """Scope, name, box and per cent in its subject; what is spent, on what, and of how much in its detail."""
    card = place(41, 50, Scope.CARD, "1", "198.51.100.3")
    (finding,) = near_limits([card], THRESHOLDS, (), "core", NOW).values()

    assert ("core", "bng1", NOW, False) == (finding.domain, finding.bng, finding.at_ms, finding.over)
    assert "bng1 198.51.100.3 card 1 80 %" == finding.subject
    assert "bng1 port 1/1/4 90 %" == subject_of(place(1, scope=Scope.PORT, name="1/1/4"), 90)
    detail = json.loads(finding.detail)
    assert 41 == detail.pop("usage")["v4"]
    assert {
        "scope": "card", "name": "1", "box": "198.51.100.3", "threshold": 80, "host_resources": 41, "limit": 50,
        "use": 0.82,
    } == detail  # fmt: skip


def test_a_finding_is_told_when_it_begins_each_minute_and_when_it_is_over() -> None:
    """With what it is like by then; a clock that went back does not silence it."""
    said = []
    state: dict[Name, FindingSeen] = {}
    for spent, seconds in ((85, 0), (86, 59), (87, 60), (88, 61), (70, 62), (70, 63), (85, 64), (85, -3600)):
        now_ms = NOW + seconds * 1000
        standing = near_limits([place(spent)], [80], state.keys(), "core", now_ms)
        lessons, state = tell(state, standing, "core", now_ms)
        said += [(seconds, lesson.over, json.loads(lesson.detail).get("host_resources")) for lesson in lessons]
    assert [
        (0, False, 85), (60, False, 87), (62, True, None), (64, False, 85), (-3600, False, 85),
    ] == said  # fmt: skip
    assert 60_000 == AGAIN_MS
