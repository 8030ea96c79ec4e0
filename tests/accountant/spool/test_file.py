"""The spool on disk: what is in it, how much may be, and what becomes of files that are no spool."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from bngcorr.accountant.spool.file import Bounds, SpoolError, SpoolFile
from bngcorr.accountant.spool.row import Row

from .rows import MATCHED, SELF_VERIFIED, UNKNOWN, row

BOUNDS = Bounds(records=1_000, octets=1 << 24)


def seqs(found: tuple[list[Row], int]) -> list[int]:
    """Places of the rows that were found."""
    return [each.seq for each in found[0]]


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    """Octets, identity and place survive the file, of every kind of verdict and of records without a session."""
    rows = [
        row(1),
        row(2, verdict=MATCHED, changed=b"\x28\x06\0\0\0\1"),
        row(3, verdict=UNKNOWN, session=None),
        row(4, verdict=SELF_VERIFIED, domain="d2"),
        row(5, restart=True, session=None),
        *(row(seq) for seq in range(6, 100)),
    ]
    file = SpoolFile(tmp_path / "spool.db", BOUNDS)
    file.insert(rows)
    file.close()
    again = SpoolFile(tmp_path / "spool.db", BOUNDS)

    assert (rows, 99) == again.unsent(0, 1_000)
    assert (99, 99, ["d1", "d2"]) == (again.records, again.last_seq, sorted(again.unlearnt))
    assert rows[0].wall_ms == again.oldest_ms


def test_a_row_goes_when_it_is_both_sent_and_learnt(tmp_path: Path) -> None:
    """In whichever order that becomes true, at once or one after the other."""
    file = SpoolFile(tmp_path / "spool.db", BOUNDS)
    file.insert([row(seq) for seq in range(1, 6)])
    gone = [file.mark([1, 2], [2, 3]), file.mark([3], [1]), file.mark([4], []), file.mark([], [5])]

    assert [1, 2, 0, 0] == gone
    assert ([5], [4]) == (seqs(file.unsent(0, 9)), seqs(file.unlearnt_of("d1", 0, 9)))
    file.close()
    assert 2 == SpoolFile(tmp_path / "spool.db", BOUNDS).records


def test_rows_are_read_page_by_page_and_by_domain(tmp_path: Path) -> None:
    """Each page begins behind the last; restarts can be asked for alone."""
    file = SpoolFile(tmp_path / "spool.db", BOUNDS)
    file.insert([row(seq, domain=f"d{seq % 2}", restart=seq % 5 == 0) for seq in range(1, 11)])

    assert ([1, 2, 3, 4], 4) == (seqs(file.unsent(0, 4)), file.unsent(0, 4)[1])
    assert [5, 6] == seqs(file.unsent(4, 2))
    assert ([], 0) == file.unsent(10, 4)
    assert [3, 5, 7] == seqs(file.unlearnt_of("d1", 1, 3))
    assert [5, 10] == seqs(file.restarts(9))


def test_a_group_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    """A place that is taken already refuses its whole group, and the next one goes in."""
    file = SpoolFile(tmp_path / "spool.db", BOUNDS)
    file.insert([row(7)])
    with pytest.raises(sqlite3.IntegrityError):
        file.insert([row(5), row(6), row(7)])
    file.insert([row(8)])

    assert [7, 8] == seqs(file.unsent(0, 9))


def test_the_file_is_bounded_and_has_room_for_marks_when_it_is_full(tmp_path: Path) -> None:
    """Beyond max_octets SQLite itself refuses; what is done with can still go, and then there is room again."""
    file = SpoolFile(tmp_path / "spool.db", Bounds(records=10**6, octets=1 << 20))
    last = 0
    with pytest.raises(sqlite3.OperationalError, match="full"):  # noqa: PT012 -- one of many does not fit
        for first in range(1, 100_000, 100):
            file.insert([row(seq, size=1_000) for seq in range(first, first + 100)])
            last = first + 99
    file.look()
    full = file.octets
    places = range(1, last + 1)
    assert last == file.mark(places, places)
    file.insert([row(last + 1)])
    file.mark([], [])
    file.look()

    on_disk = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert (1 << 20) <= full <= (1 << 20) + (1 << 21)
    assert on_disk <= (1 << 20) + (1 << 21)
    assert file.octets < 1 << 19


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Who had which address when is personal data: 0600, whatever the umask."""
    mask = os.umask(0)
    try:
        file = SpoolFile(tmp_path / "deeper" / "spool.db", BOUNDS)
        file.insert([row(1)])
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "deeper").iterdir()}
    finally:
        os.umask(mask)

    assert {0o600} == modes


def test_one_process_holds_it(tmp_path: Path) -> None:
    """A second packet process with the same file does not start, and is told why."""
    SpoolFile(tmp_path / "spool.db", BOUNDS).insert([row(1)])
    held = SpoolFile(tmp_path / "held.db", BOUNDS)
    with pytest.raises(SpoolError, match=r"spool.path .*held.db: another process has it open"):
        SpoolFile(tmp_path / "held.db", BOUNDS)
    held.close()
    SpoolFile(tmp_path / "held.db", BOUNDS).close()


def test_what_is_no_spool_is_refused_and_left_alone(tmp_path: Path) -> None:
    """Text, other people's databases, folders and damaged files: a message with the path and what to do."""
    text, folder, other = tmp_path / "text", tmp_path / "folder", tmp_path / "other.db"
    text.write_bytes(b"no database at all, and longer than the header of one " * 40)
    folder.mkdir()
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE theirs (x)")
    database.commit()
    database.close()
    before = other.read_bytes()
    messages = {}
    for path in (text, folder, other, text / "below"):
        with pytest.raises(SpoolError) as raised:
            SpoolFile(path, BOUNDS)
        messages[path.name] = str(raised.value)

    assert "damaged, or no spool" in messages["text"]
    assert "Is a directory" in messages["folder"]
    assert "no spool of this version" in messages["other.db"]
    assert "it has to be a file that can be written" in messages["below"]
    assert all(message.startswith(f"spool.path {tmp_path}") for message in messages.values())
    assert before == other.read_bytes()


def test_a_damaged_page_is_found_when_it_is_opened_or_read(tmp_path: Path) -> None:
    """Garbage in the middle of the file is no silent loss."""
    path = tmp_path / "spool.db"
    file = SpoolFile(path, BOUNDS)
    file.insert([row(seq) for seq in range(1, 500)])
    file.close()
    with path.open("r+b") as opened:
        opened.seek(3 * 4096)
        opened.write(b"\xa5" * 4096 * 20)

    with pytest.raises((SpoolError, sqlite3.DatabaseError)):
        SpoolFile(path, BOUNDS).unsent(0, 1_000)
