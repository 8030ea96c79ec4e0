"""Rows for people or programs: the one switch behind `-o`."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

Row = Mapping[str, Any]

_RUN: Final = ("=", "+", "-", "@", "\t", "\r")  # what a formula may begin with


class Output(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def print_rows(rows: Sequence[Row], output: Output, *, columns: Sequence[str], table: Callable[[], None]) -> None:
    """Rows to standard output: a JSON list, an object a line, CSV of these columns, or what `table` prints.

    In CSV a column may name a key inside another: "usage.v4".
    """
    match output:
        case Output.JSON:
            json.dump(rows, sys.stdout, indent=1)
            print()
        case Output.JSONL:
            for row in rows:
                print(json.dumps(row))
        case Output.CSV:
            sys.stdout.write(csv_head(columns) + csv_lines(rows, columns))
        case Output.TABLE:
            table()


def print_one(
    row: Row, output: Output, *, columns: Sequence[str], table: Callable[[], None], rows: Sequence[Row] | None = None
) -> None:
    """One object to standard output: as it is, on one line with jsonl; as CSV a line, or those `rows` of it."""
    match output:
        case Output.JSON:
            print(json.dumps(row, indent=1))
        case Output.JSONL:
            print(json.dumps(row))
        case Output.CSV | Output.TABLE:
            print_rows([row] if rows is None else rows, output, columns=columns, table=table)


def csv_head(columns: Sequence[str]) -> str:
    """The first line of CSV."""
    return ",".join(columns) + "\r\n"


def csv_lines(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """CSV without its head: None is an empty cell, an object or a list is JSON.

    Text that a spreadsheet would run (OWASP, "CSV Injection") has a ' in front: customers choose what is in some cells.
    """
    lines = io.StringIO()
    csv.writer(lines).writerows([_inert(_cell(row, column)) for column in columns] for row in rows)
    return lines.getvalue()


def _inert(value: object) -> object:
    if isinstance(value, Mapping | list):
        return json.dumps(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUN) else value


def _cell(row: Row, column: str) -> object:
    value: object = row
    for name in column.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
