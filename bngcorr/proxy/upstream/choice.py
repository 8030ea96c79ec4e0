"""Which AAA server gets a request. Pure: no clock, no randomness, so that replicas agree.

Of the servers in use the best ones count: those that are alive, else those that are suspect; never a dead one. Among
several a request goes to the first in the order of the file, or by weight in turn; one that is part of a conversation
(EAP, or anything that carries State) to the server that its user hashes to, or that issued its State.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from bngcorr.model.vocabulary import Admin, Condition

ALIVE: Final = 0
SUSPECT: Final = 1
DEAD: Final = 2
DRAINED: Final = 3  # finishes what it has begun
AWAY: Final = 4

_BEYOND: Final = 2.0**56 + 2.0**10  # above every hash + 1, told apart from it as a float, so that no logarithm is 0
MOST_STATES: Final = 10_000  # conversations; the oldest is forgotten first


class Candidate:
    """A server, as far as the choice goes."""

    __slots__ = ("credit", "name", "place", "rank", "weight")

    def __init__(self, *, name: str, place: int, weight: int = 1, rank: int = ALIVE) -> None:
        """`place` in the order of the pool, from 0. `weight`: 1 or more. `rank`: one of those above."""
        self.name = name
        self.place = place
        self.weight = weight
        self.rank = rank
        self.credit = 0  # of its turns


def rank_of(condition: Condition, admin: Admin) -> int:
    """The rank of a server in that condition that the operator wants used so."""
    if admin is Admin.UP:
        return ALIVE if condition is Condition.ALIVE else SUSPECT if condition is Condition.SUSPECT else DEAD
    return DRAINED if admin is Admin.DRAIN and condition is not Condition.DEAD else AWAY


def best(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that new requests may go to, in their order: all alive ones, else all suspect ones, else none."""
    for rank in (ALIVE, SUSPECT):
        found = [candidate for candidate in candidates if candidate.rank == rank]
        if found:
            return found
    return []


def turn(candidates: Sequence[Candidate]) -> Candidate:
    """The next in turn by weight, spread evenly (smooth weighted round robin). At least one candidate."""
    total, chosen = 0, candidates[0]
    for candidate in candidates:
        total += candidate.weight
        candidate.credit += candidate.weight
        if candidate.credit > chosen.credit:
            chosen = candidate
    chosen.credit -= total
    return chosen


def home(candidates: Sequence[Candidate], user: bytes) -> Candidate:
    """The server of a user (weighted rendezvous hash): the same on every replica, and when another server goes, only
    that one's users move. At least one candidate.
    """
    chosen, highest = candidates[0], -math.inf
    for candidate in candidates:
        digest = blake2b(user, digest_size=7, key=candidate.name.encode()[:64]).digest()
        score = -candidate.weight / math.log((int.from_bytes(digest, "big") + 1) / _BEYOND)
        if score > highest:
            chosen, highest = candidate, score
    return chosen


class Conversations:
    """Which server issued which State (RFC 2865 §5.24), a bounded number of them."""

    def __init__(self, most: int = MOST_STATES) -> None:
        self._most = most
        self._servers: OrderedDict[bytes, Candidate] = OrderedDict()

    def __len__(self) -> int:
        return len(self._servers)

    def issued(self, state: bytes, by: Candidate) -> None:
        """An Access-Challenge of that server carried it."""
        self._servers[state] = by
        self._servers.move_to_end(state)
        if len(self._servers) > self._most:
            self._servers.popitem(last=False)

    def issuer(self, state: bytes) -> Candidate | None:
        """Who issued it, if that is known and the server can still go on with it."""
        candidate = self._servers.get(state)
        return candidate if candidate is not None and candidate.rank in (ALIVE, SUSPECT, DRAINED) else None
