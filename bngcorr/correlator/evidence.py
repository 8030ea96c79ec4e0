"""How far apart matched requests are, so that the window is chosen on evidence. Pure."""

from __future__ import annotations

from bisect import bisect_left

from bngcorr.store.lesson import DISTANCE_BUCKETS_MS, Distances


class WindowEvidence:
    """Matches within the window, counted by BNG and distance until somebody takes the counts."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], dict[int, int]] = {}

    def add(self, domain: str, bng: str, distance_ms: int) -> None:
        """One match; the sign of the distance says which came first, and is not counted."""
        counts = self._counts.setdefault((domain, bng), {})
        bucket = bisect_left(DISTANCE_BUCKETS_MS, abs(distance_ms))
        counts[bucket] = counts.get(bucket, 0) + 1

    def take(self) -> list[Distances]:
        """What was counted since the last time."""
        taken = [
            Distances(domain=domain, bng=bng, counts=tuple(sorted(counts.items())))
            for (domain, bng), counts in self._counts.items()
        ]
        self._counts = {}
        return taken
