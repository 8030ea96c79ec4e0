"""`bngcorr upstream`: the AAA servers, seen and switched."""

from __future__ import annotations

from typing import Annotated, Final

import cyclopts
from cyclopts import Parameter

from bngcorr.cli.acts import SAID, carried_out, end
from bngcorr.cli.api_client import ApiClient, quoted
from bngcorr.cli.control_client import ControlClient
from bngcorr.cli.listing import layout, list_rows
from bngcorr.cli.output import Output
from bngcorr.cli.parameters import HERE, NO_PROCESS, ApiAt, OutputAs, ProcessAt, Watch
from bngcorr.cli.tables import Column, Row, moment, plain
from bngcorr.model.vocabulary import Admin

_ROWS: Final = layout(
    (
        "pool", "name", "address", "state", "admin", "since", "in_flight", "requests", "timeouts", "late_replies",
        "rtt_s", "processes",
    ),
    (
        Column("pool/server", lambda row: f"{plain(row['pool'])}/{plain(row['name'])}\n{_address(row)}".rstrip()),
        Column("state", lambda row: row["state"]),
        Column("wanted", lambda row: row["admin"] or "differs"),
        Column("since", lambda row: moment(row.get("since"))),
        Column("waiting", lambda row: row["in_flight"], right=True),
        Column("requests", lambda row: row["requests"], right=True),
        Column("timeouts", lambda row: row["timeouts"], right=True),
        Column("rtt", lambda row: "" if row["rtt_s"] is None else f"{row['rtt_s'] * 1000:.1f} ms", right=True),
        Column("seen by", lambda row: "\n".join(_seen(one) for one in row.get("processes", ()))),
    ),
    empty="No packet process tells of AAA servers: is `bngcorr serve` running on this store?",
)  # fmt: skip
_ANSWERS: Final = layout(
    ("process", "ok", "said"),
    (
        Column("process", lambda row: row["process"]),
        Column("", lambda row: "done" if row["ok"] else "refused"),
        Column("said", lambda row: plain(row["said"])),
    ),
    empty=SAID["nobody"],
)

Server = Annotated[
    str, Parameter(help="Its name, in every pool that has it; or pool/name, as `bngcorr upstream list` tells it.")
]

app = cyclopts.App(name="upstream", help="AAA servers: how they are, and switch them.")


@app.command(name="list")
def list_(
    *,
    watch: Watch = None,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
    process: ProcessAt = NO_PROCESS,
) -> None:
    """List the AAA servers: state as measured, what the operator wants of each, requests, timeouts.

    Over the API: of all packet processes together, the worst state that one sees. With --config or --socket: as that
    process sees them.

    Exits 0, 2 if the question is refused or the file is faulty, 3 if nobody answers.
    """
    with ApiClient("upstream list", api) as client:
        if process.named:
            control = ControlClient("upstream list", process)
            list_rows(client, lambda: control.ask("GET", "/upstreams")[1]["items"], _ROWS, output, watch)
        else:
            list_rows(client, lambda: client.get("/v1/upstreams")["items"], _ROWS, output, watch)


@app.command
def drain(
    name: Server, /, *, output: OutputAs = Output.TABLE, api: ApiAt = HERE, process: ProcessAt = NO_PROCESS
) -> None:
    """Keep new requests away from an AAA server; conversations that it has begun go on.

    It holds until the server is switched again, in each packet process until that ends. Over the API every process is
    told, and it takes a token with scope act; with --config or --socket that one is.

    Exits 0, 1 if there is no such server or not every process has done so, 2 if the question is refused, 3 if nobody
    answers.
    """
    _switch(Admin.DRAIN, name, output, api, process)


@app.command
def up(name: Server, /, *, output: OutputAs = Output.TABLE, api: ApiAt = HERE, process: ProcessAt = NO_PROCESS) -> None:
    """Use an AAA server again.

    Exits as `bngcorr upstream drain`.
    """
    _switch(Admin.UP, name, output, api, process)


@app.command
def down(
    name: Server, /, *, output: OutputAs = Output.TABLE, api: ApiAt = HERE, process: ProcessAt = NO_PROCESS
) -> None:
    """Send nothing at all to an AAA server any more. Conversations that it has begun are cut; `drain` lets them end.

    Exits as `bngcorr upstream drain`.
    """
    _switch(Admin.DOWN, name, output, api, process)


def _switch(admin: Admin, name: str, output: Output, api: ApiAt, process: ProcessAt) -> None:
    verb, wanted = f"upstream {admin}", {"admin": str(admin)}
    if process.named:
        _, answer = ControlClient(verb, process).ask("PUT", f"/upstreams/{quoted(name)}", wanted)
        end("done", answer["items"], _ROWS, output)
        return
    with ApiClient(verb, api) as client:
        act = carried_out(client, client.send("PUT", f"/v1/upstreams/{quoted(name)}", wanted))
        silent = [{"process": one, "ok": False, "said": "no answer"} for one in act["unanswered"]]
        end(act["outcome"], [*act["answers"], *silent], _ANSWERS, output, act["said"])


def _address(row: Row) -> str:
    return "" if row["name"] == row["address"] else str(row["address"])


def _seen(one: Row) -> str:
    wanted = "" if one["admin"] == "up" else f", {one['admin']}"
    source = f", from {plain(one['source'])}" if one["source"] else ""
    return f"{one['process']}: {one['state']}{wanted} since {moment(one['since'])}{source}"
