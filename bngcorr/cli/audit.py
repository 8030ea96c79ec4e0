"""`bngcorr audit`."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from cyclopts import Parameter
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bngcorr.cli.output import Output, print_rows
from bngcorr.cli.parameters import ConfigFile, OutputAs
from bngcorr.cli.plan_steps import Steps
from bngcorr.cli.process import load_or_exit
from bngcorr.config import Config
from bngcorr.errors import AuditUnderwayError, StoreError
from bngcorr.store.clock import StoreClock
from bngcorr.store.embedded import url as embedded_url
from bngcorr.store.rows import Drift
from bngcorr.store.valkey import ValkeyStore

MOST_SHOWN: Final = 50  # rows of the table

_COLUMNS: Final = ("domain", "bng", "box", "port", "kind", "ledger", "sessions", "difference")
_STEPS: Final = 1_000  # of a progress bar


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited:
    """What was found in one domain."""

    domain: str
    drifts: Sequence[Drift]
    references: int  # to hosts, that differ
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether ledger and sessions agree."""
        return not self.drifts and not self.references

    def rows(self) -> list[dict[str, str | int]]:
        """One for each counter that differs; their keys are `_COLUMNS`."""
        return [
            {
                "domain": self.domain, "bng": drift.box.partition("|")[0], "box": drift.box.partition("|")[2],
                "port": drift.port, "kind": drift.kind, "ledger": drift.ledger, "sessions": drift.sessions,
                "difference": drift.ledger - drift.sessions,
            }
            for drift in self.drifts
        ]  # fmt: skip


def audit(
    *,
    config: ConfigFile,
    domain: str | None = None,
    bng: str | None = None,
    repair: Annotated[bool, Parameter(negative="")] = False,
    output: OutputAs = Output.TABLE,
) -> None:
    """Recount from the sessions what every BNG spends, and compare that with the ledger, while both are in use.

    Usage is kept up by differences: a session comes, and its hosts are added. An audit counts all sessions anew beside
    that, and tells every counter that differs, of a whole box (no port) or of one port. It asks the store itself;
    `bngcorr serve` may run on, or not. One audit of a domain at a time; whatever ends it early harms nothing.

    Exits 0 if everything agrees, 1 if something differs (also if that was mended just now), 2 for a faulty question or
    configuration, 3 if there is no answer: the store is away, or another audit is under way.

    Parameters
    ----------
    domain:
        Audit this correlation domain only. Default: all, one after another.
    bng:
        Audit the domain of this BNG only.
    repair:
        Make the ledger what the sessions add up to. What differed is told all the same.
    """
    settings = load_or_exit(config)
    domains = _chosen(settings, domain, bng)
    done: list[Audited] = []
    trouble = ""
    try:
        asyncio.run(_audit(settings, domains, repair, done.append))
    except AuditUnderwayError as error:
        trouble = str(error)
    except StoreError as error:
        trouble = f"the store: {error}"
    except (KeyboardInterrupt, asyncio.CancelledError):
        trouble = "interrupted; what was mended so far does no harm" if repair else "interrupted"
    _print(done, output, repair)
    if output is not Output.TABLE and output is not Output.JSON and done:
        print(_summary(done, repair), file=sys.stderr)
    if trouble:
        left = domains[len(done) :]
        of = f" (no answer for {', '.join(left)})" if len(domains) > 1 else ""
        print(f"bngcorr audit: {trouble}{of}", file=sys.stderr)
        sys.exit(3)
    sys.exit(0 if all(one.sound for one in done) else 1)


def _chosen(settings: Config, domain: str | None, bng: str | None) -> list[str]:
    """Domains in the order of the configuration; exits 2 if what is asked for is none of them."""
    of = {one.name: one.domain_name for one in settings.bngs}
    domains = list(dict.fromkeys(of.values()))
    if domain is not None and bng is not None:
        print("bngcorr audit: give --domain or --bng, not both", file=sys.stderr)
        sys.exit(2)
    for option, value, known in (("--domain", domain, domains), ("--bng", bng, list(of))):
        if value is not None and value not in known:
            print(f"bngcorr audit: {option} {value!r} is none of {', '.join(known)}", file=sys.stderr)
            sys.exit(2)
    return [domain] if domain is not None else [of[bng]] if bng is not None else domains


async def _audit(settings: Config, domains: Sequence[str], repair: bool, done: Callable[[Audited], None]) -> None:
    """One domain after another, each told when it is done; SIGINT and SIGTERM end it where it is."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is not None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
    url = settings.store.url
    store = ValkeyStore(
        embedded_url(settings.store.data_dir) if url == "embedded" else url, budget_s=settings.store.budget, events=0
    )
    clock = StoreClock()
    try:
        await clock.measure(store)
        with Steps() as steps:
            for domain in domains:
                with steps.step(domain, _STEPS) as advance:
                    began = time.monotonic()
                    drifts, references = await store.audits.audit(
                        domain, clock, repair=repair, progress=_Advance(advance).to
                    )
                seconds = time.monotonic() - began
                done(Audited(domain=domain, drifts=drifts, references=references, seconds=seconds))
    finally:
        await store.close()


class _Advance:
    """How far one domain has come, as steps of its bar."""

    def __init__(self, advance: Callable[[int], None]) -> None:
        self._advance = advance
        self._at = 0

    def to(self, share: float) -> None:
        """0 … 1 of it is done."""
        at = round(share * _STEPS)
        self._advance(at - self._at)
        self._at = at


def _print(done: Sequence[Audited], output: Output, repair: bool) -> None:
    rows = [row for one in done for row in one.rows()]
    if output is Output.JSON:
        domains = [
            {
                "domain": one.domain, "sound": one.sound, "counters": one.rows(), "references": one.references,
                "seconds": round(one.seconds, 3),
            }
            for one in done
        ]  # fmt: skip
        print(json.dumps({"repaired": repair, "domains": domains}, indent=1))
        return
    print_rows(rows, output, columns=_COLUMNS, table=lambda: _print_table(rows))
    if output is Output.TABLE and done:
        print(_summary(done, repair))


def _print_table(rows: Sequence[dict[str, str | int]]) -> None:
    if not rows:
        return
    table = Table()
    for heading in ("BNG", "box", "port", "kind"):  # a BNG is of one domain, so that goes without saying
        table.add_column(heading, overflow="fold")
    for heading in ("ledger", "sessions", "difference"):
        table.add_column(heading, justify="right")
    for row in rows[:MOST_SHOWN]:
        cells = (str(row[name]) for name in ("bng", "box", "port", "kind", "ledger", "sessions"))
        table.add_row(*map(escape, cells), f"{row['difference']:+}")
    Console(emoji=False).print(table)
    if len(rows) > MOST_SHOWN:
        print(f"… and {len(rows) - MOST_SHOWN} more; -o csv tells all of them")


def _summary(done: Sequence[Audited], repair: bool) -> str:
    counters = sum(len(one.drifts) for one in done)
    references = sum(one.references for one in done)
    audited = _count(len(done), "domain") + f" audited in {sum(one.seconds for one in done):.1f} s"
    if not counters and not references:
        return f"{audited}: the ledger agrees with the sessions"
    mended = "mended" if repair else "not mended: --repair does that"
    return f"{audited}: {_count(counters, 'counter')} and {_count(references, 'reference')} to hosts differ, {mended}"


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'s' if number != 1 else ''}"
