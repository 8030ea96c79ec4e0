"""`bngcorr line`: access lines, and what is wrong with one."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import cyclopts
from cyclopts import Parameter

from bngcorr.cli.acts import agreed, carried_out, end
from bngcorr.cli.api_client import ApiClient, quoted
from bngcorr.cli.exits import NEGATIVE, REFUSED
from bngcorr.cli.line_screen import print_line
from bngcorr.cli.listing import layout, list_rows
from bngcorr.cli.lookup import line_meant
from bngcorr.cli.output import Output, print_one
from bngcorr.cli.parameters import FLAG, HERE, ApiAt, Most, OutputAs, Watch
from bngcorr.cli.tables import Column, moment, plain, port_text
from bngcorr.cli.timeline_screen import CSV
from bngcorr.cli.who import holds, who

_LINES: Final = layout(
    (
        "id", "remote_id.text", "remote_id.hex", "circuit_id.text", "circuit_id.hex", "last.bng",
        "last.attachment.port", "last.attachment.outer", "last.attachment.inner", "last.mac", "addresses",
        "cpe_address.address", "first_seen", "last_seen",
    ),
    (
        Column("last seen", lambda row: moment(row["last_seen"])),
        Column("BNG, port", lambda row: f"{row['last']['bng']}\n{plain(port_text(row['last']['attachment']))}"),
        Column("who", lambda row: who({**row, "mac": row["last"]["mac"]})),
        Column("holds", holds),
        Column("line", lambda row: row["id"], whole=True),
    ),
    narrow=(
        Column(
            "line, BNG, port",
            lambda row: "\n".join((
                row["id"], moment(row["last_seen"]),
                f"{row['last']['bng']} {plain(port_text(row['last']['attachment']))}",
            )),
            whole=True,
        ),
        Column("who", lambda row: who({**row, "mac": row["last"]["mac"]})),
        Column("holds", holds),
    ),
    empty="No line is known by that.",
)  # fmt: skip
_FORGOTTEN: Final = layout(("record", "history_entries", "history_files", "unread"), (), empty="")

Meant = Annotated[
    str, Parameter(help="Its id, or whatever `bngcorr lookup` finds it by: a MAC, an address, an id of it.")
]

app = cyclopts.App(name="line", help="Access lines: what is wrong with one, and what happened there.")


@app.command(name="list")
def list_(
    *,
    remote_id: str | None = None,
    circuit_id: str | None = None,
    limit: Most = 100,
    watch: Watch = None,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """List access lines. One id may belong to several, so a look-up by id gives a list.

    Exits 0, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    remote_id:
        Remote-Id without enterprise number: text, or octets behind 0x.
    circuit_id:
        Circuit-Id: text, or octets behind 0x.
    """
    query = {"remote_id": remote_id, "circuit_id": circuit_id}
    with ApiClient("line list", api) as client:
        list_rows(client, lambda: client.rows("/v1/lines", query, limit), _LINES, output, watch)


@app.command
def show(
    line: Meant,
    /,
    *,
    evidence: Annotated[bool, FLAG] = False,
    limit: Most = 20,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """What is wrong with a line and what to do next, then what happened there, the newest first.

        bngcorr line show 00:00:5e:00:53:01

    Exits 0 if the line is well, 1 if something is wrong, or if there is no such line or more than one is meant, 2 if
    the question is refused, 3 if nobody answers.

    Parameters
    ----------
    evidence:
        Show what each request was judged by, too.
    limit:
        At most so many entries of the timeline; with -o json or jsonl all of them.
    """
    with ApiClient("line show", api) as client:
        found = client.get(f"/v1/lines/{quoted(line_meant(client, line))}")
    print_one(
        found,
        output,
        columns=CSV,
        rows=found["timeline"][:limit],
        table=lambda: print_line(found, limit, evidence=evidence),
    )
    sys.exit(NEGATIVE if found["diagnosis"]["state"] == "bad" else 0)


@app.command
def forget(
    line: Meant,
    /,
    *,
    dry_run: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """Delete what the store remembers of a line, and what the history's files have of it. Live sessions stay.

    It asks first, and without a terminal --yes is needed. It takes a token with scope act.

    Exits 0, 1 if nothing was known or the answer was no, 2 for a bad question or token, 3 if nobody answers.

    Parameters
    ----------
    dry_run:
        Tell what would be deleted; change nothing.
    yes:
        Don't ask.
    """
    with ApiClient("line forget", api) as client:
        if not dry_run and not yes and not sys.stdin.isatty():
            client.fail("nobody is there to be asked; give --yes or --dry-run", REFUSED)
        name = line_meant(client, line)
        if not dry_run and not yes and not agreed(f"Forget {name}?"):
            client.fail("nothing was deleted", NEGATIVE)
        act = carried_out(client, client.send("POST", f"/v1/lines/{quoted(name)}/forget", {"dry_run": dry_run}))
        rows = [act["forgotten"]] if act["forgotten"] and output is not Output.TABLE else []
        end(act["outcome"], rows, _FORGOTTEN, output, act["said"])
