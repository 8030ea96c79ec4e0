"""The figures for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from benchmarks.bench.figures import OURS, PEER, Json


def _number(value: object, digits: int = 0, unit: str = "") -> str:
    if not isinstance(value, int | float):
        return "–"
    return f"{value:,.{digits}f}{unit}"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def tables(result: Json, titles: Mapping[str, str]) -> list[Table]:
    """Speed; right and lost; accounting and calm; ratios."""
    cases: dict[str, dict[str, Any]] = result["cases"]  # type: ignore[assignment]
    speed = _table(
        "Access-Requests, 32 outstanding (256 for the wide ones)", "case", "req/s", "p50 ms", "p99 ms",
        "CPU µs proxy", "store", "wide req/s", "p99 ms", "burst of 2000, ms", "RSS MB",
    )  # fmt: skip
    truth = _table(
        "Right, lost, and how", "case", "lost", "in bursts", "wrong", "guessed", "missed", "matched", "unstripped",
        "store calls", "vector", "receive buffer", "kernel drops", "drain s",
    )  # fmt: skip
    rest = _table(
        "Accounting; one request at a time; open loop at a quarter of the peak", "case", "acct/s", "p99 ms",
        "CPU µs proxy", "store", "1: p50 ms", "p99 ms", "open: req/s", "p50 ms", "p99 ms",
    )  # fmt: skip
    for name, one in cases.items():
        title = titles[name]
        speed.add_row(
            title, _number(one["rps"]), _number(one["p50_ms"], 2), _number(one["p99_ms"], 2),
            _number(one["proxy_us"], 1), _number(one["store_us"], 1), _number(one["wide_rps"]),
            _number(one["wide_p99_ms"], 1), _number(one["burst_ms"]), _number(one["rss_mb"]),
        )  # fmt: skip
        truth.add_row(
            title, *(_number(one[key]) for key in ("lost", "burst_lost", "wrong", "guessed", "missed")),
            _number(one["matched"] * 100, 1, " %"), _number(one["unstripped"]), _number(one["store_calls"]),
            _number(one["vector"], 1), _number(one["receive_buffer"]), _number(one["drops"]),
            _number(one["drain_s"], 1),
        )  # fmt: skip
        rest.add_row(
            title, _number(one["acct_rps"]), _number(one["acct_p99_ms"], 2), _number(one["acct_proxy_us"], 1),
            _number(one["acct_store_us"], 1), _number(one["one_p50_ms"], 3), _number(one["one_p99_ms"], 3),
            _number(one["open_rate"]), _number(one["open_p50_ms"], 2), _number(one["open_p99_ms"], 2),
        )  # fmt: skip
    if OURS not in cases or PEER not in cases:
        return [speed, truth, rest]
    beside = _table(f"{titles[OURS]}, beside {titles[PEER]}", "figure", "ratio, above 1 is better")
    for key, what in (
        ("ratio_throughput", "throughput"), ("ratio_cpu", "CPU a request, proxy and store"),
        ("ratio_wide", "throughput, 256 outstanding"), ("ratio_accounting", "accounting, throughput"),
        ("ratio_accounting_cpu", "accounting, CPU"),
    ):  # fmt: skip
        beside.add_row(what, _number(result[key], 2))
    return [speed, truth, rest, beside]
