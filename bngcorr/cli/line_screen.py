"""What `bngcorr line show` prints: first what is wrong, then everything that tells why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bngcorr.cli.findings import FINDINGS
from bngcorr.cli.tables import Row, moment, octets_text, plain, port_text, screen
from bngcorr.cli.timeline_screen import timeline_table

_STYLE: Final = {"well": "bold green", "warning": "bold yellow", "bad": "bold red", "unknown": "bold"}
_LIVE: Final = ("up", "expected", "suspect")


def print_line(line: Row, most: int, *, evidence: bool) -> None:
    """All of it; `most` entries of the timeline."""
    console = screen()
    print_diagnosis(console, line["diagnosis"])
    console.print()
    console.print(_facts(line))
    if line["findings"]:
        _head(console, "Findings")
        console.print(FINDINGS.table(line["findings"]))
    entries = line["timeline"]
    _head(console, "Timeline")
    if not entries:
        console.print("Nothing was seen of it lately.")
        return
    console.print(timeline_table(entries[:most], evidence=evidence))
    if len(entries) > most:
        console.print(f"{len(entries) - most} older entries; --limit shows more.")


def print_diagnosis(console: Console, found: Row) -> None:
    """What is wrong, why, and what to do next."""
    console.print(Text(f"{found['state'].upper()}: {plain(found['sentence'])}", style=_STYLE.get(found["state"], "")))
    if found["reason"]:
        console.print(plain(found["reason"]))
    if found["next_step"]:
        console.print(f"→ {plain(found['next_step'])}")


def _facts(line: Row) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    last = line["last"]
    where = f"{last['bng']} {port_text(last['attachment'])}  {last['mac'] or ''}"
    for title, lines in (
        ("line", [line["id"]]),
        ("Remote-Id", _octets(line["remote_id"])),
        ("Circuit-Id", _octets(line["circuit_id"])),
        ("seen last", [f"{moment(line['last_seen'])}  {where.rstrip()}", f"since {moment(line['first_seen'])}"]),
        ("CPE answers", [line["cpe_address"]["address"]] if line["cpe_address"] else []),
        ("sessions", [text for session in line["sessions"] for text in _session(session)]),
    ):
        if lines:
            table.add_row(title, Text("\n".join(plain(text) for text in lines)))
    return table


def _octets(octets: Row | None) -> list[str]:
    if octets is None:
        return []
    return [octets_text(octets) + (f"  (0x{octets['hex']})" if octets["text"] else "")]


def _session(session: Row) -> Iterator[str]:
    """Live ones with what they hold."""
    ended = "" if session["state"] in _LIVE else f", last heard {moment(session['updated_at'])}"
    began = moment(session["began_at"]) or "not yet"
    yield f"{session['state']} on {session['bng']} since {began}{ended}  {session['id']}"
    if session["state"] in _LIVE:
        for one in session["addresses"]:
            only = "" if one["source"] == "accounting" else ", not in accounting"
            yield f"  {one['kind']:7} {one['address']}  since {moment(one['since'])}{only}"


def _head(console: Console, title: str) -> None:
    console.print()
    console.print(Text(title, style="bold"))
