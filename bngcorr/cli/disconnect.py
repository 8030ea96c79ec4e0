"""`bngcorr disconnect`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from bngcorr.cli.control_client import ControlClient
from bngcorr.cli.output import Output, print_rows
from bngcorr.cli.whohad_screen import plain

_flag = Parameter(negative="")
_COLUMNS: Final = (
    "outcome", "error_cause", "bng", "session_id", "key", "line", "remote_id.text", "circuit_id.text", "mac",
    "addresses",
)  # fmt: skip
_SAID: Final = {
    "done": "Disconnected.",
    "refused": "The BNG refused.",
    "unanswered": "The BNG did not answer: look at bngs[].dynauth, and at what it lets in.",
    "nothing": "No live session is known by that.",
    "ambiguous": "Sessions of several lines are known by that: name one with --line or --session, or the --bng.",
    "unreachable": "Nobody has said where that BNG takes a Disconnect: set bngs[].dynauth.address.",
    "away": "The store does not answer.",
    "shown": "These would be disconnected.",
}
_EXIT: Final = {"done": 0, "shown": 0, "away": 3}


def disconnect(
    *,
    session: str | None = None,
    line: str | None = None,
    address: str | None = None,
    mac: str | None = None,
    bng: str | None = None,
    dry_run: Annotated[bool, _flag] = False,
    yes: Annotated[bool, _flag] = False,
    config: Annotated[Path | None, Parameter(name=("--config", "-c"))] = None,
    socket: Path | None = None,
    output: Annotated[Output, Parameter(name=("--output", "-o"))] = Output.TABLE,
) -> None:
    """End a customer's sessions: have a running `bngcorr serve` send Disconnect-Requests (RFC 5176) to the BNG.

    The CPE then asks for its addresses anew. Exactly one of --session, --line, --address and --mac says whom; sessions
    of two lines are never ended together. It asks first, and without a terminal --yes is needed.

    Exits 0 if the BNG acknowledged (or with --dry-run), 1 if it did not, or if no session or more than one line is
    meant, 2 for a bad question or configuration, 3 if the process or the store does not answer.

    Parameters
    ----------
    session:
        Acct-Session-Id, or the key that /v1/sessions tells: domain/24 hexadecimal digits.
    line:
        Key of the line, as /v1/lines tells it: 24 hexadecimal digits. All of its sessions.
    address:
        An address or prefix: the session that holds it.
    mac:
        MAC of the CPE: all sessions of its line that have it.
    bng:
        Only on this BNG, by its name.
    dry_run:
        Show whom it would be, and send nothing.
    yes:
        Don't ask.
    config:
        The file that the process runs with; its control socket is found by it.
    socket:
        The control socket, if it is to be another one.
    output:
        table for people; json (a list), jsonl (an object a line) or csv for programs.
    """
    named = {"session": session, "line": line, "address": address, "mac": mac}
    wanted: dict[str, object] = {key: value for key, value in {**named, "bng": bng}.items() if value is not None}
    if sum(value is not None for value in named.values()) != 1:
        _fail("say whom: exactly one of --session, --line, --address and --mac", 2)
    if not dry_run and not yes and not sys.stdin.isatty():
        _fail("nobody is there to be asked; give --yes or --dry-run", 2)
    client = ControlClient("disconnect", config, socket)
    _, answer = client.ask("POST", "/disconnect", {**wanted, "dry_run": dry_run or not yes})
    if answer["outcome"] == "shown" and not dry_run:
        _print(answer["sessions"], sys.stderr)
        print("Disconnect them? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            _fail("nothing was sent", 1)
        if len(answer["sessions"]) == 1:  # by now somebody else may have the address
            wanted = {"session": answer["sessions"][0]["key"]}
        _, answer = client.ask("POST", "/disconnect", wanted)
    rows, outcome = answer["sessions"], answer["outcome"]
    print_rows(rows, output, columns=_COLUMNS, table=lambda: _print(rows, sys.stdout))
    print(_SAID.get(outcome, outcome), file=sys.stdout if output is Output.TABLE else sys.stderr)
    sys.exit(_EXIT.get(outcome, 1))


def _print(rows: list[dict[str, Any]], to: Any) -> None:
    if not rows:
        return
    table = Table()
    for title in ("BNG", "Acct-Session-Id", "Remote-Id", "MAC", "addresses", "outcome"):
        table.add_column(title, overflow="fold")
    for row in rows:
        outcome = "" if row["outcome"] == "shown" else row["outcome"]
        if row["error_cause"] is not None:
            outcome += f", Error-Cause {row['error_cause']}"
        table.add_row(
            row["bng"], plain(row["session_id"]), plain(_text(row["remote_id"])), row["mac"] or "",
            "\n".join(row["addresses"]), outcome,
        )  # fmt: skip
    Console(emoji=False, file=to).print(table, markup=False)


def _text(octets: dict[str, str | None] | None) -> str:
    return "" if octets is None else octets["text"] or f"0x{octets['hex']}"


def _fail(reason: str, code: int) -> None:
    print(f"bngcorr disconnect: {reason}", file=sys.stderr)
    sys.exit(code)
