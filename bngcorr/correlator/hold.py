"""Whether holding pays at a BNG: it does not where no v4 request ever follows. Pure: `now` is an argument.

Each id-less request that waits for nothing delays a customer. Once a fair number of holds has brought too few matches,
most requests are no longer held; one in a while still is, so that a change is noticed.
"""

from __future__ import annotations

from typing import Final

ENOUGH: Final = 64  # holds before anything is concluded
LEAST_SHARE: Final = 0.02  # of holds that end in a match
TRY_EVERY: Final = 16  # of the requests that are not held, one is
HALF_LIFE_S: Final = 600.0  # what was seen counts half as much after this


class HoldPays:
    """What came of holding at one BNG."""

    def __init__(self) -> None:
        self._held = 0.0
        self._matched = 0.0
        self._at = 0.0
        self._passed = 0

    def _age(self, now: float) -> None:
        faded = 0.5 ** (max(now - self._at, 0.0) / HALF_LIFE_S)
        self._held *= faded
        self._matched *= faded
        self._at = now

    def ended(self, matched: bool, now: float) -> None:
        """A hold ended, with a match or without. `now` in monotonic seconds."""
        self._age(now)
        self._held += 1
        self._matched += matched

    @property
    def pays(self) -> bool:
        """Whether holds have brought enough, or are too few to tell."""
        return self._held < ENOUGH or self._matched >= LEAST_SHARE * self._held

    def holds(self, now: float) -> bool:
        """Whether the next request that could be held should be."""
        self._age(now)
        if self.pays:
            return True
        self._passed += 1
        return self._passed % TRY_EVERY == 0
