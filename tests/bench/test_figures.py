"""What a run of the benchmark comes to."""

from __future__ import annotations

import dataclasses
import json

import pytest
from rich.console import Console

from benchmarks.bench import figures
from benchmarks.bench.figures import OURS, PEER, Round
from benchmarks.bench.page import BEGIN, END, filled
from benchmarks.bench.page import figures as markdown
from benchmarks.bench.report import figures_table, ratios_table

GOOD = Round(
    rps=10_000.0, p50_ms=3.0, p99_ms=6.0, busy=0.98, proxy_us=80.0, store_us=20.0, wide_rps=12_000.0,
    wide_p99_ms=30.0, burst_ms=150.0, lost=0, burst_lost=0, wrong=0, matched=1.0, missed=0, unstripped=0, guessed=0,
    faults=0, store_calls=700, vector=14.0, rss_mb=90.0, receive_buffer=4_194_304, drops=0, drain_s=0.2,
    acct_rps=6_000.0, acct_p99_ms=9.0, acct_proxy_us=120.0, acct_store_us=40.0, one_p50_ms=0.6, one_p99_ms=2.0,
    open_rate=2_500.0, open_p50_ms=0.7, open_p99_ms=1.9, frozen_v4_p99_ms=2.5, frozen_lost=0,
)  # fmt: skip


def other(rps: float, proxy_us: float, store_us: float | None = 40.0) -> Round:
    """A round of the peer."""
    return dataclasses.replace(GOOD, rps=rps, proxy_us=proxy_us, store_us=store_us)


def test_ratios_are_taken_within_a_round_and_their_median_counts() -> None:
    """A round in which the machine was slow strikes both, and one odd round does not decide."""
    ours = [dataclasses.replace(GOOD, rps=rps) for rps in (10_000.0, 5_000.0, 10_000.0)]
    peer = [other(5_000.0, 160.0), other(2_500.0, 160.0), other(1_000.0, 160.0)]

    found = figures.ratios({OURS: ours, PEER: peer})

    assert 2.0 == found["ratio_throughput"]
    assert 2.0 == found["ratio_cpu"]


def test_processor_time_is_that_of_proxy_and_store() -> None:
    """A store that works for the proxy is part of the price."""
    assert 100.0 == GOOD.cpu_us
    assert 160.0 == GOOD.acct_cpu_us
    assert 80.0 == dataclasses.replace(GOOD, store_us=None).cpu_us
    assert dataclasses.replace(GOOD, proxy_us=None, store_us=None).cpu_us is None


def test_there_is_no_ratio_without_the_peer() -> None:
    """What was not measured is not made up."""
    assert {None} == set(figures.ratios({OURS: [GOOD]}).values())


def test_losses_add_up_over_the_rounds_and_rates_do_not() -> None:
    """One loss in one round is a loss; of rates the median counts."""
    rounds = [dataclasses.replace(GOOD, lost=lost, rps=rps) for lost, rps in ((0, 9.0), (3, 10.0), (0, 14.0))]

    found = figures.summary(rounds)

    assert (3, 10.0, 3, 2100) == (found["lost"], found["rps"], found["rounds"], found["store_calls"])


def test_what_was_not_measured_stays_empty() -> None:
    """A case without a store has no calls to one."""
    found = figures.summary([dataclasses.replace(GOOD, store_calls=None, open_p99_ms=None)])

    assert (None, None) == (found["store_calls"], found["open_p99_ms"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"wrong": 1}, "1 requests were put on a wrong line"),
        ({"store_calls": 0}, "the store was not asked"),
        ({"faults": 2}, "2 packets had a wrong authenticator, password or code"),
        ({"unstripped": 4}, "4 requests came to AAA with their enterprise number"),
        ({"matched": 0.5}, "only 50% of the requests without line id were put on their line"),
    ],
    ids=["wrong", "no store", "faults", "not stripped", "not matched"],
)
def test_a_run_that_did_not_do_the_job_is_void(change: dict[str, float], reason: str) -> None:
    """One round is enough."""
    assert [] == figures.void([GOOD, GOOD])
    assert [reason] == figures.void([GOOD, dataclasses.replace(GOOD, **change)])  # type: ignore[arg-type]


def test_the_tables_show_every_case_and_leave_gaps_where_nothing_was_measured() -> None:
    """Each case has its column; the object behind them can be written as JSON."""
    cases = {OURS: [GOOD], "sink": [dataclasses.replace(GOOD, proxy_us=None, store_us=None, acct_rps=None)]}
    titles = {OURS: "bngcorr", "sink": "sink alone"}
    result: figures.Json = {
        "rounds": 1,
        **figures.ratios(cases),
        "cases": {name: figures.summary(rounds) for name, rounds in cases.items()},
    }
    console = Console(width=120)
    with console.capture() as shown:
        console.print(figures_table(result, titles, {"window": 32, "wide": 256, "burst": 2000}))
    rows = {line.split("│")[1].strip(): line.split("│")[2:4] for line in shown.get().splitlines() if "│" in line}

    assert ["120.0", "120.0"] == [cell.strip() for cell in rows["CPU µs a record: proxy"]]
    assert ["80.0", "–"] == [cell.strip() for cell in rows["CPU µs a request: proxy"]]
    assert ratios_table(result, titles) is None
    json.dumps(result)


def test_the_page_gets_its_figures_where_they_belong() -> None:
    """What stood there before goes, all else stays; each row has a cell for each case."""
    cases = {OURS: [GOOD], PEER: [other(5_000.0, 160.0)]}
    machine = {"cores": 2, "processor": "a processor", "pinned": True, "kernel": "6.1.0-9", "python": "3.11.2"}
    result = {
        **figures.ratios(cases), "machine": machine, "build": "compiled", "rounds": 3, "seconds": 4.0,
        "identification": None, "cases": {name: figures.summary(rounds) for name, rounds in cases.items()},
    }  # fmt: skip
    page = filled(f"before\n{BEGIN}\nold\n{END}\nafter\n", markdown(result))

    assert ("before", "after", False) == (page.splitlines()[0], page.splitlines()[-1], "old" in page)
    assert "| throughput | 2.00 |" in page
    assert "| proxy and store | 100.0 | 200.0 |" in page
