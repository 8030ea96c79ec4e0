"""What hosts cost, by the box's own rule."""

from __future__ import annotations

from dataclasses import astuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.accountant.cost import BUILT_IN, CostTable
from bngcorr.config.accounting import COST_TABLES
from bngcorr.model.usage import USAGE_FIELDS, Usage

# 10 lines in host mode, each v4 + SLAAC + IA_PD: SR OS 25.3 shows "System Hosts Scale 30"
TEN_LINES = Usage(v4=10, ia_na=0, ia_pd=10, slaac=10, sessions=10, na_or_pd=10)
DUAL = Usage(v4=7, ia_na=5, ia_pd=6, slaac=3, sessions=9, na_or_pd=8)
ROUTES = Usage(v4=4, ia_na=4, pd_route=4, sessions=4, na_or_pd=4)


@pytest.mark.parametrize(
    ("table", "ten_lines", "dual", "routes"),
    [
        ("sros-classic", 30, 21, 8),
        ("sros-r12-shared", 30, 18, 8),
        ("sros-pd-managed-route", 20, 15, 8),
        ("session", 10, 9, 4),
    ],
)
def test_each_table_adds_up_as_documented(table: str, ten_lines: int, dual: int, routes: int) -> None:
    """Classic counts each host, R12 shares one for IA_NA and IA_PD, a managed route is free, a session counts once."""
    found = [BUILT_IN[table].resources(usage) for usage in (TEN_LINES, DUAL, ROUTES, Usage())]

    assert [ten_lines, dual, routes, 0] == found


def test_a_custom_table_weighs_each_figure_by_itself() -> None:
    """Each figure of usage has one weight, whatever the others are."""
    weights = dict(zip(("v4", "ia_na", "ia_pd", "slaac", "pd_route", "session", "na_or_pd"), range(1, 8), strict=True))
    table = CostTable(name="own", **weights)

    assert list(range(1, 8)) == [table.resources(Usage(**{name: 1})) for name in USAGE_FIELDS]


counts = st.integers(0, 10_000)
usages = st.builds(
    Usage, v4=counts, ia_na=counts, ia_pd=counts, slaac=counts, pd_route=counts, sessions=counts, na_or_pd=counts
)


@settings(max_examples=50, deadline=None)
@given(usages, usages)
def test_no_usage_costs_less_than_nothing_and_more_usage_costs_no_less(usage: Usage, more: Usage) -> None:
    """Costs are never negative, and add up: two cards cost what their sum costs."""
    for table in BUILT_IN.values():
        assert 0 <= table.resources(usage)
        assert table.resources(usage) + table.resources(more) == table.resources(usage + more)


@settings(max_examples=50, deadline=None)
@given(usages)
def test_no_table_costs_more_than_one_for_each_host(usage: Usage) -> None:
    """The classic table is the dearest of those that count hosts, as long as a session shares what it has."""
    classic = BUILT_IN["sros-classic"].resources(usage)

    assert BUILT_IN["sros-pd-managed-route"].resources(usage) <= classic
    if usage.na_or_pd <= usage.ia_na + usage.ia_pd:
        assert BUILT_IN["sros-r12-shared"].resources(usage) <= classic


def test_the_configuration_knows_the_tables_that_come_with_bngcorr() -> None:
    """`cost_table` takes exactly the names of the tables that are there, and each is called by its name."""
    assert sorted(COST_TABLES) == sorted(BUILT_IN)
    assert list(BUILT_IN) == [astuple(table)[0] for table in BUILT_IN.values()]
