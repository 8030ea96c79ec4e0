"""How many requests without a line id one port may ask about. Pure: `now` is an argument.

A customer can make up as many MAC addresses as it likes, and each is a question to the store. What one line's worth of
equipment asks stays far below the limit, also when everything boots at once.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

PER_SECOND: Final = 5.0
BURST: Final = 50.0
MOST_PORTS: Final = 65_536


class AskLimit:
    """A bucket of tokens for each key, the most recently used kept."""

    def __init__(self, *, per_second: float = PER_SECOND, burst: float = BURST, most: int = MOST_PORTS) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (tokens, at)

    def __len__(self) -> int:
        return len(self._buckets)

    def allows(self, key: str, now: float) -> bool:
        """Take a token; False if there is none. `now` in monotonic seconds."""
        tokens, at = self._buckets.pop(key, (self._burst, now))
        tokens = min(tokens + (now - at) * self._per_second, self._burst)
        allowed = tokens >= 1.0
        self._buckets[key] = (tokens - 1.0 if allowed else tokens, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return allowed
