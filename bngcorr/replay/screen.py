"""A replay for people: its requests, and what they come to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeVar

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bngcorr.model.mac import format_mac
from bngcorr.model.shown import instant_shown, octets_shown
from bngcorr.model.vocabulary import Outcome, Rung
from bngcorr.replay import report
from bngcorr.replay.advice import Advice, advice
from bngcorr.replay.bngs import WIRE
from bngcorr.replay.row import Row, Sort
from bngcorr.replay.run import DhcpIs, Replay
from bngcorr.replay.svg import duration
from bngcorr.replay.windows import BUCKETS, Distances, Windows
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS

_STYLES: Final = {
    Outcome.OWN: "", Outcome.MATCHED: "green", Outcome.AMBIGUOUS: "yellow", Outcome.CONFLICT: "red",
    Outcome.UNMATCHED: "magenta", Outcome.UNKNOWN: "dim",
}  # fmt: skip
NameT = TypeVar("NameT", bound=str)
_LONGEST: Final = 40  # characters of an id
_MAC_WIDTH: Final = 17
_ANSWER_WIDTH: Final = 15  # "Access-Request", "Accept 1234 ms"
WIDE: Final = 110  # columns from which on trigger, CPE and line stand side by side


def requests(rows: Sequence[Row], captures: Sequence[str], width: int) -> Table:
    """Two or three lines for each request, on a screen of so many columns."""
    wide = width >= WIDE
    bngs = {row.bng for row in rows}
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0), collapse_padding=True)
    if len(bngs) == 1 and WIRE not in bngs:
        table.title, table.title_justify = f"[dim]BNG {escape(rows[0].bng)}[/dim]", "left"
    table.add_column("packet", no_wrap=True)
    table.add_column("request, answer", overflow="fold", min_width=_ANSWER_WIDTH, max_width=22)
    if wide:
        table.add_column("trigger", overflow="fold", max_width=34)
    table.add_column("CPE" if wide else "CPE, line", overflow="fold", min_width=_MAC_WIDTH)
    if wide:
        table.add_column("line", overflow="fold")
    table.add_column("verdict", no_wrap=True)
    for row in rows:
        number = f"{row.number}" if len(captures) == 1 else f"{row.file + 1}:{row.number}"
        at = (instant_shown(row.at_ms) or "")[11:-1]
        said = [_request(row, bng=len(bngs) > 1)]
        if not wide and row.strength is not None and row.sort is not Sort.DHCP:
            said.append(f"{row.trigger} {row.strength}")
        cells = [_trigger(row), _cpe(row, "\n"), _line(row)] if wide else [f"{_cpe(row, ' ')}\n{_line(row)}".strip()]
        table.add_row(f"{number}\n[dim]{at}[/dim]", "\n".join(said), *cells, _verdict(row))
    return table


def _request(row: Row, *, bng: bool) -> str:
    answer = "no answer" if row.answer is None else f"{_short(row.answer)} {row.answer_ms} ms"
    again = [
        f"{count} {what if count == 1 else more}"
        for count, what, more in ((row.copies, "copy", "copies"), (row.retransmissions, "repeat", "repeats"))
        if count
    ]
    of = [f"[dim]{escape(row.bng)}[/dim]"] if bng else []
    return "\n".join((escape(row.what.replace("Accounting-", "Acct-")), *of, answer, *again))


def _short(answer: str) -> str:
    """Beside its request."""
    return answer.removeprefix("Accounting-").removeprefix("Access-")


def _trigger(row: Row) -> str:
    said = str(row.trigger) if row.strength is None else f"{row.trigger} {row.strength}"
    return f"{said}\n[dim]{escape(row.evidence)}[/dim]" if row.evidence else said


def _cpe(row: Row, between: str) -> str:
    mac = "" if row.mac is None else format_mac(row.mac)
    return f"{mac}{between}{escape(row.attachment.text)}".strip() if row.attachment is not None else mac


def _line(row: Row) -> str:
    lines = []
    for name, raw, value in (
        ("remote", row.raw_remote_id, row.remote_id), ("circuit", row.raw_circuit_id, row.circuit_id),
    ):  # fmt: skip
        if raw is not None and raw != value:
            lines.append(f"{name} {_id(raw)} → {_id(value)}")
        elif value is not None:
            lines.append(f"{name} {_id(value)}")
    lines += [f"[dim]writes {escape(name)} +{len(after) - len(before)}[/dim]" for name, before, after in row.changes]
    return "\n".join(lines) or "[dim]–[/dim]"


def _id(octets: bytes | None) -> str:
    shown = octets_shown(octets)
    if shown is None:
        return "–"
    text = shown["text"] or f"0x{shown['hex']}"
    return escape(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def _verdict(row: Row) -> str:
    verdict = row.verdict
    style = _STYLES[row.outcome]
    words = f"[{style}]{row.outcome}[/{style}]" if style else str(row.outcome)
    if verdict is None:
        return words
    if row.why is not None:
        words += f"\n[dim]{row.why}[/dim]"
    if verdict.rung is not None:
        words += f" {verdict.rung}\n{verdict.key}"
    if verdict.distance_ms is not None:
        words += f"\n{_signed(verdict.distance_ms)}"
    return words + (f"\nheld {verdict.held_ms} ms" if verdict.held_ms else "")


def _signed(distance_ms: int) -> str:
    return f"{'+' if distance_ms > 0 else '−'}{abs(distance_ms) / 1000:g} s"


# ---- totals


def show(console: Console, replay: Replay) -> None:
    """What all of it comes to."""
    _heading(console, replay)
    advised = advice(replay)
    if report.parts(replay):
        console.print(_totals(replay))
    if advised:
        console.print(_advice(advised))
    if not report.parts(replay):
        return
    if replay.windows is not None:
        console.print(_windows(replay.windows))
    counted = report.distances(replay)
    if counted.any:
        console.print(_distances(counted))
    refused = report.refused(replay)
    if refused:
        table = _table("Not replayed", "reason", "packets")
        for reason, count in refused.items():
            table.add_row(escape(reason), f"{count:,}")
        console.print(table)


def _heading(console: Console, replay: Replay) -> None:
    radius, dhcp, packets = replay.radius, replay.dhcp, replay.packets
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in packets.items() if count) or "nothing to replay"
    console.print(f"{replay.feed.frames:,} frames: {kinds}", highlight=False)
    if replay.clock.began_ms is not None:
        console.print(f"{instant_shown(replay.clock.began_ms)} … {instant_shown(replay.clock.now_ms)}", highlight=False)
    said = []
    if sum(packets.values()) > packets_of_radius(replay):
        if dhcp is None:
            said.append("DHCP was left aside, as asked")
        elif replay.dhcp_is is DhcpIs.SIGHTINGS:
            said.append(f"DHCP helped the requests of {dhcp.nas.name}: {dhcp.taught:,} sightings of lines")
        else:
            if replay.why_not is not None:
                said.append(f"{replay.why_not}: --bng names the BNG")
            said.append("each DISCOVER and SOLICIT was decided, as a BNG would ask on it")
            said.append(f"messages that taught which line their CPE is on: {dhcp.taught:,}")
    if radius.access.requests or radius.accounting.requests:
        said.append(
            f"authenticators: {radius.verified:,} verified, {radius.wrong:,} wrong, "
            f"{radius.unverifiable:,} not verifiable"
        )
    if radius.assumed:
        said.append(f"no answer is in the capture: {radius.assumed:,} requests were taken for accepted")
    for count, words in (
        (radius.legs, "requests were a proxy's, on their next leg"),
        (radius.unpaired, "answers were to requests that are not there"),
        (radius.others, "packets of RADIUS were neither request nor answer"),
        (replay.clock.late, "packets stood far out of order"),
        (replay.judge.limited, "requests of ports that asked too much were not asked about"),
        (replay.judge.unheld, "requests were not held, for too many were"),
        (replay.knowledge.forgotten, "lines were forgotten early, for there were too many"),
    ):
        if count:
            said.append(f"{count:,} {words}")
    for line in said:
        console.print(f"  {line}", highlight=False, markup=False)


def _advice(advised: Sequence[Advice]) -> Table:
    """Each reason with its next step."""
    table = Table(
        title="Why requests were unmatched, and what can be done", title_justify="left", title_style="bold",
        box=None, show_header=False, pad_edge=False,
    )  # fmt: skip
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for one in advised:
        table.add_row(f"{one.times:,}", f"{one.subject} [dim]({one.reason})[/dim]: {escape(one.words)}")
    table.add_row()
    return table


def packets_of_radius(replay: Replay) -> int:
    """How many packets were RADIUS."""
    return next(count for kind, count in replay.packets.items() if kind == "radius")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for at, name in enumerate(columns):
        table.add_column(name, justify="right" if at else "left")
    return table


def _totals(replay: Replay) -> Table:
    parts = report.parts(replay)
    table = _table("Requests", "", *(title for title, _ in parts))

    def line(name: str, counts: Sequence[int], of: Sequence[int] | None = None) -> None:
        if any(counts):
            cells = [f"{count:,}" if count else "" for count in counts]
            if of is not None:
                cells = [f"{cell}  {count / whole:4.0%}" if count and whole else cell
                         for cell, count, whole in zip(cells, counts, of, strict=True)]  # fmt: skip
            table.add_row(name, *cells)

    line("all", [part.requests for _, part in parts])
    table.add_section()
    every = [part.requests for _, part in parts]
    for outcome in Outcome:
        line(str(outcome), [part.outcomes[outcome] for _, part in parts], every)
        if outcome is Outcome.MATCHED:
            for rung in Rung:
                line(f"  {rung}", [part.rungs[rung] for _, part in parts])
    line("of those without line id, matched", [part.outcomes[Outcome.MATCHED] for _, part in parts],
         [part.asked for _, part in parts])  # fmt: skip
    table.add_section()
    for trigger, counts in _named([dict(part.triggers) for _, part in parts]):
        line(f"trigger {trigger}", counts)
    table.add_section()
    line("held", [part.held for _, part in parts])
    line("  and then matched", [part.held_matched for _, part in parts])
    line("would be rewritten", [part.rewritten for _, part in parts])
    line("copies of packets", [part.copies for _, part in parts])
    line("retransmissions", [part.retransmissions for _, part in parts])
    table.add_section()
    for what, counts in _named([part.answers for _, part in parts]):
        line("no answer" if what == "none" else what, counts)
    line("slowest answer, ms", [part.slowest_ms for _, part in parts])
    return table


def _named(counters: Sequence[Mapping[NameT, int]]) -> list[tuple[NameT, list[int]]]:
    names = dict.fromkeys(name for counter in counters for name in counter)
    return [(name, [counter.get(name, 0) for counter in counters]) for name in names]


def _windows(windows: Windows) -> Table:
    table = _table(
        "What each window finds of the requests without line id", "window", "matched", "", "ambiguous", "unmatched",
        "window alone", "",
    )  # fmt: skip
    for at, window_ms in enumerate(windows.windows_ms):
        full, alone, asked = windows.full[at], windows.alone[at], windows.asked
        table.add_row(
            duration(window_ms),
            f"{full[Outcome.MATCHED]:,}", _share(full[Outcome.MATCHED], asked),
            f"{full[Outcome.AMBIGUOUS]:,}", f"{full[Outcome.UNMATCHED]:,}",
            f"{alone[Outcome.MATCHED]:,}", _share(alone[Outcome.MATCHED], asked),
        )  # fmt: skip
    return table


def _share(count: int, whole: int) -> str:
    return f"{count / whole:.1%}" if whole else ""


def _distances(counted: Distances) -> Table:
    table = _table(
        "Distance between request and sighting",
        "up to",
        "sighting first",
        "request first, held",
        "request first, too late",
    )
    for at in range(BUCKETS):
        before, after, late = counted.before[at], counted.after[at], counted.late[at]
        if before or after or late:
            bound = duration(DISTANCE_BUCKETS_MS[at]) if at < BUCKETS - 1 else "more"
            table.add_row(bound, *(f"{count:,}" if count else "" for count in (before, after, late)))
    return table
