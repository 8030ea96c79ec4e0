"""Rows of the API, printed once, or again and again."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Group, RenderableType
from rich.live import Live
from rich.text import Text

from bngcorr.cli.api_client import ApiClient, ApiFault, Json
from bngcorr.cli.exits import REFUSED
from bngcorr.cli.output import Output, print_rows
from bngcorr.cli.tables import Column, screen, table_of

WIDE: Final = 120  # columns of a screen
LEAST_EVERY_S: Final = 1
MOST_EVERY_S: Final = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How rows of one kind are printed."""

    names: tuple[str, ...]  # columns of the CSV: keys of a row, "usage.v4" for one inside another
    table: Callable[[Sequence[Json]], RenderableType]


def layout(
    names: tuple[str, ...], columns: Sequence[Column], *, empty: str, narrow: Sequence[Column] | None = None
) -> Layout:
    """A plain table. `empty`: what no rows mean. `narrow`: columns where there is no room for all."""

    def table(rows: Sequence[Json]) -> RenderableType:
        if not rows:
            return Text(empty)
        fitting = columns if narrow is None or screen().width >= WIDE else narrow
        return table_of(fitting, rows)

    return Layout(names=names, table=table)


def list_rows(
    api: ApiClient, ask: Callable[[], Sequence[Json]], how: Layout, output: Output, watch: float | None = None
) -> None:
    """Print what `ask` gives; with `watch`, every so many seconds until Ctrl-C. Raises ApiFault."""
    if watch is None:
        rows = ask()
        print_rows(rows, output, columns=how.names, table=lambda: screen().print(how.table(rows)))
        return
    if output is not Output.TABLE:
        api.fail(f"--watch goes with --output table, not {output}", REFUSED)
    draw_again(api, lambda: how.table(ask()), watch)


def draw_again(api: ApiClient, draw: Callable[[], RenderableType], every_s: float) -> None:
    """Until Ctrl-C. An API that goes away and comes back is waited for; one that refuses ends it (ApiFault)."""
    if not LEAST_EVERY_S <= every_s <= MOST_EVERY_S:
        api.fail(f"--watch {every_s:g} is not {LEAST_EVERY_S} … {MOST_EVERY_S} seconds", REFUSED)
    console = screen()
    shown: RenderableType = Text("")
    with Live(shown, console=console, auto_refresh=False, screen=console.is_terminal) as live:
        try:
            while True:
                try:
                    shown = draw()
                    below = Text(f"{time.strftime('%H:%M:%S')}, again every {every_s:g} s; Ctrl-C ends", style="dim")
                except ApiFault as fault:
                    if not fault.passing:
                        raise
                    below = Text(str(fault), style="red")
                if console.is_terminal:
                    live.update(Group(shown, below), refresh=True)
                else:
                    console.print(shown, below)
                    sys.stdout.flush()
                time.sleep(every_s)
        except KeyboardInterrupt:
            return
