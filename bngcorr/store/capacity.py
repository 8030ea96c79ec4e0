"""What is kept to see a BNG fill up, over Redis or Valkey. Behind the prefix of the domain (`store.keys`)

============  ========================================================================================================
``zf:bng``    list of samples, fine: instant, then the figures of `USAGE_FIELDS`
``zh:bng``    the same, hourly
``zp``        peaks: field BNG, value host resources, instant
``zo``        what boxes say of themselves: field BNG, value instant, then name and figure in turn
============  ========================================================================================================

Values are MessagePack arrays, instants epoch milliseconds. A sample of a BNG with less than 65,536 hosts of a kind
takes 31 octets.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bngcorr.model.usage import USAGE_FIELDS, Usage
from bngcorr.store import packing
from bngcorr.store.keys import DomainKeys
from bngcorr.store.lane import Lane
from bngcorr.store.rows import Observed, Peak, Sample

BUDGET_S: Final = 2.0
FINE_MS: Final = 2 * 86_400_000  # how long fine samples are kept
MOST_FINE: Final = 2_880  # of one BNG: one a minute; beyond it the oldest go
HOUR_MS: Final = 3_600_000
HOURLY_MS: Final = 60 * 86_400_000
MOST_HOURLY: Final = 1_440


class Capacities:
    """`contract.CapacityStore`. Raises StoreError."""

    def __init__(self, lane: Lane) -> None:
        """`lane` stays the caller's to close."""
        self._lane = lane

    async def sample(self, domain: str, bng: str, sample: Sample, host_resources: int, every_ms: int) -> None:
        """One call; a slot of time begins at each multiple of `every_ms`."""
        figures = [getattr(sample.usage, name) for name in USAGE_FIELDS]
        row = [
            bng, sample.at_ms, packing.pack([sample.at_ms, *figures]), host_resources,
            every_ms, MOST_FINE, FINE_MS, HOUR_MS, MOST_HOURLY, HOURLY_MS,
        ]  # fmt: skip
        command = self._lane.script("sample", (DomainKeys(domain).epochs,), (packing.pack(row),))
        await self._lane.run([command], BUDGET_S)

    async def samples(self, domain: str, bng: str) -> list[Sample]:
        """Hourly ones up to the first fine one, then those."""
        prefix = DomainKeys(domain).prefix
        fine, hourly = await self._lane.run(
            [("LRANGE", f"{prefix}zf:{bng}", 0, -1), ("LRANGE", f"{prefix}zh:{bng}", 0, -1)], BUDGET_S
        )
        return joined([_sample(packed) for packed in hourly], [_sample(packed) for packed in fine])

    async def peaks(self, domain: str, bngs: Sequence[str]) -> dict[str, Peak]:
        """One look into one hash."""
        return {
            bng: Peak(host_resources=resources, at_ms=at_ms)
            for bng, (resources, at_ms) in (await self._fields(domain, "zp", bngs)).items()
        }

    async def observe(self, domain: str, bng: str, observed: Observed) -> None:
        """One call."""
        said = packing.pack([observed.at_ms, *(part for figure in observed.figures for part in figure)])
        row = packing.pack([bng, observed.at_ms, said])
        await self._lane.run([self._lane.script("observe", (DomainKeys(domain).epochs,), (row,))], BUDGET_S)

    async def observed(self, domain: str, bngs: Sequence[str]) -> dict[str, Observed]:
        """One look into one hash."""
        return {
            bng: Observed(
                at_ms=at_ms,
                figures=tuple((name.decode(), figure) for name, figure in zip(said[::2], said[1::2], strict=True)),
            )
            for bng, (at_ms, *said) in (await self._fields(domain, "zo", bngs)).items()
        }

    async def _fields(self, domain: str, name: str, bngs: Sequence[str]) -> dict[str, packing.Record]:
        if not bngs:
            return {}
        (reply,) = await self._lane.run([("HMGET", DomainKeys(domain).prefix + name, *bngs)], BUDGET_S)
        return {bng: packing.unpack(packed) for bng, packed in zip(bngs, reply, strict=True) if packed is not None}


def joined(hourly: Sequence[Sample], fine: Sequence[Sample]) -> list[Sample]:
    """The oldest first: hourly ones for the time before the first fine one."""
    begin_ms = fine[0].at_ms if fine else None
    return [*(one for one in hourly if begin_ms is None or one.at_ms < begin_ms), *fine]


def _sample(packed: bytes) -> Sample:
    at_ms, *figures = packing.unpack(packed)
    # of another version: fields are only ever added behind, and what was not counted then is none
    return Sample(at_ms=at_ms, usage=Usage(**dict(zip(USAGE_FIELDS, figures, strict=False))))
