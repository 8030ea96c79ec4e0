"""`bngcorr session disconnect` and `coa`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Final, NoReturn

from bngcorr.cli.acts import SAID, TOLD, agreed, carried_out, end, gravest
from bngcorr.cli.api_client import ApiClient, Json, quoted
from bngcorr.cli.control_client import ControlClient
from bngcorr.cli.exits import NEGATIVE, REFUSED
from bngcorr.cli.output import Output
from bngcorr.cli.parameters import FLAG, HERE, NO_PROCESS, ApiAt, OutputAs, ProcessAt
from bngcorr.cli.tables import screen

_LIVE: Final = frozenset(("expected", "up", "suspect"))
_MOST: Final = 100  # sessions of one line
_DISCONNECTED: Final = {
    **SAID,
    "done": "Disconnected.",
    "shown": "These would be disconnected.",
    "nothing": "No live session is known by that.",
    "refused": "The BNG refused.",
    "unanswered": "The BNG did not answer: look at bngs[].dynauth, and at what it lets in.",
}

Came = tuple[str, list[Json]]  # outcome as a whole, and the sessions


def disconnect(
    session: str | None = None,
    /,
    *,
    line: str | None = None,
    address: str | None = None,
    mac: str | None = None,
    bng: str | None = None,
    dry_run: Annotated[bool, FLAG] = False,
    yes: Annotated[bool, FLAG] = False,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
    process: ProcessAt = NO_PROCESS,
) -> None:
    """End a customer's sessions: have the BNG disconnect them (RFC 5176), so that the CPE asks for its addresses anew.

        bngcorr session disconnect --address 203.0.113.9 --dry-run

    Exactly one of SESSION, --line, --address and --mac says whom; sessions of two lines are never ended together. It
    asks first, and without a terminal --yes is needed. Over the API it takes a token with scope act.

    Exits 0 if the BNG acknowledged (or with --dry-run), 1 if it did not, or if no session or more than one line is
    meant, 2 for a bad question, configuration or token, 3 if nobody answers.

    Parameters
    ----------
    session:
        Its id, as `bngcorr session list` tells it, or its Acct-Session-Id.
    line:
        Id of the line, as `bngcorr line list` tells it. All of its sessions.
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
    """
    named = {"session": session, "line": line, "address": address, "mac": mac}
    if sum(value is not None for value in named.values()) != 1:
        _fail("say whom: exactly one of SESSION, --line, --address and --mac", REFUSED)
    if not dry_run and not yes and not sys.stdin.isatty():
        _fail("nobody is there to be asked; give --yes or --dry-run", REFUSED)
    wanted = {key: value for key, value in {**named, "bng": bng}.items() if value is not None}
    if process.named:
        outcome, rows = _by_socket(ControlClient("session disconnect", process), wanted, dry_run=dry_run, yes=yes)
    else:
        with ApiClient("session disconnect", api) as client:
            outcome, rows = _by_api(client, wanted, dry_run=dry_run, yes=yes)
    end(outcome, rows, TOLD, output, words=_DISCONNECTED)


def coa(
    session: str,
    /,
    *attributes: str,
    dry_run: Annotated[bool, FLAG] = False,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """Change a session while it is up: send the BNG a CoA-Request (RFC 5176) with these attributes.

        bngcorr session coa bng1~9812a4522a3113c3e6174811 Filter-Id=throttled

    It takes a token with scope act. Exits 0 if the BNG acknowledged (or with --dry-run), 1 if it did not or there is
    no such session, 2 for a bad question or token, 3 if nobody answers.

    Parameters
    ----------
    session:
        Its id, as `bngcorr session list` tells it.
    attributes:
        Name=value, the name as of the RADIUS dictionaries; octets in hexadecimal behind 0x.
    dry_run:
        Show whom it would change, and send nothing.
    """
    pairs = [text.partition("=") for text in attributes]
    for text, (name, equals, _) in zip(attributes, pairs, strict=True):
        if not name or not equals:
            print(f"bngcorr session coa: {text!r} is not name=value", file=sys.stderr)
            sys.exit(REFUSED)
    if not pairs:
        print("bngcorr session coa: expected attributes, such as Filter-Id=throttled", file=sys.stderr)
        sys.exit(REFUSED)
    body = {"attributes": [{"name": name, "value": value} for name, _, value in pairs], "dry_run": dry_run}
    with ApiClient("session coa", api) as client:
        act = carried_out(client, client.send("POST", f"/v1/sessions/{quoted(session)}/coa", body))
        end("shown" if dry_run and act["outcome"] == "done" else act["outcome"], _told(act), TOLD, output, act["said"])


def _by_socket(client: ControlClient, wanted: Mapping[str, str], *, dry_run: bool, yes: bool) -> Came:
    asked = {**wanted}
    for name in ("session", "line"):  # there a session is named domain/key, and a line by its key alone
        if "~" in asked.get(name, ""):
            domain, _, key = asked[name].partition("~")
            asked[name] = f"{domain}/{key}" if name == "session" else key
    _, answer = client.ask("POST", "/disconnect", {**asked, "dry_run": dry_run or not yes})
    if answer["outcome"] == "shown" and not dry_run:
        _let_agree(answer["sessions"])
        if len(answer["sessions"]) == 1:  # by now somebody else may have the address
            asked = {"session": answer["sessions"][0]["key"]}
        _, answer = client.ask("POST", "/disconnect", asked)
    return answer["outcome"], [_named_anew(row) for row in answer["sessions"]]


def _by_api(client: ApiClient, wanted: Mapping[str, str], *, dry_run: bool, yes: bool) -> Came:
    found = [row for row in _found(client, wanted) if row["state"] in _LIVE and wanted.get("bng") in (None, row["bng"])]
    if not found:
        return "nothing", []
    if len({row["line"] for row in found}) > 1:
        return "ambiguous", [_as_told(row) for row in found]
    if dry_run or not yes:
        shown = [_as_told(row) for row in found]
        if dry_run:
            return "shown", shown
        _let_agree(shown)
    outcomes, rows = list[str](), list[Json]()
    for row in found:
        act = carried_out(client, client.send("POST", f"/v1/sessions/{quoted(row['id'])}/disconnect", {}))
        outcomes.append(act["outcome"])
        rows += _told(act) or [{**_as_told(row), "outcome": act["outcome"]}]
    return gravest(outcomes), rows


def _found(client: ApiClient, wanted: Mapping[str, str]) -> Sequence[Json]:
    """Sessions that are meant, over or not."""
    if "line" in wanted:
        found: Sequence[Json] = client.get(f"/v1/lines/{quoted(wanted['line'])}")["sessions"]
        return found
    session = wanted.get("session")
    if session is None:
        return client.rows("/v1/sessions", wanted, _MOST)
    if "~" in session:
        return [client.get(f"/v1/sessions/{quoted(session)}")]
    readings = client.get("/v1/lookup", {"q": session, "limit": _MOST})["readings"]
    return [row for one in readings if one["meaning"] == "session_id" for row in one["sessions"]]


def _let_agree(rows: Sequence[Json]) -> None:
    screen(sys.stderr).print(TOLD.table([_named_anew(row) for row in rows]))
    if not agreed("Disconnect them?"):
        _fail("nothing was sent", NEGATIVE)


def _told(act: Json) -> list[Json]:
    return [row for answer in act["answers"] for row in answer["sessions"]]


def _as_told(row: Json) -> Json:
    """A session as if an act had shown it."""
    same = ("bng", "session_id", "id", "line", "remote_id", "circuit_id", "mac")
    return {
        "outcome": "shown", "error_cause": None, **{name: row[name] for name in same},
        "addresses": [one["address"] for one in row["addresses"]],
    }  # fmt: skip


def _named_anew(row: Json) -> Json:
    """A session of the control socket, named as in the API."""
    if "key" not in row:
        return row
    domain, _, _ = row["key"].partition("/")
    line = row["line"] and f"{domain}~{row['line']}"
    return {
        **{name: value for name, value in row.items() if name != "key"},
        "id": row["key"].replace("/", "~"),
        "line": line,
    }


def _fail(reason: str, code: int) -> NoReturn:
    print(f"bngcorr session disconnect: {reason}", file=sys.stderr)
    sys.exit(code)
