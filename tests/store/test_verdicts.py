"""Requests for people: entries of a stream that hold several, cursors into them, and how many entries are kept."""

from __future__ import annotations

import msgpack

from bngcorr.store import verdicts
from bngcorr.store.lesson import Event


def test_an_entry_of_another_version_is_left_out() -> None:
    """What can't be read hides nothing else."""
    event = Event(domain="metro", line=None, mac=None, about=b"about", moment=b"moment")

    assert [(b"about", b"moment")] == verdicts.unpacked(verdicts.packed([event]))
    assert [] == verdicts.unpacked(b"{}")
    assert [] == verdicts.unpacked(msgpack.packb([[1, 2, 3]]))
    assert [] == verdicts.unpacked(b"\xc1")


def test_a_cursor_names_an_entry_and_a_place() -> None:
    """The first request of an entry has the entry's own name."""
    assert ["7-0", "7-0.2"] == [verdicts.cursor("7-0", place) for place in (0, 2)]
    assert [("7-0", 0), ("7-0", 2)] == [verdicts.read_cursor(text) for text in ("7-0", "7-0.2")]


def test_as_many_entries_are_kept_as_hold_the_verdicts_that_are_to_be_kept() -> None:
    """Before this process wrote anything, an entry may hold one verdict; then its own entries are counted."""
    room = verdicts.Room(10)

    assert [8, 6, 4, 4] == [room.entries(3) for _ in range(4)]
    assert [4, 3] == [room.entries(3), room.entries(4)]
    assert 1 == room.entries(50)
    assert [0, 0] == [verdicts.Room(0).entries(size) for size in (1, 3)]
