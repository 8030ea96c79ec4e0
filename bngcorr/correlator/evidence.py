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


class WindowDistances:
    """Matches within the window of one BNG, counted by distance until somebody takes the counts."""

    __slots__ = ("any", "counts")

    def __init__(self) -> None:
        self.any = False
        self.counts: list[int] = [0] * BUCKETS

    def add(self, distance_ms: int) -> None:
        """One match; the sign of the distance says which came first, and is not counted."""
        self.any = True
        self.counts[bucket_of(distance_ms)] += 1


class WindowEvidence:
    """Those of all BNGs."""

    def __init__(self) -> None:
        self._distances: dict[tuple[str, str], WindowDistances] = {}  # by domain and BNG

    def of(self, domain: str, bng: str) -> WindowDistances:
        """Those of one BNG, to be bound once."""
        distances = self._distances.get((domain, bng))
        if distances is None:
            distances = self._distances[domain, bng] = WindowDistances()
        return distances

    def take(self) -> list[Distances]:
        """What was counted since the last time."""
        taken: list[Distances] = []
        for (domain, bng), distances in self._distances.items():
            if distances.any:
                counts = tuple([pair for pair in enumerate(distances.counts) if pair[1]])
                taken.append(Distances(domain=domain, bng=bng, counts=counts))
                distances.any, distances.counts = False, [0] * BUCKETS
        return taken
