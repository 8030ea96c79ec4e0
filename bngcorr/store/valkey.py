"""The correlation store over Redis ≥ 7.0 or Valkey: reading for verdicts, writing what was seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from bngcorr.errors import StoreError
from bngcorr.store import contract as c
from bngcorr.store import packing
from bngcorr.store.asking import Asker
from bngcorr.store.audit import Audits
from bngcorr.store.batch import NO_INSTANTS, Moved, Settings
from bngcorr.store.capacity import Capacities
from bngcorr.store.figures import READ_BUDGET_S
from bngcorr.store.history import Histories
from bngcorr.store.holders import Holders
from bngcorr.store.keys import EVENTS, DomainKeys, epochs
from bngcorr.store.lane import Lane, Reply, open_lane
from bngcorr.store.lesson import Lesson
from bngcorr.store.plan import Plans
from bngcorr.store.queries import Queries
from bngcorr.store.recollection import Recall, Recollection
from bngcorr.store.rows import Upkeep
from bngcorr.store.writing import WRITE_BUDGET_S, Writer


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
        self._history_backlog = history_backlog
        self._names: dict[str, DomainKeys] = {}
        self._troubles: dict[str, str] = {}  # of domains
        self.queries = Queries(self.lane, timeline)
        self.plans = Plans(self.lane)
        self.audits = Audits(self.lane)
        self.capacity = Capacities(self.lane)
        self.history = Histories(self.lane)
        self._holders = Holders(self.lane, self.queries)
        self._writer = Writer(
            self.lane,
            Settings(v6_lost_ms=round(v6_lost_s * 1000), history_backlog=history_backlog, timeline=timeline),
            self._holders, self._heard, events=events, timeline=timeline,
        )  # fmt: skip
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
        self._writer.aside.close()
        await self.lane.close()

    async def told(self) -> None:
        """Timelines that are on their way have arrived, or are lost."""
        await self._writer.aside.told()

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

    # ---- writing what was seen

    def write(
        self, lessons_: Sequence[Lesson], now_ms: int, taken: Callable[[list[str]], None] = lambda _: None
    ) -> Coroutine[Any, Any, list[str]]:
        """One script call a node, in a Cluster one a domain; then who holds which address."""
        return self._writer.write(lessons_, now_ms, NO_INSTANTS, taken)

    def write_at(
        self,
        lessons_: Sequence[Lesson],
        now_ms: int,
        instants: Mapping[str, int],
        taken: Callable[[list[str]], None] = lambda _: None,
    ) -> Coroutine[Any, Any, list[str]]:
        """As `write`, but for domains that have an instant of their own."""
        return self._writer.write(lessons_, now_ms, instants, taken)

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
