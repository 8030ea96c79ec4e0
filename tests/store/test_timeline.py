"""Timelines as they are stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgpack
import pytest

from bngcorr.errors import StoreError
from bngcorr.store.aside import MOST_WAITING, Aside
from bngcorr.store.lane import Command, Reply
from bngcorr.store.memory import MemoryStore
from bngcorr.store.timeline import ABOUT as ABOUT_MARK
from bngcorr.store.timeline import ENTRY, Entry, RequestEntry, entries

from .scene import Scene
from .subjects import NOW, line

EVENT = Scene(MemoryStore()).verdict(7, of=1)
ABOUT, MOMENT = EVENT.about, EVENT.moment
OTHER = msgpack.packb([1, "of another version"])


def _told(about: bytes, *moments: bytes, name: bytes = b"1234") -> list[bytes]:
    return [ABOUT_MARK + name + about, *(ENTRY + name + moment for moment in moments)]


def _read(elements: list[bytes], most: int = 0) -> list[Entry]:
    return entries("metro", line(1), elements, most)


def test_entries_share_what_they_are_about() -> None:
    """One about serves any number of moments."""
    assert [NOW, NOW] == [entry.at_ms for entry in _read(_told(ABOUT, MOMENT, MOMENT))]


def test_an_entry_of_another_version_is_left_out_of_a_timeline() -> None:
    """What can't be read hides nothing else, whichever part it is; nor does an entry about what is not there."""
    other = _told(OTHER, MOMENT, name=b"othr")
    some = [*other[:1], *_told(ABOUT, b"\xc1", MOMENT, OTHER), *other[1:], ENTRY + b"none" + MOMENT, b"\2", b""]

    assert 1 == len(_read(some))


def test_no_octets_make_reading_fail() -> None:
    """Whatever is cut short."""
    for element in _told(ABOUT, MOMENT):
        for size in range(len(element)):
            assert len(_read([*_told(ABOUT, MOMENT), element[:size]])) <= 1


def test_so_many_are_told_as_the_line_keeps() -> None:
    """The last ones, of all that stand there."""
    moments = [Scene(MemoryStore()).verdict(number, of=1).moment for number in (1, 2, 3)]

    def told(most: int) -> list[int]:
        found = _read(_told(ABOUT, *moments), most)
        return [entry.over_ms - NOW for entry in found if isinstance(entry, RequestEntry)]

    assert [2, 3] == told(2)
    assert [1, 2, 3] == told(4)
    assert [1, 2, 3] == told(0)


class Slow:
    """A lane of a cluster on which what was asked first takes longest."""

    def __init__(self) -> None:
        self.arrived: list[Command] = []
        self._wait_s = 0.05

    async def run_each(self, commands: Sequence[Command], _: float) -> list[Reply]:
        """No reply; the second command is lost with its node."""
        self._wait_s, wait_s = 0.0, self._wait_s
        await asyncio.sleep(wait_s)
        self.arrived += commands
        if ("b", "0") in commands:
            raise StoreError("it is away")
        return [None] * len(commands)


@pytest.mark.asyncio
async def test_timelines_of_a_domain_arrive_in_their_order() -> None:
    """One that is slow, or lost, lets no later one go ahead; so many wait, and those of other domains do not."""
    lane = Slow()
    aside = Aside(lane.run_each)
    for number in range(MOST_WAITING + 3):
        aside.tell(["a", "b"], [("a", str(number)), ("b", str(number))])
        await asyncio.sleep(0)
    await aside.told()

    assert [str(number) for number in range(MOST_WAITING + 1)] == [number for of, number in lane.arrived if of == "a"]
    assert [str(number) for number in range(MOST_WAITING + 3)] == [number for of, number in lane.arrived if of == "b"]
    assert lane.arrived[0][0] == "b"
