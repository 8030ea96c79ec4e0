"""`bngcorr observe`."""

from __future__ import annotations

import asyncio
import codecs
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from bngcorr.accountant.cost import CostTable
from bngcorr.accountant.history.instants import instant_asked
from bngcorr.accountant.observed import LEAST, Difference, Figures, compare, read_observed, usage_then
from bngcorr.app.parts import open_store
from bngcorr.bng_profiles import costs_of
from bngcorr.cli.output import Output, print_rows
from bngcorr.cli.parameters import ConfigFile, OutputAs
from bngcorr.cli.process import load_or_exit
from bngcorr.config import Bng, Config
from bngcorr.correlator.findings import NEXT_STEP
from bngcorr.errors import StoreError
from bngcorr.model.shown import instant_shown
from bngcorr.model.vocabulary import Finding
from bngcorr.store.clock import StoreClock
from bngcorr.store.rows import Observed, Sample

STANDARD_INPUT: Final = Path("-")
MOST_OCTETS: Final = 8_388_608  # of a file
AHEAD_MS: Final = 60_000  # by which the clock of whoever asked the box may be ahead of the store's

_COLUMNS: Final = ("bng", "figure", "observed", "ours", "difference", "per_cent", "within", "observed_at", "ours_at")
_TITLES: Final = {
    "v4": "IPv4", "v6": "IPv6", "ia_na": "IA_NA", "ia_pd": "IA_PD", "slaac": "SLAAC", "hosts": "host resources",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of it."""

    bng: str
    observed: Observed
    ours_ms: int | None  # of when our figures are; None: nothing is known of then
    differences: tuple[Difference, ...]
    tolerance: int
    newer_ms: int | None  # a newer word of the box that is known already

    @property
    def within(self) -> bool:
        """Whether all figures agree, and there are any."""
        return bool(self.differences) and all(one.within(self.tolerance) for one in self.differences)

    def rows(self) -> list[dict[str, Any]]:
        """One for each figure; their keys are `_COLUMNS`."""
        ours = {one.figure: one for one in self.differences}
        return [
            {
                "bng": self.bng, "figure": name, "observed": figure, **_beside(ours.get(name), self.tolerance),
                "observed_at": instant_shown(self.observed.at_ms), "ours_at": instant_shown(self.ours_ms),
            }
            for name, figure in self.observed.figures
        ]  # fmt: skip


def observe(
    bng: str,
    file: Annotated[Path, Parameter(allow_leading_hyphen=True)],  # for a single "-"
    *,
    config: ConfigFile,
    at: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,  # for "-10m"
    output: OutputAs = Output.TABLE,
) -> None:
    """Tell what a BNG itself says it holds, and compare it with the ledger.

    That the ledger agrees with itself (`bngcorr audit`) proves nothing about the box. FILE is the output of

        show subscriber-mgmt statistics system

    of Nokia SR OS, as a terminal or a script recorded it; or, for any make, one JSON object with some of v4, v6, ia_na,
    ia_pd, slaac, hosts (what the box counts against its scale), and "at", if that is not now:

        {"v4": 10, "v6": 20, "hosts": 30, "at": "2026-11-25T14:00:00Z"}

    It is compared with what the ledger had at the time, and kept for `bngcorr hosts`, metrics and the finding
    ledger_differs. A later word replaces an earlier one.

        ssh bng1 'show subscriber-mgmt statistics system' |
            bngcorr observe bng1 - -c bngcorr.yaml

    Exits 0 if all figures agree within `capacity.tolerance` (or 5 hosts), 1 if one does not or nothing is known of that
    time, 2 for a file, a question or a configuration with faults, 3 if the store does not answer.

    Parameters
    ----------
    bng:
        A name of the configuration.
    file:
        What the box said, or - for standard input.
    at:
        When it said so, such as "2026-11-25T14:00:00Z" or "-10m". Default: "at" of the JSON object, else when FILE was
        last written, else now.
    """
    if file != STANDARD_INPUT and str(file).startswith("-"):
        _refuse(f"unknown option {file}; see bngcorr observe --help")
    settings = load_or_exit(config)
    entry = _chosen(settings, bng)
    octets, written_ms = _read(file)
    try:
        figures, told_at = read_observed(_text(octets))
    except ValueError as error:
        _refuse(f"{_shown(file)}: {error}")
    try:
        compared = asyncio.run(_observe(settings, entry, figures, (at, told_at), written_ms))
    except _RefusedError as error:
        _refuse(str(error))
    except StoreError as error:
        print(f"bngcorr observe: the store: {error}", file=sys.stderr)
        sys.exit(3)
    except KeyboardInterrupt:
        print("bngcorr observe: interrupted", file=sys.stderr)
        sys.exit(3)
    print_rows(compared.rows(), output, columns=_COLUMNS, table=lambda: _print_table(compared))
    for remark in _remarks(compared):
        print(f"bngcorr observe: {remark}", file=sys.stderr)
    sys.exit(0 if compared.within else 1)


class _RefusedError(Exception):
    """Something is wrong with the instant."""


def _refuse(reason: str) -> NoReturn:
    print(f"bngcorr observe: {reason}", file=sys.stderr)
    sys.exit(2)


def _chosen(settings: Config, name: str) -> Bng:
    """The BNG of that name, if it is one box."""
    known = {bng.name: bng for bng in settings.bngs}
    if name not in known:
        _refuse(f"BNG {name!r} is none of {', '.join(known)}")
    if not known[name].one_box:
        _refuse(
            f"BNG {name!r} is a network of several boxes, and the word of one can't be compared with the sum of all; "
            "give the box an entry of its own in bngs"
        )
    return known[name]


def _shown(file: Path) -> str:
    return "standard input" if file == STANDARD_INPUT else str(file)


def _read(file: Path) -> tuple[bytes, int | None]:
    """The file, and when it was last written (epoch milliseconds); exits 2 if that can't be had."""
    try:
        if file == STANDARD_INPUT:
            octets, written_ms = sys.stdin.buffer.read(MOST_OCTETS + 1), None
        else:
            with file.open("rb") as opened:
                octets = opened.read(MOST_OCTETS + 1)
            # a pipe's time says nothing
            written_ms = file.stat().st_mtime_ns // 1_000_000 if file.is_file() else None
    except OSError as error:
        _refuse(f"{_shown(file)}: {error.strerror}")
    if len(octets) > MOST_OCTETS:
        _refuse(f"{_shown(file)}: expected at most {MOST_OCTETS // 1_048_576} MiB; found more")
    return octets, written_ms


def _text(octets: bytes) -> str:
    """UTF-8, or UTF-16 with its mark, as PowerShell writes it."""
    utf16 = octets.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return octets.decode("utf-16" if utf16 else "utf-8", "replace")


def _instant(asked: tuple[str | None, str | None], written_ms: int | None, now_ms: int) -> int:
    """When the box said so; `asked` is what --at says, then what the file says."""
    for where, text in zip(("--at", '"at" of the file'), asked, strict=True):
        if text is None:
            continue
        try:
            at_ms = instant_asked(text, now_ms)
        except ValueError as error:
            raise _RefusedError(f"{where} {text[:60]!r}: expected {error}") from None
        if not 0 < at_ms <= now_ms + AHEAD_MS:
            raise _RefusedError(f"{where} {text[:60]!r}: expected the past; now it is {instant_shown(now_ms)}")
        return at_ms
    if written_ms is None:
        return now_ms
    # by the clock of this host, which need not be the store's
    return min(written_ms + now_ms - time.time_ns() // 1_000_000, now_ms)


async def _observe(
    settings: Config, bng: Bng, figures: Figures, asked: tuple[str | None, str | None], written_ms: int | None
) -> Compared:
    """Keep what the box said, and compare it with what we had then."""
    store, clock = open_store(settings), StoreClock()
    domain, name = bng.domain_name, bng.name
    try:
        await clock.measure(store)
        now_ms = clock.now_ms()
        said = Observed(at_ms=_instant(asked, written_ms, now_ms), figures=figures)
        known = (await store.capacity.observed(domain, [name])).get(name)
        await store.capacity.observe(domain, name, said)
        usage = (await store.queries.usage(domain, [name]))[name]
        samples = [*await store.capacity.samples(domain, name), Sample(at_ms=now_ms, usage=usage)]
    finally:
        await store.close()
    table: CostTable = costs_of(settings)[name]
    then = usage_then(samples, said.at_ms, round(2 * settings.capacity.sample_every * 1000))
    return Compared(
        bng=name,
        observed=said,
        ours_ms=None if then is None else then.at_ms,
        differences=() if then is None else compare(said, then.usage, table),
        tolerance=settings.capacity.tolerance,
        newer_ms=known.at_ms if known is not None and known.at_ms > said.at_ms else None,
    )


# ---- what is printed


def _beside(one: Difference | None, tolerance: int) -> dict[str, Any]:
    if one is None:
        return {"ours": None, "difference": None, "per_cent": None, "within": None}
    per_cent = None if one.per_cent is None else round(one.per_cent, 2)
    return {"ours": one.ours, "difference": one.difference, "per_cent": per_cent, "within": one.within(tolerance)}


def _print_table(compared: Compared) -> None:
    table = Table("hosts")
    for heading in ("the box", "ledger", "difference", "%"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for row in compared.rows():
        table.add_row(_TITLES[row["figure"]], str(row["observed"]), *_cells(row))
    Console(emoji=False).print(table, markup=False)
    ours = "" if compared.ours_ms is None else f", the ledger of {instant_shown(compared.ours_ms)}"
    print(f"{compared.bng}: its word of {instant_shown(compared.observed.at_ms)}{ours}")


def _cells(row: dict[str, Any]) -> Sequence[str]:
    if row["ours"] is None:
        return "", "", "", "not known"
    per_cent = "" if row["per_cent"] is None else f"{row['per_cent']:+.1f}"
    return str(row["ours"]), f"{row['difference']:+}", per_cent, "" if row["within"] else "differs"


def _remarks(compared: Compared) -> list[str]:
    remarks = []
    if compared.newer_ms is not None:
        remarks.append(f"not kept: a newer word of the box is known, of {instant_shown(compared.newer_ms)}")
    if not compared.differences:
        remarks.append("nothing is known of that time here, so that there is nothing to compare with")
    elif not compared.within:
        apart = [_TITLES[one.figure] for one in compared.differences if not one.within(compared.tolerance)]
        limit = f"capacity.tolerance ({compared.tolerance} %) and {LEAST} hosts"
        remarks.append(f"{', '.join(apart)}: beyond {limit}. {NEXT_STEP[Finding.LEDGER_DIFFERS]}")
    return remarks
