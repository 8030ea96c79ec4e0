"""A diagnosis on a screen."""

from __future__ import annotations

from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.report import Report, Row, Told, by_kind, packets_text, shown_distances, verdict
from bngcorr.cli.tables import plain

_STYLES: Final = {Severity.CRITICAL: "bold red", Severity.WARNING: "bold yellow", Severity.NOTICE: "bold cyan"}
_MOST_OF_KIND: Final = 20  # faults of one kind that are shown; the other outputs have all
_BAR: Final = 24  # columns


def show(report: Report, console: Console) -> None:
    """What was read, what was found, what that means, and the distances."""
    console.print(_head(report))
    explained: set[Fault] = set()
    for told in by_kind(report):
        fault = told[0].found.fault
        console.print(_kind(told, report, explain=fault not in explained))
        explained.add(fault)
    if report.distances:
        console.print(_distances(report.distances))
    console.print(Text("\n" + verdict(report), "bold" if report.told else "bold green"))


def _grid() -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def _head(report: Report) -> RenderableType:
    grid = _grid()
    for name, sentence in report.head_lines():
        unread = name == "unread"
        grid.add_row(name, Text(plain(sentence), "yellow" if unread else ""))
    return grid


def _kind(told: list[Told], report: Report, *, explain: bool) -> RenderableType:
    """`explain`: what it means and what to do; the same kind with a lesser severity says it no more."""
    row, severity = told[0].row, told[0].found.severity
    title = Text.assemble(
        (row["severity"].upper(), _STYLES[severity]), " ", (row["title"], "bold"), (f"  {row['kind']}", "dim")
    )
    grid = _grid()
    for name in ("means", "todo", "source") if explain else ():
        grid.add_row("to do" if name == "todo" else name, row[name])
    parts: list[RenderableType] = ["", title, *((grid,) if explain else ())]
    parts += [Padding(_one(one, report), (1, 0, 0, 2)) for one in told[:_MOST_OF_KIND]]
    if len(told) > _MOST_OF_KIND:
        rest = f"and {len(told) - _MOST_OF_KIND:,} more of this kind: --json and --html have all"
        parts.append(Padding(Text(rest, "dim"), (1, 0, 0, 2)))
    return Group(*parts)


def _one(told: Told, report: Report) -> RenderableType:
    row = told.row
    head = Text(plain(row["subject"]), "bold")
    if row["subject"] != row["where"]:
        head.append(f"  {plain(row['where'])}", "not bold dim")
    if row["count"] > 1:
        head.append(f"  {row['count']:,} times", "not bold dim")
    if row["cleared"] is not None:
        head.append(f"  over with packet {packets_text([row['cleared']], report)}", "not bold green")
    grid = _grid()
    grid.add_row("seen", plain(row["detail"]))
    grid.add_row("packets", plain(packets_text(row["packets"], report)))
    if row["example"] is not None:
        grid.add_row("example", plain(f"{packets_text([row['example']], report)}: {row['example']['line']}"))
    return Group(head, grid)


def _distances(rows: list[Row]) -> RenderableType:
    table = Table(
        title="\nFrom DISCOVER to SOLICIT of the same CPE", title_justify="left", title_style="bold", box=None,
        pad_edge=False,
    )  # fmt: skip
    table.add_column("seconds")
    table.add_column("SOLICIT first", justify="right")
    table.add_column("DISCOVER first", justify="right")
    table.add_column("")
    most = max(row["solicit_first"] + row["discover_first"] for row in rows)
    for row in shown_distances(rows):
        count = row["solicit_first"] + row["discover_first"]
        bound = row["up_to_seconds"]
        table.add_row(
            "more" if bound is None else f"up to {bound:g}", f"{row['solicit_first']:,}", f"{row['discover_first']:,}",
            "█" * -(-count * _BAR // most),
        )  # fmt: skip
    return table
