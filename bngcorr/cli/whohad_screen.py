"""What `bngcorr whohad` prints."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bngcorr.accountant.history.format import JsonObject, as_json
from bngcorr.accountant.history.held import ACCEPT, EXPIRED
from bngcorr.accountant.history.question import Answer, Question
from bngcorr.cli.output import Output, print_rows
from bngcorr.cli.tables import plain
from bngcorr.model.mac import format_mac
from bngcorr.model.shown import instant_shown

_COLUMNS: Final = (
    "address", "kind", "service", "from", "to", "end", "last_heard", "certain", "bng", "box", "port", "outer", "inner",
    "mac", "line", "domain", "remote_id", "circuit_id", "session_id", "user_name", "source",
)  # fmt: skip
_ENDS: Final = {
    "stop": "given back",
    "interim": "changed for another",
    "restart": "its BNG restarted",
    "replaced": "another took the name of the session",
    EXPIRED: "fell silent",
}


def print_answers(answers: Sequence[Answer], output: Output, question: Question, *, complete: bool) -> None:
    """All of them, in the form that was asked for. `complete`: all that could know an answer was asked."""
    rows = [_row(answer) for answer in answers]
    if output is Output.CSV:
        rows = [_flat(row) for row in rows]
    print_rows(rows, output, columns=_COLUMNS, table=lambda: _print(answers, question, complete))


def _row(answer: Answer) -> JsonObject:
    told = as_json(answer.held)
    del told["noted"]
    return {**told, "last_heard": instant_shown(answer.held.heard_ms), "certain": answer.certain}


def _flat(row: JsonObject) -> JsonObject:
    for name in ("remote_id", "circuit_id", "session_id"):
        octets = row[name]
        row[name] = None if octets is None else octets["text"] or f"0x{octets['hex']}"
    user = row["user_name"]
    row["user_name"] = None if user is None else plain(user)
    return row


def _moment(epoch_ms: int | None) -> str:
    text = instant_shown(epoch_ms)
    return "not known" if text is None else text.replace("T", " ").replace(".000Z", "Z")


def _print(answers: Sequence[Answer], question: Question, complete: bool) -> None:
    console = Console(emoji=False)
    asked = str(question.network.network_address if question.single else question.network)
    when = _moment(question.at_ms)
    if not answers:
        if complete:
            console.print(f"Nobody is known to have held {asked} at {when}.", markup=False, highlight=False)
        return
    table = Table("from, to", "address", "line", "session", "BNG, port", title=f"{asked} at {when}", show_lines=True)
    for column in table.columns:
        column.overflow = "fold"
    for answer in answers:
        held = answer.held
        start = _moment(held.from_ms)
        if held.to_ms is None:
            end = f"still\n(last heard {_moment(held.heard_ms)})"
        elif held.end == EXPIRED:
            end = f"last heard {_moment(held.to_ms)}"
        else:
            end = f"{_moment(held.to_ms)}\n{_ENDS.get(held.end, held.end)}"
        row = _flat(_row(answer))
        where = [held.bng, held.box, "" if held.port is None else str(held.port)]
        table.add_row(
            *(
                Text("\n".join(part for part in cell if part))
                for cell in (
                    [start, end, "" if answer.certain else "not certain"],
                    [held.address, held.kind, f"service {plain(held.service)}" if held.service else "",
                     "as AAA gave it" if held.source == ACCEPT else ""],
                    [row["remote_id"], row["circuit_id"], held.mac and format_mac(held.mac)],
                    [row["session_id"], row["user_name"]],
                    where,
                )
            )
        )  # fmt: skip
    console.print(table)
    if any(answer.held.end == EXPIRED for answer in answers):
        console.print("Last heard: nobody said that it was given back; it may have been held longer.", highlight=False)
