"""`bngcorr import`."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

from cyclopts import Parameter
from rich.console import Console

from bngcorr.bng_profiles import compile_all
from bngcorr.cli.parameters import FLAG, ConfigFile
from bngcorr.cli.plan_job import Done, Job, carry_out
from bngcorr.cli.plan_screen import Fate, Json, Report, faults_as_json, plans_as_json, print_faults, print_plans
from bngcorr.cli.plan_sites import cautions, sites
from bngcorr.cli.plan_source import STANDARD_INPUT, PlanSource, UnreadablePlanError
from bngcorr.cli.plan_steps import Steps
from bngcorr.cli.process import exit_with_faults, load_or_exit
from bngcorr.config import Config
from bngcorr.correlator.plan_file import read_plan_file
from bngcorr.correlator.plan_rows import PlanFile
from bngcorr.errors import ConfigError, StoreError
from bngcorr.resources import resource
from bngcorr.store.embedded import url as embedded_url
from bngcorr.store.lane import Lane, open_lane
from bngcorr.store.plan import PlanInfo, Plans
from bngcorr.wire.dictionary import Dictionary


def import_lines(
    file: Annotated[Path | None, Parameter(allow_leading_hyphen=True)] = None,  # for a single "-"
    *,
    config: ConfigFile,
    bng: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    all_: Annotated[bool, Parameter(name="--all", negative="")] = False,
    dry_run: Annotated[bool, FLAG] = False,
    force: Annotated[bool, FLAG] = False,
    ignore_columns: Annotated[bool, FLAG] = False,
    show: Annotated[bool, FLAG] = False,
    json_: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> None:
    """Import the operator's line plan: which line is at which port and VLANs.

    A request without a line id that comes from a planned place is put on the line planned there. Such a file is

        bng,port,outer,inner,circuit_id,remote_id
        bng1,1/1/4,100,20,olt7 eth 1/12,olt7/12
        edge|198.51.100.3,lag-12,7,,,0x0009c3a1ff

    * bng: a name of the configuration; with the address of the box, if the BNG is a network of several
    * port: as `bngcorr explain` shows it
    * outer, inner: VLANs, or nothing
    * circuit_id, remote_id: text, or octets behind 0x; at least one of both

    The plan of each domain that the file names is replaced as a whole, at once, while `bngcorr serve` runs on. If
    anything in the file is wrong, all of it is told and nothing is written. Exits 0 if the plan is in force (or would
    be, with --dry-run), 1 if it was refused or the store failed, 2 if the file or the configuration has faults.

    Parameters
    ----------
    file:
        The plan: UTF-8, cells between commas, semicolons or tabs, `.gz` if gzipped, or - for standard input.
    bng:
        Replace the plan of this BNG's domain only; may be repeated. Other rows are checked, and left out.
    all_:
        Also empty the plans of domains that the file does not name. Without it they stay as they are.
    dry_run:
        Check the file and show what would change; write nothing.
    force:
        Import even if more than half of a domain's places would go.
    ignore_columns:
        Leave out columns that are not known, rather than refuse the file.
    show:
        Tell which plans are in force; takes no file.
    json_:
        Print one JSON object.
    """
    if show == (file is not None):
        print("bngcorr import: give a file, or --show without one; see bngcorr import --help", file=sys.stderr)
        sys.exit(2)
    if file is not None and file != STANDARD_INPUT and str(file).startswith("-"):
        print(f"bngcorr import: unknown option {file}; see bngcorr import --help", file=sys.stderr)
        sys.exit(2)
    began = time.monotonic()
    settings = load_or_exit(config)
    domains = _chosen(settings, bng)
    try:
        if file is None:
            _show(settings, domains, json_)
            return
        found, digest = _read(settings, file, ignore_columns, json_)
        job = Job(
            plans=found.domains,
            digest=digest,
            domains=domains,
            absent=Fate.EMPTIED if all_ else Fate.KEPT,
            dry_run=dry_run,
            force=force,
        )
        done = asyncio.run(_carry_out(settings, job))
    except StoreError as error:
        _fail(f"the store: {error}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        _fail("interrupted; --show tells which plans are in force")
    left_out = sum(len(plan) for name, plan in found.domains.items() if name not in domains)
    report = Report(
        digest=digest,
        places=found.places,
        left_out=left_out,
        warnings=[
            *map(str, found.remarks.values()),
            *_repeated(found),
            *cautions(settings, found.places),
            *done.warnings,
        ],
        domains=done.reports,
        seconds=time.monotonic() - began,
        in_force=done.in_force,
        refusals=done.refusals,
    )
    if json_:
        _print_json(report.as_json())
    else:
        report.print(Console(emoji=False))
    for refusal in done.refusals:
        print(f"bngcorr import: {refusal}", file=sys.stderr)
    sys.exit(1 if done.refusals else 0)


def _fail(reason: str) -> NoReturn:
    print(f"bngcorr import: {reason}", file=sys.stderr)
    sys.exit(1)


def _print_json(row: Json) -> None:
    json.dump(row, sys.stdout, indent=1)
    print()


def _chosen(settings: Config, names: Sequence[str]) -> tuple[str, ...]:
    """Domains of these BNGs, or of all, in the order of the configuration."""
    domain_of = {bng.name: bng.domain_name for bng in settings.bngs}
    for name in names:
        if name not in domain_of:
            print(f"bngcorr import: --bng {name!r} is none of {', '.join(domain_of)}", file=sys.stderr)
            sys.exit(2)
    return tuple(dict.fromkeys(domain for name, domain in domain_of.items() if not names or name in names))


def _read(settings: Config, path: Path, ignore_columns: bool, json_: bool) -> tuple[PlanFile, str]:
    """The file and its digest; prints all of its faults and exits 2 if it has any."""
    try:
        profiles = compile_all(settings, Dictionary(resource("dictionaries") / "dictionary"))
    except ConfigError as error:
        exit_with_faults(error)
    with Steps() as steps:
        size = PlanSource(path, lambda _: None).size
        with steps.step("reading", size) as read:
            source = PlanSource(path, read)
            try:
                found = read_plan_file(source, sites(settings, profiles))
            except UnreadablePlanError as error:
                print(f"bngcorr import: {error}; nothing was written", file=sys.stderr)
                sys.exit(2)
    if found.unknown_columns and not ignore_columns:
        found.refuse_unknown_columns("no such column, or --ignore-columns to leave it out")
    if found.fault_count:
        if json_:
            _print_json(faults_as_json(found))
        print_faults(Console(stderr=True), str(path), found)
        sys.exit(2)
    for name in found.unknown_columns:
        found.remark(1, "columns that are not known and were ignored", repr(name))
    return found, source.digest


def _repeated(found: PlanFile) -> list[str]:
    """Lines at several places: allowed, for lines move from port to port, but seldom meant for long."""
    told = []
    for domain, plan in found.domains.items():
        lines, places = plan.repeated()
        if lines:
            told.append(f"domain {domain} has {lines} lines at more than one place each, {places} places together")
    return told


def _open(settings: Config) -> Lane:
    embedded = settings.store.url == "embedded"
    return open_lane(embedded_url(settings.store.data_dir) if embedded else settings.store.url)


async def _carry_out(settings: Config, job: Job) -> Done:
    """The job; SIGINT and SIGTERM end it where it is, which harms nothing."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
    lane = _open(settings)
    try:
        with Steps() as steps:
            return await carry_out(job, Plans(lane), steps)
    finally:
        await lane.close()


def _show(settings: Config, domains: Sequence[str], json_: bool) -> None:
    infos = asyncio.run(_infos(settings, domains))
    if json_:
        _print_json(plans_as_json(infos))
    else:
        print_plans(Console(emoji=False), infos)


async def _infos(settings: Config, domains: Sequence[str]) -> dict[str, PlanInfo | None]:
    lane = _open(settings)
    try:
        store = Plans(lane)
        return {domain: await store.info(domain) for domain in domains}
    finally:
        await lane.close()
