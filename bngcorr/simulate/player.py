"""Plays the stories of several boxes side by side, so that one round trip to the store serves all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from bngcorr.simulate.domain import Domain
from bngcorr.simulate.need import Ask, Keep, Need, Plan, Steps, Tell
from bngcorr.simulate.store import SimulatedStore
from bngcorr.simulate.timeline import EPOCH_MS, MINUTE
from bngcorr.store.lesson import Lesson

DRIFT_MS: Final = 30 * MINUTE  # how far apart boxes may be, so that few wait for others


async def play(domains: Iterable[Domain], store: SimulatedStore, moved: Callable[[int], None]) -> None:
    """To the end of all. `moved` is told how far the last of them is. Raises StoreSilent and StoreError."""
    going: list[tuple[Steps, Need]] = []
    for domain in domains:
        steps = domain.steps()
        need = next(steps, None)
        if need is not None:
            going.append((steps, need))
    while going:
        first = min(need.at_ms for _, need in going)
        turn = [one for one in going if one[1].at_ms <= first + DRIFT_MS]
        await _serve([need for _, need in turn], store, EPOCH_MS + first)
        moved(first)
        rest = [one for one in going if one[1].at_ms > first + DRIFT_MS]
        for steps, _ in turn:
            need = next(steps, None)
            if need is not None:
                rest.append((steps, need))
        going = rest


async def _serve(needs: list[Need], store: SimulatedStore, now_ms: int) -> None:
    asks = [need for need in needs if isinstance(need, Ask)]
    tells = [need for need in needs if isinstance(need, Tell)]
    if asks and tells:
        await asyncio.gather(_recall(asks, store, now_ms), _write(tells, store))
    elif asks:
        await _recall(asks, store, now_ms)
    elif tells:
        await _write(tells, store)
    for need in needs:
        if isinstance(need, Keep):
            await store.walk(need.domain, EPOCH_MS + need.at_ms)
        elif isinstance(need, Plan):
            await store.replan(need.domain, need.entries, EPOCH_MS + need.at_ms)


async def _recall(asks: list[Ask], store: SimulatedStore, now_ms: int) -> None:
    found = await store.recall_all([ask.recall for ask in asks], now_ms)
    for ask, one in zip(asks, found, strict=True):
        ask.found = one


async def _write(tells: list[Tell], store: SimulatedStore) -> None:
    lessons: list[tuple[Lesson, int]] = [(lesson, EPOCH_MS + tell.at_ms) for tell in tells for lesson in tell.lessons]
    words = await store.write_each(lessons)
    at = 0
    for tell in tells:
        tell.words = words[at : at + len(tell.lessons)]
        at += len(tell.lessons)
