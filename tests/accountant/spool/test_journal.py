"""The file's thread: groups, order of what it tells, bounds, and what SIGKILL leaves."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from bngcorr.accountant.spool.file import Bounds, SpoolFile
from bngcorr.accountant.spool.journal import Journal
from bngcorr.accountant.spool.row import Row

from .rows import row

BOUNDS = Bounds(records=1_000, octets=1 << 26)
KILLS = int(os.environ.get("BNGCORR_KILLS", "3"))


class Scene:
    """A journal, and what it told."""

    def __init__(self, path: Path, bounds: Bounds = BOUNDS) -> None:
        self.groups: list[list[int]] = []
        self.errors: list[str] = []
        self.refused = 0  # rows
        self.told: list[object] = []
        self.journal = Journal(path, bounds, self._committed)

    def _committed(self, rows: list[Row], error: str | None, took_s: float) -> None:
        assert took_s >= 0
        if error is None:
            self.groups.append([each.seq for each in rows])
            self.told.extend(each.seq for each in rows)
        else:
            self.errors.append(error)
            self.refused += len(rows)

    def append(self, count: int, size: int = 200) -> list[int]:
        """So many rows."""
        seqs = [self.journal.next_seq() for _ in range(count)]
        for seq in seqs:
            self.journal.append(row(seq, size=size))
        return seqs

    async def until(self, count: int) -> None:
        """Wait until so many are durable."""
        async with asyncio.timeout(10):
            while self.refused + sum(map(len, self.groups)) < count:  # noqa: ASYNC110 -- the thread tells nobody else
                await asyncio.sleep(0.002)

    def read(self, rows: list[Row] | None, last: int) -> None:
        """As a reader."""
        assert rows is not None
        self.told.append(([each.seq for each in rows], last))


async def until_records(journal: Journal, count: int) -> None:
    """Wait until it holds so many."""
    async with asyncio.timeout(10):
        while journal.records != count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.mark.asyncio
async def test_all_that_waits_is_one_group(tmp_path: Path) -> None:
    """What came in one wake-up of the loop is one transaction, whatever its length."""
    scene = Scene(tmp_path / "spool.db")
    await scene.journal.open()
    seqs = scene.append(300)
    await scene.until(300)
    await scene.journal.close()

    assert seqs == [seq for group in scene.groups for seq in group]
    assert len(scene.groups) < 20
    assert 300 == SpoolFile(tmp_path / "spool.db", BOUNDS).records


@pytest.mark.asyncio
async def test_a_page_is_told_after_every_row_that_can_be_in_it(tmp_path: Path) -> None:
    """Whoever reads page by page and hears of new rows misses none in between."""
    scene = Scene(tmp_path / "spool.db")
    await scene.journal.open()
    for _ in range(20):
        scene.append(3)
        scene.journal.unsent(0, 1_000, scene.read)
        await asyncio.sleep(random.Random(1).uniform(0, 0.003))
    await scene.until(60)
    await scene.journal.close()
    known: list[object] = []
    for told in scene.told:
        if isinstance(told, tuple):
            assert told[0] == known[: len(told[0])] == known
        else:
            known.append(told)


@pytest.mark.asyncio
async def test_marks_reach_the_file_and_are_seen_by_the_next_page(tmp_path: Path) -> None:
    """Rows that are done with are in no page that is asked for afterwards, and leave the count."""
    scene = Scene(tmp_path / "spool.db")
    await scene.journal.open()
    scene.append(4)
    await scene.until(4)
    scene.journal.mark_sent(1)
    scene.journal.mark_learnt(1)
    scene.journal.mark_sent(2)
    scene.journal.unsent(0, 9, scene.read)
    await until_records(scene.journal, 3)
    await scene.journal.close()

    assert ([3, 4], 4) == scene.told[-1]


@pytest.mark.asyncio
async def test_it_is_full_by_records_and_by_octets_and_has_room_again(tmp_path: Path) -> None:
    """What waits for the disk counts as well; nothing has to be restarted."""
    scene = Scene(tmp_path / "spool.db", Bounds(records=10, octets=1 << 20))
    await scene.journal.open()
    assert scene.journal.full is None
    scene.append(10)
    full = [scene.journal.full]
    await scene.until(10)
    for seq in range(1, 6):
        scene.journal.mark_sent(seq)
        scene.journal.mark_learnt(seq)
    await until_records(scene.journal, 5)
    full.append(scene.journal.full)
    await scene.journal.close()

    assert ["max_records 10 reached", None] == full


@pytest.mark.asyncio
async def test_a_disk_that_takes_nothing_is_told_and_the_next_group_tries_again(tmp_path: Path) -> None:
    """Rows of a failed group are refused; the error goes when a group goes through."""
    scene = Scene(tmp_path / "spool.db", Bounds(records=10**6, octets=1 << 20))
    await scene.journal.open()
    tried = 0
    while not scene.errors:
        tried += len(scene.append(100, size=4_000))
        await scene.until(tried)
    trouble = scene.journal.trouble
    done = [seq for group in scene.groups for seq in group]
    for seq in done:
        scene.journal.mark_sent(seq)
        scene.journal.mark_learnt(seq)
    await until_records(scene.journal, 0)
    scene.append(1)
    await scene.until(tried + 1)
    await scene.journal.close()

    assert ["SQLITE_FULL: database or disk is full", None] == [trouble, scene.journal.trouble]


@pytest.mark.asyncio
async def test_a_disk_that_hangs_stops_nobody_and_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop goes on; a bounded number of rows waits; all of them are durable when the disk answers again."""
    monkeypatch.setattr("bngcorr.accountant.spool.journal.STALLED_S", 0.02)
    monkeypatch.setattr("bngcorr.accountant.spool.journal.MOST_PENDING", 5)
    answers = threading.Event()
    insert = SpoolFile.insert

    def hang(file: SpoolFile, rows: list[Row]) -> None:
        answers.wait(10)
        insert(file, rows)

    monkeypatch.setattr(SpoolFile, "insert", hang)
    scene = Scene(tmp_path / "spool.db")
    await scene.journal.open()
    scene.append(5)
    await asyncio.sleep(0.1)
    during = (scene.journal.trouble, scene.journal.full, len(scene.groups))
    answers.set()
    await scene.until(5)
    await scene.journal.close()

    assert ("disk has not answered for 0 s", "disk too slow, 5 records wait for it", 0) == during
    assert (None, None) == (scene.journal.trouble, scene.journal.full)


