"""What happens is in order, drawn by the seed, and never what nobody could tell apart."""

from __future__ import annotations

from collections import Counter

import pytest

from bngcorr.simulate.population import Population, populate
from bngcorr.simulate.sites import collide
from bngcorr.simulate.timeline import DAY, FREE_AGAIN, Act, Do, Story, tell

LINES = 20_000


@pytest.fixture(scope="module")
def told() -> tuple[Population, list[Story]]:
    """A population and its stories of two days."""
    population = populate(lines=LINES, seed=3)
    return population, tell(population, days=2)


def _of_line(story: Story) -> dict[int, list[Act]]:
    acts: dict[int, list[Act]] = {}
    for act in story.acts:
        acts.setdefault(act.line, []).append(act)
    return acts


def test_acts_are_in_order_and_within_the_days(told: tuple[Population, list[Story]]) -> None:
    """A story's acts never go back in time, and none is later than the last day."""
    for story in told[1]:
        instants = [act.at_ms for act in story.acts]
        assert sorted(instants) == instants
        assert 0 <= instants[0] <= instants[-1] <= story.end_ms == 2 * DAY


def test_everybody_is_switched_on(told: tuple[Population, list[Story]]) -> None:
    """Every line is switched on at least once, new customers too."""
    population, stories = told
    on = {act.line for story in stories for act in story.acts if act.do is Do.SWITCH_ON}

    assert set(range(len(population.lines))) == on


def test_what_happens_is_as_frequent_as_documented(told: tuple[Population, list[Story]]) -> None:
    """Swaps, moves and re-used VLAN pairs: one percent of lines a day each, of those with a pair in the last case."""
    population, stories = told
    swapped = moved = 0
    for story in stories:
        for act in story.acts:
            swapped += act.cpe is not None
            moved += act.place is not None
    carried = LINES * 0.02 / 2  # half of the moves: two acts with a CPE each
    per_line = sum(len(story.box.lines) for story in stories if story.box.site.per_line)

    assert pytest.approx(LINES * 0.02 + 2 * carried, rel=0.1) == swapped
    assert pytest.approx(LINES * 0.02 / 2, rel=0.15) == moved  # boxes without ports move nobody
    assert pytest.approx(per_line * 0.02, rel=0.1) == len(population.lines) - LINES


def test_some_box_restarts(told: tuple[Population, list[Story]]) -> None:
    """At least one BNG restarts, and every Interim before that matters."""
    restarts = [(story, act) for story in told[1] for act in story.acts if act.do is Do.REBOOT]

    assert restarts
    for story, act in restarts:
        assert all(act.at_ms in story.watched[number] for number in story.box.lines)


def test_a_vlan_pair_gets_its_next_customer_an_hour_after_the_last_one_was_ended(
    told: tuple[Population, list[Story]],
) -> None:
    """Between the end of the old sessions at the BNG and the new customer lies more than an hour."""
    population, stories = told
    handed_over = 0
    for story in stories:
        acts = _of_line(story)
        left = {
            population.lines[number].place: act.at_ms + act.grace_ms
            for number in story.box.lines
            for act in acts[number]
            if act.do is Do.SWITCH_OFF
        }
        for number in story.lines[len(story.box.lines) :]:
            handed_over += 1
            assert left[population.lines[number].place] + FREE_AGAIN <= acts[number][0].at_ms
    assert handed_over > 0


def test_a_cpe_that_only_its_mac_would_tell_arrives_an_hour_after_it_was_ended_elsewhere(
    told: tuple[Population, list[Story]],
) -> None:
    """A CPE is carried to a line with the same keys only when its old session is long over."""
    population, stories = told
    carried = 0
    for story in stories:
        owners = {population.lines[number].cpe.mac: number for number in story.box.lines}
        acts = _of_line(story)
        for act in story.acts:
            if act.cpe is None or act.cpe.mac not in owners:
                continue
            before, here = population.lines[owners[act.cpe.mac]], population.lines[act.line]
            if collide(story.box.site, before.place, here.place):
                carried += 1
                gone = max(one.at_ms + one.grace_ms for one in acts[before.number] if one.do is Do.SWITCH_OFF)
                assert gone + FREE_AGAIN <= act.at_ms
    assert carried > 0


def test_a_clone_that_comes_later_comes_when_its_twin_is_long_gone(told: tuple[Population, list[Story]]) -> None:
    """Of clones that nothing tells apart some are there at a time, the others one long after the other."""
    population, stories = told
    order: Counter[str] = Counter()
    for story in stories:
        acts = _of_line(story)
        for number in story.box.lines:
            line = population.lines[number]
            if line.twin is None or not line.careful or line.twin > number:
                continue
            left = [act for act in acts[line.twin] if act.do is Do.SWITCH_OFF]
            order["one after the other" if left else "both"] += 1
            if left:
                assert left[0].at_ms + left[0].grace_ms + FREE_AGAIN <= acts[number][0].at_ms
    assert 2 == len(order)


def test_a_seed_tells_the_same_stories() -> None:
    """The same seed tells the same stories."""
    first, second = populate(lines=600, seed=4), populate(lines=600, seed=4)

    assert tell(first, days=1) == tell(second, days=1)
    assert first == second
