"""bngcorr replay and diagnose beside tshark and scapy, over the same capture, one after the other on one core.

    make bench ARGS=--capture
    make bench ARGS='--capture --quick'

A mixed capture of 1 GB is written first (benchmarks/capture/generate.py says what is in it), 20 MB for --quick;
everybody reads it from the page cache. tshark is asked for 18 fields of each DHCP and RADIUS packet; `bngcorr, fields`
writes the same lines with our decoders, and they are compared. scapy reads the beginning of the file only. Whether
memory grows with the file is seen on its first tenth and on all of it; on the tenth replay's rows are compared with the
truth. What it means is told in docs/performance.md. The last line is one JSON object. Exit code 1 if a request is put
on a wrong line, something is counted wrongly, or a run that is not quick misses 20,000 DHCP and RADIUS packets/s in
constant memory; 2 if something has to be installed first.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from benchmarks.bench.ground import NotReady, builds, cores, machine
from benchmarks.capture import figures, told
from benchmarks.capture.cases import FIELDS, PEER, REPLAY, ROWS, Case, Taken, cases, run
from benchmarks.capture.figures import Reading, Rows, Run
from benchmarks.capture.generate import Truth, generate, octets
from benchmarks.capture.report import table

LEAST_WIDTH = 120  # of the table, where there is no terminal


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line."""

    quick: bool
    size: int
    slow_size: int
    seed: int
    rounds: int
    names: tuple[str, ...]  # none: all
    pure: bool
    within_s: float
    folder: Path | None
    output: Path | None


def _asked(arguments: Sequence[str]) -> Asked:
    parser = argparse.ArgumentParser(
        prog="bench --capture", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a small file, within 2 minutes")
    parser.add_argument("--size", type=octets, help="octets of the capture (1G, quick 20M)")
    parser.add_argument("--slow-size", type=octets, help="octets of it that scapy reads (10M, quick 2M)")
    parser.add_argument("--seed", type=int, default=1, help="another file (1)")
    parser.add_argument("--rounds", type=int, default=1, help="everybody in turn so many times (1)")
    parser.add_argument("--cases", default="", help="some only, by name, comma between them: replay, diagnose, fields, "
                                                    "tshark, scapy")  # fmt: skip
    parser.add_argument("--pure", action="store_true", help="bngcorr as pure Python, also where there is a compiled "
                                                            "build")  # fmt: skip
    parser.add_argument(
        "--within", type=float, default=1800.0, metavar="SECONDS", help="that one of them may take (1800)"
    )
    parser.add_argument("--folder", type=Path, help="where the capture is written and deleted, instead of the folder "
                                                    "for temporary files")  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="write the JSON object there, too")
    given = parser.parse_args(arguments)
    asked = Asked(
        quick=given.quick, size=given.size or octets("20M" if given.quick else "1G"),
        slow_size=given.slow_size or octets("2M" if given.quick else "10M"), seed=given.seed, rounds=given.rounds,
        names=tuple(filter(None, given.cases.split(","))), pure=given.pure, within_s=given.within, folder=given.folder,
        output=given.output,
    )  # fmt: skip
    if asked.rounds < 1 or asked.size < 1_000_000:
        parser.error(f"--rounds {asked.rounds} --size {asked.size}: expected 1 or more, and 1M or more")
    return asked