WRITER = """
import asyncio, sys
from pathlib import Path
from bngcorr.accountant.spool.file import Bounds
from bngcorr.accountant.spool.journal import Journal
from tests.accountant.spool.rows import row

async def main():
    def committed(rows, error, took_s):
        assert error is None, error
        print("\\n".join(str(each.seq) for each in rows), flush=True)
    journal = Journal(Path(sys.argv[1]), Bounds(records=10**6, octets=1 << 30), committed)
    await journal.open()
    print("open", journal.last_seq, flush=True)
    while True:
        for _ in range(20):
            journal.append(row(journal.next_seq()))
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


@pytest.mark.timeout(60 + 5 * KILLS)
def test_every_row_that_was_told_durable_is_there_after_sigkill(tmp_path: Path) -> None:
    """Killed at random moments, again and again on the same file: nothing is missing, nothing has to be repaired."""
    told: set[int] = set()
    for _ in range(KILLS):
        with (tmp_path / "errors").open("wb") as errors:
            child = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(tmp_path / "spool.db")],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
            assert child.stdout is not None
            opened = child.stdout.readline().split()
            time.sleep(random.uniform(0.05, 0.4))
            child.kill()
            words = child.stdout.read().split("\n")
            child.wait(5)
            child.stdout.close()
        assert "open" == (opened or [""])[0], (tmp_path / "errors").read_text()
        assert int(opened[1]) >= max(told, default=0)
        told |= {int(word) for word in words[:-1]}
    file = SpoolFile(tmp_path / "spool.db", BOUNDS)
    there: set[int] = set()
    after = 0
    while True:
        rows, last = file.unsent(after, 5_000)
        if not last:
            break
        there |= {each.seq for each in rows}
        after = last
    with contextlib.suppress(OSError):
        file.close()

    assert len(told) > 100 * KILLS
    assert set() == told - there
