"""`/v1/hosts`, and what `/v1/bngs` says of hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.service.process import Json, get
from tests.web.stage import Figures, config_of, served


@pytest.fixture(scope="module")
def figures() -> Figures:
    """bng1 grows by 10 hosts a day, and its box says something else."""
    figures = Figures()
    figures.past("bng1", days=8, per_day=10, daily=40)
    figures.said("bng1", 30, v4=480, hosts=700)
    figures.said("bng2", 0, v4=110, v6=120)
    return figures


@pytest.fixture(scope="module")
def url(figures: Figures) -> Iterator[str]:
    """The API over these figures."""
    with served(figures) as url:
        yield url


def rows(url: str, query: str = "") -> list[Json]:
    """Items of /v1/hosts."""
    answer = get(f"{url}/v1/hosts?{query}")
    assert 200 == answer.status
    found: list[Json] = answer.body["items"]
    return found


def test_every_bng_has_a_row_with_what_it_spends_and_what_is_left(url: str) -> None:
    """Usage, its cost by the BNG's own table, limit, headroom and use; a BNG without a limit has none of the last."""
    found = [(row["bng"], row["cost_table"], row["host_resources"], row["headroom"], row["use"]) for row in rows(url)]

    assert [
        ("bng1", "sros-classic", 700, 300, 0.7),
        ("bng2", "halved", 160, 140, 0.5333),
        ("edge", "session", 7, None, None),
    ] == found


def test_the_rest_of_a_row_tells_of_traffic_lines_and_peak(url: str) -> None:
    """IPv6's share is of what can be told apart; lines are counted by what they hold; the peak has its time."""
    (row,) = rows(url, "bng=bng1")

    assert {"v4": 3_000, "v6": 1_000, "either": 50, "v6_share": 0.25} == row["traffic"]
    assert {"dual_stack": 100, "v4_only": 400, "v6_only": 0} == row["census"]
    assert 490 < row["peak"]["host_resources"] < 550
    assert row["peak"]["at"].endswith("Z")
    assert ("bng", "bng1", None) == (row["scope"], row["name"], row["box"])


def test_growth_is_told_with_its_range_and_the_time_until_the_limit(url: str) -> None:
    """Ten a day, through the ups and downs of the day: the 300 that are left now last for about thirty days."""
    (row,) = rows(url, "bng=bng1")
    per_day, full = row["forecast"]["per_day"], row["forecast"]["full_in_s"]

    assert 10 == pytest.approx(per_day["expected"], abs=0.3)
    assert per_day["low"] <= per_day["expected"] <= per_day["high"]
    assert (True, 193) == (per_day["daily_rhythm"], per_day["samples"])
    assert 30 == pytest.approx(full["expected"] / 86_400, abs=1)
    assert full["earliest"] <= full["expected"] <= full["latest"]
    assert row["forecast"]["reason"] is None


def test_only_so_many_days_are_looked_at(url: str) -> None:
    """days=1 takes the samples of the last day alone."""
    (row,) = rows(url, "bng=bng1&days=1")

    assert (False, 25) == (row["forecast"]["per_day"]["daily_rhythm"], row["forecast"]["per_day"]["samples"])


def test_without_samples_there_is_a_reason_and_no_forecast(url: str) -> None:
    """Nothing was noted of bng2 yet."""
    (row,) = rows(url, "bng=bng2")

    assert {"per_day": None, "full_in_s": None, "reason": "too few samples"} == row["forecast"]
    assert row["peak"] is None


def test_what_the_box_says_is_compared_with_what_we_had_then(url: str) -> None:
    """The word of 30 hours ago is held against the sample of that time, not against the usage of now."""
    (row,) = rows(url, "bng=bng1")
    found = {figure["figure"]: figure for figure in row["observed"]["figures"]}

    assert (480, 700) == (found["v4"]["observed"], found["hosts"]["observed"])
    assert 487.5 == pytest.approx(found["v4"]["ours"], abs=42)
    assert found["v4"]["ours"] - 480 == found["v4"]["difference"]
    assert round(found["v4"]["difference"] / 4.8, 1) == found["v4"]["per_cent"]


