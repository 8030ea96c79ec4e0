"""bngcorr beside FreeRADIUS and radsecproxy: the same load, the same cores, round robin.

    make bench
    make bench ARGS=--quick
    make bench ARGS=--capture

Each case is started anew in each round, alone: the proxy on a core of its own, BNGs, AAA and store on another. What it
means is told in docs/performance.md. The last line is one JSON object. Exit code 1 if what was measured of bngcorr is
void (a request on a wrong line, the store never asked, the job not done), 2 if something has to be installed first.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.bench import figures
from benchmarks.bench.figures import OURS, PEER, Json, Round
from benchmarks.bench.ground import ROOT, Build, NotReady, builds, cores, machine, pinned, py_spy, python, tools
from benchmarks.bench.proxies import Bngcorr, FreeRadius, NoProxy, Proxy, RadSecProxy
from benchmarks.bench.report import figures_table, identification, ratios_table
from benchmarks.bench.run import BURST, WIDE, WINDOW, Plan, measure
from benchmarks.bench.scene import Scene
from benchmarks.capture.__main__ import main as over_captures

LEAST_WIDTH = 132  # of the table, where there is no terminal
WARM_S = 5.0
OTHERS_UNTIL_S = 170.0  # a quick run takes on no further case after that
IDENTIFICATION_UNTIL_S = 210.0


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line."""

    quick: bool
    smoke: bool
    cases: tuple[str, ...]  # none: all
    rounds: int
    seconds: float
    lines: int
    seed: int
    pure: bool
    profile: Path | None
    output: Path | None


def _asked(arguments: Sequence[str]) -> Asked:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="within 4 minutes: the two cases that matter in 3 short "
                                                             "rounds, all others once")  # fmt: skip
    parser.add_argument("--smoke", action="store_true", help="within a minute: one round of the two cases that matter, "
                                                             "to see that all of it works")  # fmt: skip
    parser.add_argument("--capture", action="store_true", help="how fast captures are read instead, beside tshark and "
                        "scapy; more with --capture --help")  # fmt: skip
    parser.add_argument("--cases", default="", help="some only, by name, comma between them: sink, radsecproxy, "
                        "freeradius, freeradius-redis, bngcorr, bngcorr-spool, bngcorr-pure")  # fmt: skip
    parser.add_argument("--rounds", type=int, help="of each case, 1 or more (5, quick 3, smoke 1)")
    parser.add_argument("--seconds", type=float, help="of the closed loop of each case in a round (8, quick 4)")
    parser.add_argument("--lines", type=int, default=8_000, help="access lines, on 200 BNGs (8000)")
    parser.add_argument("--seed", type=int, default=1, help="which lines can't be told apart, among others (1)")
    parser.add_argument("--pure", action="store_true", help="bngcorr as pure Python, also where there is a compiled "
                                                            "build")  # fmt: skip
    parser.add_argument("--profile", type=Path, metavar="FOLDER", help="write there where bngcorr's time goes in the "
                        "first round (py-spy; its figures suffer)")  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the JSON object there, every round "
                                                                          "in it")  # fmt: skip
    given = parser.parse_args(arguments)
    short = 1 if given.smoke else 3 if given.quick else 5
    asked = Asked(
        quick=given.quick, smoke=given.smoke, cases=tuple(filter(None, given.cases.split(","))),
        rounds=short if given.rounds is None else given.rounds,
        seconds=given.seconds if given.seconds is not None else 1.5 if given.smoke else 4.0 if given.quick else 8.0,
        lines=given.lines, seed=given.seed, pure=given.pure,
        profile=given.profile.absolute() if given.profile else None, output=given.output,
    )  # fmt: skip
    if asked.rounds < 1 or not 0.5 <= asked.seconds <= 600:
        parser.error(f"--rounds {asked.rounds} --seconds {asked.seconds}: expected 1 or more, and 0.5 to 600")
    if not 4_000 <= asked.lines <= 1_000_000:
        parser.error(f"--lines {asked.lines}: expected 4000 to 1000000")
    return asked


