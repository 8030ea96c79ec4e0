"""Who reads the capture: each a program of its own on one core, its output in a file."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.bench.ground import ROOT, Build, pinned, python
from benchmarks.bench.process import peak_octets
from benchmarks.capture.fields import TSHARK
from benchmarks.capture.line import PORT
from benchmarks.capture.octets import SECRET
from bngcorr.cli.verbs import GROUPS

REPLAY: Final = "replay"
DIAGNOSE: Final = "diagnose"
FIELDS: Final = "fields"
PEER: Final = "tshark"
SCAPY: Final = "scapy"
_OURS: Final = (python(), "-m", "bngcorr")
_REPLAY: Final = (
    *_OURS, "replay", "--vlan-model", "per_line", "--port", PORT.decode(), "--secret", SECRET.decode(),
)  # fmt: skip
_LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class Case:
    """One program."""

    name: str
    title: str
    command: tuple[str, ...]  # the capture comes behind
    codes: tuple[int, ...] = (0,)  # exit codes of a run that did its job
    slow: bool = False  # measured on the beginning of the file only
    counts_lines: bool = False  # it writes a line for each DHCP and RADIUS packet
    lacks: str = ""  # what has to be installed


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took."""

    seconds: float
    cpu_seconds: float
    peak_octets: int
    said: Path  # what it wrote


ROWS: Final = Case(f"{REPLAY}-rows", "bngcorr replay, rows", (*_REPLAY, "--jsonl"))


def cases() -> list[Case]:
    """Everybody, ours first."""
    verbs = {verb.name for group in GROUPS.values() for verb in group}
    found = [
        Case(REPLAY, "bngcorr replay", (*_REPLAY, "--summary", "--json")),
        Case(DIAGNOSE, "bngcorr diagnose", (*_OURS, "diagnose", "--json"), codes=(0, 1)),
    ]
    tshark = shutil.which("tshark")
    scapy = importlib.util.find_spec("scapy") is not None
    reads = (python(), "-m", "benchmarks.capture.fields")
    peers = [
        Case(FIELDS, "bngcorr, fields", (*reads, "bngcorr"), counts_lines=True),
        Case(
            PEER, "tshark, fields", (tshark or PEER, *TSHARK, "-r"), counts_lines=True, lacks="" if tshark else "tshark"
        ),
        Case(
            SCAPY, "scapy", (*reads, "scapy"), slow=True, counts_lines=True,
            lacks="" if scapy else "scapy (pip install scapy)",
        ),
    ]  # fmt: skip
    return [*(case for case in found if case.name in verbs), *peers]


def run(case: Case, capture: Path, build: Build, core: str, folder: Path, within_s: float) -> Taken:
    """Raises RuntimeError if it fails or takes too long."""
    said, told = folder / f"{case.name}.out", folder / f"{case.name}.err"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(build.path), str(ROOT))), "NO_COLOR": "1"}
    with said.open("wb") as out, told.open("wb") as err:
        began = time.perf_counter()
        child = subprocess.Popen(
            pinned(core, [*case.command, str(capture)]), stdin=subprocess.DEVNULL, stdout=out, stderr=err, cwd=folder,
            env=environment,
        )  # fmt: skip
        try:
            code, cpu_seconds, peak = _followed(child.pid, began + within_s)
        except BaseException:
            child.kill()
            child.wait()
            raise
        child.returncode = code  # it was waited for
        seconds = time.perf_counter() - began
    if code is None:
        raise RuntimeError(f"{case.title} took more than {within_s:.0f} s")
    if code not in case.codes:
        lines = told.read_text(errors="replace").strip().splitlines()
        raise RuntimeError(f"{case.title} ended with {code}: {' '.join(lines[-3:])}")
    return Taken(seconds, cpu_seconds, peak, said)


def _followed(pid: int, until: float) -> tuple[int | None, float, int]:
    """Exit code (None: killed, for it took too long), processor time and peak of resident octets of a child.

    The peak is not that of wait4(2), which begins with the memory of the process that started it.
    """
    peak = 0
    late = False
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            code = None if late else os.waitstatus_to_exitcode(status)
            return code, usage.ru_utime + usage.ru_stime, peak
        with suppress(OSError, IndexError):
            peak = max(peak, peak_octets(pid))
        if not late and time.perf_counter() > until:
            late = True
            os.kill(pid, signal.SIGKILL)
        time.sleep(_LOOK_S)
