"""Closed sessions in the store, until they are written down: a list for each domain, the oldest first.

The scripts push to its end, and cut its beginning when too many wait. Whoever writes them down cuts as well, so places
in the list move. A session is therefore known by how many were ever cut before it, and only what was read is cut: two
writers at once, a cut in between, a store that came back with an older list or an empty one may make a session be read
twice, and never make it go unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bngcorr.store import packing
from bngcorr.store.keys import HistoryKeys
from bngcorr.store.lane import Lane, Reply
from bngcorr.store.rows import Closed

BUDGET_S: Final = 5.0  # of one round trip: nobody waits for it
PAGE: Final = 1000  # read at once by those who look for one

_CUT: Final = """
local lost, written = unpack(redis.call('HMGET', KEYS[2], 'closed.lost', 'closed.written'))
local gone = (tonumber(lost) or 0) + (tonumber(written) or 0)
local count = tonumber(ARGV[1]) + tonumber(ARGV[2]) - gone
if tonumber(ARGV[1]) > gone or count <= 0 then return 0 end
if redis.call('LINDEX', KEYS[1], count - 1) ~= ARGV[3] then return 0 end
redis.call('LTRIM', KEYS[1], count, -1)
redis.call('HINCRBY', KEYS[2], 'closed.written', count)
return count
"""
_LEASE: Final = """
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if tonumber(ARGV[2]) <= 0 then return 0 end
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
"""


class Histories:
    """`contract.HistoryStore`. Raises StoreError."""

    def __init__(self, lane: Lane) -> None:
        """Nothing is asked yet."""
        self._lane = lane
        self._read: dict[str, tuple[int, int, bytes]] = {}  # by domain: cut before what was last read; how many; last

    async def closed(self, domain: str, limit: int) -> tuple[list[Closed], int]:
        """The oldest, and how many were read for that: a row that this version can't read is left out."""
        keys = HistoryKeys(domain)
        gone, packed = await self._lane.run(
            [("HMGET", keys.walk, "closed.lost", "closed.written"), ("LRANGE", keys.closed, 0, limit - 1)], BUDGET_S
        )
        self._read[domain] = (sum(int(part or 0) for part in gone), len(packed), packed[-1] if packed else b"")
        return list(_rows(domain, packed)), len(packed)

    async def written(self, domain: str) -> None:
        """What `closed` last read here is cut off, as far as it still stands there."""
        keys = HistoryKeys(domain)
        read = self._read.pop(domain, None)
        if read is not None and read[1]:
            await self._lane.run([("EVAL", _CUT, 2, keys.closed, keys.walk, *read)], BUDGET_S)

    async def recent(self, domain: str) -> list[Closed]:
        """All of them, the newest first, page by page from the end: what is cut or pushed meanwhile hides none."""
        keys = HistoryKeys(domain)
        rows: list[Closed] = []
        page: Reply = [b""]
        end = -1
        while page:
            (page,) = await self._lane.run([("LRANGE", keys.closed, end - PAGE + 1, end)], BUDGET_S)
            rows.extend(reversed(list(_rows(domain, page))))
            end -= PAGE
        return rows

    async def waiting(self, domain: str) -> tuple[int, int]:
        """How many are in the list, and how many were ever given up."""
        keys = HistoryKeys(domain)
        length, lost = await self._lane.run([("LLEN", keys.closed), ("HGET", keys.walk, "closed.lost")], BUDGET_S)
        return int(length), int(lost or 0)

    async def lease(self, domain: str, holder: str, lasts_ms: int) -> bool:
        """One key, that runs out by the server's clock."""
        (held,) = await self._lane.run([("EVAL", _LEASE, 1, HistoryKeys(domain).writer, holder, lasts_ms)], BUDGET_S)
        return bool(held)


def _rows(domain: str, packed: Reply) -> Iterator[Closed]:
    for row in packed:
        try:
            yield packing.closed_row(domain, row)
        except (ValueError, TypeError, IndexError):
            continue
