"""What a BNG would spend if something were different."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.accountant.capacity import Capacity
from bngcorr.accountant.cost import BUILT_IN
from bngcorr.accountant.what_if import Census, Situation, drop_ia_na, dual_stack, merge, with_table
from bngcorr.model.usage import USAGE_FIELDS, Usage

CLASSIC, SHARED, SESSION = (BUILT_IN[name] for name in ("sros-classic", "sros-r12-shared", "session"))


def situation(usage: Usage, census: Census | None = None, limit: int | None = None) -> Situation:
    """A BNG that counts each host."""
    return Situation(usage=usage, census=census, table=CLASSIC, limit=limit)


def test_lines_without_ipv6_get_what_the_others_have() -> None:
    """100 lines, 20 of them with IA_NA and IA_PD in their one session: 80 more of each, no more sessions."""
    here = situation(Usage(v4=100, ia_na=20, ia_pd=20, na_or_pd=20, sessions=100), Census(dual=20, v4_only=80), 300)
    there = dual_stack(here)

    assert Usage(v4=100, ia_na=100, ia_pd=100, na_or_pd=100, sessions=100) == there.usage
    assert (Capacity(140, 300), Capacity(300, 300)) == (here.spent, there.spent)
    assert Census(dual=100) == there.census


def test_what_the_others_have_is_rounded_up() -> None:
    """Of three lines with IPv6 one has a WAN address: ten more lines are reckoned with four."""
    here = situation(Usage(v4=13, ia_na=1, slaac=3, na_or_pd=1, sessions=13), Census(dual=3, v4_only=10))

    assert Usage(v4=13, ia_na=5, slaac=13, na_or_pd=5, sessions=13) == dual_stack(here).usage


def test_without_a_line_to_go_by_each_gets_a_wan_address_and_a_prefix() -> None:
    """A BNG that has no IPv6 at all is reckoned with one IA_NA and one IA_PD a line, in the session that is there."""
    here = situation(Usage(v4=10, sessions=10), Census(v4_only=10))

    assert Usage(v4=10, ia_na=10, ia_pd=10, na_or_pd=10, sessions=10) == dual_stack(here).usage


def test_hosts_on_no_known_line_are_lines_all_the_same() -> None:
    """Of ten IPv4 addresses only four are on lines that are known: without any IPv6 to go by, all ten get it."""
    here = situation(Usage(v4=10, sessions=10), Census(v4_only=4))

    assert Usage(v4=10, ia_na=10, ia_pd=10, na_or_pd=10, sessions=10) == dual_stack(here).usage


def test_sessions_of_their_own_come_with_the_hosts() -> None:
    """In host mode a line with v4, IA_NA and IA_PD has three sessions: ten lines more bring two each."""
    here = situation(Usage(v4=15, ia_na=5, ia_pd=5, na_or_pd=10, sessions=25), Census(dual=5, v4_only=10))

    assert Usage(v4=15, ia_na=15, ia_pd=15, na_or_pd=30, sessions=45) == dual_stack(here).usage


def test_lines_are_estimated_while_they_were_not_counted() -> None:
    """Before the first census, a line has one IPv4 address, and the assumption is told."""
    for census in (None, Census()):
        there = dual_stack(situation(Usage(v4=10, ia_pd=4, na_or_pd=4, sessions=10), census))

        assert Usage(v4=10, ia_pd=10, na_or_pd=10, sessions=10) == there.usage
        assert "Lines are estimated from the hosts, for they were not counted." == there.assumed[0]


@pytest.mark.parametrize(
    ("usage", "census", "dual"),
    [
        (Usage(v4=1000, ia_pd=500, na_or_pd=500, sessions=1500), Census(v4_only=1000), 1000),
        (Usage(), Census(v4_only=1000), 0),
        (Usage(ia_pd=10, na_or_pd=10, sessions=10), Census(dual=10), 0),
    ],
)
def test_lines_that_were_counted_before_the_hosts_changed_are_estimated(
    usage: Usage, census: Census, dual: int
) -> None:
    """IPv6 came since, or on no known line; the box restarted; its IPv4 has gone: that census tells nothing of now."""
    here = situation(usage, census)
    there = dual_stack(here)

    assert Census(dual=dual, v6_only=usage.ia_pd if dual == 0 else 0) == there.census
    assert Usage(v4=usage.v4, ia_pd=max(usage.ia_pd, dual), na_or_pd=max(usage.na_or_pd, dual),
                 sessions=usage.sessions + max(0, dual - usage.ia_pd)) == there.usage  # fmt: skip
    assert there.assumed[0].startswith("Lines are estimated from the hosts")


def test_a_link_local_wan_spares_the_ia_na() -> None:
    """Every IA_NA goes; a session that holds a prefix as well still shares for it."""
    there = drop_ia_na(situation(Usage(v4=10, ia_na=10, ia_pd=6, na_or_pd=10, sessions=10)))

    assert Usage(v4=10, ia_na=0, ia_pd=6, na_or_pd=6, sessions=10) == there.usage


def test_another_table_counts_the_same_hosts_otherwise() -> None:
    """Usage and limit stay, the cost is that of the other table."""
    here = situation(Usage(v4=10, ia_na=10, ia_pd=10, na_or_pd=10, sessions=10), limit=25)

    assert (Capacity(30, 25), Capacity(20, 25)) == (here.spent, with_table(here, SHARED).spent)


def test_merging_adds_the_other_hosts_at_the_price_here() -> None:
    """The other BNG counts sessions, this one hosts: together they cost what this one's table says."""
    there = Situation(usage=Usage(v4=7, ia_pd=7, sessions=7), census=Census(dual=7), table=SESSION, limit=1)
    both = merge(situation(Usage(v4=3, sessions=3), Census(v4_only=3), 20), there, "bng2")

    assert (Usage(v4=10, ia_pd=7, sessions=10), Capacity(17, 20)) == (both.usage, both.spent)
    assert Census(dual=7, v4_only=3) == both.census
    assert "bng2" in both.assumed[0]


