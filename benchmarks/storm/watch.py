"""What the processes take, seen from outside: memory, processor time, the longest calls of the store."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import threading
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Final

from bngcorr.model.usage import Traffic, Usage
from bngcorr.store.contract import RESTART_TOLERANCE_MS
from bngcorr.store.lane import Reply
from bngcorr.store.lane.scripts import DIGESTS
from bngcorr.store.lesson import Restart
from bngcorr.store.rows import SessionQuery, SessionRow
from bngcorr.store.terms import address_term
from bngcorr.store.valkey import ValkeyStore

EVERY_S: Final = 1.0  # a look at the metrics costs the service some milliseconds
APPLIED: Final = "applied"
LOOK_EVERY_S: Final = 0.02  # at the ledger
KEPT: Final = 4096  # entries of the slow log
_BACKLOG: Final = re.compile(r"^bngcorr_store_backlog ([0-9.e+]+)$", re.MULTILINE)


def peak_octets(pid: int) -> int:
    """Most resident memory that a process ever had (proc(5), VmHWM)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def cpu_seconds(pid: int) -> float:
    """Processor time that a process took so far, in user and kernel mode (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Backlog:
    """The most lessons that waited for the store, looked at once a second."""

    def __init__(self, metrics_url: str) -> None:
        self.most = 0
        self._url = metrics_url
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Backlog:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._over.wait(EVERY_S):
            with contextlib.suppress(OSError):
                self.look()

    def look(self) -> int:
        """How many wait now."""
        with urllib.request.urlopen(self._url, timeout=10) as answer:  # noqa: S310 -- loopback
            found = _BACKLOG.search(answer.read().decode())
        waiting = int(float(found[1])) if found else 0
        self.most = max(self.most, waiting)
        return waiting


class Slow:
    """A call from the slow log."""

    __slots__ = ("ms", "name")

    def __init__(self, entry: Reply) -> None:
        self.ms: float
        self.name: str
        names = {digest.encode(): name for name, digest in DIGESTS.items()}
        command = entry[3]
        self.ms = entry[2] / 1000
        said = command[0].decode(errors="replace").lower()
        self.name = names.get(command[1], said) if said == "evalsha" and len(command) > 1 else said


class Store:
    """The store, asked directly. Raises StoreError."""

    def __init__(self, url: str) -> None:
        self._store = ValkeyStore(url, budget_s=2.0, events=0)
        self._runner = asyncio.Runner()

    def close(self) -> None:
        """Close the connections."""
        self._runner.run(self._store.close())
        self._runner.close()

    def _ask(self, *command: str | int) -> Reply:
        (reply,) = self._runner.run(self._store.lane.run([command], 10.0))
        return reply

    # ---- the ledger

    def usage(self, bng: str) -> Usage:
        """What a BNG of a domain of its own spends."""
        return self._runner.run(self._store.queries.usage(bng, [bng]))[bng]

    def usage_by_port(self, bng: str) -> dict[str, Usage]:
        """The same by port."""
        found = self._runner.run(self._store.queries.usage_by_port(bng, [bng]))[bng]
        return {port: usage for (_, port), usage in found.items()}

    def traffic(self, bng: str) -> Traffic:
        """What has been accounted for."""
        return self._runner.run(self._store.queries.traffic(bng, [bng]))[bng]

    def await_usage(self, bng: str, usage: Usage, stalled_s: float) -> float | None:
        """Seconds until the ledger says so; None if nothing about it changes any more for `stalled_s`."""
        began = since = time.monotonic()
        last = None
        while (found := self.usage(bng)) != usage:
            now = time.monotonic()
            if found != last:
                last, since = found, now
            if now - since > stalled_s:
                return None
            time.sleep(LOOK_EVERY_S)
        return time.monotonic() - began

    def holders(self, bng: str, address: object) -> list[SessionRow]:
        """Sessions that hold an address."""
        query = SessionQuery(domains=((bng, (bng,)),), terms=(address_term(str(address)),))
        return self._runner.run(self._store.queries.sessions(query))[0]

    # ---- its calls

    def log_slower_than(self, microseconds: int) -> None:
        """Empty the slow log, and note from now on what takes longer."""
        self._ask("CONFIG", "SET", "slowlog-max-len", KEPT)
        self._ask("CONFIG", "SET", "slowlog-log-slower-than", microseconds)
        self._ask("SLOWLOG", "RESET")

    def slow(self) -> list[Slow]:
        """What is in the slow log, the longest first."""
        return sorted(map(Slow, self._ask("SLOWLOG", "GET", -1)), key=lambda call: -call.ms)

    def restart_ms(self, bng: str, times: int) -> float:
        """Milliseconds that the store takes to restart a BNG, which is one box: the best of so many."""
        self.log_slower_than(0)
        at_ms = self._runner.run(self._store.now_ms())
        for turn in range(1, times + 1):
            at_ms += 2 * RESTART_TOLERANCE_MS
            restart = Restart(domain=bng, bng=bng, nas=f"{bng}|", at_ms=at_ms)
            word = self._runner.run(self._store.write([restart], at_ms))
            if word != [APPLIED]:
                raise RuntimeError(f"restart {turn} of {bng}: the store says {word}")
        return min(call.ms for call in self.slow() if call.name == "write")

    def memory(self) -> dict[str, int]:
        """INFO memory, its numbers."""
        return self._numbers("memory")

    def process_id(self) -> int:
        """Of the server."""
        return self._numbers("server")["process_id"]

    def _numbers(self, section: str) -> dict[str, int]:
        lines = self._ask("INFO", section).decode().splitlines()
        pairs = (line.split(":", 1) for line in lines if ":" in line)
        return {name: int(value) for name, value in pairs if value.isdigit()}
