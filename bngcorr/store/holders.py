"""Which sessions hold an address, in all domains: written behind the sessions themselves, so it may lag a little.

A global address or prefix that is live on two lines is a fault of the network: the traffic of one of them is lost.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from bngcorr.errors import StoreError
from bngcorr.model.vocabulary import SessionState
from bngcorr.store import packing
from bngcorr.store.keys import holders, term_hash
from bngcorr.store.lane import Lane
from bngcorr.store.queries import Queries, entry_of, read_entry
from bngcorr.store.rows import SessionRow
from bngcorr.store.terms import address_term

BUDGET_S: Final = 2.0
MOST_WAITING: Final = 10_000  # moves that a node did not take yet
# addresses that are given out more than once on purpose: RFC 1918, RFC 6598, link-local, RFC 4193
_REUSED: Final = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "fe80::/10",
                 "fc00::/7")
)  # fmt: skip


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
                    address = token.decode().split("|", 2)[2]
                    claims.append((term_hash(address_term(address)), entry, claimed))
                    whose.append((one, token.decode()) if claimed else None)
        commands = [
            self._lane.script("claim", (holders(claim[0]),), (packing.pack([claim]),)) for claim in claims
        ]
        suspects: list[tuple[Move, str, list[tuple[str, str]]]] = []
        for claim, of, reply in zip(claims, whose, await self._lane.run_each(commands, BUDGET_S), strict=True):
            if isinstance(reply, StoreError):
                self._waiting.append(claim)
            elif of is not None and not isinstance(reply, Exception):
                (others,) = packing.unpack(reply)
                if others and _unique(of[1]):
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
            live = [row for pair in others if (row := rows.get(pair)) is not None and _holds(row, token)]
            if mine is not None and any(_strangers(mine, row) for row in live):
                found.append((move.index, token.split("|", 2)[2]))
        return found


def _unique(token: str) -> bool:
    network = ip_network(token.split("|", 2)[2])
    return not any(network.version == reused.version and network.subnet_of(reused) for reused in _REUSED)  # type: ignore[arg-type]


def _holds(row: SessionRow, token: str) -> bool:
    return row.state is SessionState.UP and token in row.hosts


def _strangers(one: SessionRow, other: SessionRow) -> bool:
    """Whether two sessions are of different lines, as far as that is known: else of different CPEs."""
    if one.line is not None and other.line is not None:
        return (one.domain, one.line) != (other.domain, other.line) and one.ids != other.ids
    return one.address is not None and other.address is not None and one.address != other.address


