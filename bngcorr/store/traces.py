"""Subject traces: which requests are kept, and the packets of those that were. Pure.

Packets are kept as attributes by number and octets, without what is secret in them; names and values are put to them
when they are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgpack

from bngcorr.model.vocabulary import Leg, TraceBy

MOST_TRACES: Final = 16  # at a time
LONGEST_MS: Final = 3_600_000
MOST_REQUESTS: Final = 250  # of one trace: each process stops at that, and the store keeps no more
MOST_OCTETS: Final = 1_048_576  # of one trace, of each process
KEPT_MS: Final = 3_600_000  # a trace that has ended can be read for so long


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRule:
    """Which requests, and until when."""

    id: str
    by: TraceBy
    value: bytes  # MAC: 6 octets; line: its key; else text or octets as they stand in packets
    who: str  # started it
    at_ms: int
    until_ms: int

    def holds(self, now_ms: int) -> bool:
        """Whether it has not run out."""
        return now_ms < self.until_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedPacket:
    """One packet on its way."""

    leg: Leg
    at_ms: int
    peer: str  # where it came from, or went
    code: int
    identifier: int
    octets: int  # its length
    attributes: tuple[tuple[int, bytes | None], ...]  # key as of wire.attributes; None: its value is secret
    cut: bool  # further attributes are left out


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedRequest:
    """One request, and what became of it."""

    process: str
    request: str  # its name in logs and verdicts (`model.shown.corr_id`)
    at_ms: int  # when it came
    bng: str
    trigger: str
    strength: str | None
    outcome: str | None  # of the verdict; None: it was dropped before one
    rung: str | None
    key: str | None
    line: str | None
    distance_ms: int | None
    held_ms: int | None
    end: str  # answered, acknowledged, delivered, or the reason why it was dropped
    packets: tuple[TracedPacket, ...]


class TraceStore(Protocol):
    """Traces. Raises StoreError."""

    async def start(self, rule: TraceRule) -> bool:
        """From now on; False if there are `MOST_TRACES` already."""
        ...

    async def end(self, trace: str) -> bool:
        """Keep nothing more; what was kept can still be read. False if there is no such trace that holds."""
        ...

    async def rules(self) -> list[TraceRule]:
        """All that can still be read, the newest first; those that have ended, too."""
        ...

    async def kept(self, trace: str, after: str, limit: int) -> list[tuple[str, TracedRequest]]:
        """Requests behind a cursor, the oldest first, each with the cursor behind itself."""
        ...

    async def counts(self, traces: Sequence[str]) -> list[int]:
        """How many requests of each can be read."""
        ...

    async def keep(self, rows: Sequence[tuple[str, bytes]]) -> None:
        """Packed requests, each with the trace that it is for."""
        ...


def packed_rule(rule: TraceRule) -> bytes:
    """As `read_rule` reads it: when it runs out in digits, for the store to read, and all else."""
    octets: bytes = msgpack.packb([str(rule.by), rule.value, rule.who, rule.at_ms])
    return b"%d " % rule.until_ms + octets


def read_rule(trace: str, octets: bytes) -> TraceRule | None:
    """None for one that this version can't read."""
    try:
        until_ms, _, packed = octets.partition(b" ")
        by, value, who, at_ms = msgpack.unpackb(packed)
        return TraceRule(
            id=trace, by=TraceBy(by), value=bytes(value), who=str(who), at_ms=int(at_ms), until_ms=int(until_ms)
        )
    except (ValueError, TypeError, msgpack.UnpackException):
        return None


def packed_request(process: str, row: Sequence[Any]) -> bytes:
    """`row`: what `proxy.tracing` tells of a request: the fields of `TracedRequest` without the first, in order."""
    octets: bytes = msgpack.packb([process, *row])
    return octets


def read_request(octets: bytes) -> TracedRequest | None:
    """None for one that this version can't read."""
    try:
        *told, packets = msgpack.unpackb(octets)
        names = TracedRequest.__slots__[:-1]
        return TracedRequest(
            **dict(zip(names, told, strict=True)), packets=tuple(_packet(*packet) for packet in packets)
        )
    except (ValueError, TypeError, msgpack.UnpackException):
        return None


def _packet(
    leg: str, at_ms: int, peer: str, code: int, identifier: int, octets: int, attributes: Sequence[Any], cut: bool
) -> TracedPacket:
    told = tuple((int(key), None if value is None else bytes(value)) for key, value in attributes)
    return TracedPacket(
        leg=Leg(leg), at_ms=at_ms, peer=peer, code=code, identifier=identifier, octets=octets, attributes=told, cut=cut
    )
