"""What `bngcorr top` draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.text import Text

from bngcorr.cli.findings import what
from bngcorr.cli.hosts import use_text
from bngcorr.cli.tables import Column, Row, moment, plain, table_of
from bngcorr.cli.timeline_screen import STYLE, event_line

MOST_BNGS: Final = 8
MOST_FINDINGS: Final = 200  # that are asked for
_BAR: Final = 24
_STATE: Final = {"alive": "green", "suspect": "yellow", "dead": "bold red"}


def drawn(found: Row, where: str) -> RenderableType:
    """All of it, one part below the other."""
    parts: list[RenderableType] = [_head(found, where), *_trouble(found)]
    if found["bngs"]:
        parts.append(_bngs(found["bngs"], found["thresholds"]))
    if found["upstreams"]:
        parts.append(_upstreams(found["upstreams"]))
    if found["processes"]:
        parts.append(_processes(found["processes"]))
    parts.append(_findings(found))
    if found["recent"]:
        parts += [Text("last requests", style="bold"), *(_clipped(row) for row in found["recent"])]
    return Group(*parts)


def _head(found: Row, where: str) -> Text:
    rate = "" if found["requests_per_s"] is None else f"{found['requests_per_s']:g} requests/s to AAA, "
    text = Text.assemble(
        (f"bngcorr {where}", "bold"), f"  {moment(found['at'])}\n",
        f"load     {rate}{found['waiting']} wait for AAA, {found['timeouts']} timeouts; ",
        f"store {found['store_ms']:g} ms\n",
        "matches  ",
    )  # fmt: skip
    ratio = found["match_ratio"]
    text.append("nothing was to be matched" if ratio is None else f"{ratio:.1%} of what did not name its line")
    for verdict, count in sorted(found["verdicts"].items(), key=lambda one: -one[1]):
        text.append(f", {count} ").append(verdict, STYLE.get(verdict, ""))
    return text


def _trouble(found: Row) -> list[Text]:
    """What everybody should know first."""
    told = []
    if not found["processes"]:
        told.append("No packet process was heard of within 10 s: is `bngcorr serve` running on this store?")
    told += [f"Not ready: {row['id']} ({_parts(row)})" for row in found["processes"] if not row["ready"]]
    if found["upstreams"] and not any(row["state"] != "dead" and row["admin"] != "down" for row in found["upstreams"]):
        told.append("No AAA server answers: nobody can be authenticated.")
    return [Text(text, style="bold red") for text in told]


def _bngs(rows: Sequence[Row], thresholds: Sequence[int]) -> RenderableType:
    columns = (
        Column("BNG", lambda row: plain(row["bng"])),
        Column("use", lambda row: _bar(row["use"], thresholds)),
        Column("", lambda row: use_text(row["use"], thresholds), right=True),
        Column("resources", lambda row: row["host_resources"], right=True),
        Column("limit", lambda row: row["limit"], right=True),
        Column("v4", lambda row: row["usage"]["v4"], right=True),
        Column("IA_NA", lambda row: row["usage"]["ia_na"], right=True),
        Column("IA_PD", lambda row: row["usage"]["ia_pd"], right=True),
        Column("SLAAC", lambda row: row["usage"]["slaac"], right=True),
    )
    table = table_of(columns, rows[:MOST_BNGS])
    if len(rows) > MOST_BNGS:
        return Group(table, Text(f"and {len(rows) - MOST_BNGS} more: bngcorr hosts", style="dim"))
    return table


def _bar(use: float | None, thresholds: Sequence[int]) -> Text:
    if use is None:
        return Text("")
    full = min(_BAR, round(use * _BAR))
    return Text("█" * full + "░" * (_BAR - full), style=use_text(use, thresholds).style)


def _upstreams(rows: Sequence[Row]) -> RenderableType:
    return table_of(
        (
            Column("AAA server", lambda row: f"{plain(row['pool'])}/{plain(row['name'])}"),
            Column("state", lambda row: Text(row["state"], style=_STATE.get(row["state"], ""))),
            Column("wanted", lambda row: row["admin"] or "differs"),
            Column("waiting", lambda row: row["in_flight"], right=True),
            Column("requests", lambda row: row["requests"], right=True),
            Column("timeouts", lambda row: row["timeouts"], right=True),
            Column("rtt", lambda row: "" if row["rtt_s"] is None else f"{row['rtt_s'] * 1000:.1f} ms", right=True),
        ),
        rows,
    )


def _processes(rows: Sequence[Row]) -> RenderableType:
    return table_of(
        (
            Column("packet process", lambda row: f"{row['host']} {row['pid']}"),
            Column("version", lambda row: row["version"]),
            Column("", lambda row: "ready" if row["ready"] else Text("not ready", style="bold red")),
            Column("parts", _parts),
            Column("since", lambda row: moment(row["started_at"])),
            Column("needs a restart for", lambda row: ", ".join(row["needs_restart"])),
        ),
        rows,
    )


def _parts(row: Row) -> str:
    return ", ".join(f"{name} {state}" for name, state in row["parts"].items())


def _findings(found: Row) -> RenderableType:
    if not found["findings"]:
        return Text("No open findings.", style="green")
    lines = [
        f"{moment(row['last_seen'])[5:16]}  {row['finding']}  {row['bng']}  {what(row).replace(chr(10), ', ')}"
        for row in found["newest_findings"]
    ]
    least = "at least " if found["findings"] >= MOST_FINDINGS else ""
    head = Text(f"{least}{found['findings']} open findings, the newest:\n", style="bold yellow")
    return head.append(Text("\n".join(lines), style=""))


def _clipped(row: Row) -> Text:
    line = event_line(row)
    line.no_wrap, line.overflow = True, "ellipsis"
    return line
