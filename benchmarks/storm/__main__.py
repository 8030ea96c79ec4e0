"""A BNG reboot storm against the real service: what is lost (nothing), how long it takes, what it costs.

    python -m benchmarks.storm --lines 50000

All lines of a BNG are up; it sends Accounting-On, and each line comes back: Access-Request for DHCPv4, Access-Request
for DHCPv6 without any line id, Start, two Interims. Every request is retransmitted as BNGs do. At the end AAA must have
seen each record, every v6 request on its own line or on none, and the ledger must equal the truth. Exit code 1 if
something was lost or is wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.storm.figures import SLOW_MS, Figures
from benchmarks.storm.run import Storm, storm
from benchmarks.storm.truth import MOST_LINES

_MIB = 1_048_576


def tables(found: Figures) -> list[Table]:
    """The figures for people."""
    kinds = Table("requests", "answered", "a second", "p50 ms", "p99 ms", "max ms", title="As the BNG saw it")
    for kind, row in found.kinds.items():
        kinds.add_row(kind, *map(str, (row.requests, row.per_second, row.p50_ms, row.p99_ms, row.max_ms)))
    rest = Table("what", "figure", title=f"{found.lines} lines, window {found.window}, seed {found.seed}")
    restarts = found.restarts
    rows: list[tuple[str, object]] = [
        ("storm", f"{found.seconds} s, {found.per_second} requests/s"),
        ("retransmissions; begun anew", f"{found.retransmissions}; {found.begun_anew}"),
        ("v6 without a line (unmatched)", found.unmatched),
        ("verdicts", _listed(found.outcomes)),
        ("discards", _listed(found.discards) or "none"),
        ("ledger right after the last answer", f"{found.ledger_seconds} s"),
        ("all at AAA after the last answer", f"{found.at_aaa_seconds} s"),
        *([("records acknowledged out of the spool", found.spooled)] if found.spool else []),
        ("lessons waiting for the store, at most; given up", f"{found.backlog}; {found.given_up}"),
        ("peak memory of the service", f"{found.service_octets / _MIB:.0f} MiB"),
        ("peak memory of the store; its data",
         f"{found.store_rss_octets / _MIB:.0f} MiB; {found.store_octets / _MIB:.0f} MiB"),
        ("CPU a request", ", ".join(f"{who} {us:.0f} µs" for who, us in found.cpu_us.items())),
        (f"longest calls of the store, of {found.slow_calls} above {SLOW_MS} ms",
         "\n".join(f"{name} {ms:.1f} ms" for name, ms in sorted(found.slow.items(), key=lambda pair: -pair[1]))
         or "none"),
        ("round trips to the store, as the service saw them",
         ", ".join(f"{name.removesuffix('_ms')} {'beyond' if most is None else f'{most:g}'}"
                   for name, most in found.round_trips.items()) + " (ms at most)"),
        ("Accounting-On within the store",
         f"{restarts.few_ms} ms with {restarts.few_sessions} sessions, "
         f"{restarts.many_ms} ms with {restarts.many_sessions}; in force after {restarts.in_force_ms} ms"),
        ("the best of more of them", f"{restarts.best_few_ms} ms; {restarts.best_many_ms} ms"),
        ("a core of its own for the service", "yes" if found.pinned else "no"),
    ]  # fmt: skip
    for what, figure in rows:
        rest.add_row(what, str(figure))
    return [kinds, rest]


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items(), key=lambda pair: -pair[1]))


def _asked(arguments: list[str]) -> tuple[Storm, bool]:
    parser = argparse.ArgumentParser(
        prog="storm", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1, help="order of the lines, and which requests get lost")
    parser.add_argument("--window", type=int, default=256, help="requests that wait for an answer at a time")
    parser.add_argument("--sockets", type=int, default=64, help="of the BNG, each with 256 identifiers")
    parser.add_argument("--timeout", type=float, default=5.0, help="seconds until the BNG sends again")
    parser.add_argument("--tries", type=int, default=3, help="until the BNG gives up and the client begins anew")
    parser.add_argument("--within", type=float, default=1800.0, help="seconds that the storm may take")
    parser.add_argument("--loss", type=float, default=0.0, help="share of requests lost on the way to AAA, 0 to 0.9")
    parser.add_argument("--spool", action="store_true", help="with `spool: on`")
    parser.add_argument("--profile", type=Path, help="run the service under cProfile and write what it finds there")
    parser.add_argument("--json", action="store_true", help="one JSON object with all figures on standard output")
    given = parser.parse_args(arguments)
    if not 1 <= given.lines <= MOST_LINES // 2:
        parser.error(f"--lines {given.lines}: expected 1 to {MOST_LINES // 2}")
    if not 0 <= given.loss <= 0.9:
        parser.error(f"--loss {given.loss}: expected 0 to 0.9")
    if given.sockets < 1 or given.window < 1 or given.tries < 1 or given.timeout <= 0:
        parser.error("--sockets, --window, --tries and --timeout: expected more than 0")
    asked = Storm(
        lines=given.lines, seed=given.seed, window=given.window, sockets=given.sockets, timeout_s=given.timeout,
        tries=given.tries, within_s=given.within, spool=given.spool, loss=given.loss,
        profile=given.profile.absolute() if given.profile else None,
    )  # fmt: skip
    return asked, given.json


def main(arguments: list[str]) -> int:
    """Run, print; the exit code."""
    asked, as_json = _asked(arguments)
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="bngcorr-storm-") as folder:
        try:
            found = storm(asked, Path(folder), console.print)
        except RuntimeError as error:
            console.print(f"the storm could not begin: {error}", markup=False)
            return 1
    faults = found.faults()
    out = console if as_json else Console()
    for table in tables(found):
        out.print(table)
    for fault in faults:
        out.print(f"wrong: {fault}", markup=False)
    if as_json:
        print(json.dumps(found.as_json()))
    elif not faults:
        out.print("nothing was lost, nobody is on a wrong line, the ledger is right")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
