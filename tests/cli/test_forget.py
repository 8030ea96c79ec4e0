"""`bngcorr forget`: what it says, what it asks, and how it exits."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.accountant.history.sessions import LINE, closed
from tests.cli.history import Desk

ALICE = closed("v4||203.0.113.9", "ia_pd||2001:db8:100:4200::/56")
BOB = closed("v4||203.0.113.7", mac=None, user_name="bob", line="f" * 24)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Alice and Bob are behind one switch, that put its own name as Remote-Id; nobody needs the store."""
    desk = Desk(tmp_path, "redis://127.0.0.1:1/0", "d1")
    desk.write(ALICE, BOB)
    return desk


def text(desk: Desk) -> str:
    """All that the files say."""
    return "".join(path.read_text() for path in desk.directory.glob("*.jsonl"))


@pytest.mark.parametrize(
    "whom",
    [
        ("--mac", "000E.8F00.0001"), ("--user-name", "alice"), ("--line", LINE), ("--remote-id", "olt7/1", "--mac",
         "00:0e:8f:00:00:01"), ("--circuit-id", "0x65746820312f31", "--user-name", "alice"),
    ],
    ids=["mac", "user-name", "line", "remote-id and mac", "circuit-id and user-name"],
)  # fmt: skip
def test_one_customer_is_forgotten(desk: Desk, whom: tuple[str, ...]) -> None:
    """Both of her hosts; it says how many, and what it did not touch."""
    ran = desk.run("forget", *whom, "--yes")

    assert (0, "") == (ran.code, ran.err)
    assert "Deleted 2 entries, in 1 of 1 files." in ran.out
    assert "Sessions in the store are not touched" in ran.out
    assert ("alice" in text(desk), "bob" in text(desk)) == (False, True)
    assert 1 == desk.run("forget", *whom, "--yes").code


def test_a_dry_run_deletes_nothing_and_tells_of_several_lines(desk: Desk) -> None:
    """The Remote-Id is a switch's: two access lines answer to it."""
    before = text(desk)
    ran = desk.run("forget", "--remote-id", "olt7/1", "--dry-run")

    assert 0 == ran.code
    assert "Would delete 3 entries of 2 access lines, in 1 of 1 files." in ran.out
    assert before == text(desk)


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_it_asks_first(desk: Desk, monkeypatch: pytest.MonkeyPatch, answer: str, code: int) -> None:
    """After telling what it would delete; anything but yes is no."""
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdin", terminal)
    ran = desk.run("forget", "--mac", "00:0e:8f:00:00:01")

    assert code == ran.code
    assert "This deletes 2 entries, in 1 of 1 files." in ran.out
    assert ("alice" in text(desk)) == (code == 1)


@pytest.mark.parametrize(
    ("whom", "said"),
    [
        (["--yes"], "say whom"),
        (["--mac", "x", "--yes"], "--mac 'x' is no MAC address"),
        (["--line", "12", "--yes"], "--line '12' is not 24 hexadecimal digits"),
        (["--remote-id", "0xzz", "--yes"], "--remote-id '0xzz' is not hexadecimal"),
        (["--remote-id", "", "--yes"], "--remote-id is empty"),
        (["--user-name", "", "--yes"], "--user-name is empty"),
        (["--mac", "00:0e:8f:00:00:01"], "nobody is there to be asked; give --yes or --dry-run"),
    ],
)
def test_what_is_not_clear_is_refused(desk: Desk, whom: list[str], said: str) -> None:
    """Exit code 2, and nothing is deleted."""
    before = text(desk)
    ran = desk.run("forget", *whom)

    assert 2 == ran.code
    assert said in ran.err
    assert before == text(desk)


def test_files_that_can_not_be_rewritten_are_told(desk: Desk) -> None:
    """Lines may be left there: exit code 3."""
    (desk.directory / "2026-01-01.jsonl.gz").write_bytes(b"no gzip")
    ran = desk.run("forget", "--mac", "00:0e:8f:00:00:01", "--yes")

    assert 3 == ran.code
    assert "2026-01-01.jsonl.gz" in ran.err
    assert "Deleted 2 entries, in 1 of 2 files." in ran.out


@pytest.mark.parametrize(("history", "code"), [({}, 2), ({"directory": "/nonexistent/history"}, 3)])
def test_without_files_there_is_nothing_to_forget(desk: Desk, history: dict[str, str], code: int) -> None:
    """No history is configured, or its folder is not there."""
    desk.configure({"history": history})

    assert code == desk.run("forget", "--user-name", "alice", "--yes").code
