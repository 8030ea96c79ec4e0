"""`bngcorr hosts` and `bngcorr what-if`: what they print and how they exit."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bngcorr.model.usage import Usage
from tests.cli.canned import run
from tests.web.stage import Figures, config_of, served


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """bng1 grows by 10 hosts a day, bng2 is not known for long."""
    figures = Figures()
    figures.past("bng1", days=8, per_day=10)
    figures.past("bng2", days=1, per_day=0)
    with served(figures) as url:
        yield url


def test_the_table_has_a_row_for_each_bng(url: str) -> None:
    """Hosts by kind, resources, limit, headroom, use, and when it will be full with the range."""
    ran = run("hosts", "--api", url)
    header, _, first, second, third = [line for line in ran.lines.splitlines() if line]

    assert "BNG v4 IA_NA IA_PD SLAAC resources limit headroom use peak full in IPv6" == header
    assert first.startswith("bng1 500 100 100 0 700 1000 300 70.0% 500 (")
    assert first.endswith(") 30 d (30 d … 30 d) 25%")
    assert second.startswith("bng2 100 0 60 60 160 300 140 53.3% 100 (")
    assert second.endswith(" not growing")
    assert "edge 7 0 0 0 7 too few samples" == third
    assert 0 == ran.code


def test_a_bng_that_is_full_in_the_evening_alone_has_headroom_and_is_told_so() -> None:
    """Half of its hosts have gone since: what was spent in the busiest hour is over the limit, what is spent is not."""
    figures = Figures()
    figures.past("bng2", days=3, per_day=0)
    figures.now["bng2"] = Usage(v4=150, sessions=150)
    config = config_of([{"name": "bng2", "limits": {"host_resources": 100}}])
    with served(figures, config) as url:
        full = run("hosts", "--api", url).lines
        figures.now["bng2"] = Usage(v4=50, sessions=50)
        ebb = run("hosts", "--api", url).lines

    assert " -50 150.0% " in full
    assert " is full" in full
    assert "busiest hour" not in full
    assert " 50 50.0% " in ebb
    assert " busiest hour is full" in ebb


@pytest.mark.parametrize("output", ["table", "jsonl"])
def test_a_pipe_that_is_closed_is_no_answer(url: str, output: str) -> None:
    """As with `| head`: it ends as by SIGPIPE, without a word, for 1 would mean something."""
    read, write = os.pipe()
    os.close(read)
    ran = subprocess.run(
        [sys.executable, "-m", "bngcorr", "hosts", "-o", output, "--api", url],
        stdout=write, stderr=subprocess.PIPE, timeout=30, check=False,
    )  # fmt: skip
    os.close(write)

    assert (141, b"") == (ran.returncode, ran.stderr)


@pytest.mark.parametrize("output", ["table", "csv"])
def test_a_full_device_is_no_answer(url: str, output: str) -> None:
    """One line says what is wrong, and the exit code is none that means something else."""
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "bngcorr", "hosts", "-o", output, "--api", url],
            stdout=full, stderr=subprocess.PIPE, timeout=30, check=False,
        )  # fmt: skip

    assert (3, b"bngcorr: standard output: No space left on device\n") == (ran.returncode, ran.stderr)


def test_cards_and_ports_have_their_own_table(url: str) -> None:
    """A row for each card, its name in the second column, and what is on no card behind."""
    found = run("hosts", "bng1", "--by", "card", "--api", url).lines.splitlines()

    assert ["bng1 1 395 5 0 0 400 400 0 100.0%", "bng1 no card (LAG …) 105 0 0 0 105"] == found[3:5]
    assert "edge 198.51.100.2 1/1/1 3 0 0 0 3" in run("hosts", "edge", "--by", "port", "--api", url).lines


def test_programs_get_json_json_lines_or_csv(url: str) -> None:
    """The same rows three times; CSV names what is inside by dots."""
    listed = json.loads(run("hosts", "-o", "json", "--api", url).out)
    lines = [json.loads(line) for line in run("hosts", "-o", "jsonl", "--api", url).out.splitlines()]
    table = list(csv.DictReader(io.StringIO(run("hosts", "-o", "csv", "--api", url).out)))

    assert ["bng1", "bng2", "edge"] == [row["bng"] for row in listed]
    assert listed == lines
    assert [("700", "100", "0.25"), ("160", "0", ""), ("7", "0", "")] == [
        (row["host_resources"], row["usage.ia_na"], row["traffic.v6_share"]) for row in table
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("hosts", "bng9"), "bng='bng9' is none of bng1, bng2, edge"),
        (("hosts", "--days", "99"), "days='99' is not 1 … 60"),
        (("hosts", "--watch", "2", "-o", "csv"), "--watch goes with --output table, not csv"),
        (("hosts", "--watch", "nan"), "--watch nan is not 1 … 3600 seconds"),
        (("what-if", "bng1", "--cost-table", "free"), "cost_table='free' is none of sros-classic"),
        (("what-if", "bng1", "--merge", "bng1"), "merge='bng1' is the BNG itself"),
    ],
)
def test_what_can_not_be_exits_2_and_says_why(url: str, arguments: tuple[str, ...], said: str) -> None:
    """Key and value are named on standard error, and nothing is printed."""
    ran = run(*arguments, "--api", url)

    assert (2, "") == (ran.code, ran.out)
    assert said in ran.err


@pytest.mark.parametrize("verb", [("hosts",), ("what-if", "bng1")])
def test_an_api_that_is_away_exits_3(verb: tuple[str, ...]) -> None:
    """The address that did not answer is named."""
    ran = run(*verb, "--api", "http://127.0.0.1:1")

    assert (3, "") == (ran.code, ran.out)
    assert "http://127.0.0.1:1 does not answer" in ran.err


def test_what_if_shows_before_after_and_difference(url: str) -> None:
    """Dual stack for everybody does not fit, and that is said; so is what was assumed."""
    ran = run("what-if", "bng1", "--dual-stack", "--api", url)

    assert {
        "v4 500 500", "IA_NA 100 500 +400", "host resources 700 1500 +800", "headroom 300 -500 -800",
        "use 70.0% 150.0%",
        "- 400 lines that have only IPv4 get what the 100 lines with IPv6 have on average.",
        "It does not fit: 500 host resources are missing.",
    } <= set(ran.lines.splitlines())  # fmt: skip
    assert 0 == ran.code


def test_what_if_takes_all_steps_together(url: str) -> None:
    """Another BNG's lines, dual stack without IA_NA, at another price; programs get the answer as it is."""
    steps = ("--merge", "bng2", "--dual-stack", "--drop-ia-na", "--cost-table", "halved")
    ran = run("what-if", "bng1", *steps, "-o", "json", "--api", url)
    table = list(csv.reader(io.StringIO(run("what-if", "bng1", *steps, "-o", "csv", "--api", url).out)))
    found = json.loads(ran.out)

    assert ("halved", 0, 6) == (found["after"]["cost_table"], found["after"]["usage"]["ia_na"], len(found["assumed"]))
    assert ["host_resources", "700", str(found["after"]["host_resources"])] in table


def test_watching_draws_again_until_it_is_interrupted(url: str) -> None:
    """On a pipe the table comes again and again; Ctrl-C ends it without a complaint."""
    child = subprocess.Popen(
        [sys.executable, "-u", "-m", "bngcorr", "hosts", "--watch", "1", "--api", url],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "160"},
    )  # fmt: skip
    assert child.stdout is not None
    begun, seen = time.monotonic(), 0
    try:
        while seen < 2 and time.monotonic() < begun + 20:
            seen += "again every 1 s" in child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=10)
    finally:
        child.kill()

    assert (2, 0, "") == (seen, child.returncode, err)
