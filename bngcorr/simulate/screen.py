"""The figures of a run for people."""

from __future__ import annotations

from rich.table import Table

from bngcorr.simulate.population import Kind
from bngcorr.simulate.report import DISTANCES_MS, Tally


def tables(tally: Tally) -> list[Table]:
    """What came out, how it was found, who could be found, and how far apart sighting and request were."""
    return [_summary(tally), _verdicts(tally), _kinds(tally), _reasons(tally), _distances(tally)]


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for at, column in enumerate(columns):
        table.add_column(column, justify="left" if at == 0 else "right")
    return table


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3%}" if whole else "-"


def _summary(tally: Tally) -> Table:
    asked = tally.requests - tally.own
    table = _table("Requests", "", "requests", "share")
    rows = (
        ("in all", tally.requests, 0),
        ("that name their line", tally.own, tally.requests),
        ("without a line id", asked, tally.requests),
        ("attributable", tally.attributable, asked),
        ("  matched", tally.matched, tally.attributable),
        ("  missed", tally.missed, tally.attributable),
        ("  matched by the BNGs' own window", tally.kludge_matched, tally.attributable),
        ("matched beyond that", tally.beyond, asked),
        ("indistinguishable", tally.indistinguishable, asked),
        ("  matched all the same", tally.indistinguishable_matched, tally.indistinguishable),
        ("with another line's identity", tally.wrong, tally.requests),
        ("  by the BNGs' own window", tally.kludge_wrong, asked),
        ("held", tally.held, asked),
    )
    for name, count, whole in rows:
        table.add_row(name, f"{count:,}", _share(count, whole) if whole else "")
    return table


def _verdicts(tally: Tally) -> Table:
    table = _table("Verdicts: outcome, rung, key", "", "requests", "share")
    for verdict, count in tally.verdicts.most_common():
        table.add_row(verdict, f"{count:,}", _share(count, tally.requests))
    return table


def _kinds(tally: Tally) -> Table:
    table = _table("Kinds of lines", "", "without an id", "attributable", "matched", "share")
    for kind in Kind:
        asked, possible, matched = (tally.kinds[f"{kind} {what}"] for what in ("asked", "attributable", "matched"))
        table.add_row(str(kind), f"{asked:,}", f"{possible:,}", f"{matched:,}", _share(matched, possible))
    return table


def _reasons(tally: Tally) -> Table:
    table = _table("Requests without an id, by the truth", "", "requests")
    for why, count in tally.reasons.most_common():
        table.add_row(why, f"{count:,}")
    return table


def _distances(tally: Tally) -> Table:
    table = _table("Distances of matches within the window", "up to", "sighting first", "request first")
    for at in range(len(DISTANCES_MS) + 1):
        limit = f"{DISTANCES_MS[at]:,} ms" if at < len(DISTANCES_MS) else "more"
        before, after = tally.distances[-1 - at], tally.distances[at]
        if before or after:
            table.add_row(limit, f"{before:,}", f"{after:,}")
    return table
