"""One case in one round: everything started, measured phase by phase, and ended."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import redis

from benchmarks.bench import process
from benchmarks.bench.figures import Round
from benchmarks.bench.ground import Cores, Tools, free_port, pinned, store_program
from benchmarks.bench.process import Child
from benchmarks.bench.proxies import AAA_SECRET, BNG_SECRET, BNGS, NoProxy, Places, Proxy

WINDOW: Final = 32  # requests outstanding in the closed loop
WIDE: Final = 256
BURST: Final = 2_000
WARM_S: Final = 2.5  # the v6 requests without line id come up to 2 s behind
ACCT_WARM_S: Final = 1.0
DRAIN_WITHIN_S: Final = 20.0
_CALLS: Final = ("cmdstat_get", "cmdstat_set")  # of a store that is asked by single commands

Told = Any  # a line of JSON from the tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured, and how long."""

    seconds: float  # of the closed loop
    wide_seconds: float
    acct_seconds: float  # 0: no accounting
    calm_seconds: float  # of one at a time, and of the open loop; 0: neither
    frozen_seconds: float  # of the open loop with the store stopped; 0: it never is
    lines: int
    seed: int
    profile: Path | None = None  # folder for what py-spy finds


@dataclass(slots=True)
class _Costs:
    """What a phase cost."""

    told: Told
    proxy_us: float | None = None
    store_us: float | None = None
    drain_s: float | None = None


