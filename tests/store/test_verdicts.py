"""Verdicts for people: entries of a stream that hold several, cursors into them, and how many entries are kept."""

from __future__ import annotations

import msgpack

from bngcorr.store import verdicts
from bngcorr.store.memory import MemoryStore

from .scene import Scene

HERE = Scene(MemoryStore())
ENTRY = verdicts.packed([HERE.verdict(number) for number in range(3)])


def _numbers(cursor: tuple[str, int] | None, octets: bytes = ENTRY) -> list[tuple[str, int]]:
    return [(at, shown["decided_ms"]) for at, shown in verdicts.behind("7-0", octets, cursor)]


def test_each_verdict_of_an_entry_has_a_cursor() -> None:
    """The first one that of the entry, others with their place behind it."""
    assert [("7-0", 0), ("7-0.1", 1), ("7-0.2", 2)] == _numbers(None)


def test_reading_goes_on_behind_a_cursor() -> None:
    """Of the entry that it is in, only what is behind it; of another one, all."""
    assert [("7-0.2", 2)] == _numbers(("7-0", 1))
    assert [] == _numbers(("7-0", 2))
    assert 3 == len(_numbers(("6-0", 9)))


def test_an_entry_of_another_version_is_left_out() -> None:
    """What can't be read hides nothing else."""
    assert [] == _numbers(None, b"{}")
    assert [] == _numbers(None, msgpack.packb([[1, 2, 3]]))
    assert [] == _numbers(None, b"\xc1")


def test_as_many_entries_are_kept_as_hold_the_verdicts_that_are_to_be_kept() -> None:
    """Before this process wrote anything, an entry may hold one verdict; then its own entries are counted."""
    room = verdicts.Room(10)

    assert [8, 6, 4, 4] == [room.entries(3) for _ in range(4)]
    assert [4, 3] == [room.entries(3), room.entries(4)]
    assert 1 == room.entries(50)
