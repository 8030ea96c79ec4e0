"""What the page on the simulator says is what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from bngcorr.simulate import population, records, timeline, uplink
from bngcorr.simulate.population import KINDS
from bngcorr.simulate.report import Tally, as_json
from bngcorr.simulate.sites import LINES_PER_VLAN, SITES

PAGE = (Path(__file__).parents[2] / "docs" / "simulate.md").read_text()
ROWS = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in PAGE.splitlines() if row.startswith("|")]


def test_every_kind_of_line_stands_with_its_share() -> None:
    """The table of kinds has every kind with its percentage."""
    assert {(f"`{kind}`", f"{share:g}") for kind, share in KINDS.items()} <= {row[:2] for row in ROWS}


def test_every_site_stands_with_its_share() -> None:
    """The table of BNGs has every site with profile, percentage and number."""
    expected = {(f"`{one.name}`", f"`{one.profile}`", f"{one.share:g}", str(one.boxes)) for one in SITES}

    assert expected <= {row[:4] for row in ROWS}


@pytest.mark.parametrize(
    ("what", "share"),
    [
        (f"lines behind shared VLANs, {LINES_PER_VLAN} behind one", "20 of all lines"),
        ("lines with a cloned MAC, in pairs on one BNG", f"{population.CLONED:g} of all lines"),
        ("lines that share a VLAN pair that should be one line's", f"{population.CROSSED:g} of lines with a pair"),
        ("CPEs that make up another MAC for v6", f"{population.RANDOM_V6_MAC:g} of dual-stack lines"),
        (
            "binary Remote-Ids that look as if an enterprise number were in front",
            f"{population.BINARY_IDS:g} of all lines",
        ),
        ("CPEs that are replaced", f"{timeline.SWAPS:g} a day"),
        ("moves, half of CPEs to another line, half of lines to another port", f"{timeline.MOVES:g} a day"),
        ("VLAN pairs that get a new customer", f"{timeline.REUSES:g} a day"),
        ("power cycles", f"{timeline.POWER_CYCLES:g} a day"),
        ("v6 switched off for a while", f"{timeline.V6_PAUSES:g} a day"),
        ("BNGs that restart", f"{timeline.REBOOTS:g} a day, one at least"),
        ("packets lost, on each hop", f"{uplink.LOST:g}"),
        ("accounting records late by 5 s … 2 h", f"{records.LATE:g}"),
        ("accounting records twice", f"{records.TWICE:g}"),
        ("accounting records lost", f"{records.LOST:g}"),
    ],
)
def test_every_trouble_stands_with_its_share(what: str, share: str) -> None:
    """Each kind of trouble is told with the percentage that the code has."""
    assert (what, share) in ROWS


def test_every_figure_of_the_last_line_is_explained() -> None:
    """Each field of the JSON object has its row."""
    explained = {name.strip("` ") for row in ROWS for name in row[0].split(",")}

    assert set(as_json(Tally())) <= explained
