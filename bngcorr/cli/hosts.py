"""`bngcorr hosts`."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import Annotated, Any, Final

from cyclopts import Parameter
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bngcorr.cli.api_client import ApiFault, JsonObject, base_url, get
from bngcorr.cli.output import Output, print_rows
from bngcorr.model.usage import USAGE_FIELDS
from bngcorr.model.vocabulary import Scope

_COLUMNS: Final = (
    "scope", "bng", "box", "name", *(f"usage.{name}" for name in USAGE_FIELDS), "cost_table", "host_resources", "limit",
    "headroom", "use", "peak.host_resources", "peak.at", "forecast.per_day.expected", "forecast.per_day.low",
    "forecast.per_day.high", "forecast.full_in_s.expected", "forecast.full_in_s.earliest", "forecast.full_in_s.latest",
    "forecast.reason", "traffic.v4", "traffic.v6", "traffic.either", "traffic.v6_share", "census.dual_stack",
    "census.v4_only", "census.v6_only", "observed",
)  # fmt: skip
_LEAST_EVERY_S: Final = 1
_MOST_EVERY_S: Final = 3_600
_UNITS: Final = ((365 * 86_400, "y"), (86_400, "d"), (3_600, "h"), (60, "min"))


def hosts(
    bng: str | None = None,
    *,
    by: Scope = Scope.BNG,
    days: int = 14,
    watch: Annotated[bool, Parameter(negative="")] = False,
    every: float = 5.0,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = Output.TABLE,
    url: str | None = None,
) -> None:
    """What BNGs spend: hosts, what they cost, what is left, and when that will be gone.

    "full in" is when the busiest hour of a day reaches the limit, if growth goes on, and in brackets the range in
    which that is nine times of ten. "~" in front: less than two days are known, and the daily rhythm may look like
    growth. Use is yellow from the first of `capacity.thresholds` on, red from the last.

    Asks a running `bngcorr web`. Exits 0, 1 if it does not answer, 2 if it refuses the question.

    Parameters
    ----------
    bng:
        Only this BNG.
    by:
        A row for each BNG, card or port. Cards and ports have limits of their own, but no peak and no forecast.
    days:
        How far back samples are looked at for the forecast, 1 to 60. Fewer show what changed lately, more are surer.
    watch:
        Draw the table again and again until Ctrl-C.
    every:
        With --watch: seconds in between, 1 to 3600.
    output:
        table for people; json (a list), jsonl (an object a line) or csv for programs.
    url:
        Where the API is. Default: BNGCORR_URL of the environment, else http://127.0.0.1:8080.
    """
    if watch and output is not Output.TABLE:
        sys.exit(_refused(f"--watch goes with --output table, not {output}"))
    if not _LEAST_EVERY_S <= every <= _MOST_EVERY_S:
        sys.exit(_refused(f"--every {every:g} is not {_LEAST_EVERY_S} … {_MOST_EVERY_S} seconds"))
    base, query = base_url(url), {"by": str(by), "days": str(days), **({} if bng is None else {"bng": bng})}
    console = Console(emoji=False)
    if watch:
        _watch(console, base, query, every)
        return
    try:
        answer = get(base, "/v1/hosts", query)
    except ApiFault as error:
        print(f"bngcorr hosts: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    print_rows(answer["items"], output, columns=_COLUMNS, table=lambda: console.print(_table(answer, by)))


def _refused(said: str) -> int:
    print(f"bngcorr hosts: {said}", file=sys.stderr)
    return 2


def _watch(console: Console, base: str, query: Mapping[str, str], every_s: float) -> None:
    """Until Ctrl-C. An API that goes away and comes back is waited for; one that refuses ends it."""
    shown: Table | Text = Text("")
    with Live(shown, console=console, auto_refresh=False, screen=console.is_terminal) as live:
        try:
            while True:
                try:
                    shown = _table(get(base, "/v1/hosts", query), Scope(query["by"]))
                    shown.caption = f"{time.strftime('%H:%M:%S')}, again every {every_s:g} s; Ctrl-C ends"
                except ApiFault as error:
                    if error.refused:
                        live.stop()
                        print(f"bngcorr hosts: {error}", file=sys.stderr)
                        sys.exit(error.exit_code)
                    if isinstance(shown, Table):
                        shown.caption = Text(str(error), style="red")
                    else:
                        shown = Text(str(error), style="red")
                if console.is_terminal:
                    live.update(shown, refresh=True)
                else:
                    console.print(shown)
                time.sleep(every_s)
        except KeyboardInterrupt:
            return


# ---- the table


def _table(answer: JsonObject, by: Scope) -> Table:
    whole = by is Scope.BNG
    table = Table(box=SIMPLE_HEAD)
    table.add_column("BNG", overflow="fold")
    if not whole:
        if any(row["box"] for row in answer["items"]):
            table.add_column("box", overflow="fold")
        table.add_column(str(by), overflow="fold")
    for name in ("v4", "IA_NA", "IA_PD", "SLAAC", "resources", "limit", "headroom", "use"):
        table.add_column(name, justify="right")
    if whole:
        table.add_column("peak")
        table.add_column("full in")
        table.add_column("IPv6", justify="right")
    boxes = len(table.columns) == 11
    for row in answer["items"]:
        usage = row["usage"]
        cells: list[Text | str] = [Text(row["bng"])]
        if not whole:
            cells += [Text(row["box"] or "")] * boxes
            cells.append(Text(row["name"] or _nameless(by)))
        cells += [str(usage[name]) for name in ("v4", "ia_na", "ia_pd", "slaac")]
        cells += [str(row["host_resources"]), _figure(row["limit"]), _figure(row["headroom"])]
        cells.append(_use(row["use"], answer["thresholds"]))
        if whole:
            share = row["traffic"]["v6_share"]
            cells += [_peak(row["peak"]), _full(row), "" if share is None else f"{share:.0%}"]
        table.add_row(*cells)
    return table


def _nameless(by: Scope) -> str:
    return "no card (LAG …)" if by is Scope.CARD else "not known"


def _figure(figure: int | None) -> str:
    return "" if figure is None else str(figure)


def _use(use: float | None, thresholds: list[int]) -> Text:
    if use is None:
        return Text("")
    over = [threshold for threshold in thresholds if use * 100 >= threshold]
    style = "" if not over else "bold red" if over[-1] == thresholds[-1] else "yellow"
    return Text(f"{use:.1%}", style=style)


def _peak(peak: JsonObject | None) -> str:
    return "" if peak is None else f"{peak['host_resources']} ({peak['at'][:16].replace('T', ' ')})"


def _full(row: JsonObject) -> Text:
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
