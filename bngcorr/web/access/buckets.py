"""Token buckets: so many requests at once, so many a second in the long run. Pure."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

MOST: Final = 10_000  # of whom anything is remembered


class Buckets:
    """One for each name; those that were not used for the longest time are forgotten, that is: full."""

    def __init__(self, per_second: float, burst: int, most: int = MOST) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()  # tokens left, and when

    def __len__(self) -> int:
        return len(self._left)

    def take(self, name: str, now: float) -> float:
        """One of `name`'s, at `now` (seconds of any clock that does not go back). 0: there was one; else the seconds
        until there is.
        """
        left, at = self._left.pop(name, (self._burst, now))
        left = min(self._burst, left + max(0.0, now - at) * self._per_second)
        wait = 0.0 if left >= 1 else (1 - left) / self._per_second
        self._left[name] = (left - 1 if wait == 0 else left, now)
        if len(self._left) > self._most:
            self._left.popitem(last=False)
        return wait
