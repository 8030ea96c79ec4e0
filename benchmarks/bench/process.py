"""Processes of the benchmark, and what the kernel says of them (proc(5), ss(8))."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

END_WITHIN_S: Final = 10.0
QUIET_TICKS: Final = 5  # of processor time within QUIET_S: what a process does by itself stays below
QUIET_S: Final = 0.3
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Child:
    """A program that was started here, and is ended here."""

    def __init__(
        self, command: list[str], log: Path, *, folder: Path, environment: Mapping[str, str] | None = None,
        talks: bool = False,
    ) -> None:  # fmt: skip
        """`talks`: standard input and output are pipes, and it is talked to by lines."""
        pipe = subprocess.PIPE if talks else None
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                command, stdin=pipe or subprocess.DEVNULL, stdout=pipe or out, stderr=out, cwd=folder,
                env=None if environment is None else {**os.environ, **environment}, text=True, bufsize=1,
            )  # fmt: skip
        self.log = log
        self.name = log.stem

    @property
    def pid(self) -> int:
        """Process id."""
        return self.process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def say(self, line: str) -> None:
        """Write a line to it."""
        if self.process.stdin is not None:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()

    def hear(self) -> str:
        """The next line from it. Raises RuntimeError if it has ended."""
        line = "" if self.process.stdout is None else self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended: {self.told()}")
        return line

    def told(self) -> str:
        """The end of what it wrote to its log."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-12:])

    def signal(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self) -> None:
        """SIGTERM, SIGKILL if it does not go."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(END_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(END_WITHIN_S)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def cpu_seconds(pid: int) -> float:
    """Processor time that a process took so far, all its threads, in user and kernel mode."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def ran_ms(pid: int) -> float:
    """The same to the microsecond, of the threads that it has now."""
    ran = 0
    for thread in Path(f"/proc/{pid}/task").iterdir():
        try:
            ran += int((thread / "schedstat").read_text().split()[0])  # ns
        except OSError:
            continue  # ended meanwhile
    return ran / 1e6


def quiet(pids: Iterable[int], within_s: float) -> float:
    """Wait until these processes have nothing left to do; seconds that it took, `within_s` at most."""
    watched, began = list(pids), time.monotonic()
    last, since = sum(map(cpu_seconds, watched)), began
    while (now := time.monotonic()) - began < within_s:
        time.sleep(0.05)
        spent = sum(map(cpu_seconds, watched))
        if now - since >= QUIET_S:
            if (spent - last) * _TICKS <= QUIET_TICKS:
                return max(since - began, 0.0)
            last, since = spent, now
    return within_s


def peak_octets(pid: int) -> int:
    """Most resident memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def kernel_drops(pid: int) -> int:
    """Datagrams that the kernel dropped on UDP sockets that the process holds, since each was opened."""
    inodes = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", str(link.readlink()))
        except OSError:
            continue  # closed meanwhile
        if found:
            inodes.add(found[1])
    rows = (line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:])
    return sum(int(row[12]) for row in rows if row[9] in inodes)


def receive_buffer(port: int) -> int | None:
    """Octets granted for the receive buffer of the UDP socket on that port; None without ss(8).

    The kernel doubles what it grants, for its own bookkeeping (socket(7)); this is what a program has to ask for.
    """
    try:
        said = subprocess.run(
            ["ss", "-Huanm", "sport", "=", f":{port}"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except OSError:
        return None
    found = re.search(r"skmem:\(r\d+,rb(\d+)", said)
    return int(found[1]) // 2 if found else None
