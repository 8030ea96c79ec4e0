"""The folder of the history: appended to, rotated, packed, dropped; and what a crash leaves behind."""

from __future__ import annotations

import errno
import gzip
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bngcorr.accountant.history.day_file import DayFile, day_files
from bngcorr.accountant.history.files import Folder
from bngcorr.accountant.history.folder_lock import TIDYING, locked
from tests.accountant.history.sessions import DAY_S, T0

MEBIBYTE = 1_048_576


class Years:
    """A folder, and a clock that is moved by hand."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "deep" / "history"
        self.now_s = T0 / 1000
        self.folder = Folder(self.directory, keep_s=30 * DAY_S, max_octets=MEBIBYTE, now_s=lambda: self.now_s)

    def append(self, *lines: bytes) -> None:
        """Lines without their newlines."""
        self.folder.append([line + b"\n" for line in lines])

    def tidy(self, go_on: Callable[[], bool] = lambda: True) -> None:
        """Pack and drop."""
        self.folder.tidy(go_on)

    @property
    def names(self) -> list[str]:
        """Files of the history, in the order of writing."""
        return [file.name for file in day_files(self.directory.iterdir())]

    @property
    def all_names(self) -> set[str]:
        """Whatever is in the folder, but for locks."""
        return {path.name for path in self.directory.iterdir()} - {".lock", ".tidy"}

    def text(self, name: str) -> bytes:
        """What a file says, unpacked."""
        octets = (self.directory / name).read_bytes()
        return gzip.decompress(octets) if name.endswith(".gz") else octets


@pytest.fixture
def years(tmp_path: Path) -> Years:
    """An empty folder, that is not there yet."""
    return Years(tmp_path)


def test_lines_go_into_the_file_of_the_day_that_only_its_owner_may_read(years: Years) -> None:
    """One file a day, in UTC; the folder is made when it is needed."""
    years.append(b"one", b"two")
    years.append(b"three")
    years.now_s += DAY_S
    years.append(b"four")

    assert ["2026-11-25.jsonl", "2026-11-26.jsonl"] == years.names
    assert b"one\ntwo\nthree\n" == years.text("2026-11-25.jsonl")
    assert 0o600 == stat.S_IMODE((years.directory / "2026-11-25.jsonl").stat().st_mode)
    assert 0o700 == stat.S_IMODE(years.directory.stat().st_mode)


def test_a_full_file_is_followed_by_the_next_of_the_day(years: Years) -> None:
    """`max_octets` is not passed."""
    for _ in range(25):
        years.append(b"x" * 99_999)

    assert ["2026-11-25.jsonl", "2026-11-25-2.jsonl", "2026-11-25-3.jsonl"] == years.names
    assert [1_000_000, 1_000_000, 500_000] == [len(years.text(name)) for name in years.names]


def test_a_torn_last_line_stays_alone(years: Years) -> None:
    """A process was killed while it wrote: the next line begins anew."""
    years.append(b"one")
    with (years.directory / "2026-11-25.jsonl").open("ab") as torn:
        torn.write(b'{"address":"203.')
    years.append(b"two")

    assert b'one\n{"address":"203.\ntwo\n' == years.text("2026-11-25.jsonl")


def test_a_full_disk_leaves_nothing_half_written(years: Years, monkeypatch: pytest.MonkeyPatch) -> None:
    """All lines of a call or none: they are tried again as a whole."""
    years.append(b"one")
    write = os.write

    def full_after_a_few(handle: int, octets: bytes) -> int:
        if len(octets) < 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, octets[:5])

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full_after_a_few)
        with pytest.raises(OSError, match="No space"):
            years.append(b"two and more")
    assert b"one\n" == years.text("2026-11-25.jsonl")
    years.append(b"two and more")

    assert b"one\ntwo and more\n" == years.text("2026-11-25.jsonl")


def test_lines_are_durable_before_the_call_returns(years: Years, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file and, when it is new, its name."""
    synced: list[Path] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(Path(f"/proc/self/fd/{handle}").readlink()))
    years.append(b"one")
    years.append(b"two")
    file = years.directory / "2026-11-25.jsonl"

    assert [file, years.directory, file] == synced


