"""`bngcorr findings`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from cyclopts import Parameter

from bngcorr.cli.api_client import ApiClient
from bngcorr.cli.listing import layout, list_rows
from bngcorr.cli.output import Output
from bngcorr.cli.parameters import HERE, ApiAt, Most, OutputAs, Watch
from bngcorr.cli.tables import Column, Row, moment, octets_text, plain
from bngcorr.model.vocabulary import Finding

FINDINGS: Final = layout(
    ("finding", "bng", "line", "subject", "state", "first_seen", "last_seen", "count", "reason", "next_step", "detail"),
    (
        Column("last seen", lambda row: moment(row["last_seen"]) + _over(row)),
        Column("finding", lambda row: f"{row['finding']}\n{row['count']}×"),
        Column("BNG", lambda row: row["bng"]),
        Column("what", lambda row: what(row)),
        Column("why, and what to do", lambda row: f"{row['reason']}\n→ {row['next_step']}"),
    ),
    empty="Nothing to look at.",
)


class State(StrEnum):
    """Whether a finding still holds."""

    OPEN = "open"
    OVER = "over"


def findings(
    *,
    finding: Finding | None = None,
    bng: str | None = None,
    line: str | None = None,
    state: State | None = State.OPEN,
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    limit: Most = 100,
    watch: Watch = None,
    output: OutputAs = Output.TABLE,
    api: ApiAt = HERE,
) -> None:
    """What operations should look at: lost IPv6, moved lines, duplicate prefixes, contradictions, newest first.

    Exits 0, 2 if the question is refused, 3 if nobody answers.

    Parameters
    ----------
    finding:
        Only findings of this kind.
    bng:
        Only findings of this BNG.
    line:
        Only findings of this line, by its id.
    state:
        open: what still holds. over: what has ended by itself.
    all_:
        Open ones and those that are over.
    """
    query = {"finding": finding, "bng": bng, "line": line, "state": None if all_ else state}
    with ApiClient("findings", api) as client:
        list_rows(client, lambda: client.rows("/v1/findings", query, limit), FINDINGS, output, watch)


def what(row: Row) -> str:
    """Subject, and the ids, port and MAC that people know it by."""
    detail = row["detail"]
    ids = [octets_text(detail.get(name)) for name in ("remote_id", "circuit_id")]
    parts = [row["subject"], *ids, *(detail.get(name) for name in ("port", "mac"))]
    return "\n".join(plain(str(part)) for part in dict.fromkeys(parts) if part)


def _over(row: Row) -> str:
    return "" if row["state"] == "open" else f"\nover {moment(row['over_at'])}"
