"""Who holds which address in the memory store, in all domains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.store.duplicates import address_of, holds, strangers, unique
from bngcorr.store.rows import SessionRow

MOST_HOLDERS: Final = 8  # of one address; what is beyond goes, the oldest first

Pair = tuple[str, str]  # domain, session


@dataclass(frozen=True, slots=True)
class Move:
    """Hosts that a session took, and hosts that it gave back: ``kind|service|address``."""

    index: int  # of the lesson
    pair: Pair
    came: Sequence[str]
    went: Sequence[str]


class Holders:
    """The index of addresses."""

    def __init__(self) -> None:
        """Nobody holds any."""
        self._pairs: dict[str, list[Pair]] = {}  # by address, the oldest first

    def move(self, moves: Sequence[Move], row: Callable[[Pair], SessionRow | None]) -> list[tuple[int, str]]:
        """Note all of it; (index, address) for each that is live on another line as well, as `row` shows sessions."""
        suspects: list[tuple[Move, str, list[Pair]]] = []
        for move in moves:
            for host in move.came:
                others = self._take(host, move.pair)
                if others and unique(host):
                    suspects.append((move, host, others))
            for host in move.went:
                self._others(host, move.pair)
        found = []
        for move, host, others in suspects:
            mine = row(move.pair)
            if mine is not None and any(
                (other := row(pair)) is not None and holds(other, host) and strangers(mine, other) for pair in others
            ):
                found.append((move.index, address_of(host)))
        return found

    def _others(self, host: str, pair: Pair) -> list[Pair]:
        """Those that hold a host's address but for one session, which lets go of it."""
        address = address_of(host)
        others = [other for other in self._pairs.pop(address, []) if other != pair]
        if others:
            self._pairs[address] = others
        return others

    def _take(self, host: str, pair: Pair) -> list[Pair]:
        others = self._others(host, pair)
        self._pairs[address_of(host)] = [*others[-(MOST_HOLDERS - 1) :], pair]
        return others