def test_older_days_are_packed_and_say_the_same(years: Years) -> None:
    """Today's file stays as it is; a packed one is as private as before."""
    years.append(b"one")
    years.now_s += DAY_S
    years.append(b"two")
    years.tidy()

    assert {"2026-11-25.jsonl.gz", "2026-11-26.jsonl"} == years.all_names
    assert b"one\n" == years.text("2026-11-25.jsonl.gz")
    assert 0o600 == stat.S_IMODE((years.directory / "2026-11-25.jsonl.gz").stat().st_mode)


def test_files_go_when_all_that_they_have_is_older_than_is_kept(years: Years) -> None:
    """Thirty days after the end of their day, and nothing else goes."""
    years.append(b"one")
    stranger = years.directory / "2020-01-01.jsonl.bak"
    stranger.write_text("mine")
    years.now_s = datetime(2026, 12, 25, 23, 59, 59, tzinfo=UTC).timestamp()
    years.tidy()
    before = years.names
    years.now_s += 1
    years.tidy()

    assert ["2026-11-25.jsonl.gz"] == before
    assert {stranger.name} == years.all_names


def test_a_clock_that_goes_back_a_day_overwrites_nothing(years: Years) -> None:
    """The day's file is packed already: another one is begun, and both stay."""
    years.append(b"one")
    years.now_s += DAY_S
    years.tidy()
    years.now_s -= DAY_S
    years.append(b"two")
    years.now_s += DAY_S
    years.tidy()

    assert ["2026-11-25.jsonl.gz", "2026-11-25-2.jsonl.gz"] == years.names
    assert [b"one\n", b"two\n"] == [years.text(name) for name in years.names]


def test_what_a_killed_packing_left_is_cleared(years: Years) -> None:
    """Half a packed file goes; if both are whole, both stay, for a line may stand twice but not be lost."""
    years.append(b"one")
    years.now_s += DAY_S
    (years.directory / "2026-11-25.jsonl.pack").write_bytes(b"half")
    (years.directory / "2026-11-25.jsonl.gz").write_bytes(gzip.compress(b"one\n"))
    years.tidy()

    assert {"2026-11-25.jsonl.gz", "2026-11-25-2.jsonl.gz"} == years.all_names
    assert b"one\n" == years.text("2026-11-25-2.jsonl.gz")


def test_packing_ends_when_the_process_does(years: Years) -> None:
    """Nothing half done is left; the next time it is done."""
    years.append(b"one")
    years.now_s += DAY_S
    answers = iter([True, False])
    years.tidy(lambda: next(answers))

    assert {"2026-11-25.jsonl"} == years.all_names


def test_a_file_that_changed_while_it_was_packed_stays(years: Years) -> None:
    """Somebody was forgotten meanwhile: the packed copy, in which he stands, goes."""
    years.append(b"one", b"two")
    years.now_s += DAY_S
    path = years.directory / "2026-11-25.jsonl"
    asked = []

    def rewrite() -> bool:
        asked.append(1)
        if len(asked) == 2:  # the first is about the file, the second about its first chunk
            path.write_bytes(b"one\n")
        return True

    years.tidy(rewrite)

    assert {"2026-11-25.jsonl"} == years.all_names


def test_one_process_tidies_at_a_time(years: Years) -> None:
    """The other comes again later; appending goes on meanwhile."""
    years.append(b"one")
    with locked(years.directory, 0.0, TIDYING):
        with pytest.raises(BlockingIOError):
            years.tidy()
        years.append(b"two")

    assert b"one\ntwo\n" == years.text("2026-11-25.jsonl")


def test_who_appends_waits_for_who_forgets_but_not_for_ever(years: Years) -> None:
    """It is tried again later."""
    years.append(b"one")
    with locked(years.directory, 0.0), pytest.raises(BlockingIOError):
        years.folder.append([b"two\n"], wait_s=0.03)

    assert b"one\n" == years.text("2026-11-25.jsonl")


@pytest.mark.parametrize(
    "name", ["2026-11-25.json", "2026-11-25-1.jsonl", "2026-11-25-02.jsonl", "2026-02-30.jsonl", ".lock", "x.jsonl.gz"]
)
def test_files_of_others_are_left_alone(name: str) -> None:
    """Only names that we give are ours."""
    assert DayFile.read(name) is None
