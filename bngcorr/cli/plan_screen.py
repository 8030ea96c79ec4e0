"""How the import of a line plan is shown: changes, faults, what is in force; for people and, as JSON, for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from rich.console import Console
from rich.table import Table

from bngcorr.correlator.plan import Change, Difference, DomainPlan, Example
from bngcorr.correlator.plan_rows import PlanFile
from bngcorr.model.line import LineIds
from bngcorr.model.shown import octets_shown
from bngcorr.store.plan import PlanInfo

Json = dict[str, object]
DIGEST_SHOWN: Final = 12
_SIGNS: Final = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~"}


class Fate(StrEnum):
    """What becomes of a domain's plan."""

    REPLACED = "replaced"
    UNCHANGED = "unchanged"  # the file says what is in force
    EMPTIED = "emptied"  # the file does not name it, and --all was given
    KEPT = "kept"  # the file does not name it


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainReport:
    """One domain: how the file differs from what is in force, and what comes of that."""

    domain: str
    fate: Fate
    difference: Difference
    plan: DomainPlan  # of the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole import."""

    digest: str
    places: Mapping[str, int]  # in the file, by BNG
    left_out: int  # places of the file in domains that --bng does not choose
    warnings: Sequence[str]
    domains: Sequence[DomainReport]
    seconds: float
    in_force: bool  # whether it was put in force
    refusals: Sequence[str]

    def as_json(self) -> Json:
        """For programs."""
        return {
            "digest": self.digest,
            "in_force": self.in_force,
            "places": dict(self.places),
            "left_out": self.left_out,
            "warnings": list(self.warnings),
            "refusals": list(self.refusals),
            "domains": [_domain_as_json(report) for report in self.domains],
            "seconds": round(self.seconds, 3),
        }

    def print(self, console: Console) -> None:
        """For people."""
        table = Table(title="line plan", title_justify="left")
        table.add_column("domain")
        for heading in ("before", *Change, "after"):
            table.add_column(heading, justify="right")
        table.add_column("fate")
        for report in self.domains:
            counts, kept = report.difference.counts, report.fate is Fate.KEPT
            cells = ["" if kept else str(counts[change]) for change in Change]
            before = report.difference.before
            after = before if kept else report.difference.after
            table.add_row(report.domain, str(before), *cells, str(after), str(report.fate))
        console.print(table)
        kept_domains = ", ".join(report.domain for report in self.domains if report.fate is Fate.KEPT)
        if kept_domains:
            print_plainly(console, f"not in the file, so their plans stay (--all empties them): {kept_domains}")
        for report in self.domains:
            for change, examples in report.difference.examples.items():
                if examples and report.fate is not Fate.KEPT:
                    more = report.difference.counts[change] - len(examples)
                    heading = f"{report.domain}, {change}" + (f" (and {more} more):" if more else ":")
                    print_plainly(console, heading)
                    for example in examples:
                        print_plainly(console, f"  {_SIGNS[change]} {_example_shown(example, report.plan)}")
        for warning in self.warnings:
            print_plainly(console, f"warning: {warning}")
        if self.left_out:
            print_plainly(console, f"{self.left_out} places of BNGs that --bng does not choose were left out")
        for bng, count in self.places.items():
            print_plainly(console, f"{bng}: {count} place{'s' if count != 1 else ''}")
        done = "in force" if self.in_force else "nothing was changed"
        print_plainly(console, f"{done}, {self.seconds:.1f} s, SHA-256 {self.digest[:DIGEST_SHOWN]}…")


def _place(example: Example, plan: DomainPlan) -> tuple[str, int | None]:
    """A place in the words of the file, and the line; of one that is in force only, no more than the hash is known."""
    told = plan.told(example.place)
    return (told.shown, told.line) if told is not None else (f"place {example.place.hex()}", None)


def _ids(octets: bytes | None) -> LineIds | None:
    return LineIds.decode(octets) if octets is not None else None


def _id_text(octets: bytes | None) -> str:
    shown = octets_shown(octets)
    return "-" if shown is None else repr(shown["text"]) if shown["text"] is not None else f"0x{shown['hex']}"


def _line_text(octets: bytes | None) -> str:
    ids = _ids(octets)
    return f"remote_id {_id_text(ids.remote_id)}, circuit_id {_id_text(ids.circuit_id)}" if ids is not None else ""


def _example_shown(example: Example, plan: DomainPlan) -> str:
    place, line = _place(example, plan)
    where = f"{place} (line {line})" if line is not None else place
    return f"{where}: {' → '.join(filter(None, (_line_text(example.before), _line_text(example.after))))}"


def _ids_as_json(octets: bytes | None) -> Json | None:
    ids = _ids(octets)
    if ids is None:
        return None
    return {"remote_id": octets_shown(ids.remote_id), "circuit_id": octets_shown(ids.circuit_id)}


def _example_as_json(example: Example, plan: DomainPlan) -> Json:
    told = plan.told(example.place)
    return {
        "place": example.place.hex(),
        "told": told.shown if told is not None else None,
        "line": told.line if told is not None else None,
        "before": _ids_as_json(example.before),
        "after": _ids_as_json(example.after),
    }


def _domain_as_json(report: DomainReport) -> Json:
    difference, kept = report.difference, report.fate is Fate.KEPT
    row: Json = {
        "domain": report.domain,
        "fate": str(report.fate),
        "before": difference.before,
        "after": difference.before if kept else difference.after,
    }
    if not kept:
        row |= {str(change): count for change, count in difference.counts.items()}
        row["examples"] = {
            str(change): [_example_as_json(example, report.plan) for example in examples]
            for change, examples in difference.examples.items()
        }
    return row


def faults_as_json(found: PlanFile) -> Json:
    """Every fault of a file that was kept, and how many there are."""
    rows = [
        {"line": fault.line, "column": fault.column, "got": fault.got, "expected": fault.expected}
        for fault in found.faults
    ]
    return {"faults": rows, "fault_count": found.fault_count}


def print_faults(console: Console, name: str, found: PlanFile) -> None:
    """Every fault of a file that was kept, and how many there are besides."""
    count = found.fault_count
    print_plainly(console, f"{name} has {count} fault{'s' if count != 1 else ''}; nothing was written:")
    for fault in found.faults:
        print_plainly(console, f"  {fault}")
    if (more := count - len(found.faults)) > 0:
        print_plainly(console, f"  … and {more} more")


def print_plainly(console: Console, text: str) -> None:
    """A line as it is, not wrapped and not coloured."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def instant(ms: int) -> str:
    """Epoch milliseconds in UTC, RFC 3339, to the second."""
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def plans_as_json(infos: Mapping[str, PlanInfo | None]) -> Json:
    """What is in force in each domain."""
    rows: list[Json] = []
    for domain, info in infos.items():
        row: Json = {"domain": domain, "version": None, "rows": 0, "imported_at": None, "digest": None}
        if info is not None:
            row |= {"version": info.version, "rows": info.rows, "imported_at": instant(info.imported_ms)}
            row["digest"] = info.digest or None
        rows.append(row)
    return {"domains": rows}


def print_plans(console: Console, infos: Mapping[str, PlanInfo | None]) -> None:
    """What is in force in each domain."""
    table = Table(title="line plans in force", title_justify="left")
    table.add_column("domain")
    table.add_column("places", justify="right")
    table.add_column("imported")
    table.add_column("SHA-256 of the file")
    for domain, info in infos.items():
        if info is None:
            table.add_row(domain, "no plan", "", "")
        else:
            table.add_row(domain, str(info.rows), instant(info.imported_ms), info.digest[:DIGEST_SHOWN])
    console.print(table, markup=False)
