"""`bngcorr what-if`."""

from __future__ import annotations

from typing import Annotated, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from bngcorr.cli.api_client import ApiClient, Json
from bngcorr.cli.output import Output, print_one
from bngcorr.cli.parameters import FLAG, HERE, ApiAt, OutputAs
from bngcorr.cli.tables import screen

_USAGE: Final = {
    "v4": "v4", "ia_na": "IA_NA", "ia_pd": "IA_PD", "slaac": "SLAAC", "pd_route": "PD routes", "sessions": "sessions",
    "na_or_pd": "sessions with IA_NA or IA_PD",
}  # fmt: skip


def what_if(
    bng: str,
    *,
    merge: Annotated[tuple[str, ...], FLAG] = (),
    dual_stack: Annotated[bool, FLAG] = False,
    drop_ia_na: Annotated[bool, FLAG] = False,
    cost_table: str | None = None,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """What a BNG would spend if something were different: before, after, and what was assumed.

    Steps are taken in this order: merge, dual stack, no IA_NA, cost table. Nothing is changed anywhere. Try

        bngcorr what-if bng1 --dual-stack --drop-ia-na

    to see whether IPv6 for everybody fits if CPEs get no WAN address.

    Exits 0, 2 if the question is refused, 3 if nobody answers.

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
    """
    query: list[tuple[str, object]] = [("bng", bng), *(("merge", name) for name in merge)]
    query += [("dual_stack", dual_stack), ("drop_ia_na", drop_ia_na), ("cost_table", cost_table)]
    with ApiClient("what-if", api) as client:
        answer = client.get("/v1/what-if", query)
    print_one(
        answer, output, columns=("figure", "before", "after"), rows=_figures(answer), table=lambda: _print(answer)
    )


def _figures(answer: Json) -> list[Json]:
    """What a CSV has a line for."""
    before, after = answer["before"], answer["after"]
    pairs = [(name, before["usage"][name], after["usage"][name]) for name in _USAGE]
    pairs += [(name, before[name], after[name]) for name in ("cost_table", "host_resources", "limit", "headroom")]
    return [{"figure": name, "before": was, "after": would} for name, was, would in pairs]


def _print(answer: Json) -> None:
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
    console = screen()
    console.print(table)
    for sentence in answer["assumed"]:
        console.print(f"- {sentence}", markup=False, highlight=False)
    if after["headroom"] is not None and after["headroom"] < 0:
        console.print(f"It does not fit: {-after['headroom']} host resources are missing.", style="bold red")


def _row(table: Table, title: str, before: int, after: int) -> None:
    table.add_row(title, str(before), str(after), f"{after - before:+d}" if after != before else "")
