"""Everything that takes part, started and ended: a Valkey, AAA, `bngcorr serve`; each where it disturbs least."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.storm.aaa import Aaa
from benchmarks.storm.truth import Bng
from benchmarks.storm.watch import Store
from tests.service.process import Service, Settings, Valkey, get

BNG_SECRET = b"between-bng-and-proxy"
AAA_SECRET = b"between-proxy-and-aaa"
SPOOL_RATE = 100_000  # records a second; the storm is to show what the service can do, not what it was told


class _Profiled(Service):
    """Under cProfile, which writes its findings when the service ends; twice as slow."""

    def __init__(self, folder: Path, settings: Settings, profile: Path) -> None:
        super().__init__(folder, settings)
        self._profile = profile

    def _spawn(self, verb: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "cProfile", "-o", str(self._profile), "-m", "bngcorr"]
        with self.log_file(verb).open("ab") as log:
            return subprocess.Popen([*command, verb, "-c", str(self.config)], stdout=log, stderr=log)


class Stage:
    """Use as a context manager; everything ends with it."""

    def __init__(
        self, folder: Path, bngs: tuple[Bng, ...], *, spool: bool, loss: float, seed: int, profile: Path | None
    ) -> None:
        """Nothing is started yet but AAA. `loss` is the share of requests that get lost on the way to AAA."""
        self.valkey = Valkey(folder)
        self.aaa = Aaa(AAA_SECRET, sum(bng.lines for bng in bngs), loss=loss, seed=seed)
        settings: Settings = {
            "store": {"url": self.valkey.url},
            "upstream": {
                kind: {"address": f"127.0.0.1:{at}", "secret": AAA_SECRET.decode()}
                for kind, at in (("auth", self.aaa.auth_port), ("acct", self.aaa.acct_port))
            },
            "bngs": [
                {"name": bng.name, "address": bng.host, "secret": BNG_SECRET.decode(), "profile": "nokia-sros"}
                for bng in bngs
            ],
        }
        if spool:
            settings["spool"] = {"enabled": True, "path": str(folder / "spool.db"), "rate": SPOOL_RATE}
        self.service = Service(folder, settings) if profile is None else _Profiled(folder, settings, profile)
        self.store = Store(self.valkey.url)
        self.store_pid = 0
        self.pinned = False

    def __enter__(self) -> Stage:
        try:
            self.valkey.start()
            self.service.start()
            self.store_pid = self.store.process_id()
            self._pin()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        self.store.close()
        self.service.close()
        self.valkey.kill()
        self.aaa.close()

    def _pin(self) -> None:
        """The service gets a core of its own, all others share the rest, where there are two or more."""
        first, *rest = sorted(os.sched_getaffinity(0))
        if rest:
            os.sched_setaffinity(self.service_pid, {first})
            for pid in (0, self.store_pid, self.aaa.pid):
                os.sched_setaffinity(pid, rest)
            self.pinned = True

    @property
    def service_pid(self) -> int:
        """Process id of `bngcorr serve`."""
        child = self.service.serve
        if child is None:
            raise RuntimeError("the service is not running")
        return child.pid

    @property
    def server(self) -> tuple[str, int, int]:
        """Where BNGs send to: host, ports for access and for accounting."""
        return "127.0.0.1", self.service.auth_port, self.service.acct_port

    @property
    def metrics_url(self) -> str:
        """Of the service."""
        return f"http://127.0.0.1:{self.service.health_port}/metrics"

    def samples(self, name: str) -> list[tuple[dict[str, str], float]]:
        """Labels and values of a metric of the service."""
        return [
            (sample.labels, sample.value)
            for family in text_string_to_metric_families(get(self.metrics_url).body)
            for sample in family.samples
            if sample.name == name
        ]