def test_a_fresh_word_of_the_box_is_compared_with_now(url: str) -> None:
    """bng2's box counts ten IPv4 hosts more than the ledger, and the same IPv6 hosts."""
    (row,) = rows(url, "bng=bng2")
    found = [(figure["figure"], figure["difference"], figure["per_cent"]) for figure in row["observed"]["figures"]]

    assert [("v4", -10, -9.1), ("v6", 0, 0.0)] == found


def test_cards_add_up_their_ports_and_have_limits_of_their_own(url: str) -> None:
    """Card 1 is at its limit of 400; the LAG is on no card and has none."""
    found = [(row["name"], row["host_resources"], row["limit"], row["use"]) for row in rows(url, "bng=bng1&by=card")]

    assert [("1", 400, 400, 1.0), (None, 105, None, None)] == found


def test_ports_come_in_the_order_of_their_numbers(url: str) -> None:
    """1/1/4 has a limit of its own; the others have none."""
    found = [(row["scope"], row["name"], row["host_resources"], row["limit"]) for row in rows(url, "bng=bng1&by=port")]

    assert [("port", "1/1/4", 95, 100), ("port", "1/1/10", 305, None), ("port", "lag-2", 105, None)] == found


def test_boxes_of_a_network_are_told_by_their_addresses(url: str) -> None:
    """A port of edge is that of one of its boxes."""
    found = [(row["bng"], row["box"], row["name"], row["host_resources"]) for row in rows(url, "bng=edge&by=port")]

    assert [("edge", "198.51.100.2", "1/1/1", 3)] == found


def test_the_thresholds_come_with_the_answer(url: str) -> None:
    """Whoever draws it knows from where on it is a finding."""
    assert [80, 90] == get(f"{url}/v1/hosts").body["thresholds"]


@pytest.mark.parametrize(
    ("query", "title", "detail"),
    [
        ("bng=bng9", "Bad filter", "bng='bng9' is none of bng1, bng2, edge"),
        ("by=rack", "Bad filter", "by='rack' is none of bng, card, port"),
        ("days=0", "Bad filter", "days='0' is not 1 … 60"),
        ("days=%D9%A3", "Bad filter", "days='٣' is not 1 … 60"),
        ("limit=5", "Unknown filter", "'limit' is none of bng, by, days"),
    ],
)
def test_what_can_not_be_is_refused_by_name_and_value(url: str, query: str, title: str, detail: str) -> None:
    """A problem says which parameter, which value, and what it could have been."""
    answer = get(f"{url}/v1/hosts?{query}")

    assert (400, "application/problem+json") == (answer.status, answer.content_type)
    assert (title, detail) == (answer.body["title"], answer.body["detail"])


def test_bngs_tell_hosts_traffic_and_lines(url: str) -> None:
    """/v1/bngs has the same figures, without the forecast."""
    first, second, _ = get(f"{url}/v1/bngs").body["items"]

    assert {
        "v4": 500,
        "ia_na": 100,
        "ia_pd": 100,
        "slaac": 0,
        "pd_route": 0,
        "sessions": 500,
        "na_or_pd": 100,
    } == first["usage"]
    assert (700, 1000, 300, 0.7) == tuple(first[name] for name in ("host_resources", "limit", "headroom", "use"))
    assert (0.25, {"dual_stack": 100, "v4_only": 400, "v6_only": 0}) == (first["traffic"]["v6_share"], first["census"])
    assert (None, None) == (second["traffic"]["v6_share"], second["census"])


def test_a_box_that_is_full_is_told_so() -> None:
    """Nothing is left at the busiest hour: nought seconds, whatever the growth."""
    figures = Figures()
    figures.past("bng1", days=3, per_day=10)
    with served(figures, config_of([{"name": "bng1", "limits": {"host_resources": 400}}])) as url:
        (row,) = rows(url)

    assert {"expected": 0, "earliest": 0, "latest": 0} == row["forecast"]["full_in_s"]


def test_index_lists_every_resource(url: str) -> None:
    """What there is, from the routes themselves."""
    assert {"/healthz", "/v1/bngs", "/v1/hosts", "/v1/what-if"} <= set(get(url + "/v1").body["resources"])
