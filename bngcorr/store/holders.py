"""Which sessions hold an address, in all domains: written behind the sessions themselves, so it may lag a little.

A global address or prefix that is live on two lines is a fault of the network: the traffic of one of them is lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from bngcorr.errors import StoreError
from bngcorr.store import packing
from bngcorr.store.batch import Moved
from bngcorr.store.duplicates import address_of, holds, strangers, unique
from bngcorr.store.keys import holders
from bngcorr.store.lane import Lane
from bngcorr.store.queries import Queries, entry_of, read_entry
from bngcorr.store.terms import address_term, term_hash

BUDGET_S: Final = 0.5  # for what lessons wait for
RETRY_BUDGET_S: Final = 2.0
REST_S: Final = 1.0  # a node that did not answer is told nothing for so long
MOST_WAITING: Final = 10_000  # moves that a node did not take yet
AT_ONCE: Final = 256  # claims in one call

_Claim = tuple[bytes, bytes, int]  # hash of the address's term, entry of the session, 1 taken or 0 given back
Others = list[bytes] | None  # entries of other sessions; None: nobody knows


class Holders:
    """The index of addresses."""

    def __init__(self, lane: Lane, queries: Queries) -> None:
        self._lane = lane
        self._queries = queries
        self._waiting: deque[_Claim] = deque(maxlen=MOST_WAITING)
        self._rests: dict[str, float] = {}  # nodes that did not answer, and until when they are let alone
        self._trying: asyncio.Task[list[Others]] | None = None
        self._turn = asyncio.Lock()  # what was taken and given back is noted in order

    async def move(self, moves: Sequence[Moved]) -> list[tuple[int, str]]:
        """As `_move`, one call after the other."""
        async with self._turn:
            return await self._move(moves)

    async def _move(self, moves: Sequence[Moved]) -> list[tuple[int, str]]:
        """Note all of it; (index, address) for each that is live on another line as well.

        Addresses lie all over a cluster: those of a node that does not answer are noted later, and nobody waits.
        """
        claims: list[_Claim] = []
        whose: list[tuple[Moved, str] | None] = []
        for one in moves:
            entry = entry_of(one.domain, one.session)
            for tokens, claimed in ((one.came, 1), (one.went, 0)):
                for token in tokens:
                    address = address_of(token.decode())
                    claim = (term_hash(address_term(address)), entry, claimed)
                    if self._rests and self._lane.where(holders(claim[0])) in self._rests:
                        self._waiting.append(claim)
                    else:
                        claims.append(claim)
                        whose.append((one, token.decode()) if claimed else None)
        suspects: list[tuple[Moved, str, list[tuple[str, str]]]] = []
        for of, others in zip(whose, await self._tell(claims, BUDGET_S), strict=True):
            if of is not None and others and unique(of[1]):
                suspects.append((*of, [read_entry(other) for other in others]))
        return await self._verified(suspects) if suspects else []

    def retry(self) -> None:
        """Note in passing what could not be noted before, once its nodes have rested."""
        if not self._waiting or (self._trying is not None and not self._trying.done()):
            return
        now = asyncio.get_running_loop().time()
        if all(until <= now for until in self._rests.values()):
            claims = list(self._waiting)
            self._waiting.clear()
            self._trying = asyncio.create_task(self._tell(claims, RETRY_BUDGET_S))

    async def _tell(self, claims: Sequence[_Claim], budget_s: float) -> list[Others]:
        """Of each claim who else holds the address; None where that is not known.

        One call carries many, where one server keeps all of them; in a Cluster it carries one.
        """
        at_once = AT_ONCE if self._lane.undivided else 1
        parts = [claims[at : at + at_once] for at in range(0, len(claims), at_once)]
        commands = []
        for part in parts:
            names: dict[str, int] = {}
            rows = [(names.setdefault(holders(claim[0]), len(names) + 1), *claim) for claim in part]
            commands.append(self._lane.script("claim", list(names), (packing.pack(rows),)))
        replies = await self._lane.run_each(commands, budget_s)
        found: list[Others] = []
        for part, reply in zip(parts, replies, strict=True):
            where = self._lane.where(holders(part[0][0])) if self._rests or isinstance(reply, StoreError) else ""
            if isinstance(reply, StoreError):
                self._waiting.extend(part)
                self._rests[where] = asyncio.get_running_loop().time() + REST_S
            elif self._rests:
                self._rests.pop(where, None)
            if isinstance(reply, Exception):
                found += [None] * len(part)
            else:
                found += [None if others is False else others for others in packing.unpack(reply)]
        return found

    async def _verified(self, suspects: Sequence[tuple[Moved, str, list[tuple[str, str]]]]) -> list[tuple[int, str]]:
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
