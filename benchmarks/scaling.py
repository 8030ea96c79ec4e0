"""How many processes and shards, how much memory for how many lines: the tables of docs/scaling.md.

    python -m benchmarks.scaling             # print them
    python -m benchmarks.scaling --write     # put them into the page

Nothing is measured here: `make scale` and `make bench` do, and their figures are written down below, with what a
network is taken to do.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "scaling.md"
BEGIN: Final = "<!-- computed -->"
END: Final = "<!-- end of computed -->"
GIB: Final = 1 << 30
STEPS: Final = (100_000, 1_000_000, 10_000_000, 50_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What one line and one request cost."""

    line_octets: int  # of the store, a dual-stack line with its sessions and hosts
    timeline_octets: int  # of the store, 16 entries of a line
    access_us: float  # a process's core, an Access-Request
    record_us: float  # a process's core, an accounting record
    store_access_us: float  # the store's core, an Access-Request
    store_record_us: float  # the store's core, an accounting record


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """What is taken for granted of the network."""

    sessions_of_a_line: int = 2  # accounting sessions: one for each family
    interim_s: int = 900
    comes_back_s: int = 86_400  # how often a line begins anew
    full_bng_lines: int = 64_000
    bng_back_within_s: int = 300  # after a restart of a full BNG


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """How full things may be."""

    core: float = 0.5  # of a process or a shard, in the steady state and the peak together
    memory_factor: float = 1.5  # of what records take: fragmentation, replication, the copy while a file is written
    shard_gib: int = 16  # of maxmemory: what a replica can still be filled from in minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What so many lines take."""

    lines: int
    requests_s: float  # steady, of both kinds
    peak_s: float  # with a full BNG coming back
    process_cores: float  # busy, at that peak
    store_cores: float
    gib: float  # maxmemory, all shards together
    processes: int
    shards: int
    first: str  # bottleneck


MEASURED: Final = Measured(
    line_octets=1529, timeline_octets=1642, access_us=309.3, record_us=240.3, store_access_us=186.7,
    store_record_us=261.0,
)  # fmt: skip


def peak(network: Network) -> tuple[float, float]:
    """Access-Requests and records a second of a full BNG that comes back: two requests, a Start and an Interim each."""
    lines_s = network.full_bng_lines / network.bng_back_within_s
    return lines_s * 2, lines_s * 2 * network.sessions_of_a_line


def size(lines: int, measured: Measured = MEASURED, network: Network = Network(), room: Room = Room()) -> Size:
    """Of a network of so many dual-stack lines."""
    access_s = lines * 2 / network.comes_back_s
    records_s = lines * network.sessions_of_a_line * (1 / network.interim_s + 2 / network.comes_back_s)
    peak_access_s, peak_records_s = peak(network)
    most_access_s, most_records_s = access_s + peak_access_s, records_s + peak_records_s
    process_cores = (most_access_s * measured.access_us + most_records_s * measured.record_us) / 1e6
    store_cores = (most_access_s * measured.store_access_us + most_records_s * measured.store_record_us) / 1e6
    gib = lines * (measured.line_octets + measured.timeline_octets) * room.memory_factor / GIB
    by_cpu, by_memory = math.ceil(store_cores / room.core), math.ceil(gib / room.shard_gib)
    processes = math.ceil(process_cores / room.core) + 1  # one may be away
    shards = max(by_cpu, by_memory)
    wanted = {"core of one process": processes - 1, "core of one shard": by_cpu, "memory of one shard": by_memory}
    first = (
        max(wanted, key=wanted.__getitem__) if max(wanted.values()) > 1 else "none: two processes are for redundancy"
    )
    return Size(
        lines=lines, requests_s=access_s + records_s, peak_s=most_access_s + most_records_s,
        process_cores=process_cores, store_cores=store_cores, gib=gib, processes=max(processes, 2), shards=shards,
        first=first,
    )  # fmt: skip


def table() -> Iterator[str]:
    """What stands in the page between the marks."""
    measured, network = MEASURED, Network()
    yield "| Measured | Figure |"
    yield "|---|---|"
    yield f"| store, a dual-stack line with sessions, hosts and indexes | {measured.line_octets:,} octets |"
    yield f"| store, its timeline of 16 entries | {measured.timeline_octets:,} octets |"
    yield f"| a process, an Access-Request | {measured.access_us:.0f} µs of its core |"
    yield f"| a process, an accounting record | {measured.record_us:.0f} µs of its core |"
    yield f"| the store, an Access-Request | {measured.store_access_us:.0f} µs of its core |"
    yield f"| the store, an accounting record | {measured.store_record_us:.0f} µs of its core |"
    yield ""
    yield (
        "| Lines | Requests/s, steady | with a full BNG coming back | Processes (busy cores) | Shards (busy cores) "
        "| Memory | First bottleneck |"
    )
    yield "|---|---|---|---|---|---|---|"
    for one in map(size, STEPS):
        yield (
            f"| {one.lines:,} | {one.requests_s:,.0f} | {one.peak_s:,.0f} | {one.processes} ({one.process_cores:.1f}) "
            f"| {one.shards} ({one.store_cores:.1f}) | {one.gib:,.1f} GiB | {one.first} |"
        )
    access_s, records_s = peak(network)
    share = (access_s * measured.store_access_us + records_s * measured.store_record_us) / 1e6
    core = (access_s * measured.access_us + records_s * measured.record_us) / 1e6
    yield ""
    yield (
        f"**A full BNG against one shard.** {network.full_bng_lines:,} lines within {network.bng_back_within_s} s are "
        f"{access_s:,.0f} Access-Requests and {records_s:,.0f} records a second, all in one correlation domain, so in "
        f"one shard: {share:.0%} of its core, and {core:.0%} of one process's core."
    )


def page() -> str:
    """The page with the tables as they are now."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, *table(), END + after])


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--write", action="store_true", help="into docs/scaling.md")
    if parser.parse_args().write:
        PAGE.write_text(page(), "utf-8")
    else:
        print("\n".join(table()))


if __name__ == "__main__":
    main()
