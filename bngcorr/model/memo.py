"""Results that are likely to be asked for again, a bounded number of them."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Memo(Generic[K, V]):
    """Those that were asked for last: from `most` up to twice as many of them. To look something up takes compiled code
    a tenth of what `functools.lru_cache` takes.
    """

    __slots__ = ("_earlier", "_known", "_most", "turns")

    def __init__(self, most: int) -> None:
        self._known: dict[K, V] = {}
        self._earlier: dict[K, V] = {}  # given up when there are too many again, but for those that were asked for
        self._most: Final = most
        self.turns = 0  # what is put is still known when there has been one more turn

    def __len__(self) -> int:
        return len(self._known) + len(self._earlier)

    def get(self, asked: K) -> V | None:
        """What was put there, if it is still known."""
        known: V | None = self._known.get(asked)
        if known is not None or not self._earlier:
            return known
        earlier: V | None = self._earlier.pop(asked, None)
        return None if earlier is None else self.put(asked, earlier)

    def put(self, asked: K, found: V) -> V:
        """Keep it, and give it back."""
        if len(self._known) >= self._most:
            self._earlier = self._known
            self._known = {}
            self.turns += 1
        self._known[asked] = found
        return found
