"""`bngcorr lookup`, and how other verbs find the line that somebody means."""

from __future__ import annotations

import sys
from typing import Final

from bngcorr.cli.api_client import ApiClient, Json
from bngcorr.cli.exits import DONE, NEGATIVE
from bngcorr.cli.listing import layout
from bngcorr.cli.output import Output, print_one
from bngcorr.cli.parameters import HERE, ApiAt, Most, OutputAs
from bngcorr.cli.tables import Column, moment, plain, port_text, screen
from bngcorr.cli.who import holds, who

_FOUND: Final = layout(
    (
        "meaning",
        "value",
        "kind",
        "id",
        "bng",
        "attachment.port",
        "mac",
        "remote_id.text",
        "circuit_id.text",
        "last_seen",
    ),
    (
        Column("taken for", lambda row: row["meaning"].replace(", ", "\n")),
        Column("is", lambda row: f"{row['kind']}\n{moment(row['last_seen'])[:16]}".rstrip()),
        Column("BNG, port", lambda row: f"{row['bng']}\n{plain(port_text(row['attachment']))}".rstrip()),
        Column("who", who),
        Column("holds", holds),
        Column("id", lambda row: row["id"], whole=True),
    ),
    narrow=(
        Column(
            "id, BNG, port",
            lambda row: "\n".join(
                (
                    row["id"],
                    f"{row['kind']} {moment(row['last_seen'])[:16]}".rstrip(),
                    f"{row['bng']} {plain(port_text(row['attachment']))}".rstrip(),
                    f"by {row['meaning']}",
                )
            ),
            whole=True,
        ),
        Column("who", who),
        Column("holds", holds),
    ),
    empty="Nothing is known by that.",
)


def lookup(text: str, /, *, limit: Most = 20, output: OutputAs = Output.TABLE, api: ApiAt = HERE) -> None:
    """Find a line or session by whatever is known of it: what the text may be is found out.

        bngcorr lookup 00:00:5e:00:53:01
        bngcorr lookup 2001:db8:100:1::5
        bngcorr lookup "olt7 eth 1/12"

    Exits 0, 1 if nothing is known by it, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    text:
        MAC, Remote- or Circuit-Id (text or hexadecimal), user name, address, prefix, Acct-Session-Id, BNG, or BNG and
        port.
    """
    with ApiClient("lookup", api) as client:
        answer = client.get("/v1/lookup", {"q": text, "limit": limit})
    rows = _each_once([row for reading in answer["readings"] for row in _rows(reading)])
    print_one(answer, output, columns=_FOUND.names, rows=rows, table=lambda: screen().print(_FOUND.table(rows)))
    if output is Output.TABLE:
        _say_more(answer, rows)
    sys.exit(DONE if rows else NEGATIVE)


def lines_meant(client: ApiClient, text: str) -> list[str]:
    """Ids of the lines that a text may mean: an id as it is, else what a look-up finds. Raises ApiFault."""
    if "~" in text:
        return [text]
    found: dict[str, None] = {}
    for reading in client.get("/v1/lookup", {"q": text, "limit": 100})["readings"]:
        found |= dict.fromkeys(line["id"] for line in reading["lines"])
        found |= dict.fromkeys(session["line"] for session in reading["sessions"] if session["line"])
    return list(found)


def line_meant(client: ApiClient, text: str) -> str:
    """The one line that a text means; exits 1 if it is none or several. Raises ApiFault."""
    found = lines_meant(client, text)
    if not found:
        client.fail(f"no line is known by {text!r}", NEGATIVE)
    if len(found) > 1:
        some = ", ".join(found[:10]) + (", …" if len(found) > 10 else "")
        client.fail(f"{len(found)} lines are known by {text!r}, name one: {some}", NEGATIVE)
    return found[0]


def _rows(reading: Json) -> list[Json]:
    """What was found in one way to understand the text."""
    taken = {"meaning": reading["meaning"], "value": reading["value"]}
    rows = [{**line, **line["last"], **taken, "kind": "line"} for line in reading["lines"]]
    for session in reading["sessions"]:
        kind = f"session, {session['state']}"
        rows.append({**session, **taken, "kind": kind, "last_seen": session["updated_at"]})
    nothing = {"attachment": None, "addresses": (), "last_seen": None}
    rows += [{**nothing, **taken, "kind": "BNG", "bng": name, "id": name} for name in reading["bngs"]]
    return rows


def _each_once(rows: list[Json]) -> list[Json]:
    """What is found in several ways has one row, with all of its meanings."""
    found: dict[tuple[str, str], Json] = {}
    for row in rows:
        key = row["kind"], row["id"]
        known = found.get(key)
        found[key] = row if known is None else {**known, "meaning": f"{known['meaning']}, {row['meaning']}"}
    return list(found.values())


def _say_more(answer: Json, rows: list[Json]) -> None:
    more = [reading["meaning"] for reading in answer["readings"] if reading["more"]]
    if more:
        print(f"There are more by {', '.join(more)}; --limit tells more of them.")
    lines = {row["line"] if row["kind"].startswith("session") else row["id"] for row in rows if row["kind"] != "BNG"}
    lines.discard(None)
    if len(lines) == 1:
        print(f"→ bngcorr line show {lines.pop()}")
    elif not rows:
        taken = ", ".join(dict.fromkeys(reading["meaning"] for reading in answer["readings"]))
        print(f"It was taken for: {taken}." if taken else "It looks like nothing that can be looked up.")
