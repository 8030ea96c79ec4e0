"""Small runs from end to end: the product's rules, a real store, and what comes out."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bngcorr.simulate.part import Task
from bngcorr.simulate.part import run as run_part
from bngcorr.simulate.population import populate
from bngcorr.simulate.run import Options, Result, deal, simulate
from bngcorr.simulate.timeline import tell

LINES = 300
DAYS = 0.5
VERB = """
import cyclopts
from bngcorr.cli.simulate import simulate
if __name__ == "__main__":
    cyclopts.run(simulate)
"""


@pytest.fixture(scope="module")
def verb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that is the verb alone."""
    path = tmp_path_factory.mktemp("verb") / "simulate.py"
    path.write_text(VERB)
    return path


def _run(journal: Path, *, workers: int) -> Result:
    options = Options(lines=LINES, seed=7, days=DAYS, journal=journal, workers=workers)
    return simulate(options, _ignored)


def _ignored(_share: float, _requests: int) -> None:
    pass


def test_nobody_is_put_on_a_wrong_line(tmp_path: Path) -> None:
    """A small population, half a day: no wrong identity, nearly all attributable requests matched, all told of."""
    result = _run(tmp_path / "journal.jsonl", workers=1)
    tally = result.tally
    rows = [json.loads(row) for row in (tmp_path / "journal.jsonl").read_text().splitlines()]
    attributable = [row for row in rows if row["truth"]["attributable"]]

    assert tally.ok
    assert 0 == tally.wrong == sum(row["wrong"] for row in rows)
    assert 200 < tally.attributable == len(attributable)
    assert tally.matched == sum(row["named"] == [row["truth"]["line"]] for row in attributable)
    assert tally.kludge_matched < tally.matched
    assert tally.requests == len(rows)
    assert 24 == result.boxes == len({row["bng"] for row in rows})


def test_a_seed_gives_the_same_journal_however_many_processes_write_it(tmp_path: Path) -> None:
    """The same seed, one process or three, packed or not: the same rows."""
    one, three = tmp_path / "one.jsonl", tmp_path / "three.jsonl.gz"
    first, second = _run(one, workers=1), _run(three, workers=3)

    assert one.read_bytes() == gzip.decompress(three.read_bytes())
    assert first.tally == second.tally


def test_boxes_are_dealt_out_evenly() -> None:
    """Every box is played once; no process has much more to do than another."""
    stories = tell(populate(lines=3_000, seed=1), days=2)
    hands = deal(stories, 2)
    weights = [sum(sum(map(len, stories[number].watched.values())) for number in hand) for hand in hands]

    assert list(range(24)) == sorted(number for hand in hands for number in hand)
    assert max(weights) < 1.2 * min(weights)


@pytest.mark.asyncio
async def test_progress_is_told(tmp_path: Path) -> None:
    """Virtual time and requests are told as they go."""
    told: list[tuple[int, int]] = []
    task = Task(lines=60, seed=1, days=DAYS, interim_s=900, boxes=(2, 3), journals=tmp_path)
    tally = await run_part(task, lambda moved: told.append((moved.at_ms, moved.requests)))

    assert told == sorted(told)
    assert 0 < told[-1][1] <= tally.requests
    assert {"2.jsonl", "3.jsonl"} == {path.name for path in tmp_path.iterdir()}


def test_the_last_line_of_the_output_is_the_result(verb: Path, tmp_path: Path) -> None:
    """Tables for people, then one JSON object; with several seeds one before for each, and a journal each."""
    journal = tmp_path / "j.jsonl.gz"
    done = subprocess.run(
        [sys.executable, str(verb), "--lines", "60", "--days", "0.25", "--seeds", "2", "--journal", str(journal)],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    lines = done.stdout.splitlines()
    last = json.loads(lines[-1])

    assert 0 == done.returncode, done.stderr
    assert ([1, 2], 60, 24, True) == (last["seeds"], last["lines"], last["bngs"], last["ok"])
    assert last["attributable"] == sum(json.loads(line)["attributable"] for line in lines[:2])
    assert any("attributable" in line for line in lines[2:-1])
    assert {"j-1.jsonl.gz", "j-2.jsonl.gz"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--lines", "5"], "--lines 5: at least 24"), (["--days", "0"], "--days 0"), (["--seeds", "0"], "--seeds 0")],
)
def test_what_makes_no_sense_is_refused(verb: Path, arguments: list[str], said: str) -> None:
    """Too few lines, no time, no seed: exit 2 and a sentence that names option and value."""
    done = subprocess.run(
        [sys.executable, str(verb), *arguments], capture_output=True, text=True, check=False, timeout=60
    )

    assert 2 == done.returncode
    assert said in done.stderr


def test_a_journal_that_can_not_be_written_is_told(verb: Path, tmp_path: Path) -> None:
    """A folder that is not there: exit 1 and the name, before anything runs."""
    missing = tmp_path / "no" / "journal.jsonl"
    done = subprocess.run(
        [sys.executable, str(verb), "--lines", "24", "--journal", str(missing)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert 1 == done.returncode
    assert str(missing) in done.stderr


def test_an_interrupted_run_leaves_nothing_behind(verb: Path, tmp_path: Path) -> None:
    """Ctrl-C: processes and stores end, their folders go."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    running = subprocess.Popen(
        [sys.executable, str(verb), "--lines", "3000", "--json"],
        env=environment, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    deadline = time.monotonic() + 40
    while not list(tmp_path.glob("bngcorr-*/valkey.sock")):
        assert running.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=30)

    assert 130 == running.returncode
    assert b"interrupted" in said
    assert [] == list(tmp_path.glob("bngcorr-*"))