class Bench:
    """One run of the benchmark."""

    def __init__(self, asked: Asked, console: Console, folder: Path) -> None:
        """Raises NotReady."""
        self._asked = asked
        self._console = console
        self._folder = folder
        self._began = time.monotonic()
        found, why_not = builds()
        self.build = found[-1] if asked.pure else found[0]
        self._say(f"bngcorr: {self.build.name}" + (f"; {why_not}" if why_not else ""))
        self._core = cores().proxy
        everybody = cases()
        unknown = set(asked.names) - {case.name for case in everybody}
        if unknown:
            raise NotReady(f"--cases: there is no {', '.join(sorted(unknown))}")
        self.cast = [case for case in everybody if self._takes_part(case)]
        self._odd: list[str] = []

    def _takes_part(self, case: Case) -> bool:
        if self._asked.names and case.name not in self._asked.names:
            return False
        if case.lacks and case.name in self._asked.names:
            raise NotReady(f"{case.title}: install {case.lacks}")
        if case.lacks:
            self._say(f"left out: {case.title}; it needs {case.lacks}")
        return not case.lacks

    def _say(self, text: str) -> None:
        elapsed = time.monotonic() - self._began
        self._console.print(f"{elapsed:4.0f} s  {text}", markup=False, highlight=False, soft_wrap=True)

    def _file(self, name: str, size: int) -> tuple[Path, Truth]:
        began = time.monotonic()
        path = self._folder / f"{name}.pcap"
        truth = generate(path, size, self._asked.seed)
        self._say(
            f"{name}: {truth.octets:,} octets, {truth.packets:,} packets, {truth.wanted:,} of DHCP and RADIUS, "
            f"{truth.lines:,} lines in {truth.seconds / 3600:.0f} h; written in {time.monotonic() - began:.0f} s"
        )
        return path, truth

    def run(self) -> Run:
        """Everybody in turn. Raises RuntimeError."""
        part, of_part = self._file("tenth", self._asked.size // 10)
        beginning, of_beginning = self._file("beginning", self._asked.slow_size)
        whole, of_whole = self._file("whole", self._asked.size)
        in_part: dict[str, Reading] = {}
        in_whole: dict[str, list[Reading]] = {case.name: [] for case in self.cast}
        self._compared(part)
        for case in self.cast:
            if not case.slow:
                in_part[case.name] = self._one(case, part, of_part)
        for _ in range(self._asked.rounds):
            for case in self.cast:
                chosen = (beginning, of_beginning) if case.slow else (whole, of_whole)
                in_whole[case.name].append(self._one(case, *chosen))
        return Run(in_whole, in_part, self._rows(part), self._odd)

    def _take(self, case: Case, path: Path) -> Taken:
        return run(case, path, self.build, self._core, self._folder, self._asked.within_s)

    def _one(self, case: Case, path: Path, truth: Truth) -> Reading:
        taken = self._take(case, path)
        reading = Reading(
            truth.octets, truth.packets, truth.wanted, taken.seconds, taken.cpu_seconds, taken.peak_octets
        )
        if case.counts_lines:
            with taken.said.open("rb") as lines:
                count = sum(1 for _ in lines)
            if count != truth.wanted:
                self._odd.append(
                    f"{case.title} tells of {count} DHCP and RADIUS packets in {path.name}, not {truth.wanted}"
                )
        else:
            self._odd += told.odd(case.name, taken.said.read_bytes(), truth)
        self._say(
            f"{path.stem:<10} {case.title:<18} {reading.rate:10,.0f} packets/s, "
            f"{reading.wanted_rate:9,.0f} of DHCP and RADIUS; {reading.peak_octets / (1 << 20):5.0f} MiB"
        )
        return reading

    def _compared(self, path: Path) -> None:
        """Our fields with those of tshark, line by line."""
        both = [case for case in self.cast if case.name in (FIELDS, PEER)]
        if len(both) < 2:
            return
        ours, theirs = (self._take(case, path).said for case in both)
        with ours.open("rb") as one, theirs.open("rb") as other:
            different = sum(a != b for a, b in zip(one, other, strict=False))
        if different:
            self._odd.append(f"{different} packets have other fields than tshark tells")

    def _rows(self, path: Path) -> Rows | None:
        """What replay made of the requests that name no line."""
        if not any(case.name == REPLAY for case in self.cast):
            return None
        taken = self._take(ROWS, path)
        with taken.said.open("rb") as lines:
            return told.judged(lines, path)


def main(arguments: Sequence[str]) -> int:
    """Measure, print; the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was written here is deleted
    asked = _asked(arguments)
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory(prefix="bngcorr-bench-", dir=asked.folder) as folder:
        try:
            bench = Bench(asked, console, Path(folder))
            found = bench.run()
        except NotReady as error:
            console.print(str(error), markup=False, soft_wrap=True)
            return 2
        except (OSError, RuntimeError) as error:
            console.print(f"the benchmark can't go on: {error}", markup=False, soft_wrap=True)
            return 1
    faults = figures.faults(found, short=asked.quick)
    result: figures.Json = {
        "benchmark": "capture", "short": asked.quick, "build": bench.build.name, "seed": asked.seed,
        **figures.result(found), "faults": faults, "machine": machine(),
    }  # fmt: skip
    out = Console()
    if not out.is_terminal:
        out = Console(width=LEAST_WIDTH)
    out.print(table(found, {case.name: case.title for case in bench.cast}))
    for fault in faults:
        out.print(f"fault: {fault}", markup=False, soft_wrap=True)
    if asked.output is not None:
        asked.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result), flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
