"""`/v1/what-if`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.process import Json, get
from tests.web.stage import Figures, served


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """bng1: 500 lines, 100 of them dual stack, 700 of 1000 host resources spent."""
    with served(Figures()) as url:
        yield url


def asked(url: str, query: str) -> Json:
    """An answer."""
    answer = get(f"{url}/v1/what-if?{query}")
    assert 200 == answer.status, answer.body
    return answer.body


@pytest.mark.parametrize(
    ("query", "resources", "headroom"),
    [
        ("", 700, 300),
        ("&dual_stack=true", 1500, -500),
        ("&drop_ia_na=true", 600, 400),
        ("&dual_stack=true&drop_ia_na=true", 1000, 0),
        ("&drop_ia_na=true&dual_stack=true", 1000, 0),
        ("&cost_table=sros-r12-shared", 600, 400),
        ("&cost_table=session&dual_stack=true", 500, 500),
        ("&merge=bng2", 920, 80),
        ("&merge=bng2&merge=edge&dual_stack=false", 927, 73),
    ],
)
def test_each_step_and_any_of_them_together(url: str, query: str, resources: int, headroom: int) -> None:
    """Dual stack, no IA_NA, another table, other BNGs' lines: in the same order, however they are asked."""
    after = asked(url, "bng=bng1" + query)["after"]

    assert (resources, 1000, headroom) == (after["host_resources"], after["limit"], after["headroom"])


def test_the_answer_tells_before_after_difference_and_what_was_assumed(url: str) -> None:
    """400 lines get one IA_NA and one IA_PD each; sentences say what that rests on."""
    found = asked(url, "bng=bng1&dual_stack=true")

    assert (700, 300) == (found["before"]["host_resources"], found["before"]["headroom"])
    assert (400, 400, 0, 800) == (
        found["difference"]["usage"]["ia_na"],
        found["difference"]["usage"]["ia_pd"],
        found["difference"]["usage"]["v4"],
        found["difference"]["host_resources"],
    )
    assert {"dual_stack": 500, "v4_only": 0, "v6_only": 0} == found["after"]["census"]
    assert [
        "400 lines that have only IPv4 get what the 100 lines with IPv6 have on average.",
        "IPv6 comes within the sessions that are there.",
    ] == found["assumed"]


def test_without_a_limit_there_is_no_headroom(url: str) -> None:
    """edge has none."""
    after = asked(url, "bng=edge&dual_stack=true&cost_table=halved")["after"]

    assert (14, None, None) == (after["host_resources"], after["limit"], after["headroom"])


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("", "bng is missing: name of a configured BNG"),
        ("bng=bng9", "bng='bng9' is none of bng1, bng2, edge"),
        ("bng=bng1&merge=bng9", "merge='bng9' is none of bng1, bng2, edge"),
        ("bng=bng1&merge=bng1", "merge='bng1' is the BNG itself, or is named twice"),
        ("bng=bng1&merge=bng2&merge=bng2", "merge='bng2' is the BNG itself, or is named twice"),
        ("bng=bng1&dual_stack=yes", "dual_stack='yes' is neither true nor false"),
        (
            "bng=bng1&cost_table=free",
            "cost_table='free' is none of sros-classic, sros-r12-shared, sros-pd-managed-route, session, halved",
        ),
        ("bng=bng1&by=card", "'by' is none of bng, cost_table, drop_ia_na, dual_stack, merge"),
    ],
)
def test_what_can_not_be_is_refused_by_name_and_value(url: str, query: str, detail: str) -> None:
    """A problem says which parameter, which value, and what it could have been."""
    answer = get(f"{url}/v1/what-if?{query}")

    assert (400, detail) == (answer.status, answer.body["detail"])
