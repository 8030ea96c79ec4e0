"""Writes behind the request path: in order, kept while the store is away, bounded."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest

from bngcorr.model.line import LineIds
from bngcorr.model.usage import Usage
from bngcorr.store.behind import MOST_EVENTS, MOST_UNFINISHED, PATIENCE_S, PROGRESS_S, WriteBehind
from bngcorr.store.lesson import AWAY, DUPLICATE, SUPERSEDED, Event, Lesson, Restart, SessionChange, Sighting
from bngcorr.store.memory import MemoryStore
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.store.waiting import BATCH

from .scene import Scene
from .subjects import NOW, START, v4

pytestmark = pytest.mark.asyncio


class Noon:
    """A clock that stands."""

    def now_ms(self) -> int:
        """Always the same."""
        return NOW


class Ledger:
    """Takes lessons down, or is away."""

    def __init__(self) -> None:
        self.away: set[str] = set()  # domains
        self.batches: list[list[Lesson]] = []
        self.tries = 0
        self.noted = asyncio.Event()  # who holds which address
        self.noted.set()
        self.twice: list[Lesson] = []  # those whose addresses are live elsewhere

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """Nobody asks here."""
        raise AssertionError(questions, now_ms)

    async def ping(self, domain: str) -> bool:
        """Nor this."""
        raise AssertionError(domain)

    async def write(
        self, lessons: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> list[str]:
        """Note the batch."""
        assert now_ms == NOW
        self.tries += 1
        await asyncio.sleep(0)
        self.batches.append([lesson for lesson in lessons if not self._lost(lesson)])
        words = [AWAY if self._lost(lesson) else f"word{at}" for at, lesson in enumerate(lessons)]
        taken(words)
        await self.noted.wait()
        return [
            f"{word},{DUPLICATE}192.0.2.1" if lesson in self.twice else word
            for lesson, word in zip(lessons, words, strict=True)
        ]

    def _lost(self, lesson: Lesson) -> bool:
        return bool(self.away) if isinstance(lesson, Event) else lesson.domain in self.away

    @property
    def written(self) -> list[Lesson]:
        """Everything, in order."""
        return [lesson for batch in self.batches for lesson in batch]


HERE, THERE = Scene(MemoryStore()), Scene(MemoryStore())


def _step(number: int, scene: Scene = HERE) -> SessionChange:
    return scene.change(START, f"s{number}", at=number)


def _restart(number: int) -> Restart:
    return HERE.restart(at=number)


def _seen(number: int, at: int | None = None) -> Sighting:
    return HERE.sighting(number, attachment="k", at=number if at is None else at)


@asynccontextmanager
async def _running(
    ledger: Ledger,
    *,
    limit: int = 10_000,
    written: Callable[[Sequence[Lesson], Sequence[str]], None] = lambda *_: None,
) -> AsyncIterator[WriteBehind]:
    behind = WriteBehind(ledger, Noon(), limit=limit, written=written)
    task = asyncio.create_task(behind.run())
    yield behind
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_lessons_keep_their_order() -> None:
    """What one write takes reaches the store in the order in which it was told."""
    ledger = Ledger()
    told: list[Lesson] = [_seen(at) if at % 3 else _step(at) if at % 2 else _restart(at) for at in range(BATCH)]
    async with _running(ledger) as behind:
        for lesson in told:
            behind.put(lesson)
        assert await behind.drained(5.0)

    assert told == ledger.written


async def test_while_many_wait_restarts_come_first_and_sightings_pass_the_steps_of_sessions() -> None:
    """Each kind stays in order, all of it arrives, and steps of sessions have half of each write."""
    ledger = Ledger()
    told: list[Lesson] = [_seen(at) if at % 3 else _step(at) if at % 2 else _restart(at) for at in range(600)]
    async with _running(ledger) as behind:
        for lesson in told:
            behind.put(lesson)
        assert await behind.drained(5.0)

    for kind in (Sighting, SessionChange, Restart):
        assert [one for one in told if isinstance(one, kind)] == [
            one for one in ledger.written if isinstance(one, kind)
        ]
    first = ledger.batches[0]
    restarts = sum(isinstance(one, Restart) for one in told)
    assert all(isinstance(one, Restart) for one in first[:restarts])
    assert (BATCH - restarts) // 2 == sum(isinstance(one, SessionChange) for one in first)
    assert all(len(batch) <= BATCH for batch in ledger.batches)


async def test_sightings_alike_become_one_while_they_wait() -> None:
    """The store is told once, of the latest instant; those that were joined are told as superseded."""
    ledger = Ledger()
    words: list[str] = []
    async with _running(ledger, written=lambda _, some: words.extend(some)) as behind:
        for at in (5, 9, 7):
            behind.put(_seen(1, at=at))
        assert await behind.drained(5.0)

    assert [_seen(1, at=9)] == ledger.written
    assert 2 == words.count(SUPERSEDED)


async def test_sightings_that_differ_in_more_than_their_instant_stay_apart() -> None:
    """Another BNG of the domain, or other ids of the line, are news of their own."""
    ledger = Ledger()
    told: list[Lesson] = [
        _seen(1),
        HERE.sighting(1, attachment="k", at=1, bng="bng2"),
        HERE.sighting(1, attachment="k", at=1, ids=LineIds(b"LINE-1", b"eth 2")),
        HERE.sighting(1, attachment="k", at=1, v6=True),
    ]
    async with _running(ledger) as behind:
        for lesson in told:
            behind.put(lesson)
        assert await behind.drained(5.0)

    assert told == ledger.written


async def test_the_next_lessons_do_not_wait_until_it_is_noted_who_holds_which_address() -> None:
    """A few batches are under way at a time; a duplicate is told when it is found, of its own lesson."""
    ledger = Ledger()
    ledger.noted.clear()
    steps = [_step(at) for at in range(6 * BATCH)]
    ledger.twice.append(steps[0])
    said: list[tuple[Lesson, str]] = []
    async with _running(ledger, written=lambda some, words: said.extend(zip(some, words, strict=True))) as behind:
        for step in steps:
            behind.put(step)
        for _ in range(50):
            await asyncio.sleep(0)
        assert MOST_UNFINISHED == len(ledger.batches)
        assert MOST_UNFINISHED * BATCH == len(said)
        assert not await behind.drained(0.01)

        ledger.noted.set()
        assert await behind.drained(5.0)

    assert steps == ledger.written
    assert [(steps[0], f"{DUPLICATE}192.0.2.1")] == [pair for pair in said if "word" not in pair[1]]


async def test_a_writer_that_does_not_keep_up_is_full() -> None:
    """From three quarters of what may wait it says so while the store takes some: nobody waits for one that is away."""
    ledger = Ledger()
    ledger.noted.clear()
    async with _running(ledger, limit=MOST_UNFINISHED * BATCH) as behind:
        for at in range(MOST_UNFINISHED * BATCH):
            behind.put(_step(at))
        for _ in range(50):
            await asyncio.sleep(0)
        full = [behind.full]
        for at in range(MOST_UNFINISHED * BATCH * 3 // 4):
            behind.put(_step(at))
        full.append(behind.full)
        await asyncio.sleep(PROGRESS_S)
        full.append(behind.full)
        ledger.noted.set()

    assert [False, True, False] == full


async def test_half_of_what_may_wait_leaves_no_room_while_the_store_takes_writes() -> None:
    """Below there is as much as is missing; a store that takes nothing has all of it, for nobody has to wait for it."""
    ledger = Ledger()
    ledger.noted.clear()
    limit = MOST_UNFINISHED * BATCH
    async with _running(ledger, limit=limit) as behind:
        for at in range(limit):
            behind.put(_step(at))
        for _ in range(50):
            await asyncio.sleep(0)
        room = [behind.room]
        for at in range(limit // 2 + 1):
            behind.put(_step(at))
            room.append(behind.room)
        await asyncio.sleep(PATIENCE_S)
        away = behind.room
        ledger.noted.set()

    assert list(range(limit // 2, -2, -1)) == room
    assert limit == away


async def test_what_comes_soon_after_a_write_goes_with_the_next_one() -> None:
    """A write costs as much as many lessons, so a trickle of them is gathered; the first one does not wait."""
    ledger = Ledger()
    async with _running(ledger) as behind:
        await asyncio.sleep(0)
        behind.put(_step(0))
        for _ in range(5):
            await asyncio.sleep(0)
        at_once = len(ledger.written)
        for number in range(1, 100):
            behind.put(_step(number))
            await asyncio.sleep(0)
        assert await behind.drained(5.0)

    assert 1 == at_once
    assert [_step(number).at_ms for number in range(100)] == [
        lesson.at_ms for lesson in ledger.written if isinstance(lesson, SessionChange)
    ]
    assert ledger.tries < 20


async def test_events_come_after_what_they_tell_of() -> None:
    """Verdicts for people are written behind the lessons that wait with them."""
    ledger = Ledger()
    told: list[Lesson] = [HERE.verdict(1), _step(1), HERE.verdict(2), _seen(1)]
    async with _running(ledger) as behind:
        for lesson in told:
            behind.put(lesson)
        assert await behind.drained(5.0)

    assert [[told[1], told[3], told[0], told[2]]] == ledger.batches


async def test_nothing_is_lost_while_the_store_is_away() -> None:
    """A batch that the store refused is written again, first and in order, once it is back."""
    ledger = Ledger()
    ledger.away = {HERE.domain}
    steps: list[Lesson] = [_step(number) for number in range(BATCH + 200)]
    async with _running(ledger) as behind:
        for step in steps[: BATCH + 100]:
            behind.put(step)
        await asyncio.sleep(0.05)
        assert behind.failing
        assert len(behind) >= BATCH + 100
        for step in steps[BATCH + 100 :]:
            behind.put(step)
        assert not await behind.drained(0.05)
        ledger.away = set()
        assert await behind.drained(5.0)

    assert steps == ledger.written
    assert 0 == behind.lost
    assert [False] == [behind.failing]


async def test_a_domain_that_is_away_does_not_keep_others_waiting() -> None:
    """Lessons of other domains are written meanwhile; those of either keep their order, whatever lies between them."""
    ledger = Ledger()
    ledger.away = {HERE.domain}
    here: list[Lesson] = [_step(number) for number in range(1000)]
    there: list[Lesson] = [_step(number, THERE) for number in range(1000)]
    async with _running(ledger) as behind:
        for lessons in zip(here[:900], there[:900], strict=True):
            for lesson in lessons:
                behind.put(lesson)
        for lessons in zip(here[900:], there[900:], strict=True):
            await asyncio.sleep(0)
            for lesson in lessons:
                behind.put(lesson)
        async with asyncio.timeout(5.0):
            while len(ledger.written) < len(there):  # noqa: ASYNC110  # nobody tells
                await asyncio.sleep(0.01)
        assert there == ledger.written
        assert len(here) == len(behind)
        ledger.away = set()
        assert await behind.drained(5.0)

    assert [*there, *here] == ledger.written


async def test_events_are_not_tried_twice() -> None:
    """An event that met a failing store is dropped, for a second try could tell it twice; lessons are kept."""
    ledger = Ledger()
    ledger.away = {HERE.domain}
    async with _running(ledger) as behind:
        behind.put(HERE.verdict(1))
        behind.put(_step(1))
        await asyncio.sleep(0.05)
        ledger.away = set()
        behind.put(HERE.verdict(2))
        assert await behind.drained(5.0)

    assert [HERE.verdict(2)] == [lesson for lesson in ledger.written if isinstance(lesson, Event)]
    assert 1 == sum(isinstance(lesson, SessionChange) for lesson in ledger.written)


async def test_events_are_bounded() -> None:
    """Of more events than fit, the youngest are kept."""
    behind = WriteBehind(Ledger(), Noon(), limit=10, written=lambda *_: None)
    for number in range(MOST_EVENTS + 100):
        behind.put(HERE.verdict(number))

    assert MOST_EVENTS == len(behind)
    assert 0 == behind.lost


async def test_what_is_given_up_is_told_and_how_much_of_a_domain_waits_is_known() -> None:
    """Whoever can tell it again, later, gets the very objects that it had put."""
    lost: list[Lesson] = []
    behind = WriteBehind(Ledger(), Noon(), limit=20, written=lambda *_: None, lost=lost.extend)
    sightings: list[Lesson] = [_seen(number) for number in range(21)]
    for seen in sightings:
        behind.put(seen)

    assert [id(seen) for seen in sightings[:2]] == [id(seen) for seen in lost]
    assert (19, 0) == (behind.waiting(HERE.domain), behind.waiting("elsewhere"))


async def test_the_backlog_is_bounded_and_accounting_goes_last() -> None:
    """With the backlog full, the oldest sightings are lost first, then the oldest steps, and never a restart."""
    ledger = Ledger()
    behind = WriteBehind(ledger, Noon(), limit=20, written=lambda *_: None)
    restart = _restart(1)
    sightings = [_seen(number) for number in range(10)]
    steps = [_step(number) for number in range(40)]
    behind.put(restart)
    for seen, step in zip(sightings, steps, strict=False):
        behind.put(seen)
        behind.put(step)
        assert len(behind) <= 20
    for step in steps[10:]:
        behind.put(step)
        assert len(behind) <= 20
    task = asyncio.create_task(behind.run())
    assert await behind.drained(5.0)
    task.cancel()
    written_steps = [lesson for lesson in ledger.written if isinstance(lesson, SessionChange)]

    assert restart is ledger.written[0]
    assert not any(isinstance(lesson, Sighting) for lesson in ledger.written)
    assert steps[-len(written_steps) :] == written_steps  # the youngest, in order
    assert len(written_steps) >= 17
    assert 51 == len(ledger.written) + behind.lost


async def test_it_tells_what_was_written_and_what_came_of_it() -> None:
    """Every batch that reached the store is reported with the store's words; a refused one is not."""
    ledger = Ledger()
    ledger.away = {HERE.domain}
    told: list[tuple[int, list[str]]] = []
    async with _running(ledger, written=lambda lessons, words: told.append((len(lessons), list(words)))) as behind:
        behind.put(_step(1))
        behind.put(_step(2))
        await asyncio.sleep(0.02)
        assert [] == told
        ledger.away = set()
        assert await behind.drained(5.0)

    assert [(2, ["word0", "word1"])] == told


async def test_an_idle_queue_is_drained_at_once() -> None:
    """With nothing to write there is nothing to wait for."""
    async with _running(Ledger()) as behind:
        assert await behind.drained(0.01)


async def test_it_writes_into_a_real_store(scene: Scene) -> None:
    """Queued for a real server, lessons arrive and the ledger counts them."""
    behind = WriteBehind(scene.store, Noon(), limit=1000, written=lambda *_: None)
    task = asyncio.create_task(behind.run())
    for number in range(1, 21):
        behind.put(scene.sighting(1, attachment="k"))
        behind.put(scene.change(START, f"s{number}", hosts=[v4(number)], number=1, keys=["k"]))
        behind.put(scene.verdict(number))
    assert await behind.drained(5.0)
    task.cancel()

    assert Usage(v4=20, sessions=20) == await scene.usage()
    assert 8 == len((await scene.candidate("k")).sessions)  # so many vouch for a line
    events = await scene.store.queries.events("", 1000)
    assert list(range(1, 21)) == [entry.over_ms - NOW for _, entry in events][-20:]
    assert events[-3:] == await scene.store.queries.events(events[-4][0], 1000)
