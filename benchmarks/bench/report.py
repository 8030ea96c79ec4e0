"""The figures for people: one column a case, one row a figure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.table import Table

from benchmarks.bench.figures import OURS, PEER, Json

Row = tuple[str, str, int]  # what it is, name of the figure, decimal places

PARTS: Final[tuple[tuple[str, tuple[Row, ...]], ...]] = (
    (
        "Access-Requests, {window} outstanding",
        (
            ("req/s", "rps", 0),
            ("p50 ms", "p50_ms", 2),
            ("p99 ms", "p99_ms", 2),
            ("proxy's core busy, %", "busy", 0),
            ("CPU µs a request: proxy", "proxy_us", 1),
            ("store", "store_us", 1),
            ("proxy and store", "cpu_us", 1),
            ("mean vector", "vector", 1),
            ("round trips to the store, all rounds", "store_calls", 0),
            ("writes behind, s", "drain_s", 1),
        ),
    ),
    (
        "{wide} outstanding, and a burst of {burst}",
        (("req/s", "wide_rps", 0), ("p99 ms", "wide_p99_ms", 1), ("burst answered, ms", "burst_ms", 0)),
    ),
    (
        "Lost and wrong, all rounds",
        (
            ("lost", "lost", 0),
            ("of these in bursts", "burst_lost", 0),
            ("kernel drops", "drops", 0),
            ("on a wrong line", "wrong", 0),
            ("guessed", "guessed", 0),
            ("enterprise number left", "unstripped", 0),
            ("wrong authenticator, password, code", "faults", 0),
            ("no line id came: put on its line, %", "matched", 2),
            ("missed", "missed", 0),
        ),
    ),
    (
        "Accounting, {window} outstanding",
        (
            ("records/s", "acct_rps", 0),
            ("p99 ms", "acct_p99_ms", 2),
            ("CPU µs a record: proxy", "acct_proxy_us", 1),
            ("store", "acct_store_us", 1),
        ),
    ),
    ("One request at a time", (("p50 ms", "one_p50_ms", 3), ("p99 ms", "one_p99_ms", 3))),
    (
        "Open loop at a quarter of the peak",
        (
            ("req/s", "open_rate", 0),
            ("p50 ms", "open_p50_ms", 2),
            ("p99 ms", "open_p99_ms", 2),
            ("store frozen: p99 ms of v4", "frozen_v4_p99_ms", 2),
            ("store frozen: lost", "frozen_lost", 0),
        ),
    ),
    ("Memory", (("peak RSS MB", "rss_mb", 0), ("receive buffer, octets", "receive_buffer", 0))),
)

SHARES: Final = ("matched", "busy")

RATIOS: Final = (
    ("throughput", "ratio_throughput"),
    ("CPU a request, proxy and store", "ratio_cpu"),
    ("throughput, many outstanding", "ratio_wide"),
    ("accounting, throughput", "ratio_accounting"),
    ("accounting, CPU a record", "ratio_accounting_cpu"),
)


def cell(value: object, digits: int, key: str = "") -> str:
    """A figure as it is shown; a dash if it was not measured."""
    if not isinstance(value, int | float):
        return "–"
    return f"{value * 100 if key in SHARES else value:,.{digits}f}"


def figures_table(result: Json, titles: Mapping[str, str], sizes: Mapping[str, int]) -> Table:
    """All cases, all figures."""
    cases: dict[str, dict[str, Any]] = result["cases"]  # type: ignore[assignment]
    table = Table(title=f"Medians of {result['rounds']} rounds", title_justify="left")
    table.add_column("")
    for name in cases:
        table.add_column(titles[name], justify="right", max_width=13)
    for heading, rows in PARTS:
        table.add_row(heading.format(**sizes), style="bold")
        for what, key, digits in rows:
            values = [one[key] for one in cases.values()]
            if any(value is not None for value in values):
                table.add_row(f"  {what}", *(cell(value, digits, key) for value in values))
        table.add_section()
    return table


def ratios_table(result: Json, titles: Mapping[str, str]) -> Table | None:
    """Ours beside the peer; None without either."""
    if OURS not in titles or PEER not in titles:
        return None
    table = Table("", title=f"{titles[OURS]}, beside {titles[PEER]}", title_justify="left")
    table.add_column("ratio, above 1 is better", justify="right")
    for what, key in RATIOS:
        table.add_row(what, cell(result[key], 2))
    return table


def identification(result: Json) -> str:
    """What it costs to decode a packet and to identify it; "" if that was not measured."""
    found: dict[str, dict[str, float]] | None = result["identification"]  # type: ignore[assignment]
    told = [f"{kind} {one['decode_us']:.1f} + {one['identify_us']:.1f}" for kind, one in (found or {}).items()]
    return f"to decode and to identify, µs a packet: {', '.join(told)}" if told else ""
