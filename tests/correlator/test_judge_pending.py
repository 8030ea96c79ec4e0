"""The judge and the writer together: what waits for the store, or is on its way there, is known to every question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from bngcorr.correlator.judge import Judge
from bngcorr.correlator.question import Question
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.store.behind import WriteBehind
from bngcorr.store.lesson import Lesson, Sighting
from bngcorr.store.memory import MemoryStore
from bngcorr.store.pending import Pending
from bngcorr.store.recollection import Recall, Recollection

from .questions import DAY, NOW, question, ring

KEYS = ring()


@dataclass(eq=False)
class Waiting:
    """A request as the judge sees it."""

    question: Question
    hold_s: float = 0.0
    bng: str = "bng1"


class Noon:
    """A clock that stands."""

    steady = True

    def now_ms(self) -> int:
        """Always the same."""
        return NOW


@dataclass
class Slow:
    """A store whose answers and writes pass a gate each. What it answers is what it knew when it was asked."""

    store: MemoryStore = field(default_factory=MemoryStore)
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    takes: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """Ask now, answer later."""
        self.asked += 1
        found = await self.store.recall(questions, now_ms)
        await self.answers.wait()
        return found

    async def write(
        self, lessons: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> list[str]:
        """Write later."""
        await self.takes.wait()
        return await self.store.write(lessons, now_ms, taken)

    async def ping(self, domain: str) -> bool:
        """It is there."""
        return domain != ""


class Scene:
    """Judge and writer in front of one store, and what was said."""

    def __init__(self) -> None:
        self.slow = Slow()
        self.given: list[Verdict] = []
        pending = Pending()
        self.judge: Judge[Waiting] = Judge(self.slow, Noon(), pending=pending)
        self.behind = WriteBehind(self.slow, Noon(), limit=100, written=self._written, pending=pending)

    def _written(self, lessons: Sequence[Lesson], _: Sequence[str]) -> None:
        self.judge.sighted(lessons)

    async def know(self, *sightings: Sighting) -> None:
        """They are in the store already."""
        await self.slow.store.write(sightings, NOW)

    def ask(self, hold_s: float = 0.0) -> None:
        """One bare request."""
        self.judge.ask([Waiting(question(KEYS), hold_s)], lambda _, verdicts: self.given.extend(verdicts))

    async def told(self) -> Verdict:
        """The verdict, when it comes."""
        async with asyncio.timeout(5):
            while not self.given:  # noqa: ASYNC110  # the judge calls back
                await asyncio.sleep(0.001)
        return self.given.pop()


@asynccontextmanager
async def _scene() -> AsyncIterator[Scene]:
    scene = Scene()
    writer = asyncio.create_task(scene.behind.run())
    try:
        yield scene
    finally:
        scene.slow.answers.set()
        writer.cancel()
        await scene.judge.close()


def _seen(line: str, ago: int) -> Sighting:
    return Sighting(
        domain="bng1", bng="bng1", attachment_mac=KEYS.attachment_mac, bng_mac=KEYS.bng_mac, mac=KEYS.mac, line=line,
        ids=LineIds(line.encode()), at_ms=NOW - ago, until_ms=NOW + DAY, place=KEYS.place,
    )  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize("under_way", [False, True])
async def test_a_second_line_on_the_mac_and_port_is_known_before_it_is_written(under_way: bool) -> None:
    """The store knows the first line only, and would give it to the second one's request."""
    async with _scene() as scene:
        await scene.know(_seen("A", 1_300))
        scene.slow.answers.set()
        scene.behind.put(_seen("B", 200))
        if under_way:
            await asyncio.sleep(0.01)
        scene.ask()

        assert Outcome.AMBIGUOUS is (await scene.told()).outcome


@pytest.mark.asyncio
async def test_an_answer_that_is_older_than_the_write_is_not_believed_alone() -> None:
    """The second line is seen after the question was asked, and written before it is answered."""
    async with _scene() as scene:
        await scene.know(_seen("A", 1_300))
        scene.ask()
        await asyncio.sleep(0.005)
        scene.behind.put(_seen("B", 0))
        scene.slow.takes.set()
        assert await scene.behind.drained(5)
        scene.slow.answers.set()

        assert (1, Outcome.AMBIGUOUS) == (scene.slow.asked, (await scene.told()).outcome)


@pytest.mark.asyncio
async def test_a_request_whose_sighting_is_only_pending_is_not_held() -> None:
    """It matches at once, as long as the write may take."""
    async with _scene() as scene:
        scene.slow.answers.set()
        scene.behind.put(_seen("A", 30))
        scene.ask(hold_s=3.0)
        verdict = await scene.told()

        assert (Outcome.MATCHED, "A", 0) == (verdict.outcome, verdict.line, verdict.held_ms)


@pytest.mark.asyncio
async def test_a_request_in_doubt_is_held_until_the_store_knows() -> None:
    """The MAC was seen on one line, elsewhere: which one, the answer after the write tells."""
    async with _scene() as scene:
        moved = _seen("A", DAY // 2)
        moved.attachment_mac, moved.bng_mac, moved.place = "elsewhere", None, None
        await scene.know(moved)
        scene.slow.answers.set()
        scene.behind.put(_seen("A", 30))
        scene.ask(hold_s=3.0)
        await asyncio.sleep(0.03)
        held = scene.judge.held
        scene.slow.takes.set()
        verdict = await scene.told()

        assert (1, Outcome.MATCHED, "A") == (held, verdict.outcome, verdict.line)
        assert 0 < verdict.held_ms < 1_000


@pytest.mark.asyncio
async def test_doubt_that_cannot_wait_is_ambiguous() -> None:
    """A request that is not to be held goes on untouched."""
    async with _scene() as scene:
        moved = _seen("B", DAY // 2)
        moved.attachment_mac, moved.bng_mac, moved.place = "elsewhere", None, None
        await scene.know(moved)
        scene.slow.answers.set()
        scene.behind.put(_seen("A", 30))
        scene.ask()

        assert Outcome.AMBIGUOUS is (await scene.told()).outcome
