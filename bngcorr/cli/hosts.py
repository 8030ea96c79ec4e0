"""`bngcorr hosts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from bngcorr.cli.api_client import ApiClient, Json
from bngcorr.cli.listing import Layout, list_rows
from bngcorr.cli.output import Output
from bngcorr.cli.parameters import HERE, ApiAt, OutputAs, Watch
from bngcorr.cli.tables import Row
from bngcorr.model.usage import USAGE_FIELDS
from bngcorr.model.vocabulary import Scope

_COLUMNS: Final = (
    "scope", "bng", "box", "name", *(f"usage.{name}" for name in USAGE_FIELDS), "cost_table", "host_resources", "limit",
    "headroom", "use", "peak.host_resources", "peak.at", "forecast.per_day.expected", "forecast.per_day.low",
    "forecast.per_day.high", "forecast.full_in_s.expected", "forecast.full_in_s.earliest", "forecast.full_in_s.latest",
    "forecast.reason", "traffic.v4", "traffic.v6", "traffic.either", "traffic.v6_share", "census.dual_stack",
    "census.v4_only", "census.v6_only", "observed",
)  # fmt: skip
_UNITS: Final = ((365 * 86_400, "y"), (86_400, "d"), (3_600, "h"), (60, "min"))


def hosts(
    bng: str | None = None,
    *,
    by: Scope = Scope.BNG,
    days: int = 14,
    watch: Watch = None,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """What BNGs spend: hosts, what they cost, what is left, and when that will be gone.

    "full in" is when the busiest hour of a day reaches the limit, if growth goes on, and in brackets the range in
    which that is nine times of ten. "~" in front: less than two days are known, and the daily rhythm may look like
    growth. Use is yellow from the first of `capacity.thresholds` on, red from the last.

    Exits 0, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    bng:
        Only this BNG.
    by:
        A row for each BNG, card or port. Cards and ports have limits of their own, but no peak and no forecast.
    days:
        How far back samples are looked at for the forecast, 1 to 60. Fewer show what changed lately, more are surer.
    """
    query = {"by": by, "days": days, "bng": bng}
    with ApiClient("hosts", api) as client:
        answer: Json = {}

        def ask() -> Sequence[Json]:
            answer.update(client.get("/v1/hosts", query))
            rows: Sequence[Json] = answer["items"]
            return rows

        how = Layout(names=_COLUMNS, table=lambda rows: _table(rows, by, answer["thresholds"]))
        list_rows(client, ask, how, output, watch)


# ---- the table


def _table(rows: Sequence[Json], by: Scope, thresholds: list[int]) -> Table:
    whole = by is Scope.BNG
    table = Table(box=SIMPLE_HEAD)
    table.add_column("BNG", overflow="fold")
    if not whole:
        if any(row["box"] for row in rows):
            table.add_column("box", overflow="fold")
        table.add_column(str(by), overflow="fold")
    for name in ("v4", "IA_NA", "IA_PD", "SLAAC", "resources", "limit", "headroom", "use"):
        table.add_column(name, justify="right")
    if whole:
        table.add_column("peak")
        table.add_column("full in")
        table.add_column("IPv6", justify="right")
    boxes = len(table.columns) == 11
    for row in rows:
        usage = row["usage"]
        cells: list[Text | str] = [Text(row["bng"])]
        if not whole:
            cells += [Text(row["box"] or "")] * boxes
            cells.append(Text(row["name"] or _nameless(by)))
        cells += [str(usage[name]) for name in ("v4", "ia_na", "ia_pd", "slaac")]
        cells += [str(row["host_resources"]), _figure(row["limit"]), _figure(row["headroom"])]
        cells.append(use_text(row["use"], thresholds))
        if whole:
            share = row["traffic"]["v6_share"]
            cells += [_peak(row["peak"]), forecast_text(row), "" if share is None else f"{share:.0%}"]
        table.add_row(*cells)
    return table


def _nameless(by: Scope) -> str:
    return "no card (LAG …)" if by is Scope.CARD else "not known"


def _figure(figure: int | None) -> str:
    return "" if figure is None else str(figure)


def use_text(use: float | None, thresholds: Sequence[int]) -> Text:
    """Part of a limit, coloured by the thresholds (per cent)."""
    if use is None:
        return Text("")
    over = [threshold for threshold in thresholds if use * 100 >= threshold]
    style = "" if not over else "bold red" if over[-1] == thresholds[-1] else "yellow"
    return Text(f"{use:.1%}", style=style)


def _peak(peak: Json | None) -> str:
    return "" if peak is None else f"{peak['host_resources']} ({peak['at'][:16].replace('T', ' ')})"


def forecast_text(row: Row) -> Text:
    """Expected, earliest and latest; or why there is none."""
    forecast = row["forecast"]
    full = forecast["full_in_s"]
    if full is None:
        return Text(forecast["reason"] or "", style="dim")
    expected, earliest, latest = full["expected"], full["earliest"], full["latest"]
    if expected == latest == 0:
        return Text("busiest hour is full" if row["headroom"] > 0 else "is full", style="bold red")
    rough = "" if forecast["per_day"]["daily_rhythm"] else "~"
    if expected is None:
        return Text(f"{rough}{_span(earliest)} or later")
    until = "or never" if latest is None else f"… {_span(latest)}"
    return Text(f"{rough}{_span(expected)} ({_span(earliest)} {until})")


def _span(seconds: Any) -> str:
    """A length of time in its largest unit: 45 min, 7 h, 12 d, 2.5 y."""
    for size, unit in _UNITS:
        if seconds >= 2 * size or (unit == "min"):
            figure = seconds / size
            return f"{figure:.1f} {unit}" if unit == "y" else f"{figure:.0f} {unit}"
    raise AssertionError("the last unit takes all")
