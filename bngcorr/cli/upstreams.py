"""`bngcorr upstreams`: the AAA servers of a running process, seen and switched."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import cyclopts
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from bngcorr.cli.control_client import ControlClient, quoted
from bngcorr.cli.output import Output, print_rows
from bngcorr.cli.whohad_screen import plain
from bngcorr.model.vocabulary import Admin

_COLUMNS: Final = (
    "pool", "name", "address", "state", "admin", "since", "in_flight", "most_in_flight", "sockets", "requests",
    "timeouts", "late_replies", "rtt_s",
)  # fmt: skip

ConfigPath = Annotated[Path | None, Parameter(name=("--config", "-c"))]
OutputAs = Annotated[Output, Parameter(name=("--output", "-o"))]


app = cyclopts.App(name="upstreams", help="AAA servers of a running `bngcorr serve`: how they are, and switch them.")


@app.default
def list_(*, config: ConfigPath = None, socket: Path | None = None, output: OutputAs = Output.TABLE) -> None:
    """List the AAA servers: state as measured, what the operator wants of each, requests, timeouts.

    Exits 0, 2 if no process is found by the file and it is faulty, 3 if no such process answers.

    Parameters
    ----------
    config:
        The file that the process runs with; its control socket is found by it.
    socket:
        The control socket, if it is to be another one.
    output:
        table for people; json (a list), jsonl (an object a line) or csv for programs.
    """
    _, answer = ControlClient("upstreams", config, socket).ask("GET", "/upstreams")
    _show(answer["items"], output)


app.command(list_, name="list")


@app.command(name="set")
def set_(
    name: str,
    admin: Admin,
    /,
    *,
    config: ConfigPath = None,
    socket: Path | None = None,
    output: OutputAs = Output.TABLE,
) -> None:
    """Switch an AAA server, until it is switched again or the process ends.

    Exits 0, 2 if there is no such server, 3 if no such process answers.

    Parameters
    ----------
    name:
        Its name, in every pool that has it; or pool/name, as `bngcorr upstreams` lists it.
    admin:
        up: use it. drain: nothing new goes there, conversations that it has begun go on. down: nothing goes there.
    config:
        The file that the process runs with; its control socket is found by it.
    socket:
        The control socket, if it is to be another one.
    output:
        table for people; json (a list), jsonl (an object a line) or csv for programs.
    """
    client = ControlClient("upstreams set", config, socket)
    _, answer = client.ask("PUT", f"/upstreams/{quoted(name)}", {"admin": str(admin)})
    _show(answer["items"], output)


def _show(rows: list[dict[str, Any]], output: Output) -> None:
    print_rows(rows, output, columns=_COLUMNS, table=lambda: _print(rows))


def _print(rows: list[dict[str, Any]]) -> None:
    table = Table(show_lines=True)
    table.add_column("pool/server", overflow="fold")
    table.add_column("state since", no_wrap=True)
    for title in ("waiting", "requests", "timeouts", "rtt"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        name = f"{plain(row['pool'])}/{plain(row['name'])}"
        address = "" if row["name"] == row["address"] else f"\n{row['address']}"
        wanted = "" if row["admin"] == "up" else f", {row['admin']}"
        since = row["since"][5:16].replace("T", " ")
        rtt = "" if row["rtt_s"] is None else f"{row['rtt_s'] * 1000:.1f} ms"
        table.add_row(
            name + address, f"{row['state']}{wanted}\n{since}Z",
            str(row["in_flight"]), str(row["requests"]), str(row["timeouts"]), rtt,
        )  # fmt: skip
    Console(emoji=False).print(table, markup=False)
