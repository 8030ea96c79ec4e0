"""What a box says of its own hosts: read, and compared with ours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.accountant.cost import BUILT_IN
from bngcorr.accountant.observed import FIGURES, MOST, compare, read_observed, usage_then
from bngcorr.model.usage import Usage
from bngcorr.store.rows import Observed, Sample

FOLDER = Path(__file__).parent / "statistics"
SYSTEM = (FOLDER / "ipoe_and_ppp.txt").read_text()

DUAL_STACK = (("v4", 10), ("v6", 20), ("ia_na", 0), ("ia_pd", 10), ("slaac", 10), ("hosts", 30))
USER_PLANE = (("v4", 10), ("v6", 20), ("ia_na", 10), ("ia_pd", 10), ("slaac", 0), ("hosts", 30))


@pytest.mark.parametrize(
    ("file", "figures"),
    [
        ("ipoe_and_ppp.txt", DUAL_STACK),
        ("user_plane.txt", USER_PLANE),
        ("v4_only.txt", (("v4", 10), ("v6", 0), ("ia_na", 0), ("ia_pd", 0), ("slaac", 0), ("hosts", 10))),
        ("pager.txt", (("v4", 131072), ("v6", 262144), ("ia_na", 0), ("ia_pd", 131072), ("slaac", 131072),
                       ("hosts", 393216))),
    ],
)  # fmt: skip
def test_the_figures_of_the_whole_system_are_read(file: str, figures: tuple[tuple[str, int], ...]) -> None:
    """Present values, not peaks; of the system, not of an interface; among prompts, other tables, a pager's marks."""
    assert (figures, None) == read_observed((FOLDER / file).read_text())


@pytest.mark.parametrize(
    "spoilt",
    [
        SYSTEM.replace("\n", "\r\n"),
        "\ufeff" + SYSTEM,
        "\n".join(" ".join(line.split()) for line in SYSTEM.splitlines()),
        SYSTEM.replace("IPv6", "\x1b[1mIPv6\x1b[0m"),
        "\n".join(line for line in SYSTEM.splitlines() if re.search("Hosts", line)),
        SYSTEM + SYSTEM,
    ],
    ids=["CRLF", "BOM", "spaces lost", "bold", "matched rows only", "twice"],
)
def test_what_terminals_do_to_an_output_does_not_matter(spoilt: str) -> None:
    """Line ends, byte order mark, squeezed columns, colours, rows picked by the box's `match`."""
    assert (DUAL_STACK, None) == read_observed(spoilt)


def test_the_last_of_several_outputs_counts() -> None:
    """A session log that asked twice: what was said last."""
    later = re.sub(r"(System Hosts Scale +)30", r"\g<1>37", SYSTEM)
    assert dict(DUAL_STACK) | {"hosts": 37} == dict(read_observed(SYSTEM + later)[0])


