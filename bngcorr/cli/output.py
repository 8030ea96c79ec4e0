"""Rows for people or programs: the one switch behind `-o`."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

Row = Mapping[str, Any]


class Output(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def print_rows(rows: Sequence[Row], output: Output, *, columns: Sequence[str], table: Callable[[], None]) -> None:
    """Rows to standard output: a JSON list, an object a line, CSV of these columns, or what `table` prints.

    In CSV a column may name a key inside another: "usage.v4". What is not there, or null, is an empty cell; an object
    or a list is JSON.
    """
    match output:
        case Output.JSON:
            json.dump(rows, sys.stdout, indent=1)
            print()
        case Output.JSONL:
            for row in rows:
                print(json.dumps(row))
        case Output.CSV:
            writer = csv.writer(sys.stdout)
            writer.writerow(columns)
            writer.writerows([_cell(row, column) for column in columns] for row in rows)
        case Output.TABLE:
            table()


def _cell(row: Row, column: str) -> object:
    value: object = row
    for name in column.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return json.dumps(value) if isinstance(value, Mapping | list) else value
