"""How many requests without a line id one port may ask about. Pure: `now` is an argument.

A customer can make up as many MAC addresses as it likes, and each is a question to the store. What one line's worth of
equipment asks stays far below the limit, also when everything boots at once.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from bngcorr.correlator.keys import Keyring

PER_SECOND: Final = 5.0  # of a port and VLAN pair that is one line
BURST: Final = 50.0
SHARED_PER_SECOND: Final = 200.0  # of one that many lines share
SHARED_BURST: Final = 4000.0  # as when all of them boot at once
TELL_EVERY_S: Final = 60.0
MOST_PORTS: Final = 65_536
MOST_CHANCES: Final = 64  # buckets that are put behind all others at a time


class _Bucket:
    """What one key may still take."""

    __slots__ = ("at", "put_at", "tokens")

    def __init__(self, tokens: float, at: float) -> None:
        self.tokens = tokens
        self.at = at  # when there were so many
        self.put_at = at  # when it was put behind all others


class AskLimit:
    """A bucket of tokens for each key, a bounded number of them.

    When there are too many the one goes that was put behind all others first; but one that was asked for since is put
    there again, and the next one is looked at: that costs less than to do so whenever one is asked for.
    """

    def __init__(self, *, per_second: float = PER_SECOND, burst: float = BURST, most: int = MOST_PORTS) -> None:
        self._per_second = per_second
        self._burst = burst
        self._most = most
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def allows(self, key: str, now: float) -> bool:
        """Take a token; False if there is none. `now` in monotonic seconds."""
        bucket = self._buckets.get(key)
        if bucket is None:
            if len(self._buckets) >= self._most:
                self._make_room()
            bucket = self._buckets[key] = _Bucket(self._burst, now)
        tokens = bucket.tokens + (now - bucket.at) * self._per_second
        if tokens > self._burst:
            tokens = self._burst
        allowed = tokens >= 1.0
        bucket.tokens = tokens - 1.0 if allowed else tokens
        bucket.at = now
        return allowed

    def _make_room(self) -> None:
        for _ in range(MOST_CHANCES):
            key, bucket = self._buckets.popitem(last=False)
            if bucket.at <= bucket.put_at:
                return
            bucket.put_at = bucket.at
            self._buckets[key] = bucket
        self._buckets.popitem(last=False)


class AskGuard:
    """What a port may ask, by whether its VLAN pair is one line; and how often it is told that it asks too much."""

    def __init__(self) -> None:
        self._lines = AskLimit()
        self._shared = AskLimit(per_second=SHARED_PER_SECOND, burst=SHARED_BURST)
        self._told = AskLimit(per_second=1 / TELL_EVERY_S, burst=1.0)

    def allows(self, ring: Keyring, now: float) -> bool:
        """Whether this request may be asked about; one whose port is not known always may."""
        limit = self._lines if ring.per_line else self._shared
        return ring.place is None or limit.allows(ring.place, now)

    def to_be_told(self, ring: Keyring, now: float) -> bool:
        """Whether operations have not been told of this port for a while."""
        return ring.place is not None and self._told.allows(ring.place, now)
