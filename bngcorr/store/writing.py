"""Lessons into the store: one script call a node, beside it what people are told, then who holds which address."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bngcorr.errors import StoreError
from bngcorr.store import verdicts
from bngcorr.store.aside import Aside
from bngcorr.store.batch import Batch, Settings
from bngcorr.store.entries import Entries
from bngcorr.store.holders import Holders
from bngcorr.store.keys import EVENTS, epochs, plans
from bngcorr.store.lane.commands import Reply, Sent
from bngcorr.store.lane.lane import Lane
from bngcorr.store.lesson import DUPLICATE, Lesson
from bngcorr.store.verdicts import Room

WRITE_BUDGET_S: Final = 2.0


class Writer:
    """Of a ValkeyStore."""

    def __init__(
        self,
        lane: Lane,
        settings: Settings,
        holders: Holders,
        heard: Callable[[Sequence[str], Reply], None],
        *,
        events: int,
        timeline: int,
    ) -> None:
        """`heard` is told when the node of some domains did not take what they were told. `events` and `timeline` as
        ValkeyStore has them.
        """
        self._lane: Final = lane
        self._settings: Final = settings
        self._holders: Final = holders
        self._heard: Final = heard
        self._room: Final = Room(events)
        self._entries: Final = Entries(timeline, plain=lane.undivided) if timeline else None
        self.aside: Final = Aside(lane.run_each)

    def shared(self, domains: list[str]) -> list[list[str]]:
        """Which of them one call is about: all, in a Cluster one, and none is about nothing."""
        return [domains] if self._lane.undivided and domains else [[domain] for domain in domains]

    async def write(
        self, lessons: Sequence[Lesson], now_ms: int, instants: Mapping[str, int], taken: Callable[[list[str]], None]
    ) -> list[str]:
        """As ValkeyStore's `write_at`."""
        lane = self._lane
        batch = Batch(lessons)
        calls = self.shared(batch.domains)
        commands: list[Sent] = [
            lane.script("write", plans(some), (self._settings.packed, batch.packed(some, now_ms, instants)))
            for some in calls
        ]
        entries = self._room.entries(len(batch.events)) if batch.events else 0
        if entries:
            commands.append(("XADD", EVENTS, "MAXLEN", "~", entries, "*", "j", verdicts.packed(batch.events)))
        replies = await self._tell(batch, commands, now_ms)
        if entries and isinstance(replies[len(calls)], Exception):
            batch.away()
        for number, some in enumerate(calls):
            reply = replies[number]
            batch.take(some, reply)
            if isinstance(reply, StoreError):
                self._heard(some, reply)
        words = batch.words
        taken(list(words))
        self._holders.retry()
        if batch.moves:
            for index, address in await self._holders.move(batch.moves):
                words[index] += f",{DUPLICATE}{address}"
        return words

    async def _tell(self, batch: Batch, commands: list[Sent], now_ms: int) -> list[Reply]:
        """Replies to the commands, and others. With them goes what timelines are told of requests that are over."""
        lane, entries = self._lane, self._entries
        if entries is None:
            return await lane.run_each(commands, WRITE_BUDGET_S)
        pushes = entries.push(batch.events, now_ms)
        domains = entries.domains
        scripts = [lane.script("timeline", epochs(some), (entries.packed(some),)) for some in self.shared(domains)]
        if not lane.undivided:
            replies = await lane.run_each(commands, WRITE_BUDGET_S)
            self.aside.tell(domains, scripts)
            return replies
        replies = await lane.run_each([*commands, *pushes.commands, *scripts], WRITE_BUDGET_S)
        if scripts:
            entries.told(replies.pop())
        if entries.take(pushes, replies[len(commands) :]):
            domains = entries.domains
            again = lane.script("timeline", epochs(domains), (entries.packed(domains),))
            entries.told((await lane.run_each([again], WRITE_BUDGET_S))[0])
        return replies
