"""Plays the stories of several boxes side by side, so that one round trip to the store serves all of them.

Boxes are correlation domains of their own and can't tell how far the others are. The store is told one instant for all,
so that they stay together within a `drift`: by so much a session whose Interims ceased may count for longer when the
store decides what contradicts what. Verdicts are judged at their own instant.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from bngcorr.errors import BngcorrError
from bngcorr.simulate.domain import Ask, Domain, Keep, Need, Steps, Tell
from bngcorr.simulate.timeline import EPOCH_MS, MINUTE, SECOND
from bngcorr.store.lesson import AWAY, FAILED, Lesson
from bngcorr.store.valkey import ValkeyStore

BUCKETS: Final = 4096  # of a domain's records: all of them
WALK_MS: Final = 60 * SECOND


class StoreSilent(BngcorrError):
    """The store did not take or give something: what comes of the run would not be the product's."""


def drift_for(lines: int) -> int:
    """How far apart boxes may be, in milliseconds, so that few wait for others: the fewer lines, the rarer events are."""
    return min(max(60 * SECOND * 50_000 // lines, 60 * SECOND), 20 * MINUTE)


async def play(domains: Iterable[Domain], store: ValkeyStore, drift_ms: int, moved: Callable[[int], None]) -> None:
    """To the end of all. `moved` is told how far the last of them is. Raises StoreSilent and StoreError."""
    going: list[tuple[Steps, Need]] = []
    for domain in domains:
        steps = domain.steps()
        need = next(steps, None)
        if need is not None:
            going.append((steps, need))
    while going:
        first = min(need.at_ms for _, need in going)
        turn = [one for one in going if one[1].at_ms <= first + drift_ms]
        await _serve([need for _, need in turn], store, EPOCH_MS + first)
        moved(first)
        rest = [one for one in going if one[1].at_ms > first + drift_ms]
        for steps, _ in turn:
            need = next(steps, None)
            if need is not None:
                rest.append((steps, need))
        going = rest


async def _serve(needs: list[Need], store: ValkeyStore, now_ms: int) -> None:
    asks = [need for need in needs if isinstance(need, Ask)]
    tells = [need for need in needs if isinstance(need, Tell)]
    if asks and tells:
        await asyncio.gather(_recall(asks, store, now_ms), _write(tells, store, now_ms))
    elif asks:
        await _recall(asks, store, now_ms)
    elif tells:
        await _write(tells, store, now_ms)
    for need in needs:
        if isinstance(need, Keep):
            await store.upkeep(need.domain, EPOCH_MS + need.at_ms, buckets=BUCKETS, walk_ms=WALK_MS)


async def _recall(asks: list[Ask], store: ValkeyStore, now_ms: int) -> None:
    found = await store.recall([ask.recall for ask in asks], now_ms)
    for ask, one in zip(asks, found, strict=True):
        if one is None:
            raise StoreSilent("the store did not answer a question")
        ask.found = one


async def _write(tells: list[Tell], store: ValkeyStore, now_ms: int) -> None:
    lessons: list[Lesson] = [lesson for tell in tells for lesson in tell.lessons]
    words = await store.write(lessons, now_ms)
    for word in words:
        if word == AWAY or word.startswith(FAILED):
            raise StoreSilent(f"the store did not take a lesson: {word}")
    at = 0
    for tell in tells:
        tell.words = words[at : at + len(tell.lessons)]
        at += len(tell.lessons)
