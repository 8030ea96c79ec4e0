"""Writes to a store of several nodes: the trouble of one stays its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby

import pytest

from bngcorr.store.behind import RETRY_S, WriteBehind
from bngcorr.store.lesson import AWAY, Event, Lesson, Restart
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.store.waiting import BATCH

pytestmark = pytest.mark.asyncio

NOW = 1_800_000_000_000
WITHIN_S = 5.0


class Noon:
    """A clock that stands."""

    def now_ms(self) -> int:
        """Always the same."""
        return NOW


class Halves:
    """Two nodes that take down what they are told. The first letter of a domain names its node; "b" may be away."""

    def __init__(self) -> None:
        self.batches: list[list[Lesson]] = []
        self.answers = asyncio.Event()  # cleared: node b hangs
        self.answers.set()
        self.takes = {"a": True, "b": True}
        self.moved: dict[str, str] = {}  # domains that are on another node

    @property
    def undivided(self) -> bool:
        """There are several."""
        return False

    def where(self, domain: str) -> str:
        """The node."""
        return self.moved.get(domain, domain[0])

    def where_events(self) -> str:
        """On the node that is well."""
        return "a"

    def trouble(self, domain: str) -> str:
        """What the log is told."""
        return f"{domain} is not well"

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """Nobody asks here."""
        raise AssertionError(questions, now_ms)

    async def ping(self, domain: str) -> bool:
        """Nor this."""
        raise AssertionError(domain)

    async def write(
        self, lessons: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> list[str]:
        """Note what is taken."""
        assert now_ms == NOW
        nodes = {"a" if isinstance(lesson, Event) else self.where(lesson.domain) for lesson in lessons}
        assert 1 == len(nodes), "a write goes to one node"
        (node,) = nodes
        if node == "b":
            await self.answers.wait()
        else:
            await asyncio.sleep(0)
        words = ["ok" if self.takes[node] else AWAY] * len(lessons)
        if self.takes[node]:
            self.batches.append(list(lessons))
        taken(words)
        return words

    def told(self, domain: str) -> list[int]:
        """Numbers of the lessons of a domain, in the order in which they were taken."""
        every = [lesson for batch in self.batches for lesson in batch]
        return [lesson.at_ms for lesson in every if isinstance(lesson, Restart) and lesson.domain == domain]


@asynccontextmanager
async def _running(store: Halves) -> AsyncIterator[WriteBehind]:
    behind = WriteBehind(store, Noon(), limit=10_000, written=lambda *_: None, nodes=store)
    task = asyncio.create_task(behind.run())
    yield behind
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _lesson(domain: str, number: int) -> Restart:
    return Restart(domain=domain, bng="bng1", nas="bng1", at_ms=number)


async def _until_told(store: Halves, domain: str, numbers: list[int]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while store.told(domain) != numbers:  # noqa: ASYNC110  # any part of what was told
            await asyncio.sleep(0.001)


async def test_a_node_that_hangs_keeps_no_other_waiting() -> None:
    """What goes elsewhere is written meanwhile; what goes there waits in order, in no second write beside the first."""
    store = Halves()
    store.answers.clear()
    async with _running(store) as behind:
        for number in range(1, 4):
            behind.put(_lesson("b1", number))
            behind.put(_lesson("a1", number))
            await _until_told(store, "a1", list(range(1, number + 1)))
        behind.put(_lesson("b2", 1))
        assert [] == store.told("b1")
        assert not await behind.drained(0.02)
        store.answers.set()
        assert await behind.drained(WITHIN_S)

    assert [1, 2, 3] == store.told("b1")
    assert [1] == store.told("b2")


async def test_what_is_refused_goes_before_what_came_after_it() -> None:
    """However much was learnt between the tries, a domain's lessons are taken in their order."""
    store = Halves()
    store.takes["b"] = False
    async with _running(store) as behind:
        for number in range(3 * BATCH):
            behind.put(_lesson("b1", number))
            behind.put(_lesson("a1", number))
            if number % 100 == 0:
                await asyncio.sleep(0.001)
        await asyncio.sleep(RETRY_S * 1.2)
        assert behind.failing
        behind.put(_lesson("b1", 3 * BATCH))
        store.takes["b"] = True
        assert await behind.drained(WITHIN_S)
        assert [False] == [behind.failing]

    assert list(range(3 * BATCH + 1)) == store.told("b1")
    assert list(range(3 * BATCH)) == store.told("a1")


async def test_whoever_waits_for_a_node_that_refuses_goes_to_its_successor() -> None:
    """The node fails with some domains in line before it: they are told to the node that keeps them by now."""
    store = Halves()
    store.answers.clear()
    store.takes["b"] = False
    async with _running(store) as behind:
        behind.put(_lesson("b1", 1))
        await asyncio.sleep(0.001)
        behind.put(_lesson("b2", 1))
        await asyncio.sleep(0.001)
        store.moved["b2"] = "a"
        store.answers.set()
        await _until_told(store, "b2", [1])
        assert [] == store.told("b1")
        store.takes["b"] = True
        assert await behind.drained(WITHIN_S)

    assert [1] == store.told("b1")


async def test_domains_of_a_node_take_turns() -> None:
    """A BNG with much to tell does not keep the next one's waiting until it has told all of it."""
    store = Halves()
    async with _running(store) as behind:
        for number in range(4 * BATCH):
            behind.put(_lesson("a1", number))
        behind.put(_lesson("a2", 1))
        assert await behind.drained(WITHIN_S)
    every = [lesson for batch in store.batches for lesson in batch]
    runs = [domain for domain, _ in groupby(lesson.domain for lesson in every if isinstance(lesson, Restart))]

    assert ["a1", "a2", "a1"] == runs
    assert all(len(batch) <= BATCH for batch in store.batches)


async def test_a_write_that_was_broken_off_is_not_lost() -> None:
    """Started again, the writer tells first what was under way."""
    store = Halves()
    store.answers.clear()
    behind = WriteBehind(store, Noon(), limit=10_000, written=lambda *_: None, nodes=store)
    behind.put(_lesson("b1", 1))
    task = asyncio.create_task(behind.run())
    await asyncio.sleep(0.01)
    behind.put(_lesson("b1", 2))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    store.answers.set()
    task = asyncio.create_task(behind.run())
    assert await behind.drained(WITHIN_S)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert [1, 2] == store.told("b1")
