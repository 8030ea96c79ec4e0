"""An API over figures that stand still: what BNGs use, and samples of the days before."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

from aiohttp import web

from bngcorr.bng_profiles import costs_of
from bngcorr.config import Config, parse
from bngcorr.model.usage import Traffic, Usage
from bngcorr.store.contract import QueryStore
from bngcorr.store.memory_capacity import MemoryCapacity
from bngcorr.store.rows import Observed, Sample
from bngcorr.web.access.middleware import Access
from bngcorr.web.api import Api
from bngcorr.web.application import application
from bngcorr.web.resources.desk import Desk
from tests.web.acting import nowhere

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def config_of(bngs: Sequence[dict[str, object]], **more: object) -> Config:
    """These BNGs, each with an address of its own."""
    server = {"address": "192.0.2.10:1812", "secret": "example"}
    entries = [{"address": f"192.0.2.{at}", "secret": "example", **bng} for at, bng in enumerate(bngs, start=20)]
    return parse({"upstream": {"auth": server, "acct": server}, "bngs": entries, **more})


CONFIG = config_of(
    [
        {
            "name": "bng1", "profile": "nokia-sros",
            "limits": {"host_resources": 1000, "cards": {"*": 400}, "ports": {"1/1/4": 100}},
        },
        {"name": "bng2", "cost_table": "halved", "limits": {"host_resources": 300}},
        {"name": "edge", "address": "198.51.100.0/28", "domain": "west", "cost_table": "session"},
    ],
    cost_tables={"halved": {"v4": 1, "na_or_pd": 1}},
)  # fmt: skip


class Figures:
    """What a `QueryStore` says of BNGs, and a `CapacityStore` of their past."""

    def __init__(self) -> None:
        self.now: dict[str, Usage] = {
            "bng1": Usage(v4=500, ia_na=100, ia_pd=100, na_or_pd=100, sessions=500),
            "bng2": Usage(v4=100, ia_pd=60, slaac=60, na_or_pd=60, sessions=100),
            "edge": Usage(v4=7, sessions=7),
        }
        self.ports: dict[str, dict[tuple[str, str], Usage]] = {
            "bng1": {
                ("bng1|", "1/1/4"): Usage(v4=95),
                ("bng1|", "1/1/10"): Usage(v4=300, ia_na=5),
                ("bng1|", "lag-2"): Usage(v4=105),
            },
            "edge": {("edge|198.51.100.2", "1/1/1"): Usage(v4=3, sessions=3)},
        }
        self.octets = {"bng1": Traffic(v4=3_000, v6=1_000, either=50)}
        self.counted = {"bng1": (100, 400, 0)}
        self.capacity = MemoryCapacity()

    async def usage(self, _: str, bngs: Sequence[str]) -> dict[str, Usage]:
        """Present usage."""
        return {bng: self.now.get(bng, Usage()) for bng in bngs}

    async def usage_by_port(self, _: str, bngs: Sequence[str]) -> dict[str, dict[tuple[str, str], Usage]]:
        """By box and port."""
        return {bng: self.ports.get(bng, {}) for bng in bngs}

    async def traffic(self, _: str, bngs: Sequence[str]) -> dict[str, Traffic]:
        """Octets."""
        return {bng: self.octets.get(bng, Traffic()) for bng in bngs}

    async def census(self, domain: str) -> dict[str, tuple[int, int, int]]:
        """Lines, each BNG being a domain of its own."""
        return {bng: counts for bng, counts in self.counted.items() if bng == domain}

    async def enterprise_numbers(self, _: str, bngs: Sequence[str]) -> dict[str, dict[int, int]]:
        """None were seen."""
        return {bng: {} for bng in bngs}

    async def distances(self, _: str, bngs: Sequence[str]) -> dict[str, tuple[int, ...]]:
        """Nothing was matched."""
        from bngcorr.store.lesson import DISTANCE_BUCKETS_MS

        return {bng: (0,) * (len(DISTANCE_BUCKETS_MS) + 1) for bng in bngs}

    def past(self, bng: str, *, days: int, per_day: float, daily: float = 0) -> None:
        """Hourly samples up to now: IPv4 hosts alone that grew evenly, up and down with the hour."""
        now_ms = time.time_ns() // 1_000_000

        async def note() -> None:
            for hours in range(24 * days, -1, -1):
                at_ms = now_ms - hours * HOUR_MS
                grown = self.now[bng].v4 - per_day * hours / 24 + daily * math.sin(2 * math.pi * at_ms / DAY_MS)
                usage = Usage(v4=round(grown))
                await self.capacity.sample(bng, bng, Sample(at_ms=at_ms, usage=usage), usage.v4, HOUR_MS)

        asyncio.run(note())

    def said(self, bng: str, hours_ago: float, **figures: int) -> None:
        """What the box said of itself."""
        at_ms = time.time_ns() // 1_000_000 - round(hours_ago * HOUR_MS)
        asyncio.run(self.capacity.observe(bng, bng, Observed(at_ms=at_ms, figures=tuple(figures.items()))))


@contextmanager
def served(figures: Figures, config: Config = CONFIG) -> Iterator[str]:
    """The API in a thread of its own; gives its address."""
    desk = Desk(cast(QueryStore, figures), figures.capacity, config, costs_of(config), nowhere())
    loop = asyncio.new_event_loop()
    runner = web.AppRunner(application(Api(desk).routes(), Access(config.web)), access_log=None)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        sockets: Any = runner.addresses
        return int(sockets[0][1])

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        port = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        yield f"http://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(desk.close(), loop).result(10)
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
