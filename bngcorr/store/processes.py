"""What each packet process says of itself, every few seconds; one that falls silent is forgotten. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final, Protocol

import msgpack

from bngcorr.model.vocabulary import Admin, Condition

TOLD_EVERY_S: Final = 2.0
LASTS_MS: Final = 10_000  # a process that says nothing for so long is gone
MOST_PROCESSES: Final = 256  # told at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamRow:
    """One AAA server, as one process sees it."""

    pool: str
    name: str
    address: str  # with its port
    state: Condition
    admin: Admin
    since_ms: int  # when the state last changed
    in_flight: int
    most_in_flight: int
    sockets: int
    requests: int  # since the process started, like those below
    timeouts: int
    late_replies: int
    source: str
    rtt_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceState:
    """One trace, as one process keeps it."""

    id: str
    requests: int  # kept so far
    full: bool  # no more are kept here


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessRow:
    """One packet process."""

    id: str  # host, process id and a random part
    host: str
    pid: int
    version: str
    started_ms: int  # epoch milliseconds of the store's clock, as all instants here
    told_ms: int
    config: str  # hash of the file that holds
    loaded_ms: int
    needs_restart: tuple[str, ...]  # keys of the file that do not hold yet
    ready: bool
    parts: tuple[tuple[str, str], ...]  # what is ready or not, and how it is
    bngs: int
    in_flight: tuple[tuple[str, int], ...]  # requests that wait for AAA, by kind
    upstreams: tuple[UpstreamRow, ...]
    traces: tuple[TraceState, ...]


class ProcessStore(Protocol):
    """Who is there. Raises StoreError."""

    async def tell(self, row: ProcessRow) -> None:
        """Say that this process is there, and how it is; it holds for `LASTS_MS`."""
        ...

    async def leave(self, process: str) -> None:
        """This process ends."""
        ...

    async def all(self) -> list[ProcessRow]:
        """Those that are there, by their ids."""
        ...


def packed_process(row: ProcessRow) -> bytes:
    """As `read_process` reads it."""
    octets: bytes = msgpack.packb(asdict(row))
    return octets


def read_process(octets: bytes) -> ProcessRow | None:
    """None for one that this version can't read."""
    try:
        told: dict[str, Any] = msgpack.unpackb(octets)
        upstreams = tuple(
            UpstreamRow(**{**one, "state": Condition(one["state"]), "admin": Admin(one["admin"])})
            for one in told.pop("upstreams")
        )
        traces = tuple(TraceState(**one) for one in told.pop("traces"))
        for name in ("parts", "in_flight"):
            told[name] = tuple((str(key), value) for key, value in told[name])
        told["needs_restart"] = tuple(told["needs_restart"])
        return ProcessRow(**told, upstreams=upstreams, traces=traces)
    except (ValueError, TypeError, KeyError, AttributeError, msgpack.UnpackException):
        return None