class Scene:
    """A store, a sink and a proxy of their own; use as a context manager."""

    def __init__(self, proxy: Proxy, tools: Tools, cores: Cores, plan: Plan) -> None:
        self._proxy = proxy
        self._tools = tools
        self._plan = plan
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

    def seen(self) -> Told:
        """What AAA saw since it was last asked."""
        self._sink.signal(signal.SIGUSR1)
        return json.loads(self._sink.hear())

    def _calls(self) -> int | None:
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
             "-l", str(self._plan.lines), "-x", str(self._plan.seed)],
            talks=True,
        )  # fmt: skip
        child.hear()
        yield child
        child.end()

    def phase(self, load: Child, said: str) -> _Costs:
        """One phase, and what it cost until the last write was in the store."""
        pids = {} if self._child is None else {"proxy": self._child.pid, "store": self._store.pid}
        before = {name: process.cpu_seconds(pid) for name, pid in pids.items()}
        told = self._told(load, said)
        if self._child is None:
            return _Costs(told)
        if not self._child.alive:
            raise RuntimeError(f"{self._proxy.title} ended: {self._child.told()}")
        drained = process.quiet(pids.values(), DRAIN_WITHIN_S)
        spent = {name: process.cpu_seconds(pid) - before[name] for name, pid in pids.items()}
        each = 1e6 / max(told["answered"], 1)
        return _Costs(told, spent["proxy"] * each, spent["store"] * each, drained)

    def _told(self, load: Child, said: str) -> Told:
        """One phase."""
        load.say(said)
        return json.loads(load.hear())

    # ---- the story

    def measure(self) -> Round:
        """All phases."""
        plan = self._plan
        tolds: list[Told] = []
        saw: list[Told] = []
        acct = one = open_loop = frozen = None
        with self.load("mix") as load:
            tolds.append(self._told(load, f"closed {WINDOW} {WARM_S}"))
            saw.append(self.seen())
            calls, before = self._calls(), self._proxy.metrics()
            profiler = self._profiler(plan.seconds)
            main = self.phase(load, f"closed {WINDOW} {plan.seconds}")
            after, calls_after = self._proxy.metrics(), self._calls()
            if profiler is not None:
                profiler.process.wait(120)
            saw.append(seen := self.seen())
            wide = self._told(load, f"closed {WIDE} {plan.wide_seconds}")
            burst = self._told(load, f"burst {BURST}")
            tolds += [main.told, wide, burst]
            open_rate = main.told["rps"] / 4
            if plan.calm_seconds:
                one = self._calm(load, "closed 1 {}", tolds)
                open_loop = self._calm(load, f"open {open_rate:.1f} {{}}", tolds)
            saw.append(self.seen())
            if plan.acct_seconds and self._child is not None:
                acct = self._accounting(tolds)
                saw.append(self.seen())
            wrong = _wrong(saw)
            if plan.frozen_seconds and self._child is not None:
                frozen = self._frozen(load, open_rate)
                wrong += _wrong([self.seen()])
        bare = seen["bare"]
        vectors = _grown(before, after, "bngcorr_vector_length_count")
        pid = None if self._child is None else self._child.pid
        return Round(
            rps=main.told["rps"],
            p50_ms=main.told["p50_us"] / 1000,
            p99_ms=main.told["p99_us"] / 1000,
            proxy_us=main.proxy_us,
            store_us=main.store_us,
            wide_rps=wide["rps"],
            wide_p99_ms=wide["p99_us"] / 1000,
            burst_ms=burst["max_us"] / 1000,
            lost=sum(told["lost"] + told["unsent"] for told in tolds),
            burst_lost=burst["lost"] + burst["unsent"],
            wrong=wrong,
            matched=bare["right"] / max(bare["right"] + bare["wrong"] + bare["missed"], 1),
            missed=bare["missed"],
            unstripped=sum(one["v6"]["prefixed"] for one in saw),
            guessed=sum(one["ambiguous"]["right"] for one in saw),
            faults=sum(told["bad_authenticator"] + told["bad_code"] for told in tolds)
            + sum(one["bad_authenticator"] + one["bad_password"] + one["unsigned"] for one in saw),
            store_calls=None if calls is None or calls_after is None else calls_after - calls,
            vector=_grown(before, after, "bngcorr_vector_length_sum") / vectors if vectors else None,
            rss_mb=None if pid is None else process.peak_octets(pid) / 1_048_576,
            receive_buffer=None if pid is None else process.receive_buffer(self.places.auth),
            drops=None if pid is None else process.kernel_drops(pid),
            drain_s=main.drain_s,
            acct_rps=acct.told["rps"] if acct else None,
            acct_p99_ms=acct.told["p99_us"] / 1000 if acct else None,
            acct_proxy_us=acct.proxy_us if acct else None,
            acct_store_us=acct.store_us if acct else None,
            one_p50_ms=one["p50_us"] / 1000 if one else None,
            one_p99_ms=one["p99_us"] / 1000 if one else None,
            open_rate=open_rate if open_loop else None,
            open_p50_ms=open_loop["p50_us"] / 1000 if open_loop else None,
            open_p99_ms=open_loop["p99_us"] / 1000 if open_loop else None,
            frozen_v4_p99_ms=frozen["kinds"]["v4"]["p99_us"] / 1000 if frozen else None,
            frozen_lost=frozen["lost"] + frozen["unsent"] if frozen else None,
        )

    def _accounting(self, tolds: list[Told]) -> _Costs:
        """Start, Interim-Update, Stop."""
        with self.load("acct") as load:
            tolds.append(self._told(load, f"closed {WINDOW} {ACCT_WARM_S}"))
            costs = self.phase(load, f"closed {WINDOW} {self._plan.acct_seconds}")
        tolds.append(costs.told)
        return costs

    def _frozen(self, load: Child, rate: float) -> Told:
        """The open loop while the store stands still."""
        load.say("forget")
        self._store.signal(signal.SIGSTOP)
        try:
            return self._told(load, f"open {rate:.1f} {self._plan.frozen_seconds}")
        finally:
            self._store.signal(signal.SIGCONT)

    def _calm(self, load: Child, said: str, tolds: list[Told]) -> Told:
        """A phase of a lower rate, after one that is not measured."""
        load.say("forget")
        tolds.append(self._told(load, said.format(WARM_S)))
        tolds.append(self._told(load, said.format(self._plan.calm_seconds)))
        return tolds[-1]

    def _profiler(self, seconds: float) -> Child | None:
        """py-spy beside the proxy, if that was asked for."""
        if self._plan.profile is None or self._child is None:
            return None
        spy = Path(sys.executable).parent / "py-spy"
        into = self._plan.profile / f"{self._proxy.name}.svg"
        command = [str(spy), "record", "-p", str(self._child.pid), "-d", str(max(int(seconds), 1)), "-o", str(into)]
        return self._spawn("py-spy", [*command, "--rate", "500", "--nonblocking"])


_KINDS: Final = ("v4", "v6", "bare", "ambiguous", "accounting")


def _wrong(saw: list[Told]) -> int:
    """Requests that AAA saw on another line."""
    return sum(one[kind]["wrong"] for one in saw for kind in _KINDS)


def _grown(before: Mapping[str, float], after: Mapping[str, float], name: str) -> float:
    return after.get(name, 0.0) - before.get(name, 0.0)
