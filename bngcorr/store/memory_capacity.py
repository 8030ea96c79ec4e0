"""Samples, peaks and what boxes say of themselves, in the memory store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bngcorr.store.capacity import FINE_MS, HOUR_MS, HOURLY_MS, MOST_FINE, MOST_HOURLY, joined
from bngcorr.store.rows import Observed, Peak, Sample


@dataclass(slots=True)
class _Kept:
    """Of one BNG."""

    fine: list[Sample] = field(default_factory=list)
    hourly: list[Sample] = field(default_factory=list)
    peak: Peak | None = None
    observed: Observed | None = None


class MemoryCapacity:
    """`CapacityStore`, as the real store has it."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Kept] = {}

    def _of(self, domain: str, bng: str) -> _Kept:
        return self._kept.setdefault((domain, bng), _Kept())

    async def sample(self, domain: str, bng: str, sample: Sample, host_resources: int, every_ms: int) -> None:
        """Once in each slot of time; a slot begins at each multiple of `every_ms`."""
        kept = self._of(domain, bng)
        kept.fine = _noted(kept.fine, sample, every_ms, MOST_FINE, FINE_MS)
        kept.hourly = _noted(kept.hourly, sample, HOUR_MS, MOST_HOURLY, HOURLY_MS)
        if kept.peak is None or host_resources > kept.peak.host_resources:
            kept.peak = Peak(host_resources=host_resources, at_ms=sample.at_ms)

    async def samples(self, domain: str, bng: str) -> list[Sample]:
        """The oldest first."""
        kept = self._of(domain, bng)
        return joined(kept.hourly, kept.fine)

    async def peaks(self, domain: str, bngs: Sequence[str]) -> dict[str, Peak]:
        """Of those that have one."""
        return {bng: peak for bng in bngs if (peak := self._of(domain, bng).peak) is not None}

    async def observe(self, domain: str, bng: str, observed: Observed) -> None:
        """The newest is kept."""
        kept = self._of(domain, bng)
        if kept.observed is None or observed.at_ms >= kept.observed.at_ms:
            kept.observed = observed

    async def observed(self, domain: str, bngs: Sequence[str]) -> dict[str, Observed]:
        """Of those that said something."""
        return {bng: said for bng in bngs if (said := self._of(domain, bng).observed) is not None}


def _noted(samples: list[Sample], sample: Sample, every_ms: int, most: int, lasts_ms: int) -> list[Sample]:
    before = [one for one in samples if one.at_ms < sample.at_ms + every_ms]  # the others while the clock was ahead
    if before and sample.at_ms // every_ms <= before[-1].at_ms // every_ms:
        return before
    return [one for one in [*before, sample][-most:] if one.at_ms > sample.at_ms - lasts_ms]
