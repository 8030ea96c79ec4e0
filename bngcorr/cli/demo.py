"""`bngcorr demo`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from bngcorr.demo import DemoError, Options, Result, run_live, run_once


def demo(
    *,
    once: bool = False,
    json_: Annotated[bool, Parameter(name="--json")] = False,
    http: str | None = None,
    data_dir: Path | None = None,
    seed: int = 1,
    direct: bool = False,
) -> None:
    """See it work: the real service on an embedded store, between simulated BNGs and a small AAA.

    CPEs boot dual stack in every awkward way. Without --once it shows a live table until Ctrl-C, with the API at
    127.0.0.1:8080. Traffic stays on this machine's loopback addresses.

    Parameters
    ----------
    once:
        Run one bounded round (at most 30 s), print the result, and exit 0 only if no request was put on a wrong line,
        every attributable one was matched, and the ledger agrees with the truth.
    json_:
        With --once: print the whole result as JSON, one entry a request, so that anybody can recount.
    http:
        Where the API listens. Default: 127.0.0.1:8080, with --once a free port.
    data_dir:
        Where the embedded store keeps its file. Default: a temporary folder that is removed at the end.
    seed:
        Of everything random but secrets.
    direct:
        Leave bngcorr out: the BNGs ask AAA themselves. Shows what the proxy is for.
    """
    options = Options(
        http=http or ("127.0.0.1:0" if once else "127.0.0.1:8080"), data_dir=data_dir, seed=seed, direct=direct
    )
    if not once:
        if json_:
            print("bngcorr demo: --json goes with --once", file=sys.stderr)
            sys.exit(2)
        sys.exit(asyncio.run(run_live(options, Console())))
    try:
        result = asyncio.run(run_once(options))
    except DemoError as error:
        print(f"bngcorr demo: {error}", file=sys.stderr)
        sys.exit(1)
    if json_:
        json.dump(result.as_json(), sys.stdout)
        print()
    else:
        _print(Console(), result)
    sys.exit(0 if result.ok else 1)


def _print(console: Console, result: Result) -> None:
    """The figures of a round, for people."""
    rungs = ", ".join(f"{name} {count}" for name, count in sorted(result.by_rung.items()))
    answers = ", ".join(f"{name} {count}" for name, count in sorted(result.answers.items()))
    console.print(f"{result.requests} requests of {result.lines} lines in {result.duration_s} s: {answers}")
    console.print(f"named their line: {result.with_id}, in AAA's own format on arrival: {result.normalised}")
    console.print(f"named no line but attributable: {result.attributable}, matched: {result.matched}")
    console.print(f"put on a wrong line: {result.wrong}")
    console.print(f"verdicts: {rungs or 'none'}")
    for name, host in result.hosts.items():
        usage = ", ".join(f"{kind} {count}" for kind, count in host.usage.items())
        console.print(f"  {name}: {usage}; {host.host_resources} of {host.limit} host resources ({host.cost_table})")
    console.print(f"ledger against truth and recount: drift {result.audit_drift}")
    for fault in result.faults:
        console.print(f"fault: {fault}", markup=False)
    console.print("all is well" if result.ok else "NOT WELL: try --json for every request", style="bold")
