"""bngcorr beside FreeRADIUS and radsecproxy: the same load, the same cores, round robin.

    make bench
    make bench ARGS=--quick

The last line is one JSON object. Exit code 1 if what was measured of bngcorr is void (a request on a wrong line, or the
store never asked), 2 if something has to be installed first.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.bench import figures
from benchmarks.bench.figures import OURS, PEER, Json, Round
from benchmarks.bench.ground import NotReady, Tools, builds, cores, tools
from benchmarks.bench.proxies import Bngcorr, FreeRadius, NoProxy, Proxy, RadSecProxy
from benchmarks.bench.report import tables
from benchmarks.bench.run import Plan, Scene


def proxies(*, pure: bool) -> tuple[list[Proxy], str]:
    """Everybody, in the order of the rounds; and which build of bngcorr is measured."""
    found = builds()
    build = found[-1] if pure else found[0]
    everybody: list[Proxy] = [
        NoProxy(),
        RadSecProxy(),
        FreeRadius("freeradius", "FreeRADIUS, plain", "proxy"),
        FreeRadius(PEER, "FreeRADIUS + strip + rlm_redis", "redis"),
        Bngcorr(OURS, build),
        Bngcorr(f"{OURS}-spool", build, spool=True),
    ]
    if build is not found[-1]:
        everybody.append(Bngcorr(f"{OURS}-pure", found[-1]))
    return everybody, build.name


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="within 4 minutes; others than the two that matter once")
    parser.add_argument(
        "--smoke", action="store_true", help="within a minute: whether it all works, no figures to keep"
    )
    parser.add_argument("--cases", help="by name, comma between them: sink, radsecproxy, freeradius, freeradius-redis, "
                                        "bngcorr, bngcorr-spool, bngcorr-pure")  # fmt: skip
    parser.add_argument("--rounds", type=int, help="3 or more for figures to keep (5; quick: 3)")
    parser.add_argument("--seconds", type=float, help="of the closed loop of each case in each round (8; quick: 4)")
    parser.add_argument("--lines", type=int, default=100_000, help="access lines on 200 BNGs (100000)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pure", action="store_true", help="bngcorr as pure Python, also if there is a compiled build")
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="where time goes in bngcorr, by py-spy: slower")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="the JSON object, with every round")
    given = parser.parse_args(arguments)
    for name, quick, full in (("rounds", 3, 5), ("seconds", 4.0, 8.0)):
        if getattr(given, name) is None:
            setattr(given, name, quick if given.quick else full)
    if given.smoke:
        given.rounds, given.seconds = 1, 1.5
    if given.rounds < 1 or given.seconds <= 0 or given.lines < 2_000:
        parser.error("--rounds and --seconds: expected more than 0; --lines: expected 2000 or more")
    return given


def main(arguments: Sequence[str]) -> int:
    """Measure, print; the exit code."""
    given = _asked(arguments)
    console = Console(stderr=True)
    everybody, build = proxies(pure=given.pure)
    essential = {PEER, OURS}
    if given.cases:
        names = given.cases.split(",")
        unknown = set(names) - {proxy.name for proxy in everybody}
        if unknown:
            console.print(f"--cases: no {', '.join(sorted(unknown))}; there are "
                          f"{', '.join(proxy.name for proxy in everybody)}", markup=False)  # fmt: skip
            return 2
        everybody = [proxy for proxy in everybody if proxy.name in names]
        essential = set(names)
    elif given.smoke:
        everybody = [proxy for proxy in everybody if proxy.name in essential]
    try:
        compiled = tools()
        cast = []
        for proxy in everybody:
            lacks = proxy.missing()
            if lacks is None:
                cast.append(proxy)
            elif proxy.name in essential:
                raise NotReady(f"{proxy.title} needs {lacks}")
            else:
                console.print(f"left out: {proxy.title}; it needs {lacks}", markup=False)
    except NotReady as error:
        console.print(str(error), markup=False)
        return 2
    found = _rounds(cast, essential, compiled, given, console)
    reasons = figures.void(found.get(OURS, ())) if OURS in found else []
    result = _result(found, build, reasons, given)
    out = Console()
    for table in tables(result, {proxy.name: proxy.title for proxy in cast}):
        out.print(table)
    for reason in reasons:
        out.print(f"void: {reason}", markup=False)
    if given.output:
        full = {**result, "each": {name: [figures.as_json(one) for one in rounds] for name, rounds in found.items()}}
        given.output.write_text(json.dumps(full, indent=1) + "\n")
    print(json.dumps(result), flush=True)
    return 1 if reasons else 0


def _rounds(
    cast: Sequence[Proxy], essential: set[str], compiled: Tools, given: argparse.Namespace, console: Console
) -> dict[str, list[Round]]:
    found: dict[str, list[Round]] = {proxy.name: [] for proxy in cast}
    on = cores()
    began = time.monotonic()
    for turn in range(given.rounds):
        for proxy in cast:
            brief = given.quick and proxy.name not in essential
            if brief and turn:
                continue
            calm = given.smoke or (turn == 0 and not brief)
            plan = Plan(
                seconds=given.seconds, wide_seconds=given.seconds / 3, acct_seconds=given.seconds * 0.6,
                calm_seconds=(1.0 if given.smoke else 3.0) if calm else 0.0, lines=given.lines,
                seed=given.seed + turn,
                profile=given.profile if proxy.name.startswith(OURS) and not turn else None,
            )  # fmt: skip
            try:
                with Scene(proxy, compiled, on, plan) as scene:
                    one = scene.measure()
            except RuntimeError as error:
                console.print(f"{proxy.title}: {error}", markup=False)
                if proxy.name in essential:
                    raise SystemExit(1) from None
                continue
            found[proxy.name].append(one)
            cpu = "" if one.cpu_us is None else f", {one.proxy_us:.0f} + {one.store_us:.0f} µs"
            console.print(
                f"{time.monotonic() - began:4.0f} s  round {turn + 1}  {proxy.title:<32} {one.rps:8.0f} req/s{cpu}"
                f", lost {one.lost}, wrong {one.wrong}, matched {one.matched:.1%}", markup=False, highlight=False,
            )  # fmt: skip
    return {name: rounds for name, rounds in found.items() if rounds}


def _result(
    found: Mapping[str, Sequence[Round]], build: str, reasons: Sequence[str], given: argparse.Namespace
) -> Json:
    ours = found.get(OURS, ())
    calls = [one.store_calls or 0 for one in ours]
    return {
        "benchmark": "bench",
        "quick": bool(given.quick or given.smoke),
        "rounds": given.rounds,
        "seconds": given.seconds,
        "build": build,
        **figures.ratios(found),
        "lost": sum(one.lost for one in ours),
        "wrong": sum(one.wrong for one in ours),
        "store_calls": sum(calls),
        "void": list(reasons),
        "machine": {
            "processor": _processor(), "cores": len(cores().others.split(",")) + 1 if cores().proxy else 1,
            "pinned": bool(cores().proxy), "kernel": platform.release(), "python": platform.python_version(),
        },
        "cases": {name: figures.summary(rounds) for name, rounds in found.items()},
    }  # fmt: skip


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
