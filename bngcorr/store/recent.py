"""What happened of late, over Redis or Valkey: requests that are over, and the timelines of lines."""

from __future__ import annotations

from typing import Final

from bngcorr.store import timeline, verdicts
from bngcorr.store.figures import READ_BUDGET_S
from bngcorr.store.keys import EVENTS, DomainKeys
from bngcorr.store.lane import Command, Lane
from bngcorr.store.timeline import Entry, RequestEntry

ENTRIES_AT_ONCE: Final = 64  # of the stream


class Recent:
    """Part of `contract.QueryStore`. Raises StoreError."""

    _lane: Lane

    async def timeline(self, domain: str, line: str) -> list[Entry]:
        """One look-up."""
        name = bytes.fromhex(line)
        (packed,) = await self._lane.run([("HGET", DomainKeys(domain).record("y", name), name)], READ_BUDGET_S)
        return timeline.ring(domain, line, packed) if packed else []

    async def events(self, after: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """A few entries of the stream at a time."""
        found: list[tuple[str, RequestEntry]] = []
        start, place = verdicts.read_cursor(after) if after else ("-", -1)
        more = True
        while more and len(found) < limit:
            (reply,) = await self._lane.run([("XRANGE", EVENTS, start, "+", "COUNT", ENTRIES_AT_ONCE)], READ_BUDGET_S)
            for name, fields in reply:
                told = _requests(name.decode(), fields[1])
                found += [one for at, one in told if at > place or name.decode() != start]
                start = f"({name.decode()}"
            more = len(reply) == ENTRIES_AT_ONCE
        return found[:limit]

    async def events_before(self, before: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """A few entries of the stream at a time."""
        found: list[tuple[str, RequestEntry]] = []
        end, place = verdicts.read_cursor(before) if before else ("+", 0)
        more = True
        while more and len(found) < limit:
            command: Command = ("XREVRANGE", EVENTS, end, "-", "COUNT", ENTRIES_AT_ONCE)
            (reply,) = await self._lane.run([command], READ_BUDGET_S)
            for name, fields in reply:
                told = reversed(_requests(name.decode(), fields[1]))
                found += [one for at, one in told if at < place or name.decode() != end]
                end = f"({name.decode()}"
            more = len(reply) == ENTRIES_AT_ONCE
        return found[:limit]


def _requests(entry: str, octets: bytes) -> list[tuple[int, tuple[str, RequestEntry]]]:
    """Those of an entry of the stream that this version can read: place, cursor, request."""
    told = [timeline.read(about, moment, "", "") for about, moment in verdicts.unpacked(octets)]
    return [
        (at, (verdicts.cursor(entry, at), one)) for at, one in enumerate(told) if isinstance(one, timeline.RequestEntry)
    ]