@pytest.mark.parametrize(
    ("rows", "figures"),
    [
        ("IPv4 Hosts 7 7\nSystem Hosts Scale 9 9", (("v4", 7), ("hosts", 9))),
        ("IPv6 Hosts 7 7\nSystem Hosts Scale 7 7", (("v4", 0), ("v6", 7), ("hosts", 7))),
        ("IPv6   IPOE Hosts - SLAAC  3  7\nTotal  IPv6 Hosts 7 7\nSystem Hosts Scale 9 9", (("v6", 7), ("hosts", 9))),
        ("System Hosts Scale 9 9", (("hosts", 9),)),
    ],
)  # fmt: skip
def test_a_row_that_is_missing_is_zero_only_if_the_others_add_up(
    rows: str, figures: tuple[tuple[str, int], ...]
) -> None:
    """Rows of zero are left out on demand, others are not known to every release: what is not sure is not told."""
    assert (figures, None) == read_observed(f"Subscriber Management Statistics for System\n{rows}\n")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", "found 0 characters without a row of hosts"),
        (
            "A:bng1# show subscriber-mgmt statistics\nError: Bad command.\n",
            "found 60 characters without a row of hosts",
        ),
        ("Subscriber Management Statistics for Port 1/1/4\nIPv4 Hosts 7 7\n", "found statistics for Port 1/1/4"),
        ("Subscriber Management Statistics for System\nTotal  Subscribers  7 7\n", "for System without a row of hosts"),
        ("{", "found Expecting property name"),
        ("{}", "found none of them"),
        ('{"v4": 1.5}', 'expected "v4" as a whole number, 0 or more; found 1.5'),
        ('{"v4": true}', "found true"),
        ('{"v4": -1}', "found -1"),
        ('{"v4": 4294967296}', "found 4294967296"),
        ('{"v5": 1}', 'found the key "v5"'),
        ('{"v4": 1, "at": 7}', 'expected "at" as an instant (RFC 3339); found 7'),
        ('{"v4": ' + "1" * 5000 + "}", "found numbers too long"),
        ('{"v4":' * 100_000, "too deep a nesting"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_was_expected(text: str, found: str) -> None:
    """Nothing is guessed: the fault names what was expected, and what was found in its place."""
    with pytest.raises(ValueError) as fault:
        read_observed(text)
    assert found in str(fault.value)
    assert "expected" in str(fault.value)


def test_json_is_read_as_far_as_it_tells() -> None:
    """Some figures or all, and the instant."""
    given = '{"hosts": 30, "at": "2026-11-25T14:00:00Z", "v4": 10, "ia_na": 0}'
    assert ((("v4", 10), ("ia_na", 0), ("hosts", 30)), "2026-11-25T14:00:00Z") == read_observed("\ufeff\n " + given)


@settings(max_examples=60, deadline=500)
@given(
    st.lists(
        st.one_of(st.text(max_size=300), st.sampled_from([*SYSTEM.splitlines(), "{", " 1" * 150, "\x1b[" + "0" * 90])),
        max_size=30,
    ).map("\n".join)
)
def test_whatever_is_given_it_is_figures_or_a_fault(text: str) -> None:
    """Any text at all: counts within their bounds, or a ValueError, and soon."""
    try:
        figures, _ = read_observed(text)
    except ValueError:
        return
    assert figures
    assert all(name in FIGURES and 0 <= figure < MOST for name, figure in figures)


# ---- compared with ours

USAGE = Usage(v4=100, ia_na=40, ia_pd=50, slaac=30, pd_route=9, sessions=100)


def test_each_figure_has_its_counterpart() -> None:
    """v6 is all of IPv6, hosts are all hosts at one each, managed routes are none; what we do not know is left out."""
    said = Observed(
        at_ms=1,
        figures=(("v4", 100), ("v6", 120), ("ia_na", 40), ("ia_pd", 50), ("slaac", 33), ("hosts", 225), ("mystery", 1)),
    )
    found = compare(said, USAGE)
    assert [
        ("v4", 100, 100, 0), ("v6", 120, 120, 0), ("ia_na", 40, 40, 0), ("ia_pd", 50, 50, 0), ("slaac", 33, 30, -3),
        ("hosts", 225, 220, -5),
    ] == [(one.figure, one.observed, one.ours, one.difference) for one in found]  # fmt: skip
    assert [0, 0, 0, 0, pytest.approx(-9.0909, abs=1e-4), pytest.approx(-2.2222, abs=1e-4)] == [
        one.per_cent for one in found
    ]


def test_the_scale_counter_is_compared_by_the_cost_table() -> None:
    """A box that counts IA_NA and IA_PD of a session as one agrees with the table that says so."""
    said = Observed(at_ms=1, figures=(("v4", 100), ("hosts", 180)))
    shared = compare(said, Usage(v4=100, ia_na=50, ia_pd=50, slaac=30, na_or_pd=50), BUILT_IN["sros-r12-shared"])
    assert [("v4", 0), ("hosts", 0)] == [(one.figure, one.difference) for one in shared]


@pytest.mark.parametrize(
    ("observed", "ours", "within"),
    [(1000, 1020, True), (1000, 1021, False), (1000, 980, True), (1000, 979, False), (3, 8, True), (3, 9, False),
     (0, 5, True), (0, 6, False), (6, 0, False)],
)  # fmt: skip
def test_a_difference_matters_beyond_the_tolerance_and_a_handful_of_hosts(
    observed: int, ours: int, within: bool
) -> None:
    """2 % of what the box says; five hosts are never too many, however small the box."""
    (difference,) = compare(Observed(at_ms=1, figures=(("v4", observed),)), Usage(v4=ours))
    assert within == difference.within(2)
    assert (None if observed == 0 else (ours - observed) * 100 / observed) == difference.per_cent


def test_a_word_is_compared_with_what_we_had_at_its_time() -> None:
    """The sample next to it, before or after, if one is near enough."""
    samples = [Sample(at_ms=at_ms, usage=Usage(v4=at_ms)) for at_ms in (1000, 2000, 3000)]
    nearest = [usage_then(samples, at_ms, 600) for at_ms in (399, 400, 1400, 1600, 3600, 3601)]
    assert [None, 1000, 1000, 2000, 3000, None] == [one and one.at_ms for one in nearest]
    assert usage_then([], 1000, 600) is None
