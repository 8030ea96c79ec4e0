"""What came of an act: the same words, table and exit codes for all verbs that do something."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from bngcorr.cli.api_client import ApiClient, Json, quoted
from bngcorr.cli.exits import DONE, NEGATIVE, UNREACHABLE
from bngcorr.cli.listing import Layout, layout
from bngcorr.cli.output import Output, print_rows
from bngcorr.cli.tables import Column, Row, moment, octets_text, plain, screen

WITHIN_S: Final = 60.0  # an act is waited for; a BNG is asked for up to 20 s
EVERY_S: Final = 0.5

EXITS: Final = {
    "done": DONE, "shown": DONE, "pending": UNREACHABLE, "nobody": UNREACHABLE, "failed": UNREACHABLE,
    "away": UNREACHABLE,
}  # fmt: skip
"""Of what became of an act; all else is a negative answer."""

SAID: Final = {
    "done": "Done.",
    "pending": "Under way: `bngcorr act list` tells when it is over.",
    "shown": "This would be done; nothing was sent.",
    "refused": "It was refused.",
    "unanswered": "No answer in time. Of a BNG: look at bngs[].dynauth, and at what it lets in.",
    "nothing": "Nothing is known by that.",
    "ambiguous": "Sessions of several lines are known by that: name one with --line or its id, or the --bng.",
    "unreachable": "Nobody has said where that BNG takes a Disconnect or CoA: set bngs[].dynauth.address.",
    "nobody": "No packet process is there: is `bngcorr serve` running on this store?",
    "away": "The store does not answer.",
    "failed": "It failed.",
}  # fmt: skip
_GRAVEST: Final = (
    "failed", "away", "nobody", "ambiguous", "unreachable", "refused", "unanswered", "nothing", "pending", "done",
    "shown",
)  # fmt: skip

TOLD: Final = layout(
    (
        "outcome", "error_cause", "bng", "session_id", "id", "line", "remote_id.text", "circuit_id.text", "mac",
        "addresses",
    ),
    (
        Column("outcome", lambda row: _outcome(row)),
        Column("BNG", lambda row: row["bng"]),
        Column("session", lambda row: f"{row['id']}\n{plain(row['session_id'])}", whole=True),
        Column("who", lambda row: f"{plain(octets_text(row['remote_id']))}\n{row['mac'] or ''}".strip()),
        Column("holds", lambda row: "\n".join(row["addresses"])),
    ),
    empty="",
)  # fmt: skip
"""Sessions that an act was about."""

ACTS: Final = layout(
    ("id", "at", "ended_at", "who", "origin", "kind", "subject", "outcome", "said", "arguments"),
    (
        Column("at", lambda row: moment(row["at"])),
        Column("who", lambda row: f"{plain(row['who'])}\n{row['origin']}"),
        Column("act", lambda row: row["kind"]),
        Column("on", lambda row: plain(row["subject"])),
        Column("outcome", lambda row: row["outcome"]),
        Column("said", lambda row: plain(row["said"])),
        Column("id", lambda row: row["id"], whole=True),
    ),
    empty="Nothing was done so far.",
)
"""Audit records."""


def carried_out(client: ApiClient, act: Json, within_s: float = WITHIN_S) -> Json:
    """The act when it is over; as it is then, if that takes longer. Raises ApiFault."""
    deadline = time.monotonic() + within_s
    while act["outcome"] == "pending" and time.monotonic() < deadline:
        time.sleep(EVERY_S)
        act = client.get(f"/v1/acts/{quoted(act['id'])}")
    return act


def gravest(outcomes: Sequence[str]) -> str:
    """What became of several together."""
    return min(outcomes, key=lambda one: _GRAVEST.index(one) if one in _GRAVEST else 0, default="nothing")


def end(
    outcome: str,
    rows: Sequence[Json],
    how: Layout,
    output: Output,
    said: str = "",
    words: Mapping[str, str] = SAID,
) -> None:
    """Print the rows, say what came of it (on standard error unless -o is table), and exit by what was not wanted.

    `words`: what is said of each outcome.
    """
    if rows or output is not Output.TABLE:
        print_rows(rows, output, columns=how.names, table=lambda: screen().print(how.table(rows)))
    sentence = words.get(outcome, outcome)
    if said and sentence.endswith("."):
        sentence = f"{sentence[:-1]}: {plain(said).rstrip('.')}."
    print(sentence, file=sys.stdout if output is Output.TABLE else sys.stderr)
    code = EXITS.get(outcome, NEGATIVE)
    if code != DONE:
        sys.exit(code)


def agreed(question: str) -> bool:
    """Whether somebody at the terminal says yes."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _outcome(row: Row) -> str:
    if row["outcome"] == "shown":
        return ""
    return str(row["outcome"]) + ("" if row["error_cause"] is None else f"\nError-Cause {row['error_cause']}")
