"""One customer is taken out of the history's files, and nobody else."""

from __future__ import annotations

import gzip
import threading
from pathlib import Path

import pytest

from bngcorr.accountant.history.day_file import day_files
from bngcorr.accountant.history.deletion import Forgotten, forget
from bngcorr.accountant.history.files import Folder
from bngcorr.accountant.history.format import as_line, read_line
from bngcorr.accountant.history.held import Held
from bngcorr.accountant.history.search import chunks
from bngcorr.accountant.history.subject import Subject
from bngcorr.model.mac import Mac
from tests.accountant.history.sessions import DAY_S, LINE, MAC, T0, held

OTHER = held(
    "v4||203.0.113.7", remote_id=b"olt7/2", mac=Mac(bytes.fromhex("000e8f000002")), user_name="bob", line="f" * 24
)
FIRST, PACKED, LAST = "2026-11-24.jsonl", "2026-11-24-2.jsonl.gz", "2026-11-25.jsonl"


def fill(directory: Path, *, then: bytes = b"") -> None:
    """Three files: alice and bob, both packed, and bob alone."""
    both = as_line(held()) + as_line(OTHER) + then
    (directory / FIRST).write_bytes(both)
    (directory / PACKED).write_bytes(gzip.compress(both))
    (directory / LAST).write_bytes(as_line(OTHER))


def kept(directory: Path) -> dict[str, list[Held | None]]:
    """What each file says."""
    return {
        file.name: [read_line(line) for lines in chunks(directory, file, lambda _: None) for line in lines]
        for file in day_files(directory.iterdir())
    }


def gone(directory: Path, subject: Subject, *, dry_run: bool = False) -> Forgotten:
    """What was taken out."""
    return forget(directory, subject, lambda _: None, dry_run=dry_run)


@pytest.mark.parametrize(
    "subject",
    [
        Subject(remote_id=b"olt7/1"), Subject(mac=MAC), Subject(user_name="alice"), Subject(line=LINE),
        Subject(remote_id=b"olt7/1", circuit_id=b"eth 1/1"), Subject(circuit_id=b"eth 1/1", mac=MAC),
    ],
    ids=["remote-id", "mac", "user-name", "line", "both ids", "circuit-id and mac"],
)  # fmt: skip
def test_all_lines_of_one_customer_go_from_all_files(tmp_path: Path, subject: Subject) -> None:
    """Packed ones stay packed, others' lines stay, and it is told how many went."""
    fill(tmp_path)
    done = gone(tmp_path, subject)

    assert {FIRST: [OTHER], PACKED: [OTHER], LAST: [OTHER]} == kept(tmp_path)
    assert (2, 2, 3, {("d1", LINE)}) == (done.hosts, done.files, done.of_files, done.lines)
    assert {FIRST, PACKED, LAST} == {path.name for path in tmp_path.iterdir()} - {".lock"}
    assert {0o600} == {(tmp_path / name).stat().st_mode & 0o777 for name in (FIRST, PACKED)}


@pytest.mark.parametrize(
    "subject",
    [Subject(remote_id=b"olt7/"), Subject(mac=MAC, user_name="bob"), Subject(user_name="Alice"), Subject()],
    ids=["part of an id", "two that do not fit together", "other letters", "nobody"],
)
def test_what_does_not_fit_as_a_whole_stays(tmp_path: Path, subject: Subject) -> None:
    """Files that have nothing of the customer are not touched."""
    fill(tmp_path)
    before = {path.name: path.stat().st_ino for path in tmp_path.iterdir()}
    done = gone(tmp_path, subject)

    assert 0 == done.hosts
    assert before == {path.name: path.stat().st_ino for path in tmp_path.iterdir()}


def test_a_dry_run_tells_the_same_and_changes_nothing(tmp_path: Path) -> None:
    """It can be looked at first."""
    fill(tmp_path)
    before = kept(tmp_path)
    would = gone(tmp_path, Subject(mac=MAC), dry_run=True)

    assert before == kept(tmp_path)
    assert would == gone(tmp_path, Subject(mac=MAC))


def test_torn_lines_go_as_well(tmp_path: Path) -> None:
    """They say nothing, but may hold a name; what another version wrote goes only if it has the name."""
    torn = as_line(held())[:200]
    foreign = b'{"v":2,"user_name":"bob"}\n', b'{"v":2,"user_name":"alice"}\n'
    fill(tmp_path, then=torn + b"\n" + foreign[0] + foreign[1] + torn)
    done = gone(tmp_path, Subject(user_name="alice"))

    assert as_line(OTHER) + foreign[0] == (tmp_path / FIRST).read_bytes()
    assert (4, 4) == (done.hosts, done.torn)


def test_a_name_with_odd_letters_is_found(tmp_path: Path) -> None:
    """As the file writes it."""
    name = 'zoë "z" \udcff'
    (tmp_path / FIRST).write_bytes(as_line(held(user_name=name)) + as_line(OTHER))

    assert 1 == gone(tmp_path, Subject(user_name=name)).hosts


def test_a_file_that_can_not_be_read_is_told(tmp_path: Path) -> None:
    """And the others are done."""
    fill(tmp_path)
    (tmp_path / PACKED).write_bytes(b"no gzip")
    done = gone(tmp_path, Subject(mac=MAC))

    assert [PACKED] == [one.partition(":")[0] for one in done.unread]
    assert as_line(OTHER) == (tmp_path / FIRST).read_bytes()
    assert b"no gzip" == (tmp_path / PACKED).read_bytes()


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    """Half of a new file is nobody's: the old one still counts, and a customer does not survive in a leftover."""
    fill(tmp_path)
    (tmp_path / (FIRST + ".new")).write_bytes(as_line(held()))
    done = gone(tmp_path, Subject(mac=MAC))

    assert 2 == done.hosts
    assert {FIRST, PACKED, LAST} == {path.name for path in tmp_path.iterdir()} - {".lock"}


def test_what_is_appended_meanwhile_is_kept(tmp_path: Path) -> None:
    """Two writers append while one customer is forgotten again and again: no line of another is lost or doubled."""
    folder = Folder(tmp_path, keep_s=DAY_S, max_octets=1 << 30, now_s=lambda: T0 / 1000)
    wanted, rounds = 2, 40
    failures: list[Exception] = []

    def write(writer: int) -> None:
        try:
            for number in range(rounds):
                folder.append(
                    [as_line(held()), as_line(held(user_name="bob", mac=None, session_id=b"%d %d" % (writer, number)))],
                    wait_s=20.0,
                )
        except OSError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(wanted)]
    for thread in threads:
        thread.start()
    taken = 0
    while any(thread.is_alive() for thread in threads):
        taken += gone(tmp_path, Subject(mac=MAC)).hosts
    taken += gone(tmp_path, Subject(mac=MAC)).hosts
    sessions = [one.session_id for one in kept(tmp_path)[LAST] if one is not None]

    assert [] == failures
    assert wanted * rounds == taken
    assert sorted(b"%d %d" % (writer, number) for writer in range(wanted) for number in range(rounds)) == sorted(
        sessions
    )
