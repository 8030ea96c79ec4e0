"""`bngcorr bng`: the BNGs, how full they are, and how well their requests are matched."""

from __future__ import annotations

from typing import Final

import cyclopts
from rich.text import Text

from bngcorr.cli.api_client import ApiClient, quoted
from bngcorr.cli.fields import fields_table
from bngcorr.cli.hosts import forecast_text, use_text
from bngcorr.cli.listing import layout, list_rows
from bngcorr.cli.output import Output, print_one
from bngcorr.cli.parameters import HERE, ApiAt, OutputAs, Watch
from bngcorr.cli.tables import Column, Row, moment, plain, screen, table_of
from bngcorr.model.usage import USAGE_FIELDS

_NAMES: Final = (
    "name", "domain", "profile", "mode", *(f"usage.{name}" for name in USAGE_FIELDS), "cost_table", "host_resources",
    "limit", "headroom", "use", "census.dual_stack", "census.v4_only", "census.v6_only", "traffic.v6_share",
    "enterprise_numbers", "window.window_ms", "window.distances",
)  # fmt: skip
_PLACES: Final = ("scope", "bng", "box", "name", *(f"usage.{name}" for name in USAGE_FIELDS), "host_resources", "limit")
_USAGE: Final = tuple(
    Column(title, lambda row, name=name: row["usage"][name], right=True)  # type: ignore[misc]
    for name, title in (("v4", "v4"), ("ia_na", "IA_NA"), ("ia_pd", "IA_PD"), ("slaac", "SLAAC"))
)
_SPENT: Final = (
    Column("resources", lambda row: row["host_resources"], right=True),
    Column("limit", lambda row: row["limit"], right=True),
)
_BAR: Final = 40  # characters of the longest bar

BNGS: Final = layout(
    _NAMES,
    (
        Column("BNG", lambda row: plain(row["name"])),
        Column("mode", lambda row: row["mode"]),
        *_USAGE,
        *_SPENT,
        Column("use", lambda row: use_text(row["use"], (80, 90)), right=True),
        Column("lines dual stack", lambda row: dual_stack(row["census"]), right=True),
        Column("numbers", lambda row: ", ".join(str(one["number"]) for one in row["enterprise_numbers"])),
    ),
    empty="No BNG is configured.",
)

app = cyclopts.App(name="bng", help="BNGs: how full they are, and how well their requests are matched.")


@app.command(name="list")
def list_(*, watch: Watch = None, output: OutputAs = Output.TABLE, api: ApiAt = HERE) -> None:
    """List the BNGs: hosts by kind, host resources against the limit, enterprise numbers seen.

    Exits 0, 2 if the question is refused, 3 if nobody answers.
    """
    with ApiClient("bng list", api) as client:
        list_rows(client, lambda: client.get("/v1/bngs")["items"], BNGS, output, watch)


@app.command
def show(name: str, /, *, days: int = 14, output: OutputAs = Output.TABLE, api: ApiAt = HERE) -> None:
    """Show one BNG: capacity and forecast, cards and ports, how far apart matched requests are.

    Exits 0, 1 if there is no such BNG, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    name:
        Its name in the configuration.
    days:
        How far back samples are looked at for the forecast, 1 to 60.
    """
    with ApiClient("bng show", api) as client:
        found = client.get(f"/v1/bngs/{quoted(name)}", {"days": days})
    print_one(found, output, columns=_PLACES, rows=[*found["cards"], *found["ports"]], table=lambda: _print(found))


def dual_stack(census: Row | None) -> str:
    """Lines with both families, of all."""
    if census is None:
        return ""
    return f"{census['dual_stack']} of {sum(census.values())}"


def _print(found: Row) -> None:
    console = screen()
    thresholds = found["thresholds"]
    use = use_text(found["use"], thresholds)
    limit = "no limit" if found["limit"] is None else f"{found['limit']}, {found['headroom']} left"
    console.print(
        Text.assemble((f"{found['name']}: {found['host_resources']} host resources of {limit}  ", "bold"), use)
    )
    console.print(fields_table({
        "domain": found["domain"],
        "addresses": ", ".join(found["addresses"]),
        "profile": f"{found['profile']}, mode {found['mode']}, cost table {found['cost_table']}",
        "hosts": ", ".join(f"{column.title} {column.cell(found)}" for column in _USAGE),
        "lines": "" if found["census"] is None else ", ".join(
            f"{count} {kind.replace('_', ' ')}" for kind, count in found["census"].items()
        ),
        "full in": forecast_text(found).plain,
        "numbers": [f"{one['number']} since {moment(one['first_seen'])}" for one in found["enterprise_numbers"]],
    }))  # fmt: skip
    for title, places in (("cards", found["cards"]), ("ports", found["ports"])):
        if places:
            console.print()
            console.print(table_of(
                (
                    Column(title, lambda row: plain(f"{row['box'] or ''} {row['name'] or 'not known'}".strip())),
                    *_USAGE, *_SPENT, Column("use", lambda row: use_text(row["use"], thresholds), right=True),
                ),
                places,
            ))  # fmt: skip
    _print_distances(found["window"])


def _print_distances(window: Row) -> None:
    """How far apart the requests of a match were."""
    bars = window["distances"]
    most = max((one["matches"] for one in bars), default=0)
    console = screen()
    console.print()
    if not most:
        console.print(f"Nothing was matched by the window of {window['window_ms']} ms so far.")
        return
    console.print(Text(f"Time between the requests of a match; the window is {window['window_ms']} ms", style="bold"))
    for one in bars:
        if one["matches"]:
            title = "longer" if one["up_to_ms"] is None else f"≤ {one['up_to_ms']} ms"
            console.print(f"{title:>12}  {'█' * max(1, round(_BAR * one['matches'] / most))} {one['matches']}")
