"""One object for people or programs: its fields, one a line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from rich.table import Table
from rich.text import Text

from bngcorr.cli.tables import Row, moment, octets_text, plain, port_text

_INSTANTS: Final = ("_at", "_seen", "since", "expires")


def fields_table(row: Row) -> Table:
    """Name and value, those that are known."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in row.items():
        shown = "\n".join(_said(name, value))
        if shown:
            table.add_row(name.replace("_", " "), Text(shown))
    return table


def _said(name: str, value: Any) -> Iterator[str]:
    """A value in words, a line each."""
    if value is None or value == "":
        return
    if isinstance(value, bool):
        yield "yes" if value else "no"
    elif isinstance(value, str):
        yield moment(value) if name == "at" or name.endswith(_INSTANTS) else plain(value)
    elif isinstance(value, Mapping):
        yield from _told(value)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _said(name, one)
    else:
        yield str(value)


def _told(value: Row) -> Iterator[str]:
    if {"hex", "text"} == set(value):
        text = octets_text(value)
        yield plain(text) + (f"  (0x{value['hex']})" if value["text"] else "")
    elif {"port", "outer", "inner"} == set(value):
        yield plain(port_text(value))
    elif "address" in value:
        rest = (f"{name} {said}" for name, part in value.items() if name != "address" for said in _said(name, part))
        yield f"{value['address']}  ({', '.join(rest)})"
    else:
        yield ", ".join(f"{name} {said}" for name, part in value.items() for said in _said(name, part))
