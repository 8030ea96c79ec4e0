"""The figures for people."""

from __future__ import annotations

from rich.table import Table

from benchmarks.capture.cases import FIELDS, PEER, SCAPY
from benchmarks.capture.figures import Run, result


def table(run: Run, titles: dict[str, str]) -> Table:
    """A row for each program."""
    found = result(run)
    cases: dict[str, dict[str, float]] = found["cases"]  # type: ignore[assignment]
    shown = Table(title="One core, the file in memory", title_justify="left")
    shown.add_column("", no_wrap=True)
    for heading in (
        "packets/s", "DHCP, RADIUS/s", "CPU µs a packet", "RSS MiB", "of a tenth", "beside tshark",
        "beside scapy",
    ):  # fmt: skip
        shown.add_column(heading, justify="right")
    for name, one in cases.items():
        shown.add_row(
            titles[name] + ("" if one["whole"] else f" (first {one['octets'] / 1e6:.0f} MB)"),
            f"{one['packets_s']:,}", f"{one['wanted_s']:,}", f"{one['cpu_us']:.1f}", f"{one['rss_mib']:.0f}",
            "–" if one["part_rss_mib"] is None else f"{one['part_rss_mib']:.0f}",
            _times(run.ratio(name, PEER)), _times(run.ratio(name, SCAPY)),
        )  # fmt: skip
        if name == FIELDS:
            shown.add_section()
    if run.rows is not None:
        told = run.rows
        shown.caption = (
            f"{told.asked:,} requests without line id in the first tenth: {told.right:,} put on their line, "
            f"{told.wrong:,} on a wrong one, {told.missed:,} missed, {told.hopeless:,} without any line left alone"
        )
        shown.caption_justify = "left"
    return shown


def _times(ratio: float | None) -> str:
    return "–" if ratio is None else f"{ratio:.2f}"
