"""What hosts cost, by the box's own rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.accountant.capacity import Capacity, CostTable, capacity, host_resources
from bngcorr.model.usage import Usage

# 10 lines in host mode, each v4 + SLAAC + IA_PD: SR OS 25.3 shows "System Hosts Scale 30"
TEN_LINES = Usage(v4=10, ia_na=0, ia_pd=10, slaac=10, sessions=10, na_or_pd=10)
DUAL = Usage(v4=7, ia_na=5, ia_pd=6, slaac=3, sessions=9, na_or_pd=8)


@pytest.mark.parametrize(
    ("table", "ten_lines", "dual"),
    [
        (CostTable.SROS_CLASSIC, 30, 21),
        (CostTable.SROS_R12_SHARED, 30, 18),
        (CostTable.SROS_PD_MANAGED_ROUTE, 20, 15),
        (CostTable.SESSION, 10, 9),
    ],
)
def test_each_cost_table_adds_up_as_documented(table: CostTable, ten_lines: int, dual: int) -> None:
    """Classic counts each host, R12 shares one for IA_NA and IA_PD, a managed route is free, a session counts once."""
    assert ten_lines == host_resources(TEN_LINES, table)
    assert dual == host_resources(DUAL, table)
    assert 0 == host_resources(Usage(), table)


def test_headroom_is_limit_minus_resources() -> None:
    """Headroom is what is left, negative when overspent, and unknown without a limit."""
    assert Capacity(30, 100, 70) == capacity(TEN_LINES, CostTable.SROS_CLASSIC, 100)
    assert Capacity(30, 20, -10) == capacity(TEN_LINES, CostTable.SROS_CLASSIC, 20)
    assert Capacity(30, None, None) == capacity(TEN_LINES, CostTable.SROS_CLASSIC, None)


counts = st.integers(0, 10_000)


@settings(max_examples=100, deadline=None)
@given(st.builds(Usage, v4=counts, ia_na=counts, ia_pd=counts, slaac=counts, sessions=counts, na_or_pd=counts))
def test_no_table_costs_more_than_one_for_each_host(usage: Usage) -> None:
    """The classic table is the dearest of those that count hosts, as long as a session shares what it has."""
    classic = host_resources(usage, CostTable.SROS_CLASSIC)

    assert host_resources(usage, CostTable.SROS_PD_MANAGED_ROUTE) <= classic
    if usage.na_or_pd <= usage.ia_na + usage.ia_pd:
        assert host_resources(usage, CostTable.SROS_R12_SHARED) <= classic


def test_the_tables_are_those_an_operator_may_name() -> None:
    """`cost_table` in the configuration takes these four names."""
    assert {"sros-classic", "sros-r12-shared", "sros-pd-managed-route", "session"} == {
        str(table) for table in CostTable
    }
