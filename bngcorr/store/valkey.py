"""The correlation store over Redis ≥ 7.0 or Valkey: reading for verdicts, writing what was seen."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from bngcorr.errors import StoreError
from bngcorr.store import contract as c
from bngcorr.store import packing, verdicts
from bngcorr.store.asking import Asker
from bngcorr.store.audit import Audits
from bngcorr.store.batch import Batch, Moved, Settings
from bngcorr.store.capacity import Capacities
from bngcorr.store.entries import Entries
from bngcorr.store.figures import READ_BUDGET_S
from bngcorr.store.history import Histories
from bngcorr.store.holders import Holders
from bngcorr.store.keys import EVENTS, DomainKeys, epochs
from bngcorr.store.lane import Command, Lane, Reply, open_lane
from bngcorr.store.lesson import DUPLICATE, Lesson
from bngcorr.store.plan import Plans
from bngcorr.store.queries import Queries
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.store.rows import Upkeep
from bngcorr.store.verdicts import Room

WRITE_BUDGET_S: Final = 2.0
MOST_ASIDE: Final = 64  # timelines of as many domains are under way at a time
MOST_WAITING: Final = 16  # and as many batches of one domain wait meanwhile


class ValkeyStore:
    """Correlation and upkeep on one server, a Sentinel's master, or a cluster; `queries` and `plans` beside them."""

    def __init__(
        self,
        url: str,
        *,
        budget_s: float,
        events: int,
        v6_lost_s: float = c.V6_LOST_MS / 1000,
        history_backlog: int = 0,
        timeline: int = 0,
    ) -> None:
        """`budget_s` bounds `recall`; `events` is how many recent requests are kept, `history_backlog` how many closed
        sessions of each domain, `timeline` how many entries of each line. Raises StoreError for a bad URL.
        """
        self.lane: Lane = open_lane(url)
        self._budget_s = budget_s
        self._room = Room(events)
        self._settings = Settings(
            v6_lost_ms=round(v6_lost_s * 1000), history_backlog=history_backlog, timeline=timeline
        )
        self._entries = Entries(timeline, plain=self.lane.undivided) if timeline else None
        self._aside: dict[str, deque[Command]] = {}  # by domain, timelines that wait for those that are on their way
        self._tellers: set[asyncio.Task[None]] = set()
        self._history_backlog = history_backlog
        self._names: dict[str, DomainKeys] = {}
        self._troubles: dict[str, str] = {}  # of domains
        self.queries = Queries(self.lane, timeline)
        self.plans = Plans(self.lane)
        self.audits = Audits(self.lane)
        self.capacity = Capacities(self.lane)
        self.history = Histories(self.lane)
        self._holders = Holders(self.lane, self.queries)
        self.ask = Asker(self.lane, budget_s, self._heard).ask  # as `recall`, for whoever is called back

    def _keys(self, domain: str) -> DomainKeys:
        names = self._names.get(domain)
        if names is None:
            names = self._names[domain] = DomainKeys(domain)
        return names

    @property
    def calls(self) -> int:
        """Round trips so far."""
        return self.lane.calls

    @property
    def undivided(self) -> bool:
        """Whether one server keeps everything."""
        return self.lane.undivided

    def where(self, domain: str) -> str:
        """Name of the node that keeps a domain now; "" for a single server."""
        return self.lane.where(self._keys(domain).epochs)

    def where_events(self) -> str:
        """Name of the node that keeps recent requests for people."""
        return self.lane.where(EVENTS)

    def trouble(self, domain: str) -> str:
        """Why the node of a domain last did not answer, or did not take what it was told; "" if it did."""
        return self._troubles.get(domain, "")

    def _heard(self, domains: Sequence[str], reply: Reply) -> None:
        if isinstance(reply, Exception):
            self._troubles.update(dict.fromkeys(domains, str(reply)))
        elif self._troubles:
            for domain in domains:
                self._troubles.pop(domain, None)

    async def close(self) -> None:
        """Close all connections."""
        for task in self._tellers:
            task.cancel()
        await self.lane.close()

    async def told(self) -> None:
        """Timelines that are on their way have arrived, or are lost."""
        await asyncio.gather(*self._tellers, return_exceptions=True)

    async def now_ms(self) -> int:
        """The server's clock. Raises StoreError."""
        (reply,) = await self.lane.run([("TIME",)], READ_BUDGET_S)
        return int(reply[0]) * 1000 + int(reply[1]) // 1000

    async def ping(self, domain: str) -> bool:
        """Whether the node that keeps this domain answers."""
        try:
            await self.lane.run([("EXISTS", self._keys(domain).epochs)], self._budget_s)
        except StoreError:
            return False
        return True

    # ---- reading for verdicts

    async def recall(self, questions: Sequence[Recall], now_ms: int) -> list[Recollection | None]:
        """One script call a node, in a Cluster one a domain; None: its node did not answer in time."""
        answer: asyncio.Future[list[Recollection | None]] = asyncio.get_running_loop().create_future()

        def told(said: list[Recollection | None] | Exception) -> None:
            if answer.done():
                return
            if isinstance(said, Exception):
                answer.set_exception(said)
            else:
                answer.set_result(said)

        self.ask(questions, now_ms, told)
        return await answer

    def _shared(self, domains: list[str]) -> list[list[str]]:
        """Which of them one call is about: all, in a Cluster one, and none is about nothing."""
        return [domains] if self.lane.undivided and domains else [[domain] for domain in domains]

    # ---- writing what was seen

    async def write(
        self, lessons_: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> list[str]:
        """One script call a node, in a Cluster one a domain; then who holds which address."""
        return await self.write_at(lessons_, now_ms, {}, taken)

    async def write_at(
        self,
        lessons_: Sequence[Lesson],
        now_ms: int,
        instants: Mapping[str, int],
        taken: Callable[[list[str]], None] = lambda _: None,
    ) -> list[str]:
        """As `write`, but for domains that have an instant of their own."""
        batch = Batch(lessons_)
        calls = self._shared(batch.domains)
        commands = [
            self.lane.script("write", epochs(some), (self._settings.packed, batch.packed(some, now_ms, instants)))
            for some in calls
        ]
        entries = self._room.entries(len(batch.events)) if batch.events else 0
        if entries:
            commands.append(("XADD", EVENTS, "MAXLEN", "~", entries, "*", "j", verdicts.packed(batch.events)))
        replies = await self._tell(batch, commands, now_ms)
        if entries and isinstance(replies[len(calls)], Exception):
            batch.away()
        del replies[len(calls) :]
        for some, reply in zip(calls, replies, strict=True):
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

    async def _tell(self, batch: Batch, commands: list[Command], now_ms: int) -> list[Reply]:
        """Replies to the commands. With them goes what timelines are told of requests that are over."""
        entries = self._entries
        if entries is None:
            return await self.lane.run_each(commands, WRITE_BUDGET_S) if commands else []
        pushes = entries.push(batch.events, now_ms)
        domains = entries.domains
        scripts = [
            self.lane.script("timeline", epochs(some), (entries.packed(some),)) for some in self._shared(domains)
        ]
        if not self.lane.undivided:
            replies = await self.lane.run_each(commands, WRITE_BUDGET_S) if commands else []
            self._tell_aside(domains, scripts)
            return replies
        replies = await self.lane.run_each([*commands, *pushes.commands, *scripts], WRITE_BUDGET_S)
        if scripts:
            entries.told(replies.pop())
        if entries.take(pushes, replies[len(commands) :]):
            domains = entries.domains
            again = self.lane.script("timeline", epochs(domains), (entries.packed(domains),))
            entries.told((await self.lane.run_each([again], WRITE_BUDGET_S))[0])
        return replies

    def _tell_aside(self, domains: Sequence[str], commands: Sequence[Command]) -> None:
        """In a Cluster, so that no node waits for another; what is too much is lost.

        Those of one domain go one after the other: the oldest entries of a line give way to what comes later.
        """
        for domain, command in zip(domains, commands, strict=True):
            waiting = self._aside.get(domain)
            if waiting is None and len(self._aside) < MOST_ASIDE:
                self._aside[domain] = deque([command])
                task = asyncio.get_running_loop().create_task(self._tell_one(domain))
                self._tellers.add(task)
                task.add_done_callback(self._tellers.discard)
            elif waiting is not None and len(waiting) < MOST_WAITING:
                waiting.append(command)

    async def _tell_one(self, domain: str) -> None:
        waiting = self._aside[domain]
        try:
            while waiting:
                some = list(waiting)
                waiting.clear()
                with suppress(StoreError):
                    await self.lane.run_each(some, WRITE_BUDGET_S)
        finally:
            del self._aside[domain]

    # ---- upkeep

    async def upkeep(self, domains: Sequence[str], now_ms: int, *, buckets: int, walk_ms: int) -> list[Upkeep]:
        """One script call a node, in a Cluster one a domain, over at most `buckets` of 4096 of each domain."""
        row = packing.pack([now_ms, buckets, walk_ms, c.TAINT_MS, c.TOMBSTONE_MS, c.FINDING_MS, self._history_backlog])
        calls = [list(domains)] if self.lane.undivided else [[domain] for domain in domains]
        commands = [self.lane.script("upkeep", epochs(some), (row,)) for some in calls]
        done: list[Upkeep] = []
        for some, reply in zip(calls, await self.lane.run(commands, WRITE_BUDGET_S), strict=True):
            # of fewer domains than were asked for, if these had much to look after
            for domain, told in zip(some, packing.unpack(reply), strict=False):
                done.append(await self._looked_after(domain, told))
        return done

    async def _looked_after(self, domain: str, told: Any) -> Upkeep:
        if isinstance(told, bytes):
            return Upkeep(trouble=told.decode("utf-8", "replace"))
        expired, dropped, released, lost, census = told
        moves = [
            Moved(0, domain, session.hex(), (), hosts.split(b"\n"))
            for session, hosts in zip(released[::2], released[1::2], strict=True)
        ]
        if moves:
            await self._holders.move(moves)
        return Upkeep(
            expired=expired,
            dropped=dropped,
            lost=tuple(packing.lost_line(*pair) for pair in zip(lost[::2], lost[1::2], strict=True)),
            census=tuple((bng.decode(), *counts) for bng, counts in dict(census or {}).items()),
        )
