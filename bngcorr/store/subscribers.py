"""Reading for CoA and Disconnect over Redis or Valkey: the boxes of a domain, the sessions of one line."""

from __future__ import annotations

from collections.abc import Sequence

from bngcorr.store import packing
from bngcorr.store.figures import READ_BUDGET_S
from bngcorr.store.keys import DomainKeys
from bngcorr.store.lane import Command, Lane
from bngcorr.store.queries import Queries
from bngcorr.store.rows import SessionRow


class Subscribers:
    """Look-ups that start from a name in the store and not from an index term. Raises StoreError."""

    def __init__(self, lane: Lane, queries: Queries) -> None:
        self._lane = lane
        self._queries = queries

    async def boxes(self, domains: Sequence[str]) -> list[tuple[str, str]]:
        """(domain, box) of every box that has had sessions, as ``bng|host``."""
        commands: list[Command] = [("HKEYS", DomainKeys(domain).epochs) for domain in domains]
        replies = await self._lane.run(commands, READ_BUDGET_S) if commands else []
        return [
            (domain, box) for domain, reply in zip(domains, replies, strict=True) for box in packing.boxes_of(reply)
        ]

    async def line(self, domains: Sequence[str], line: str) -> list[SessionRow]:
        """Sessions that vouch for a line, given by its key (24 hexadecimal digits)."""
        name = bytes.fromhex(line)
        commands: list[Command] = [("HGET", DomainKeys(domain).record("l", name), name) for domain in domains]
        replies = await self._lane.run(commands, READ_BUDGET_S) if commands else []
        rows = [
            packing.line_row(domain, name, packed)
            for domain, packed in zip(domains, replies, strict=True)
            if packed is not None
        ]
        return await self._queries.session_rows([(row.domain, session) for row in rows for session in row.sessions])
