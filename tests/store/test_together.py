"""Reads that are asked side by side go out together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from bngcorr.errors import StoreError
from bngcorr.store.lane import Command, Lane, Reply
from bngcorr.store.together import MOST, Together

pytestmark = pytest.mark.asyncio
BUDGET_S = 5.0


class Told:
    """A lane that echoes keys, and notes what goes out together. Keys that begin with "node2" are another node's, which
    does not answer before it is told to; "away" is an error.
    """

    def __init__(self, *, undivided: bool = True) -> None:
        self.undivided = undivided
        self.sent: list[list[Command]] = []
        self.was_asked, self.may_answer = asyncio.Event(), asyncio.Event()

    def where(self, key: str) -> str:
        """One of two nodes."""
        return "node2" if key.startswith("node2") else "node1"

    async def run(self, commands: Sequence[Command], budget_s: float) -> list[Reply]:
        """Whatever the keys are."""
        return await self.run_each(commands, budget_s)

    async def run_each(self, commands: Sequence[Command], _: float) -> list[Reply]:
        """The keys."""
        self.sent.append(list(commands))
        self.was_asked.set()
        if any(self.where(str(command[1])) == "node2" for command in commands):
            await self.may_answer.wait()
        return [StoreError("it is away") if command[1] == "away" else command[1] for command in commands]


def over(lane: Told) -> Together:
    """Reads over such a lane."""
    return Together(cast(Lane, lane))


async def asked(together: Together, *keys: str) -> list[Reply]:
    """The replies to these."""
    return await together.run([("GET", key) for key in keys], BUDGET_S)


async def test_what_is_asked_side_by_side_is_one_round_trip() -> None:
    """Tasks, and tasks that they start: each has its own replies, and what two of them ask is asked once."""
    lane = Told()
    together = over(lane)

    async def inner(*keys: str) -> list[list[Reply]]:
        return list(await asyncio.gather(asked(together, *keys), asked(together, "c")))

    found = await asyncio.gather(inner("a", "b"), inner("b"), asked(together))

    assert ([["a", "b"], ["c"]], [["b"], ["c"]], []) == tuple(found)
    assert [[("GET", "a"), ("GET", "b"), ("GET", "c")]] == lane.sent


async def test_what_is_asked_later_is_another_round_trip() -> None:
    """Nothing is kept: a second question reads anew."""
    lane = Told()
    together = over(lane)

    assert [["a"], ["a"]] == [await asked(together, "a") for _ in range(2)]
    assert 2 == len(lane.sent)


async def test_an_error_is_told_to_whom_it_concerns() -> None:
    """One reply that is an error fails whoever asked for it, and nobody beside him."""
    together = over(Told())
    found = await asyncio.gather(asked(together, "a"), asked(together, "b", "away"), return_exceptions=True)

    assert ["a"] == found[0]
    assert "it is away" == str(found[1])
    assert isinstance(found[1], StoreError)


async def test_who_gives_up_takes_nothing_from_the_others() -> None:
    """A cancelled question leaves those that went out with it answered."""
    lane = Told()
    together = over(lane)
    first, second = (asyncio.ensure_future(asked(together, "node2", word)) for word in "ab")
    await lane.was_asked.wait()
    first.cancel()
    lane.may_answer.set()

    assert ["node2", "b"] == await second
    assert first.cancelled()


async def test_many_at_once_wait_for_nobody() -> None:
    """A long question goes out alone, and a round that is long enough takes no more."""
    lane = Told()
    together = over(lane)
    keys = [f"{number}" for number in range(MOST)]
    await asyncio.gather(asked(together, "a"), asked(together, *keys), asked(together, *keys[1:]), asked(together, "b"))

    assert sorted([1 + MOST - 1, MOST, 1]) == sorted(map(len, lane.sent))


async def test_a_node_that_hangs_holds_up_only_what_is_about_it() -> None:
    """Questions to several nodes go to each by themselves: who asks one that answers has his answer."""
    lane = Told(undivided=False)
    together = over(lane)
    both = asyncio.ensure_future(asked(together, "node2", "a", "node2b"))

    assert ["b"] == await asked(together, "b")
    assert not both.done()
    lane.may_answer.set()
    assert ["node2", "a", "node2b"] == await both


async def test_a_round_that_was_cancelled_before_it_began_holds_up_nobody() -> None:
    """Whoever waits for it is told, and who asks afterwards has a round of his own."""
    together = over(Told())
    first = asyncio.ensure_future(asked(together, "a"))
    await asyncio.sleep(0)
    for task in list(together._under_way):
        task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await first
    async with asyncio.timeout(2):
        assert ["b"] == await asked(together, "b")
