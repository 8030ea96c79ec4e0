"""`bngcorr what-if`."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Final

from cyclopts import Parameter
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bngcorr.cli.api_client import ApiFault, JsonObject, base_url, get
from bngcorr.cli.output import Output, print_csv

_USAGE: Final = {
    "v4": "v4", "ia_na": "IA_NA", "ia_pd": "IA_PD", "slaac": "SLAAC", "pd_route": "PD routes", "sessions": "sessions",
    "na_or_pd": "sessions with IA_NA or IA_PD",
}  # fmt: skip
_flag = Parameter(negative="")


def what_if(
    bng: str,
    *,
    merge: Annotated[tuple[str, ...], _flag] = (),
    dual_stack: Annotated[bool, _flag] = False,
    drop_ia_na: Annotated[bool, _flag] = False,
    cost_table: str | None = None,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = Output.TABLE,
    url: str | None = None,
) -> None:
    """What a BNG would spend if something were different: before, after, and what was assumed.

    Steps are taken in this order: merge, dual stack, no IA_NA, cost table. Nothing is changed anywhere. Try

        bngcorr what-if bng1 --dual-stack --drop-ia-na

    to see whether IPv6 for everybody fits if CPEs get no WAN address.

    Asks a running `bngcorr web`. Exits 0, 1 if it does not answer, 2 if it refuses the question.

    Parameters
    ----------
    bng:
        Which one.
    merge:
        Another BNG whose lines come to this one, at this one's cost table and limit; may be repeated.
    dual_stack:
        Every line that has only IPv4 gets what lines with IPv6 have here on average.
    drop_ia_na:
        No WAN address by DHCPv6 any more (link-local WAN).
    cost_table:
        How hosts add up: sros-classic, sros-r12-shared, sros-pd-managed-route, session, or one of `cost_tables`.
    output:
        table for people; json or jsonl (the whole answer) or csv (a figure a line) for programs.
    url:
        Where the API is. Default: BNGCORR_URL of the environment, else http://127.0.0.1:8080.
    """
    query: list[tuple[str, str]] = [("bng", bng), *(("merge", name) for name in merge)]
    query += [(name, "true") for name, asked in (("dual_stack", dual_stack), ("drop_ia_na", drop_ia_na)) if asked]
    if cost_table is not None:
        query.append(("cost_table", cost_table))
    try:
        answer = get(base_url(url), "/v1/what-if", query)
    except ApiFault as error:
        print(f"bngcorr what-if: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    match output:
        case Output.JSON:
            print(json.dumps(answer, indent=1))
        case Output.JSONL:
            print(json.dumps(answer))
        case Output.CSV:
            print_csv(("figure", "before", "after"), _figures(answer))
        case Output.TABLE:
            _print(answer)


def _figures(answer: JsonObject) -> list[tuple[str, object, object]]:
    """(name, before, after)."""
    before, after = answer["before"], answer["after"]
    rows = [(name, before["usage"][name], after["usage"][name]) for name in _USAGE]
    return rows + [(name, before[name], after[name]) for name in ("cost_table", "host_resources", "limit", "headroom")]


def _print(answer: JsonObject) -> None:
    before, after = answer["before"], answer["after"]
    table = Table(title=f"What if: {answer['bng']}", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("")
    for name in ("before", "after", "difference"):
        table.add_column(name, justify="right")
    for name, title in _USAGE.items():
        _row(table, title, before["usage"][name], after["usage"][name])
    table.add_section()
    table.add_row("cost table", Text(before["cost_table"]), Text(after["cost_table"]))
    _row(table, "host resources", before["host_resources"], after["host_resources"])
    if after["limit"] is not None:
        _row(table, "limit", before["limit"], after["limit"])
        _row(table, "headroom", before["headroom"], after["headroom"])
        style = "bold red" if after["headroom"] < 0 else ""
        table.add_row("use", f"{before['use']:.1%}", Text(f"{after['use']:.1%}", style=style))
    console = Console(emoji=False)
    console.print(table)
    for sentence in answer["assumed"]:
        console.print(f"- {sentence}", markup=False, highlight=False)
    if after["headroom"] is not None and after["headroom"] < 0:
        console.print(f"It does not fit: {-after['headroom']} host resources are missing.", style="bold red")


def _row(table: Table, title: str, before: int, after: int) -> None:
    table.add_row(title, str(before), str(after), f"{after - before:+d}" if after != before else "")
