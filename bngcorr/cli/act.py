"""`bngcorr act`: what was done to the running service, by whom, and what came of it."""

from __future__ import annotations

import sys
from typing import Final

import cyclopts

from bngcorr.cli.acts import ACTS, EXITS, TOLD
from bngcorr.cli.api_client import ApiClient, quoted
from bngcorr.cli.exits import DONE, NEGATIVE
from bngcorr.cli.fields import fields_table
from bngcorr.cli.listing import list_rows
from bngcorr.cli.output import Output, print_one
from bngcorr.cli.parameters import HERE, ApiAt, Most, OutputAs, Watch
from bngcorr.cli.tables import Row, screen

_APART: Final = ("answers", "unanswered", "audited", "forgotten")

app = cyclopts.App(name="act", help="What was done to the running service, by whom, and what came of it.")


@app.command(name="list")
def list_(*, limit: Most = 100, watch: Watch = None, output: OutputAs = Output.TABLE, api: ApiAt = HERE) -> None:
    """List what was done, the newest first: disconnects, CoA, AAA servers switched, repairs, lines forgotten, traces.

    Exits 0, 2 if the question is refused, 3 if nobody answers.
    """
    with ApiClient("act list", api) as client:
        list_rows(client, lambda: client.rows("/v1/acts", most=limit), ACTS, output, watch)


@app.command
def show(act: str, /, *, output: OutputAs = Output.TABLE, api: ApiAt = HERE) -> None:
    """Show one act: what each packet process and BNG answered, or how far a repair has come.

    Exits 0 if it was done or is under way, 1 if it was refused, or if there is none of that id, 2 if the question is
    refused, 3 if nobody answers, or nobody was there to carry it out.

    Parameters
    ----------
    act:
        Its id, as `bngcorr act list` tells it.
    """
    with ApiClient("act show", api) as client:
        found = client.get(f"/v1/acts/{quoted(act)}")
    print_one(found, output, columns=ACTS.names, table=lambda: _print(found))
    sys.exit(DONE if found["outcome"] == "pending" else EXITS.get(found["outcome"], NEGATIVE))


def _print(found: Row) -> None:
    console = screen()
    told = {name: value for name, value in found.items() if name not in _APART}
    told["answers"] = [
        f"{one['process']}: {'done' if one['ok'] else 'refused'}, {one['said']}" for one in found["answers"]
    ] + [f"{process}: no answer" for process in found["unanswered"]]
    told["audited"] = [
        f"{one['domain']}: {one['done']:.0%}, {one['counters']} counters and {one['references']} references differed"
        for one in found["audited"]
    ]
    told["forgotten"] = found["forgotten"]
    console.print(fields_table(told))
    sessions = [row for answer in found["answers"] for row in answer["sessions"]]
    if sessions:
        console.print(TOLD.table(sessions))
