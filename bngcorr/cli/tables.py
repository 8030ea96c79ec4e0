"""Tables for people: columns by name, customers' text harmless, and nothing that is empty in every row."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, Final, Literal

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

Row = Mapping[str, Any]

_PIPED_WIDTH: Final = 200  # where nobody has told a width: wide enough that `grep` finds whole words


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what its head says, and what it makes of a row."""

    title: str
    cell: Callable[[Row], object]
    right: bool = False  # figures
    whole: bool = False  # never folded, so that it can be copied


def screen(to: IO[str] | None = None) -> Console:
    """Where tables go, standard output by default. NO_COLOR and COLUMNS are heeded."""
    file = sys.stdout if to is None else to
    width = None if file.isatty() or "COLUMNS" in os.environ else _PIPED_WIDTH
    return Console(emoji=False, highlight=False, markup=False, file=file, width=width)


def table_of(columns: Sequence[Column], rows: Sequence[Row], title: str | None = None) -> Table:
    """The rows; a column that has nothing in any of them is left out."""
    cells = [[_text(one.cell(row)) for row in rows] for one in columns]
    tall = any("\n" in text.plain for texts in cells for text in texts)
    table = Table(
        box=SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False, show_edge=False,
        leading=int(tall),
    )  # fmt: skip
    kept = [at for at, texts in enumerate(cells) if any(text.plain for text in texts)]
    for at in kept:
        column = columns[at]
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, no_wrap=column.right or column.whole, overflow="fold")
    for line in zip(*(cells[at] for at in kept), strict=True):
        table.add_row(*line)
    return table


def show(columns: Sequence[Column], rows: Sequence[Row], *, empty: str, title: str | None = None) -> None:
    """Print them, or say what it means that there are none."""
    screen().print(table_of(columns, rows, title) if rows else empty)


def _text(value: object) -> Text:
    if isinstance(value, Text):
        return value
    return Text("\n".join(map(plain, str(value).split("\n"))) if value is not None else "")


def plain(text: str) -> str:
    """A customer's text as a terminal may show it: what is not printable as escapes."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in text)


def octets_text(octets: Row | None) -> str:
    """An id: its text, else its octets behind 0x."""
    return "" if octets is None else octets["text"] or f"0x{octets['hex']}"


def moment(instant: str | None) -> str:
    """An instant for people: 2026-11-25 19:12:46Z."""
    return "" if instant is None else f"{instant[:19].replace('T', ' ')}Z"


def port_text(attachment: Row | None) -> str:
    """Port and VLANs as 1/1/4:100.20."""
    if attachment is None:
        return ""
    vlans = [str(attachment[name]) for name in ("outer", "inner") if attachment.get(name) is not None]
    return str(attachment["port"] or "") + (":" + ".".join(vlans) if vlans else "")
