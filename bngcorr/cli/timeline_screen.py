"""Requests, steps of accounting and findings in words: one a line for a live tail, several lines in a timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.table import Table
from rich.text import Text

from bngcorr.cli.findings import what
from bngcorr.cli.tables import Column, Row, moment, octets_text, plain, port_text, table_of

STYLE: Final = {
    "own": "green", "matched": "green", "ambiguous": "yellow", "unmatched": "yellow", "conflict": "red",
    "unknown": "red",
}  # fmt: skip
"""Of a verdict; the word is always beside it."""

CSV: Final = (
    "kind", "at", "id", "bng", "line", "mac", "attachment.port", "attachment.outer", "attachment.inner", "code",
    "trigger", "verdict", "rung", "key", "distance_ms", "stripped", "raw.remote_id.text", "raw.remote_id.hex",
    "ids.remote_id.text", "ids.remote_id.hex", "upstream", "answer", "dropped", "answered_ms", "step", "session",
    "came", "went", "finding", "subject", "state", "reason",
)  # fmt: skip


def timeline_table(entries: Sequence[Row], *, evidence: bool) -> Table:
    """The newest first, as they come."""
    return table_of(
        (
            Column("at", lambda row: moment(at(row)).replace(" ", "\n")),
            Column("BNG, port", lambda row: f"{row['bng']}\n{plain(port_text(row.get('attachment')))}".rstrip()),
            Column("what", _what),
            Column("how", lambda row: "\n".join(_how(row, evidence))),
        ),
        entries,
    )


def event_line(row: Row) -> Text:
    """One event in one line."""
    if row["kind"] == "gap":
        return Text(f"… {row['lost']} events were left out: they were read too slowly", style="bold yellow")
    when = (at(row) or "")[11:23]
    if row["kind"] == "finding":
        parts = [row["state"], what(row).replace("\n", ", "), "-", row["reason"]]
        return Text.assemble(f"{when} {row['bng']} ", (f"finding {row['finding']} ", "bold red"), " ".join(parts))
    who = [row.get("mac") or "", plain(port_text(row.get("attachment")))]
    if row["kind"] == "accounting":
        held = [f"+{one['address']}" for one in row["came"]] + [f"-{one['address']}" for one in row["went"]]
        parts = [f"{when} {row['bng']}", *who, "accounting", row["step"], *held]
        return Text(" ".join(part for part in parts if part))
    said = Text(" ".join(part for part in (f"{when} {row['bng']}", *who, _asked(row)) if part) + " ")
    said.append(row["verdict"], STYLE.get(row["verdict"], ""))
    parts = [_decided(row), plain(octets_text(row["ids"]["remote_id"])), _answered(row)]
    return said.append("".join(f" {part}" for part in parts if part))


def at(row: Row) -> str | None:
    """When an entry happened."""
    when: str | None = row["last_seen"] if row["kind"] == "finding" else row["at"]
    return when


def _what(row: Row) -> Text:
    if row["kind"] == "finding":
        return Text(f"finding\n{row['finding']}", style="bold red" if row["state"] == "open" else "")
    if row["kind"] == "accounting":
        return Text(f"accounting\n{row['step']}")
    return Text.assemble(_asked(row), "\n", (row["verdict"], STYLE.get(row["verdict"], "")))


def _asked(row: Row) -> str:
    """What triggered it; of anything but an Access-Request, what it is."""
    if row["code"] == "Access-Request":
        return f"{row['trigger']} request"
    return f"{row['code']} {row['step'] or ''}".rstrip()


def _how(row: Row, evidence: bool) -> Iterator[str]:
    if row["kind"] == "finding":
        yield from (row["reason"], f"→ {row['next_step']}")
        return
    if row["kind"] == "accounting":
        yield from (f"+ {one['kind']} {one['address']}" for one in row["came"])
        yield from (f"- {one['kind']} {one['address']}" for one in row["went"])
        yield plain(row["session_id"])
        return
    if decided := _decided(row):
        yield decided
    yield from _identified(row)
    if answered := _answered(row):
        yield answered
    if evidence:
        yield from (f"· {plain(sentence)}" for sentence in row["evidence"])


def _decided(row: Row) -> str:
    """By which rung and key, and how far away the other request was."""
    far = row["distance_ms"]
    away = "" if far is None else f"{abs(far)} ms {'before' if far < 0 else 'after'}"
    return ", ".join(str(part) for part in (row["rung"], row["key"], away) if part)


def _identified(row: Row) -> Iterator[str]:
    """The ids that AAA sees otherwise than the BNG sent them."""
    for name, title in (("remote_id", "Remote-Id"), ("circuit_id", "Circuit-Id")):
        now, before = plain(octets_text(row["ids"][name])), plain(octets_text(row["raw"][name]))
        if before != now:
            yield f"{title} {before or 'none'} → {now or 'none'}"


def _answered(row: Row) -> str:
    who = plain(row["upstream"] or "bngcorr")
    if row["answer"] is None:
        return f"{who}: no answer" + (f", {row['dropped']}" if row["dropped"] else "")
    took = "" if row["answered_ms"] is None else f" in {row['answered_ms']} ms"
    return f"{who}: {row['answer']}{took}"
