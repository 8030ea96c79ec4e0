"""`bngcorr events`: what happened lately, and what happens."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from cyclopts import Parameter

from bngcorr.cli.api_client import ApiClient, ApiFault, Json
from bngcorr.cli.exits import REFUSED
from bngcorr.cli.output import Output, csv_head, csv_lines, print_rows
from bngcorr.cli.parameters import HERE, ApiAt, Most, OutputAs
from bngcorr.cli.tables import screen
from bngcorr.cli.timeline_screen import CSV, event_line
from bngcorr.model.vocabulary import Finding, Outcome

_LONGEST_PAUSE_S: Final = 15.0


def events(
    *,
    follow: Annotated[bool, Parameter(name=("--follow", "-f"), negative="")] = False,
    kind: Literal["request", "accounting", "finding"] | None = None,
    bng: str | None = None,
    outcome: Outcome | None = None,
    mac: str | None = None,
    line: str | None = None,
    finding: Finding | None = None,
    since: str | None = None,
    limit: Most = 20,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """Verdicts, accounting and findings as they happen. Without -f: the last verdicts, the oldest first.

        bngcorr events -f --bng bng1 --outcome unmatched
        bngcorr events --since 15m -o jsonl

    All filters that are given must hold. A stream that is cut is taken up again behind the last event; Ctrl-C ends it.

    Exits 0, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    follow:
        Go on with what happens from now on.
    kind:
        With -f: only requests for access (request), accounting, or findings.
    bng:
        Only this BNG.
    outcome:
        Only this verdict.
    mac:
        Only this CPE.
    line:
        Only this line, by its id.
    finding:
        With -f: only findings of this kind.
    since:
        Without -f: only what arrived since then, such as 2026-11-25T19:00:00Z or 15m.
    """
    with ApiClient("events", api) as client:
        _check(client, follow, since, output, kind or finding)
        query = {"bng": bng, "outcome": outcome, "mac": mac, "line": line}
        if not follow:
            newest = client.rows("/v1/correlations", {**query, "since": since, "order": "newest"}, limit, "after")
            _print(newest[::-1], output)
            return
        if output is Output.CSV:
            sys.stdout.write(csv_head(CSV))
        try:
            for row in _followed(client, {**query, "kind": kind, "finding": finding}):
                _print_one(row, output)
        except KeyboardInterrupt:
            return


def _check(client: ApiClient, follow: bool, since: str | None, output: Output, live_only: str | None) -> None:
    if follow and since is not None:
        client.fail("--since goes without -f", REFUSED)
    if follow and output is Output.JSON:
        client.fail("-f goes with table, jsonl or csv: a list of JSON would never end", REFUSED)
    if live_only and not follow:
        client.fail("--kind and --finding go with -f", REFUSED)


def _followed(client: ApiClient, query: Json) -> Iterator[Json]:
    """What happens, over cuts. Raises ApiFault if the first try fails, or if it is refused later."""
    cursor: str | None = None
    pause_s = 1.0
    while True:
        try:
            for event in client.stream("/v1/events", query, cursor):
                pause_s, cursor = 1.0, event.cursor or cursor
                try:
                    row = json.loads(event.data)
                except ValueError:
                    continue
                if isinstance(row, dict) and "kind" in row:
                    yield row
        except ApiFault as fault:
            if not client.opened or not fault.passing:
                raise
            print(f"bngcorr events: {fault}; again in {pause_s:g} s", file=sys.stderr)
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def _print(rows: list[Json], output: Output) -> None:
    console = screen()

    def table() -> None:
        for row in rows:
            console.print(event_line(row), soft_wrap=True)
        if not rows:
            console.print("Nothing of that kind happened lately.")

    print_rows(rows, output, columns=CSV, table=table)


def _print_one(row: Json, output: Output) -> None:
    match output:
        case Output.TABLE:
            screen().print(event_line(row), soft_wrap=True)
        case Output.CSV:
            sys.stdout.write(csv_lines([row], CSV))
        case _:
            print(json.dumps(row))
    sys.stdout.flush()
