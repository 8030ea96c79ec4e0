"""Timelines as they are stored."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import msgpack
import pytest

from bngcorr.errors import StoreError
from bngcorr.store.lane import Command, Lane, Reply
from bngcorr.store.memory import MemoryStore
from bngcorr.store.timeline import Entry, RequestEntry, ring
from bngcorr.store.valkey import MOST_WAITING, ValkeyStore

from .scene import Scene
from .subjects import NOW, line

EVENT = Scene(MemoryStore()).verdict(7, of=1)
ABOUT, MOMENT = EVENT.about, EVENT.moment
OTHER = msgpack.packb([1, "of another version"])


def _ring(abouts: list[bytes], *moments: tuple[int, bytes]) -> bytes:
    parts = [bytes((len(abouts), len(moments)))]
    parts += [len(one).to_bytes(2, "big") + one for one in abouts]
    parts += [bytes((place,)) + len(one).to_bytes(2, "big") + one for place, one in moments]
    return b"".join(parts)


def _read(packed: bytes) -> list[Entry]:
    return ring("metro", line(1), packed)


def test_entries_share_what_they_are_about() -> None:
    """One about serves any number of moments."""
    entries = _read(_ring([ABOUT], (1, MOMENT), (1, MOMENT)))

    assert [NOW, NOW] == [entry.at_ms for entry in entries]


def test_an_entry_of_another_version_is_left_out_of_a_timeline() -> None:
    """What can't be read hides nothing else, whichever part it is."""
    packed = _ring([OTHER, ABOUT], (1, MOMENT), (2, b"\xc1"), (2, MOMENT), (2, OTHER))

    assert 1 == len(_read(packed))


def test_a_timeline_that_is_cut_short_tells_what_is_left() -> None:
    """No octets make reading fail."""
    packed = _ring([ABOUT], (1, MOMENT), (1, MOMENT))

    assert {0, 1, 2} == {len(_read(packed[:size])) for size in range(len(packed) + 1)}
    assert [] == _read(b"\x01\x01\x00\x00\x09\x00\x00")


def test_the_tail_goes_on_where_the_ring_ends() -> None:
    """Of both together so many are told as the tail says; what stands in no ring is about nothing."""
    first, second, third = (Scene(MemoryStore()).verdict(number, of=1).moment for number in (1, 2, 3))
    entry = [bytes((1,)) + len(one).to_bytes(2, "big") + one for one in (second, third)]
    tail = b"\x01\x02" + b"0123456789abcdef" + b"".join(entry)

    def told(tail: bytes) -> list[int]:
        entries = ring("metro", line(1), _ring([ABOUT], (1, first)), tail)
        return [entry.over_ms - NOW for entry in entries if isinstance(entry, RequestEntry)]

    assert [2, 3] == told(tail)
    assert [1, 2, 3] == told(b"\x01\x03" + tail[2:])
    assert [1] == told(b"\x01\x02" + tail[2:18] + b"\x02" + entry[0][1:])
    assert [1] == told(b"\x01\x02" + tail[2:18])


class Slow:
    """A lane of a cluster on which what was asked first takes longest."""

    undivided = False

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
    store = ValkeyStore("redis+cluster://127.0.0.1:9", budget_s=1.0, events=10)
    await store.lane.close()
    lane = Slow()
    store.lane = cast(Lane, lane)
    for number in range(MOST_WAITING + 3):
        store._tell_aside(["a", "b"], [("a", str(number)), ("b", str(number))])
        await asyncio.sleep(0)
    await store.told()

    assert [str(number) for number in range(MOST_WAITING + 1)] == [number for of, number in lane.arrived if of == "a"]
    assert [str(number) for number in range(MOST_WAITING + 3)] == [number for of, number in lane.arrived if of == "b"]
    assert lane.arrived[0][0] == "b"
