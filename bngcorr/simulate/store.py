"""The real store, told of many boxes at once, each at an instant of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bngcorr.errors import BngcorrError, StoreError
from bngcorr.model.line import LineIds
from bngcorr.store.lesson import AWAY, FAILED, Event, Lesson
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.store.valkey import ValkeyStore

TRIES: Final = 10
BUCKETS: Final = 4096  # of a domain's records: all of them
WALK_MS: Final = 60_000


class StoreSilent(BngcorrError):
    """The store did not take or give something: what came of the run would not be the product's."""


class SimulatedStore(ValkeyStore):
    """Boxes are correlation domains of their own and need not be equally far in their stories.

    A loaded machine may let a write overrun its budget. Lessons change nothing the second time, so they are told again.
    """

    async def write_each(self, lessons: Sequence[tuple[Lesson, int]]) -> list[str]:
        """As `write`, each lesson at its own instant. Raises StoreSilent if one is not taken."""
        words = await self._written(lessons)
        for _ in range(TRIES - 1):
            again = [at for at, word in enumerate(words) if word == AWAY]
            if not again:
                break
            for at, word in zip(again, await self._written([lessons[at] for at in again]), strict=True):
                words[at] = word
        for word in words:
            if word == AWAY or word.startswith(FAILED):
                raise StoreSilent(f"the store did not take a lesson: {word}")
        return words

    async def _written(self, lessons: Sequence[tuple[Lesson, int]]) -> list[str]:
        """All lessons of one domain and instant go together, in order; what follows at another instant goes after."""
        words = [AWAY] * len(lessons)
        waiting = list(range(len(lessons)))
        while waiting:
            instants: dict[str, int] = {}
            now: list[int] = []
            later: list[int] = []
            held: set[str] = set()  # domains that have something to be told later
            for place in waiting:
                lesson, now_ms = lessons[place]
                domain = "" if isinstance(lesson, Event) else lesson.domain
                if domain not in held and instants.setdefault(domain, now_ms) == now_ms:
                    now.append(place)
                else:
                    held.add(domain)
                    later.append(place)
            told = await self.write_at([lessons[place][0] for place in now], lessons[now[0]][1], instants)
            for place, word in zip(now, told, strict=True):
                words[place] = word
            waiting = later
        return words

    async def walk(self, domain: str, now_ms: int) -> None:
        """Upkeep of all records of a domain. Raises StoreSilent."""
        for _ in range(TRIES):
            try:
                await self.upkeep([domain], now_ms, buckets=BUCKETS, walk_ms=WALK_MS)
            except StoreError:
                continue
            return
        raise StoreSilent(f"the store did not walk over the records of {domain}")

    async def replan(self, domain: str, entries: dict[str, LineIds], now_ms: int) -> None:
        """Put a line plan in force. Raises StoreSilent."""
        for _ in range(TRIES):
            try:
                await self.plans.replace_plan(domain, entries, now_ms)
            except StoreError:
                continue
            return
        raise StoreSilent(f"the store did not take the plan of {domain}")

    async def recall_all(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection]:
        """As `recall`. Raises StoreSilent if one is not answered.

        `now_ms` is the earliest of their instants: nothing is left out that counts at any of them, and what no longer
        counts at its own is for the climb to say.
        """
        found = await self.recall(questions, now_ms)
        answered = [one for one in found if one is not None]
        if len(answered) < len(found):
            raise StoreSilent("the store did not answer a question")
        return answered
