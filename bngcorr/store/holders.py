"""Which sessions hold an address, in all domains: written behind the sessions themselves, so it may lag a little.

A global address or prefix that is live on two lines is a fault of the network: the traffic of one of them is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.errors import StoreError
from bngcorr.store import packing
from bngcorr.store.duplicates import address_of, holds, strangers, unique
from bngcorr.store.keys import holders, term_hash
from bngcorr.store.lane import Lane
from bngcorr.store.queries import Queries, entry_of, read_entry
from bngcorr.store.terms import address_term

BUDGET_S: Final = 2.0
MOST_WAITING: Final = 10_000  # moves that a node did not take yet


@dataclass(frozen=True, slots=True)
class Move:
    """Hosts that a session took, and hosts that it gave back: ``kind|service|address``."""

    index: int  # of the lesson
    domain: str
    session: str
    came: Sequence[bytes]
    went: Sequence[bytes]


class Holders:
    """The index of addresses."""

    def __init__(self, lane: Lane, queries: Queries) -> None:
        self._lane = lane
        self._queries = queries
        self._waiting: deque[tuple[bytes, bytes, int]] = deque(maxlen=MOST_WAITING)

    @property
    def waiting(self) -> int:
        """Claims that could not be written yet."""
        return len(self._waiting)

    async def move(self, moves: Sequence[Move]) -> list[tuple[int, str]]:
        """Note all of it; (index, address) for each that is live on another line as well."""
        claims = list(self._waiting)
        self._waiting.clear()
        whose: list[tuple[Move, str] | None] = [None] * len(claims)
        for one in moves:
            entry = entry_of(one.domain, one.session)
            for tokens, claimed in ((one.came, 1), (one.went, 0)):
                for token in tokens:
                    address = address_of(token.decode())
                    claims.append((term_hash(address_term(address)), entry, claimed))
                    whose.append((one, token.decode()) if claimed else None)
        commands = [self._lane.script("claim", (holders(claim[0]),), (packing.pack([claim]),)) for claim in claims]
        suspects: list[tuple[Move, str, list[tuple[str, str]]]] = []
        for claim, of, reply in zip(claims, whose, await self._lane.run_each(commands, BUDGET_S), strict=True):
            if isinstance(reply, StoreError):
                self._waiting.append(claim)
            elif of is not None and not isinstance(reply, Exception):
                (others,) = packing.unpack(reply)
                if others and unique(of[1]):
                    suspects.append((*of, [read_entry(other) for other in others]))
        return await self._verified(suspects) if suspects else []

    async def _verified(self, suspects: Sequence[tuple[Move, str, list[tuple[str, str]]]]) -> list[tuple[int, str]]:
        """Those whose other holder is up, still holds it, and is on another line."""
        pairs = {pair for move, _, others in suspects for pair in ((move.domain, move.session), *others)}
        try:
            rows = {(row.domain, row.session): row for row in await self._queries.session_rows(sorted(pairs))}
        except StoreError:
            return []
        found = []
        for move, token, others in suspects:
            mine = rows.get((move.domain, move.session))
            live = [row for pair in others if (row := rows.get(pair)) is not None and holds(row, token)]
            if mine is not None and any(strangers(mine, row) for row in live):
                found.append((move.index, address_of(token)))
        return found
