"""The mix is the documented one."""

from __future__ import annotations

from collections import Counter

import pytest

from bngcorr.simulate.population import CLONED, CROSSED, KINDS, RANDOM_V6_MAC, Kind, Population, populate
from bngcorr.simulate.sites import LINES_PER_VLAN, SITES, collide

LINES = 20_000


@pytest.fixture(scope="module")
def population() -> Population:
    """A population of 20,000 lines."""
    return populate(lines=LINES, seed=5)


def _percent(count: int) -> float:
    return 100 * count / LINES


def test_shares_of_kinds_and_sites_are_whole() -> None:
    """The kinds of lines add up to 100 percent, the sites too, a fifth of them with shared VLANs, on many families."""
    assert 100 == sum(KINDS.values())
    assert 100 == sum(site.share for site in SITES)
    assert 20 == sum(site.share for site in SITES if not site.per_line)
    assert len({site.profile for site in SITES}) >= 6


def test_kinds_come_in_their_shares(population: Population) -> None:
    """Every kind of line has its documented share, exactly."""
    found = Counter(line.kind for line in population.lines)

    assert KINDS == {kind: _percent(found[kind]) for kind in KINDS}


def test_sites_come_in_their_shares(population: Population) -> None:
    """Every kind of BNG has its share of the lines; a fifth is behind shared VLANs."""
    found: Counter[str] = Counter()
    for box in population.boxes:
        found[box.site.name] += len(box.lines)

    assert {site.name: site.share for site in SITES} == {name: _percent(count) for name, count in found.items()}


def test_overlays_are_about_as_many_as_documented(population: Population) -> None:
    """Cloned MACs, crossed VLAN pairs and random v6 MACs are as frequent as the table says, within a quarter."""
    lines = population.lines
    dual = [line for line in lines if line.kind not in (Kind.V4_ONLY, Kind.V6_ONLY)]
    per_line = sum(len(box.lines) for box in population.boxes if box.site.per_line and not box.site.one_request)
    random_v6 = [line for line in dual if line.cpe.mac != line.cpe.mac6]

    assert pytest.approx(CLONED, rel=0.25) == _percent(sum(line.twin is not None for line in lines))
    assert pytest.approx(CROSSED, rel=0.4) == 100 * sum(line.mate is not None for line in lines) / per_line
    assert pytest.approx(RANDOM_V6_MAC, rel=0.25) == 100 * len(random_v6) / len(dual)
    assert all(line.cpe.mac6[0] & 2 for line in random_v6)


def test_ids_are_unique(population: Population) -> None:
    """No two lines have a Remote-Id, or a Circuit-Id, in common."""
    assert LINES == len({line.remote_id for line in population.lines})
    assert LINES == len({line.circuit_id for line in population.lines})


def test_places_are_as_the_vlan_model_says(population: Population) -> None:
    """One line a VLAN pair but for the crossed ones; a shared VLAN holds no more than its number."""
    for box in population.boxes:
        lines = [population.lines[number] for number in box.lines]
        most = max(Counter(line.place for line in lines if line.mate is None).values())
        assert (1 if box.site.per_line else LINES_PER_VLAN if box.site.tells_port else len(lines)) >= most


def test_clones_that_nothing_tells_apart_are_careful(population: Population) -> None:
    """Two lines with one MAC on the same keys bring up v6 after v4: nobody could tell the other order."""
    twins = [line for line in population.lines if line.twin is not None]

    assert twins
    for line in twins:
        other = population.lines[line.twin or 0]
        assert line.number == other.twin
        assert line.cpe.mac == other.cpe.mac
        assert line.careful == collide(population.boxes[line.box].site, line.place, other.place)
    assert {True, False} == {line.careful for line in twins}


def test_a_seed_draws_the_same_population() -> None:
    """The same seed draws the same lines, another seed others."""
    assert populate(lines=500, seed=1) == populate(lines=500, seed=1)
    assert populate(lines=500, seed=1) != populate(lines=500, seed=2)
