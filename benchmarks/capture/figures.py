"""What a run over a capture comes to: rates, ratios, and whether it counts at all. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.capture.cases import DIAGNOSE, FIELDS, PEER, REPLAY, SCAPY

LEAST_RATE: Final = 20_000  # DHCP and RADIUS packets a second that replay is to reach on one core
MOST_GROWTH: Final = 1.25  # of peak memory, from a tenth of the file to all of it …
FREE_OCTETS: Final = 16 << 20  # … and so much besides
OURS: Final = (REPLAY, DIAGNOSE, FIELDS)
_MIB: Final = 1 << 20

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Reading:
    """One program over one file."""

    octets: int
    packets: int
    wanted: int  # of them, DHCP and RADIUS
    seconds: float
    cpu_seconds: float
    peak_octets: int

    @property
    def rate(self) -> float:
        """Packets a second."""
        return self.packets / self.seconds

    @property
    def wanted_rate(self) -> float:
        """DHCP and RADIUS packets a second; the others are read besides."""
        return self.wanted / self.seconds

    @property
    def cpu_us(self) -> float:
        """Processor time, µs a packet of any kind."""
        return self.cpu_seconds * 1e6 / self.packets

    def as_json(self) -> Json:
        """Rounded."""
        return {
            "octets": self.octets,
            "packets": self.packets,
            "seconds": round(self.seconds, 3),
            "packets_s": round(self.rate),
            "wanted_s": round(self.wanted_rate),
            "cpu_us": round(self.cpu_us, 2),
            "rss_mib": round(self.peak_octets / _MIB, 1),
        }


@dataclass(frozen=True, slots=True)
class Rows:
    """What replay made of the Access-Requests that name no line."""

    asked: int
    right: int
    wrong: int
    missed: int  # left alone, though there was a line to be found
    hopeless: int  # left alone, for there was none


@dataclass(frozen=True, slots=True)
class Run:
    """Everybody's readings, by name of the case: of the whole file, one a round, and of its beginning."""

    whole: Mapping[str, Sequence[Reading]]
    part: Mapping[str, Reading]
    rows: Rows | None  # None: there was no replay
    odd: Sequence[str]  # what was counted wrongly

    @property
    def first(self) -> str:
        """The case that stands for ours."""
        return REPLAY if REPLAY in self.whole else FIELDS

    def ratio(self, name: str, other: str) -> float | None:
        """How many times the processor time of one another one takes for a packet; within each round."""
        ours, theirs = self.whole.get(name), self.whole.get(other)
        if not ours or not theirs:
            return None
        return round(median(b.cpu_us / a.cpu_us for a, b in zip(ours, theirs, strict=True)), 2)


def faults(run: Run, *, short: bool) -> list[str]:
    """Why a run does not count, or what it misses. How fast it is says a short one not."""
    found = list(run.odd)
    if run.rows is not None and run.rows.wrong:
        found.append(f"{run.rows.wrong} requests were put on a wrong line")
    if run.rows is not None and not run.rows.right:
        found.append("no request was put on its line")
    if short:
        return found
    rate = median(one.wanted_rate for one in run.whole[run.first])
    if rate < LEAST_RATE:
        found.append(f"{run.first}: {rate:.0f} DHCP and RADIUS packets/s, fewer than {LEAST_RATE}")
    for name in OURS:
        if name in run.part and name in run.whole:
            few, many = run.part[name].peak_octets, max(one.peak_octets for one in run.whole[name])
            if many > few * MOST_GROWTH + FREE_OCTETS:
                found.append(f"{name}: memory grows with the file, from {few / _MIB:.0f} to {many / _MIB:.0f} MiB")
    return found


def result(run: Run) -> Json:
    """The figures of the JSON object."""
    ours = run.whole[run.first]
    return {
        "ratio_tshark": run.ratio(run.first, PEER),
        "ratio_scapy": run.ratio(run.first, SCAPY),
        "ratio_tshark_fields": run.ratio(FIELDS, PEER),
        "ratio_scapy_fields": run.ratio(FIELDS, SCAPY),
        "packets_s": round(median(one.rate for one in ours)),
        "wanted_s": round(median(one.wanted_rate for one in ours)),
        "rss_mib": round(max(one.peak_octets for one in ours) / _MIB, 1),
        "rss_part_mib": round(run.part[run.first].peak_octets / _MIB, 1) if run.first in run.part else None,
        "wrong": None if run.rows is None else run.rows.wrong,
        "rows": None if run.rows is None else {
            "asked": run.rows.asked, "right": run.rows.right, "missed": run.rows.missed,
            "hopeless": run.rows.hopeless,
        },
        "cases": {
            name: {
                **(one := _typical(readings)).as_json(),
                "part_rss_mib": round(run.part[name].peak_octets / _MIB, 1) if name in run.part else None,
                "rounds": [reading.as_json() for reading in readings],
                "whole": one.octets == ours[0].octets,
            }
            for name, readings in run.whole.items()
        },
    }  # fmt: skip


def _typical(readings: Sequence[Reading]) -> Reading:
    return sorted(readings, key=lambda one: one.seconds)[len(readings) // 2]
