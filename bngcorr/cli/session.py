"""`bngcorr session`: sessions of BNGs, seen, ended and changed."""

from __future__ import annotations

from typing import Final

import cyclopts

from bngcorr.cli.api_client import ApiClient, Json, quoted
from bngcorr.cli.fields import fields_table
from bngcorr.cli.findings import FINDINGS
from bngcorr.cli.line_screen import print_diagnosis
from bngcorr.cli.listing import layout, list_rows
from bngcorr.cli.output import Output, print_one
from bngcorr.cli.parameters import HERE, ApiAt, Most, OutputAs, Watch
from bngcorr.cli.session_acts import coa, disconnect
from bngcorr.cli.tables import Column, moment, plain, port_text, screen
from bngcorr.cli.who import holds, who
from bngcorr.model.vocabulary import SessionState

_NAMES: Final = (
    "id", "state", "bng", "nas", "attachment.port", "attachment.outer", "attachment.inner", "session_id", "user_name",
    "mac", "remote_id.text", "remote_id.hex", "circuit_id.text", "circuit_id.hex", "line", "identity", "addresses",
    "cpe_address.address", "traffic.v4", "traffic.v6", "traffic.either", "began_at", "updated_at", "expires_at",
)  # fmt: skip


SESSIONS: Final = layout(
    _NAMES,
    (
        Column("state", lambda row: f"{row['state']}\n{moment(row['updated_at'])[:16]}"),
        Column("BNG, port", lambda row: f"{row['bng']}\n{plain(port_text(row['attachment']))}"),
        Column("who", who),
        Column("holds", holds),
        Column("session", lambda row: f"{row['id']}\n{plain(row['session_id'])}", whole=True),
    ),
    narrow=(
        Column(
            "session, BNG, port",
            lambda row: "\n".join(
                (
                    row["id"],
                    plain(row["session_id"]),
                    f"{row['state']} {moment(row['updated_at'])[:16]}",
                    f"{row['bng']} {plain(port_text(row['attachment']))}",
                )
            ),
            whole=True,
        ),
        Column("who", who),
        Column("holds", holds),
    ),
    empty="No session is known by that.",
)

app = cyclopts.App(name="session", help="Sessions of BNGs: list them, see one, end or change one.")


@app.command(name="list")
def list_(
    *,
    mac: str | None = None,
    remote_id: str | None = None,
    circuit_id: str | None = None,
    address: str | None = None,
    bng: str | None = None,
    state: SessionState | None = None,
    limit: Most = 100,
    watch: Watch = None,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """List sessions; all filters that are given must hold.

        bngcorr session list --address 2001:db8:100:1::5
        bngcorr session list --bng bng1 --state suspect -o csv

    A * behind an address: accounting does not name it, only the Access-Accept did.

    Exits 0, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    mac:
        MAC of the CPE, in any usual notation.
    remote_id:
        Remote-Id without enterprise number: text, or octets behind 0x.
    circuit_id:
        Circuit-Id: text, or octets behind 0x.
    address:
        An address, also one inside a held prefix; or a prefix.
    bng:
        Name of a BNG.
    state:
        expected: accepted, no accounting yet. suspect: its BNG has restarted since. stopped, expired: over.
    """
    query = {
        "mac": mac, "remote_id": remote_id, "circuit_id": circuit_id, "address": address, "bng": bng, "state": state,
    }  # fmt: skip
    with ApiClient("session list", api) as client:
        list_rows(client, lambda: client.rows("/v1/sessions", query, limit), SESSIONS, output, watch)


@app.command
def show(session: str, /, *, output: OutputAs = Output.TABLE, api: ApiAt = HERE) -> None:
    """What is wrong with a session and what to do next, then all that is known of it.

    Exits 0, 1 if there is none of that name, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    session:
        Its id, as `bngcorr session list` tells it: bng1~9812a4522a3113c3e6174811.
    """
    with ApiClient("session show", api) as client:
        found = client.get(f"/v1/sessions/{quoted(session)}")
    print_one(found, output, columns=_NAMES, table=lambda: _print(found))


def _print(found: Json) -> None:
    console = screen()
    print_diagnosis(console, found["diagnosis"])
    console.print()
    console.print(fields_table({name: value for name, value in found.items() if name not in ("diagnosis", "findings")}))
    if found["findings"]:
        console.print(FINDINGS.table(found["findings"]))


app.command(disconnect)
app.command(coa)
