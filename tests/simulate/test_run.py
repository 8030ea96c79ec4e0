"""Small runs from end to end: the product's rules, a real store, and what comes out."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from bngcorr.cli import app
from bngcorr.simulate.part import Task
from bngcorr.simulate.part import run as run_part
from bngcorr.simulate.population import populate
from bngcorr.simulate.run import Options, Result, deal, simulate
from bngcorr.simulate.timeline import tell
from tests.service.process import bngcorr

LINES = 300
DAYS = 0.5


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """A run in one process, and its journal."""
    journal = tmp_path_factory.mktemp("alone") / "journal.jsonl"
    return _run(journal, workers=1), journal


def _run(journal: Path, *, workers: int) -> Result:
    options = Options(lines=LINES, seed=7, days=DAYS, journal=journal, workers=workers)
    return simulate(options, _ignored)


def _ignored(_share: float, _requests: int) -> None:
    pass


def test_nobody_is_put_on_a_wrong_line(alone: tuple[Result, Path]) -> None:
    """A small population, half a day: no wrong identity, nearly all attributable requests matched, all told of."""
    result, journal = alone
    tally = result.tally
    rows = [json.loads(row) for row in journal.read_text().splitlines()]
    attributable = [row for row in rows if row["truth"]["attributable"]]

    assert tally.ok
    assert 0 == tally.wrong == sum(row["wrong"] for row in rows)
    assert 200 < tally.attributable == len(attributable)
    assert tally.matched == sum(row["named"] == [row["truth"]["line"]] for row in attributable)
    assert tally.kludge_matched < tally.matched
    assert tally.requests == len(rows)
    assert 24 == result.boxes == len({row["bng"] for row in rows})


def test_a_seed_gives_the_same_journal_however_many_processes_write_it(
    alone: tuple[Result, Path], tmp_path: Path
) -> None:
    """The same seed, one process or two, packed or not: the same rows."""
    first, one = alone
    two = tmp_path / "two.jsonl.gz"
    second = _run(two, workers=2)

    assert one.read_bytes() == gzip.decompress(two.read_bytes())
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


def _verb(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str, str]:
    """`bngcorr simulate` with these arguments, in this process: exit code, standard output, standard error."""
    with pytest.raises(SystemExit) as ended:
        app(["simulate", *arguments], exit_on_error=False)
    return ended.value.code, *capsys.readouterr()


def test_the_last_line_of_the_output_is_the_result(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Tables for people, then one JSON object; with several seeds one before for each, and a journal each."""
    options = ("--lines", "60", "--days", "0.25", "--seeds", "2", "--workers", "1")
    code, out, err = _verb(capsys, *options, "--journal", str(tmp_path / "j.jsonl.gz"))
    lines = out.splitlines()
    last = json.loads(lines[-1])

    assert 0 == code, err
    assert ([1, 2], 60, 24, True) == (last["seeds"], last["lines"], last["bngs"], last["ok"])
    assert last["attributable"] == sum(json.loads(line)["attributable"] for line in lines[:2])
    assert any("attributable" in line for line in lines[2:-1])
    assert {"j-1.jsonl.gz", "j-2.jsonl.gz"} == {path.name for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--lines", "5"], "--lines 5: at least 24"), (["--days", "0"], "--days 0"), (["--seeds", "0"], "--seeds 0")],
)
def test_what_makes_no_sense_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], said: str) -> None:
    """Too few lines, no time, no seed: exit 2 and a sentence that names option and value."""
    code, _, err = _verb(capsys, *arguments)

    assert 2 == code
    assert said in err


def test_a_journal_that_can_not_be_written_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A folder that is not there: exit 1 and the name, before anything runs."""
    missing = tmp_path / "no" / "journal.jsonl"
    code, _, err = _verb(capsys, "--lines", "24", "--journal", str(missing))

    assert 1 == code
    assert str(missing) in err


def test_an_interrupted_run_leaves_nothing_behind(tmp_path: Path) -> None:
    """Ctrl-C: processes and stores end, their folders go."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    running = subprocess.Popen(
        bngcorr("simulate", "--lines", "600", "--days", "5", "--workers", "2", "--json"),
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
