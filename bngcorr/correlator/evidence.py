"""How far apart matched requests are, so that the window is chosen on evidence. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.store.lesson import DISTANCE_BUCKETS_MS, Distances

BUCKETS: Final = len(DISTANCE_BUCKETS_MS) + 1


def bucket_of(distance_ms: int) -> int:
    """The bucket of DISTANCE_BUCKETS_MS that holds a distance, its sign aside; the last is open."""
    apart = abs(distance_ms)
    for at, bound in enumerate(DISTANCE_BUCKETS_MS):  # a dozen: `bisect` costs more
        if apart <= bound:
            return at
    return BUCKETS - 1


class WindowEvidence:
    """Matches within the window, counted by BNG and distance until somebody takes the counts."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], list[int]] = {}  # by domain and BNG; one for each bucket

    def add(self, domain: str, bng: str, distance_ms: int) -> None:
        """One match; the sign of the distance says which came first, and is not counted."""
        counts = self._counts.get((domain, bng))
        if counts is None:
            counts = self._counts[domain, bng] = [0] * BUCKETS
        counts[bucket_of(distance_ms)] += 1

    def take(self) -> list[Distances]:
        """What was counted since the last time."""
        taken = [
            Distances(domain=domain, bng=bng, counts=tuple(pair for pair in enumerate(counts) if pair[1]))
            for (domain, bng), counts in self._counts.items()
        ]
        self._counts = {}
        return taken