def test_merging_tells_that_lines_were_estimated() -> None:
    """Of one of two BNGs lines were not counted: what follows rests on an estimate, and that is told once."""
    there = situation(Usage(v4=7, ia_pd=2, sessions=7))
    both = merge(merge(situation(Usage(v4=3), Census(v4_only=3)), there, "bng2"), there, "bng3")

    assert Census(dual=4, v4_only=13) == both.census
    assert 1 == both.assumed.count("Lines are estimated from the hosts, for they were not counted.")


def test_steps_compose() -> None:
    """Merged, then dual stack, then without WAN addresses: only v4 and prefixes are left, each line has both."""
    start = situation(Usage(v4=6, ia_na=2, ia_pd=2, na_or_pd=2, sessions=6), Census(dual=2, v4_only=4))
    other = situation(Usage(v4=4, sessions=4), Census(v4_only=4))
    end = drop_ia_na(dual_stack(merge(start, other, "bng2")))

    assert Usage(v4=10, ia_pd=10, na_or_pd=10, sessions=10) == end.usage
    assert 4 == len(end.assumed)


counts = st.integers(0, 1_000)
usages = st.builds(Usage, **dict.fromkeys(USAGE_FIELDS, counts))
situations = st.builds(
    Situation,
    usage=usages,
    census=st.none() | st.builds(Census, dual=counts, v4_only=counts, v6_only=counts),
    table=st.sampled_from(list(BUILT_IN.values())),
    limit=st.none(),
)


def figures(usage: Usage) -> list[int]:
    """All of them."""
    return [getattr(usage, name) for name in USAGE_FIELDS]


@settings(max_examples=60, deadline=None)
@given(situations, situations)
def test_more_hosts_never_cost_less(here: Situation, other: Situation) -> None:
    """Dual stack and merging take nothing away, dropping IA_NA adds nothing, and no figure falls below zero."""
    for grown in (dual_stack(here), merge(here, other, "bng2")):
        assert all(after >= before for before, after in zip(figures(here.usage), figures(grown.usage), strict=True))
        assert grown.spent.host_resources >= here.spent.host_resources
    less = drop_ia_na(here)
    assert all(0 <= after <= before for before, after in zip(figures(here.usage), figures(less.usage), strict=True))


@settings(max_examples=60, deadline=None)
@given(situations)
def test_dual_stack_happens_once(here: Situation) -> None:
    """When every line has both families, there is nothing left to do."""
    once = dual_stack(here)

    assert once.usage == dual_stack(once).usage


@settings(max_examples=40, deadline=None)
@given(situations, st.integers(1, 500))
def test_more_lines_without_ipv6_cost_more(here: Situation, more: int) -> None:
    """Of two BNGs alike, the one with more lines that have only IPv4 has more to come."""
    census = here.census or Census()
    fuller = Census(dual=census.dual + 1, v4_only=census.v4_only + more, v6_only=census.v6_only)
    base = Census(dual=census.dual + 1, v4_only=census.v4_only, v6_only=census.v6_only)
    few, many = (
        dual_stack(Situation(usage=here.usage, census=lines, table=CLASSIC, limit=None)) for lines in (base, fuller)
    )

    assert few.spent.host_resources <= many.spent.host_resources


@pytest.mark.parametrize("step", [dual_stack, drop_ia_na])
def test_an_empty_bng_stays_empty(step: Callable[[Situation], Situation]) -> None:
    """Nothing comes of nothing."""
    assert Usage() == step(situation(Usage())).usage
