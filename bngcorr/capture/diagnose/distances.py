"""How far SOLICITs are from the DISCOVERs of the same CPE, as a histogram. Pure."""

from __future__ import annotations

from typing import Final

BOUNDS_S: Final = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)  # of a distance, inclusive; behind the last, more


class Distances:
    """Counts by distance, apart for SOLICITs that came first and those that came after."""

    def __init__(self) -> None:
        self.before: Final = [0] * (len(BOUNDS_S) + 1)  # the SOLICIT was first
        self.after: Final = [0] * (len(BOUNDS_S) + 1)

    def add(self, distance_ns: int) -> None:
        """One SOLICIT; negative: it came before the DISCOVER."""
        counts = self.before if distance_ns < 0 else self.after
        seconds = abs(distance_ns) / 1e9
        counts[next((at for at, bound in enumerate(BOUNDS_S) if seconds <= bound), len(BOUNDS_S))] += 1

    def __len__(self) -> int:
        """How many SOLICITs."""
        return sum(self.before) + sum(self.after)
