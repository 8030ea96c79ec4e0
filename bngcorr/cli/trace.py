"""`bngcorr trace`: every hop of one subject's requests."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from typing import Annotated, Final

import cyclopts
from cyclopts import Parameter

from bngcorr.cli.acts import end
from bngcorr.cli.api_client import ApiClient, Json, quoted
from bngcorr.cli.exits import REFUSED
from bngcorr.cli.listing import layout, list_rows
from bngcorr.cli.output import Output, print_one
from bngcorr.cli.parameters import HERE, ApiAt, OutputAs, Watch
from bngcorr.cli.spans import seconds_of
from bngcorr.cli.tables import Column, moment, plain, screen
from bngcorr.cli.trace_screen import print_request

EVERY_S: Final = 1.0
_TRACES: Final = layout(
    ("id", "by", "value", "who", "started_at", "until", "state", "requests", "processes"),
    (
        Column("id", lambda row: row["id"], whole=True),
        Column("state", lambda row: row["state"]),
        Column("of", lambda row: f"{row['by']} {plain(row['value'])}"),
        Column("until", lambda row: moment(row["until"])),
        Column("requests", lambda row: row["requests"], right=True),
        Column("", lambda row: "full" if any(one["full"] for one in row["processes"]) else ""),
        Column("started by", lambda row: f"{plain(row['who'])}\n{moment(row['started_at'])}"),
    ),
    empty="There are no traces. `bngcorr trace start` begins one.",
)
_CSV: Final = (
    "at", "process", "request", "bng", "trigger", "strength", "outcome", "rung", "key", "line", "distance_ms",
    "held_ms", "end", "packets",
)  # fmt: skip

Follow = Annotated[
    bool, Parameter(name=("--follow", "-f"), negative="", help="Show requests as they come, until it ends or Ctrl-C.")
]
Attributes = Annotated[
    bool,
    Parameter(name=("--attributes", "-a"), negative="", help="Show the attributes of every packet, not only changes."),
]

app = cyclopts.App(name="trace", help="Traces: every hop of one subject's requests, decoded.")


@app.command
def start(
    *,
    mac: str | None = None,
    id_: Annotated[str | None, Parameter(name="--id")] = None,
    user_name: str | None = None,
    line: str | None = None,
    bng: str | None = None,
    lasts: str = "10m",
    follow: Follow = False,
    attributes: Attributes = False,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """Keep the packets of one subject's requests from now on: from the BNG, to AAA, from AAA, to the BNG.

        bngcorr trace start --mac 00:00:5e:00:53:01 -f

    Exactly one of --mac, --id, --user-name, --line and --bng. Secrets and passwords are never kept. A trace ends by
    itself, and an hour later it is forgotten. It takes a token with scope act.

    Exits 0, 1 if there are too many already, 2 for a bad question or token, 3 if nobody answers.

    Parameters
    ----------
    mac:
        MAC of the CPE.
    id_:
        Remote-Id or Circuit-Id: text, or octets behind 0x.
    user_name:
        User-Name.
    line:
        Id of a line, as `bngcorr line list` tells it.
    bng:
        Name of a BNG.
    lasts:
        For so long: 10s to 1h.
    """
    wanted = {"mac": mac, "id": id_, "user_name": user_name, "line": line, "bng": bng}
    given = {name: value for name, value in wanted.items() if value is not None}
    with ApiClient("trace start", api) as client:
        if len(given) != 1:
            client.fail("say whose: exactly one of --mac, --id, --user-name, --line and --bng", REFUSED)
        seconds = seconds_of(lasts)
        if seconds is None:
            client.fail(f"--lasts {lasts!r} is no span of time such as 30s, 10m or 1h", REFUSED)
        act = client.send("POST", "/v1/traces", {**given, "lasts_s": round(seconds)})
        if act["outcome"] != "done" or not follow:
            _started(act, output)
            return
        print(f"bngcorr trace start: {act['subject']} has begun", file=sys.stderr)
        _show(client, act["subject"], output, follow=True, attributes=attributes)


@app.command(name="list")
def list_(*, watch: Watch = None, output: OutputAs = Output.TABLE, api: ApiAt = HERE) -> None:
    """List traces, those that have ended too.

    Exits 0, 2 if the question is refused, 3 if nobody answers.
    """
    with ApiClient("trace list", api) as client:
        list_rows(client, lambda: client.get("/v1/traces")["items"], _TRACES, output, watch)


@app.command
def show(
    trace: str,
    /,
    *,
    follow: Follow = False,
    attributes: Attributes = False,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """Show what a trace has kept: each request with its verdict, each packet of it, and what was changed on the way.

    Exits 0, 1 if there is no such trace, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    trace:
        Its id, as `bngcorr trace list` tells it.
    """
    with ApiClient("trace show", api) as client:
        _show(client, trace, output, follow=follow, attributes=attributes)


@app.command
def stop(trace: str, /, *, output: OutputAs = Output.TABLE, api: ApiAt = HERE) -> None:
    """End a trace; what it has kept can still be read for an hour. It takes a token with scope act.

    Exits 0, 1 if there is no such trace, 2 for a bad question or token, 3 if nobody answers.

    Parameters
    ----------
    trace:
        Its id, as `bngcorr trace list` tells it.
    """
    with ApiClient("trace stop", api) as client:
        act = client.send("DELETE", f"/v1/traces/{quoted(trace)}")
        end(act["outcome"], [], _TRACES, output, act["said"])


def kept(client: ApiClient, trace: str, *, follow: bool) -> Iterator[Json]:
    """Requests of a trace, the oldest first; with `follow` until it is over. Raises ApiFault."""
    cursor: str | None = None
    while True:
        page = client.get(f"/v1/traces/{quoted(trace)}", {"cursor": cursor, "limit": 100})
        yield from page["items"]
        cursor = page["next"] or cursor
        if page["items"] and page["next"] is not None:
            continue
        if not follow or page["trace"]["state"] == "over":
            return
        time.sleep(EVERY_S)


def _started(act: Json, output: Output) -> None:
    if output is Output.TABLE and act["outcome"] == "done":
        print(f"→ bngcorr trace show {act['subject']} -f")
    rows = [act] if output is not Output.TABLE else []
    end(act["outcome"], rows, layout(("subject", "outcome", "said"), (), empty=""), output, act["said"])


def _show(client: ApiClient, trace: str, output: Output, *, follow: bool, attributes: bool) -> None:
    if follow and output not in (Output.TABLE, Output.JSONL):
        client.fail("-f goes with table or jsonl", REFUSED)
    try:
        if output in (Output.JSON, Output.CSV):
            found = list(kept(client, trace, follow=False))
            whole = {**client.get(f"/v1/traces/{quoted(trace)}", {"limit": 1})["trace"], "items": found}
            print_one(whole, output, columns=_CSV, rows=found, table=lambda: None)
            return
        none = True
        for request in kept(client, trace, follow=follow):
            none = False
            if output is Output.JSONL:
                print(json.dumps(request))
            else:
                print_request(screen(), request, attributes=attributes)
            sys.stdout.flush()
        if none and output is Output.TABLE:
            print("Nothing was kept so far.")
    except KeyboardInterrupt:
        return
