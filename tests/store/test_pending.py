"""Sightings on their way to the store: who finds them, and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from bngcorr.model.line import LineIds
from bngcorr.store.behind import RETRY_S, WriteBehind
from bngcorr.store.lesson import AWAY, Lesson, Sighting
from bngcorr.store.pending import MOST_LEAVING, Pending
from bngcorr.store.recollection import Recall, Recollection


def _seen(
    line: str = "A",
    *,
    mac: str | None = "mac",
    attachment: str | None = None,
    session: str | None = None,
    domain: str = "d",
    at_ms: int = 1,
) -> Sighting:
    return Sighting(
        domain=domain, bng="bng1", line=line, ids=LineIds(line.encode()), at_ms=at_ms, until_ms=at_ms + 1000, mac=mac,
        attachment=attachment, multi_session=session,
    )  # fmt: skip


def _lines(pending: Pending, mac: str = "mac") -> list[str]:
    return [one.line for one in pending.like("d", mac, None, None)]


def test_a_sighting_is_found_by_all_that_a_request_can_share_with_it() -> None:
    """By MAC, attachment or Acct-Multi-Session-Id, in its own domain, once and in the order of events."""
    pending = Pending()
    first = _seen("A", mac="m", attachment="a", session="s", at_ms=1)
    second = _seen("B", mac=None, attachment="a", at_ms=2)
    elsewhere = _seen("C", mac="m", attachment="a", session="s", domain="other")
    for one in (second, first, elsewhere):
        pending.put(one)

    assert [first] == pending.like("d", "m", None, None)
    assert [first, second] == pending.like("d", "m", "a", "s")
    assert [first] == pending.like("d", None, None, "s")
    assert [] == list(pending.like("d", "x", None, "x"))


def test_one_that_was_taken_stays_for_the_questions_that_were_under_way() -> None:
    """Their answers may be older than the write; questions that come later do not see it any longer."""
    pending = Pending()
    pending.put(sighting := _seen())
    first, second = pending.begin(), pending.begin()
    pending.taken(sighting)
    third = pending.begin()

    pending.end(first)
    assert ["A"] == _lines(pending)
    pending.end(second)
    assert [] == _lines(pending)
    assert not pending.any
    pending.end(third)


def test_one_that_is_taken_while_nobody_asks_leaves_at_once() -> None:
    """As does one that is given up, whoever asks; a turn that ends twice changes nothing."""
    pending = Pending()
    one, other = _seen("A"), _seen("B")
    pending.put(one)
    pending.put(other)
    pending.taken(one)
    turn = pending.begin()

    assert ["B"] == _lines(pending)
    pending.lost(other)
    assert not pending.any
    pending.end(turn)
    pending.end(turn)


def test_a_question_without_end_keeps_no_more_than_it_may() -> None:
    """Whatever happens to those who ask, what was taken takes only so much room."""
    pending = Pending()
    pending.begin()
    sightings = [_seen(str(number), mac=str(number)) for number in range(MOST_LEAVING + 2)]
    for sighting in sightings:
        pending.put(sighting)
        pending.taken(sighting)

    assert [[], [], ["2"]] == [_lines(pending, str(number)) for number in range(3)]


class _Noon:
    def now_ms(self) -> int:
        """Always the same."""
        return 1


class _Slow:
    """A store that takes lessons when it is told to, or does not."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()
        self.word = "ok"
        self.tries = 0

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """Nobody asks here."""
        raise AssertionError(questions, now_ms)

    async def ping(self, domain: str) -> bool:
        """Nor this."""
        raise AssertionError(domain)

    async def write(
        self, lessons: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> list[str]:
        """Wait, then say the word."""
        assert now_ms == 1
        self.tries += 1
        await self.goes_on.wait()
        if self.word == "mad":
            raise ValueError("what nobody foresaw")
        words = [self.word] * len(lessons)
        taken(words)
        return words


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # any condition
            await asyncio.sleep(0.001)


@pytest.mark.asyncio
async def test_a_sighting_is_pending_until_the_store_has_taken_it() -> None:
    """While it waits, while it is under way, and while its node refuses it; one that joined another is the other."""
    store, pending = _Slow(), Pending()
    behind = WriteBehind(store, _Noon(), limit=10, written=lambda *_: None, pending=pending)
    behind.put(_seen("A", at_ms=1))
    behind.put(_seen("A", at_ms=5))
    waiting = [one.at_ms for one in pending.like("d", "mac", None, None)]
    writer = asyncio.create_task(behind.run())
    await _until(lambda: store.tries == 1)
    under_way = _lines(pending)
    store.word = AWAY
    store.goes_on.set()
    await _until(lambda: store.tries > 1)
    put_back = _lines(pending)
    store.word = "ok"

    assert await behind.drained(10 * RETRY_S)
    assert ([5], ["A"], ["A"]) == (waiting, under_way, put_back)
    assert not pending.any
    writer.cancel()


@pytest.mark.asyncio
async def test_a_sighting_that_the_store_will_never_have_is_not_pending() -> None:
    """Neither one that had to make room, nor one that was under way when the writer broke."""
    store, pending = _Slow(), Pending()
    behind = WriteBehind(store, _Noon(), limit=10, written=lambda *_: None, pending=pending)
    for number in range(11):
        behind.put(_seen(str(number)))
    assert [str(number) for number in range(1, 11)] == _lines(pending)

    store.word = "mad"
    store.goes_on.set()
    with pytest.raises(ExceptionGroup):
        await behind.run()
    assert not pending.any
