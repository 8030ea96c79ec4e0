"""A proxy, a store and a sink of their own: started, loaded, looked at from outside, and ended."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis

from benchmarks.bench import process
from benchmarks.bench.ground import Cores, Tools, free_port, pinned, py_spy, store_program
from benchmarks.bench.process import Child
from benchmarks.bench.proxies import AAA_SECRET, BNG_SECRET, BNGS, NoProxy, Places, Proxy

DRAIN_WITHIN_S: Final = 20.0
_CALLS: Final = ("cmdstat_get", "cmdstat_set")  # of a store that is asked by single commands

Told = Any  # a line of JSON from the tools


@dataclass(slots=True)
class Costs:
    """What a phase cost."""

    told: Told
    busy: float | None = None
    proxy_us: float | None = None
    store_us: float | None = None
    drain_s: float | None = None


class Scene:
    """A store, a sink and a proxy of their own; use as a context manager."""

    def __init__(self, proxy: Proxy, tools: Tools, cores: Cores, *, lines: int, seed: int) -> None:
        self._proxy = proxy
        self._tools = tools
        self._lines = lines
        self._seed = seed
        self._folder = Path(tempfile.mkdtemp(prefix="bngcorr-bench-"))
        self.places = Places(
            auth=free_port(), acct=free_port(), aaa_auth=free_port(), aaa_acct=free_port(),
            store=free_port(socket.SOCK_STREAM), folder=self._folder, cores=cores,
        )  # fmt: skip
        self._children: list[Child] = []
        self._sink: Child
        self._store: Child
        self._child: Child | None = None
        self._redis = redis.Redis(port=self.places.store)

    def __enter__(self) -> Scene:
        try:
            (self._folder / "run").mkdir()
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        self._redis.close()
        for child in reversed(self._children):
            child.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _spawn(self, name: str, command: list[str], *, talks: bool = False) -> Child:
        child = Child(
            pinned(self.places.cores.others, command), self._folder / f"{name}.log", folder=self._folder, talks=talks
        )
        self._children.append(child)
        return child

    def _start(self) -> None:
        places = self.places
        self._store = self._spawn(
            "store",
            [store_program(), "--port", str(places.store), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
             "--dir", str(self._folder)],
        )  # fmt: skip
        for _ in range(200):
            with contextlib.suppress(redis.ConnectionError):
                self._redis.ping()
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"the store did not start: {self._store.told()}")
        secret = BNG_SECRET if isinstance(self._proxy, NoProxy) else AAA_SECRET
        self._sink = self._spawn(
            "sink",
            [str(self._tools.aaasink), "-p", str(places.aaa_auth), "-q", str(places.aaa_acct), "-s", secret],
            talks=True,
        )
        self._sink.hear()
        self._child = self._proxy.start(places)
        if self._child is not None:
            self._children.append(self._child)

    # ---- what is seen from outside

    @property
    def proxy(self) -> Child | None:
        """The proxy's process; None where BNGs ask the sink themselves."""
        return self._child

    @property
    def store(self) -> Child:
        """The store's process."""
        return self._store

    def seen(self) -> Told:
        """What AAA saw since it was last asked."""
        self._sink.signal(signal.SIGUSR1)
        return json.loads(self._sink.hear())

    def wrong_ones(self) -> list[str]:
        """The first requests that AAA saw on another line: which, and on which."""
        return self._sink.told().splitlines()

    def calls(self) -> int | None:
        """Round trips to the store so far."""
        ours = self._proxy.metrics().get("bngcorr_store_calls")
        if ours is not None:
            return int(ours)
        if self._child is None:
            return None
        stats: Mapping[str, Mapping[str, int]] = self._redis.info("commandstats")
        return sum(stats[name]["calls"] for name in _CALLS if name in stats)

    @contextlib.contextmanager
    def load(self, mode: str) -> Iterator[Child]:
        """The load generator, ready for phases."""
        places = self.places
        port = places.acct if mode == "acct" else places.auth
        if self._child is None:
            port = places.aaa_auth
        child = self._spawn(
            "load",
            [str(self._tools.loadgen), "-p", str(port), "-s", BNG_SECRET, "-m", mode, "-b", str(BNGS),
             "-l", str(self._lines), "-x", str(self._seed)],
            talks=True,
        )  # fmt: skip
        child.hear()
        yield child
        child.end()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The store stands still meanwhile; connections to it stay open."""
        self._store.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._store.signal(signal.SIGCONT)

    def phase(self, load: Child, said: str) -> Costs:
        """One phase, and what it cost until the last write was in the store."""
        pids = {} if self._child is None else {"proxy": self._child.pid, "store": self._store.pid}
        before = {name: process.cpu_seconds(pid) for name, pid in pids.items()}
        told = self.tell(load, said)
        if self._child is None:
            return Costs(told)
        if not self._child.alive:
            raise RuntimeError(f"{self._proxy.title} ended: {self._child.told()}")
        busy = (process.cpu_seconds(self._child.pid) - before["proxy"]) / told["taken"]
        drained = process.quiet(pids.values(), DRAIN_WITHIN_S)
        spent = {name: process.cpu_seconds(pid) - before[name] for name, pid in pids.items()}
        each = 1e6 / max(told["answered"], 1)
        return Costs(told, busy, spent["proxy"] * each, spent["store"] * each, drained)

    def tell(self, load: Child, said: str) -> Told:
        """One phase, and what the load generator says of it."""
        load.say(said)
        return json.loads(load.hear())

    def profiler(self, into: Path, seconds: float) -> Child | None:
        """py-spy beside the proxy for so long."""
        if self._child is None:
            return None
        out = into / f"{self._proxy.name}.svg"
        command = [str(py_spy()), "record", "-p", str(self._child.pid), "-d", str(max(int(seconds), 1)), "-o", str(out)]
        return self._spawn("py-spy", [*command, "--rate", "250", "--nonblocking"])
