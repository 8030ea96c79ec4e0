"""`bngcorr findings`."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated, Any, Final

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from bngcorr.cli.api_client import ApiFault, base_url, get
from bngcorr.cli.output import Output, print_rows
from bngcorr.model.vocabulary import Finding

_COLUMNS: Final = (
    "finding",
    "bng",
    "subject",
    "state",
    "first_seen",
    "last_seen",
    "count",
    "reason",
    "next_step",
    "detail",
)


class State(StrEnum):
    """Whether a finding still holds."""

    OPEN = "open"
    OVER = "over"


def findings(
    *,
    finding: Finding | None = None,
    bng: str | None = None,
    state: State | None = State.OPEN,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    limit: int = 100,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = Output.TABLE,
    url: str | None = None,
) -> None:
    """What operations should look at: lost IPv6, moved lines, duplicate prefixes, contradictions, newest first.

    Asks a running `bngcorr web`. Exits 0, 1 if it does not answer, 2 if it refuses the question.

    Parameters
    ----------
    finding:
        Only findings of this kind.
    bng:
        Only findings of this BNG.
    state:
        open: what still holds. over: what has ended by itself.
    all_:
        Open ones and those that are over.
    limit:
        At most so many, 1 to 1000.
    output:
        table for people; json (a list), jsonl (an object a line) or csv for programs.
    url:
        Where the API is. Default: BNGCORR_URL of the environment, else http://127.0.0.1:8080.
    """
    query = {"limit": str(limit)}
    if finding is not None:
        query["finding"] = str(finding)
    if bng is not None:
        query["bng"] = bng
    if state is not None and not all_:
        query["state"] = str(state)
    try:
        rows = get(base_url(url), "/v1/findings", query)["items"]
    except ApiFault as error:
        print(f"bngcorr findings: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    print_rows(rows, output, columns=_COLUMNS, table=lambda: _print(rows))


def _print(rows: list[dict[str, Any]]) -> None:
    console = Console(emoji=False)
    if not rows:
        console.print("Nothing to look at.")
        return
    table = Table("last seen", "finding", "BNG", "what", "seen", "why, and what to do", show_lines=True)
    for row in rows:
        ended = "" if row["state"] == "open" else f"\nover {row['over_at']}"
        table.add_row(
            row["last_seen"] + ended, row["finding"], row["bng"], _what(row), f"{row['count']}×",
            f"{row['reason']}\n→ {row['next_step']}",
        )  # fmt: skip
    console.print(table, markup=False)


def _what(row: dict[str, Any]) -> str:
    """Subject, and the ids, port and MAC that people know it by."""
    detail = row["detail"]
    parts = [row["subject"]]
    for name in ("remote_id", "circuit_id"):
        octets = detail.get(name)
        if octets:
            parts.append(octets["text"] or f"0x{octets['hex']}")
    parts.extend(detail[name] for name in ("port", "mac") if detail.get(name))
    return "\n".join(dict.fromkeys(parts))
