"""When a finding is remedied without asking anybody: seldom. Pure: `now` is an argument, in monotonic seconds."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

MOST_LINES: Final = 100_000  # remembered; beyond it the oldest go
MINUTE_S: Final = 60.0


class Remedies:
    """A line is disconnected once in a while, and few of one BNG at a time: a remedy must not become the outage."""

    def __init__(self, *, per_minute: int, once_in_s: float) -> None:
        self.limit(per_minute=per_minute, once_in_s=once_in_s)
        self._lines: OrderedDict[tuple[str, str], float] = OrderedDict()  # (domain, line) → when, the oldest first
        self._bngs: dict[str, deque[float]] = {}

    def limit(self, *, per_minute: int, once_in_s: float) -> None:
        """From now on: lines of one BNG in a minute, and how long a line is left alone."""
        self._per_minute = per_minute
        self._once_in_s = once_in_s

    def may(self, domain: str, bng: str, line: str, now: float) -> bool:
        """Whether it may be done now; if so it counts as done."""
        key = (domain, line)
        last = self._lines.get(key)
        if last is not None and now - last < self._once_in_s:
            return False
        times = self._bngs.setdefault(bng, deque())
        while times and now - times[0] >= MINUTE_S:
            times.popleft()
        if len(times) >= self._per_minute:
            return False
        times.append(now)
        self._lines[key] = now
        self._lines.move_to_end(key)
        if len(self._lines) > MOST_LINES:
            self._lines.popitem(last=False)
        return True
