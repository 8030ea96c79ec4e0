"""What happened of late, over Redis or Valkey: requests that are over, and the timelines of lines."""

from __future__ import annotations

from typing import Final

from bngcorr.store import timeline, verdicts
from bngcorr.store.figures import READ_BUDGET_S
from bngcorr.store.keys import EVENTS, DomainKeys
from bngcorr.store.lane import Command, Lane
from bngcorr.store.timeline import Entry, RequestEntry
from bngcorr.store.together import Together

FEWEST_ENTRIES: Final = 4  # of the stream, read in one go, each with the requests of a batch
MOST_ENTRIES: Final = 64


class Recent:
    """Part of `contract.QueryStore`. Raises StoreError."""

    _lane: Together
    _alone: Lane
    _most_entries: int  # of a timeline; 0: all that are there

    async def timeline(self, domain: str, line: str) -> list[Entry]:
        """One look-up."""
        (elements,) = await self._lane.run(
            [("LRANGE", DomainKeys(domain).timelines.encode() + bytes.fromhex(line), 0, -1)], READ_BUDGET_S
        )
        return timeline.entries(domain, line, elements, self._most_entries)

    async def events(self, after: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """A few entries of the stream at a time."""
        return await self._read(after, limit, newest_first=False)

    async def events_before(self, before: str, limit: int) -> list[tuple[str, RequestEntry]]:
        """A few entries of the stream at a time."""
        return await self._read(before, limit, newest_first=True)

    async def _read(self, cursor: str, limit: int, *, newest_first: bool) -> list[tuple[str, RequestEntry]]:
        """Those that this version can read, each with its cursor. Raises ValueError for what is no cursor."""
        known, place = verdicts.read_cursor(cursor) if cursor else ("", 0)
        verb, end = ("XREVRANGE", "-") if newest_first else ("XRANGE", "+")
        start, at_once = known or ("+" if newest_first else "-"), FEWEST_ENTRIES
        found: list[tuple[str, RequestEntry]] = []
        more = True
        while more:
            command: Command = (verb, EVENTS, start, end, "COUNT", at_once)
            (reply,) = await self._alone.run([command], READ_BUDGET_S)
            for name, fields in reply:
                entry = name.decode()
                start = f"({entry}"
                told = list(enumerate(verdicts.unpacked(fields[1])))
                if entry == known:
                    told = told[:place] if newest_first else told[place + 1 :]
                for at, parts in reversed(told) if newest_first else told:
                    if len(found) == limit:
                        return found
                    request = timeline.read(*parts, "", "")
                    if isinstance(request, RequestEntry):
                        found.append((verdicts.cursor(entry, at), request))
            more = len(reply) == at_once
            at_once = min(2 * at_once, MOST_ENTRIES)
        return found