class Bench:
    """One run of the benchmark."""

    def __init__(self, asked: Asked, console: Console) -> None:
        """Raises NotReady."""
        self._asked = asked
        self._console = console
        self._began = time.monotonic()
        found, why_not = builds()
        self.build = found[-1] if asked.pure else found[0]
        self._say(f"bngcorr: {self.build.name}" + (f"; {why_not}" if why_not else ""))
        self._tools = tools()
        self._cores = cores()
        if asked.profile is not None:
            asked.profile.mkdir(parents=True, exist_ok=True)
            if not py_spy().exists():
                raise NotReady(f"--profile: there is no {py_spy()} (pip install py-spy)")
        self.essential = set(asked.cases) or {PEER, OURS}
        self.cast = [proxy for proxy in self._everybody(found) if self._takes_part(proxy)]
        unknown = set(asked.cases) - {proxy.name for proxy in self.cast}
        if unknown:
            raise NotReady(f"--cases: there is no {', '.join(sorted(unknown))}")

    def _everybody(self, found: list[Build]) -> list[Proxy]:
        return [
            NoProxy(),
            RadSecProxy(),
            FreeRadius("freeradius", "FreeRADIUS plain", "proxy"),
            FreeRadius(PEER, "FreeRADIUS + strip + rlm_redis", "redis"),
            Bngcorr(OURS, self.build),
            Bngcorr(f"{OURS}-spool", self.build, spool=True),
            *([Bngcorr(f"{OURS}-pure", found[-1])] if self.build is not found[-1] else []),
        ]

    def _takes_part(self, proxy: Proxy) -> bool:
        if (self._asked.cases or self._asked.smoke) and proxy.name not in self.essential:
            return False
        lacks = proxy.missing()
        if lacks is None:
            return True
        if proxy.name in self.essential:
            raise NotReady(f"{proxy.title}: install {lacks}")
        self._say(f"left out: {proxy.title}; it needs {lacks}")
        return False

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def rounds(self) -> dict[str, list[Round]]:
        """Everybody in turn, several times; in a quick run those that matter, then all others once if there is time.

        Raises RuntimeError if one of those that matter fails.
        """
        found: dict[str, list[Round]] = {proxy.name: [] for proxy in self.cast}
        first = [proxy for proxy in self.cast if proxy.name in self.essential or not self._asked.quick]
        for turn in range(self._asked.rounds):
            for proxy in first:
                self._one(proxy, turn, found)
        for proxy in self.cast:
            if proxy not in first:
                if self._elapsed < OTHERS_UNTIL_S:
                    self._one(proxy, 0, found)
                else:
                    self._say(f"left out: {proxy.title}; there is no time left")
        return {proxy.name: found[proxy.name] for proxy in self.cast if found[proxy.name]}

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._began

    def _one(self, proxy: Proxy, turn: int, found: dict[str, list[Round]]) -> None:
        try:
            seed = self._asked.seed + turn
            with Scene(proxy, self._tools, self._cores, lines=self._asked.lines, seed=seed) as scene:
                one = measure(scene, proxy, self._plan(proxy, turn))
                for wrong in scene.wrong_ones() if proxy.name.startswith(OURS) else ():
                    self._say(f"{proxy.title}: {wrong}")
        except RuntimeError as error:
            if proxy.name in self.essential:
                raise
            self._say(f"{proxy.title}: {error}")
            return
        found[proxy.name].append(one)
        costs = one.proxy_us, one.store_us
        cpu = "" if None in costs else ", CPU {:.0f} + {:.0f} µs".format(*costs)
        self._say(
            f"{self._elapsed:4.0f} s  round {turn + 1}  {proxy.title:<30} {one.rps:7.0f} req/s{cpu}, "
            f"lost {one.lost}, wrong {one.wrong}"
        )

    def _plan(self, proxy: Proxy, turn: int) -> Plan:
        asked, ours, matters = self._asked, proxy.name.startswith(OURS), proxy.name in self.essential
        seconds = asked.seconds if matters or not asked.quick else asked.seconds / 2
        calm_s = 1.0 if asked.smoke else 2.0 if asked.quick else 5.0
        calm = not turn and (matters or not asked.quick)
        return Plan(
            warm_seconds=WARM_S / 2 if asked.smoke else WARM_S,
            seconds=seconds,
            wide_seconds=max(seconds / 3, 1.0),
            acct_seconds=max(seconds / 2, 1.0),
            calm_seconds=calm_s if calm else 0.0,
            frozen_seconds=calm_s if calm and proxy.asks_store and not asked.smoke else 0.0,
            profile=asked.profile if ours and not turn else None,
        )

    def identification(self) -> object:
        """What benchmarks/identification.py finds, with the same build; None if it fails, or if time is short."""
        if self._asked.smoke or (self._asked.quick and self._elapsed > IDENTIFICATION_UNTIL_S):
            return None
        path = os.pathsep.join(map(str, (self.build.path, ROOT)))
        command = pinned(self._cores.proxy, [python(), "-m", "benchmarks.identification"])
        with tempfile.TemporaryDirectory(prefix="bngcorr-bench-") as folder:
            try:
                done = subprocess.run(
                    command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
                    timeout=120, check=True,
                )  # fmt: skip
            except subprocess.SubprocessError as error:
                self._say(f"identification: {error}")
                return None
        return json.loads(done.stdout.splitlines()[-1])["packets"]

    def result(self, found: Mapping[str, Sequence[Round]], identification: object) -> Json:
        """The JSON object."""
        ours = found.get(OURS, ())
        return {
            "benchmark": "bench",
            "short": self._asked.quick or self._asked.smoke,
            "rounds": self._asked.rounds,
            "seconds": self._asked.seconds,
            "build": self.build.name,
            **figures.ratios(found),
            "lost": sum(one.lost for one in ours),
            "wrong": sum(one.wrong for one in ours),
            "store_calls": sum(one.store_calls or 0 for one in ours),
            "void": figures.void(ours),
            "machine": machine(),
            "identification": identification,
            "cases": {name: figures.summary(rounds) for name, rounds in found.items()},
        }  # fmt: skip


def main(arguments: Sequence[str]) -> int:
    """Measure, print; the exit code."""
    if "--capture" in arguments:
        return over_captures([argument for argument in arguments if argument != "--capture"])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started here is ended
    asked = _asked(arguments)
    console = Console(stderr=True)
    try:
        bench = Bench(asked, console)
        found = bench.rounds()
    except NotReady as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 2
    except RuntimeError as error:
        console.print(f"the benchmark can't go on: {error}", markup=False, soft_wrap=True)
        return 1
    result = bench.result(found, bench.identification())
    titles = {proxy.name: proxy.title for proxy in bench.cast if proxy.name in found}
    out = Console()
    if not out.is_terminal:
        out = Console(width=LEAST_WIDTH)
    out.print(figures_table(result, titles, {"window": WINDOW, "wide": WIDE, "burst": BURST}))
    beside = ratios_table(result, titles)
    if beside is not None:
        out.print(beside)
    told = identification(result)
    if told:
        out.print(told, highlight=False)
    reasons = figures.void(found.get(OURS, ()))
    for reason in reasons:
        out.print(f"void: {reason}", markup=False)
    if asked.output is not None:
        each = {name: [figures.as_json(one) for one in rounds] for name, rounds in found.items()}
        asked.output.write_text(json.dumps({**result, "each": each}, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result), flush=True)
    return 1 if reasons else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
