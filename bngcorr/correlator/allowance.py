"""How much one customer may teach on a tap: whoever sends without end fills neither the store nor its queue. Pure.

The line that an access node names is the one thing that a customer can't choose, so it is what is counted by; where
none is named, the VLAN pair that is one line, else only all of a tap together.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST_LINES: Final = 8_192
IN_A_TURN: Final = 32  # sightings, or leases, of one line: as many CPEs as it may show (store.contract)
FRAMES: Final = 256  # of one VLAN pair in a turn
TURN_MS: Final = 10_000
LEASES: Final = 64  # of one line at a time
MOST_LEASES: Final = 65_536  # of a tap at a time
SWEEP_MS: Final = 10_000  # from one look at all of them to the next


class _Turn:
    __slots__ = ("began_ms", "count")

    def __init__(self, began_ms: int) -> None:
        self.began_ms = began_ms
        self.count = 0


class Turns:
    """So many messages of a line in a turn. The line that was silent for longest is forgotten first."""

    def __init__(self, most: int = MOST_LINES, *, in_a_turn: int = IN_A_TURN) -> None:
        self._in_a_turn: Final = in_a_turn
        self._turns: Final[OrderedDict[str, _Turn]] = OrderedDict()
        self._most: Final = most

    def admits(self, line: str, at_ms: int) -> bool:
        """Whether one more is taken; instants need not rise."""
        turn = self._turns.get(line)
        if turn is None or abs(at_ms - turn.began_ms) >= TURN_MS:
            turn = self._turns[line] = _Turn(at_ms)
            if len(self._turns) > self._most:
                self._turns.popitem(last=False)
        self._turns.move_to_end(line)
        turn.count += 1
        return turn.count <= self._in_a_turn


class Leases:
    """Those under way, by the session that each is in the ledger: so many of a household, so many in all."""

    def __init__(self, most: int = MOST_LEASES) -> None:
        self._under_way: Final[dict[bytes, tuple[int, str | None]]] = {}  # until when, of which household
        self._of: Final[dict[str, set[bytes]]] = {}
        self._most: Final = most
        self._swept_ms = 0

    def __len__(self) -> int:
        return len(self._under_way)

    def given(self, session: str, household: str | None, until_ms: int, at_ms: int) -> bool:
        """Whether one that is given or renewed is taken; `session` in hexadecimal."""
        name = bytes.fromhex(session)
        known = self._under_way.get(name)
        if known is not None:
            self._under_way[name] = (until_ms, known[1])
            return True
        if household is not None and len(self._of.get(household, ())) >= LEASES:
            self._sweep(list(self._of[household]), at_ms)
            if len(self._of.get(household, ())) >= LEASES:
                return False
        if len(self._under_way) >= self._most:
            if abs(at_ms - self._swept_ms) >= SWEEP_MS:
                self._swept_ms = at_ms
                self._sweep(list(self._under_way), at_ms)
            if len(self._under_way) >= self._most:
                return False
        self._under_way[name] = (until_ms, household)
        if household is not None:
            self._of.setdefault(household, set()).add(name)
        return True

    def over(self, session: str) -> bool:
        """Whether there is one to end: what nobody was seen to be given is not told as given back."""
        name = bytes.fromhex(session)
        known = name in self._under_way
        self._drop(name)
        return known

    def _sweep(self, names: list[bytes], at_ms: int) -> None:
        for name in names:
            if self._under_way[name][0] < at_ms:
                self._drop(name)

    def _drop(self, name: bytes) -> None:
        _, household = self._under_way.pop(name, (0, None))
        if household is not None:
            mine = self._of[household]
            mine.discard(name)
            if not mine:
                del self._of[household]


__all__ = ["Leases", "Turns"]
