"""`bngcorr simulate`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bngcorr.simulate.aaa import INTERIM_S
from bngcorr.simulate.report import Tally, as_json
from bngcorr.simulate.run import Options, Result, SimulationError
from bngcorr.simulate.run import simulate as run
from bngcorr.simulate.screen import tables


def simulate(
    *,
    lines: int = 50_000,
    seed: int = 1,
    seeds: int = 1,
    days: float = 2.0,
    interim: int = INTERIM_S,
    journal: Path | None = None,
    workers: int = 0,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Put the product's own rules and store to the test: many lines, some days, in virtual time, against the truth.

    Simulated BNGs of every profile send what their lines make them send: boots, lost and late packets, swapped CPEs,
    moved lines, re-used VLANs, cloned MACs, restarts. Whether a request without a line id could be attributed is
    judged by the truth alone. The last line of the output is a JSON object. Exits 0 only if no request left with
    another line's identity and at least 99.5 % of the attributable ones were matched.

    Parameters
    ----------
    lines:
        How many access lines, on 24 BNGs. 3000 lines and one day make a short run.
    seed:
        Of everything random: the same seed, the same journal.
    seeds:
        How many seeds, one after the other, from `seed` on.
    days:
        How much virtual time.
    interim:
        The Acct-Interim-Interval that AAA tells, in seconds.
    journal:
        Write every decision with the truth beside it, one JSON object a line; a name that ends in .gz packs it. With
        several seeds the seed is put in front of the name's endings.
    workers:
        Processes. Default: one a processor. It does not change what comes out.
    json_:
        Print the JSON object only.
    """
    for name, value, least in (
        ("--lines", lines, 24),
        ("--seeds", seeds, 1),
        ("--workers", workers, 0),
        ("--interim", interim, 60),
    ):
        if value < least:
            _refuse(f"{name} {value}: at least {least}")
    if not 0.25 <= days <= 30:
        _refuse(f"--days {days}: 0.25 … 30")
    console = Console()
    results: list[Result] = []
    total = Tally()
    for at in range(seed, seed + seeds):
        path = journal if journal is None or seeds == 1 else _numbered(journal, at)
        try:
            result = _shown(Options(lines=lines, seed=at, days=days, interim_s=interim, journal=path, workers=workers))
        except (SimulationError, OSError) as error:
            print(f"bngcorr simulate: {error}", file=sys.stderr)
            sys.exit(1)
        except KeyboardInterrupt:
            print("bngcorr simulate: interrupted", file=sys.stderr)
            sys.exit(130)  # 128 and the number of SIGINT
        results.append(result)
        total.merge(result.tally)
        if seeds > 1 and not json_:
            print(json.dumps({"seed": at, **as_json(result.tally)}))
    if not json_:
        for table in tables(total):
            console.print(table)
    ok = all(result.tally.ok for result in results)
    about = {
        "seeds": [result.seed for result in results],
        "lines": lines,
        "bngs": results[0].boxes,
        "days": days,
        "seconds": round(sum(result.seconds for result in results), 1),
    }
    print(json.dumps({**about, **as_json(total), "ok": ok}))
    sys.exit(0 if ok else 1)


def _refuse(why: str) -> None:
    print(f"bngcorr simulate: {why}", file=sys.stderr)
    sys.exit(2)


def _numbered(path: Path, seed: int) -> Path:
    name, _, endings = path.name.partition(".")
    return path.with_name(f"{name}-{seed}.{endings}" if endings else f"{name}-{seed}")


def _shown(options: Options) -> Result:
    """Run with a progress bar on standard error, if that is a terminal."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f}%"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"seed {options.seed}", total=1.0)

        def moved(share: float, requests: int) -> None:
            bar.update(task, completed=share, description=f"seed {options.seed}: {requests:,} requests")

        return run(options, moved)
