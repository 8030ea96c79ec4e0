"""One case in one round, phase by phase."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.bench import process
from benchmarks.bench.figures import Round
from benchmarks.bench.process import Child
from benchmarks.bench.proxies import Proxy
from benchmarks.bench.scene import Costs, Scene, Told

WINDOW: Final = 32  # requests outstanding in the closed loop
WIDE: Final = 256
BURST: Final = 2_000
ACCT_WARM_S: Final = 1.0
_KINDS: Final = ("v4", "v6", "bare", "ambiguous", "accounting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured, and how long."""

    warm_seconds: float  # before it; the v6 requests without line id come up to 2 s behind
    seconds: float  # of the closed loop
    wide_seconds: float
    acct_seconds: float  # 0: no accounting
    calm_seconds: float  # of one at a time, and of the open loop; 0: neither
    frozen_seconds: float  # of the open loop with the store stopped; 0: it never is
    profile: Path | None = None  # folder for what py-spy finds


def measure(scene: Scene, proxy: Proxy, plan: Plan) -> Round:
    """All phases. Raises RuntimeError if something ends that should not."""
    tolds: list[Told] = []
    saw: list[Told] = []
    acct = one = open_loop = frozen = frozen_p99_ms = None
    with scene.load("mix") as load:
        tolds.append(scene.tell(load, f"closed {WINDOW} {plan.warm_seconds}"))
        saw.append(scene.seen())
        calls, before = scene.calls(), proxy.metrics()
        profiler = None if plan.profile is None else scene.profiler(plan.profile, plan.seconds)
        main = scene.phase(load, f"closed {WINDOW} {plan.seconds}")
        after, calls_after = proxy.metrics(), scene.calls()
        if profiler is not None:
            profiler.process.wait(120)
        saw.append(seen := scene.seen())
        wide = scene.tell(load, f"closed {WIDE} {plan.wide_seconds}")
        burst = scene.tell(load, f"burst {BURST}")
        tolds += [main.told, wide, burst]
        open_rate = main.told["rps"] / 4
        if plan.calm_seconds:
            one = _calm(scene, load, "closed 1 {}", plan, tolds)
            open_loop = _calm(scene, load, f"open {open_rate:.1f} {{}}", plan, tolds)
        saw.append(scene.seen())
        if plan.acct_seconds and scene.proxy is not None:
            acct = _accounting(scene, plan.acct_seconds, tolds)
            saw.append(scene.seen())
        wrong = _wrong(saw)
        if plan.frozen_seconds:
            load.say("forget")
            with scene.frozen():
                frozen = scene.tell(load, f"open {open_rate:.1f} {plan.frozen_seconds}")
            wrong += _wrong([scene.seen()])
            v4 = frozen["kinds"].get("v4", {"answered": 0})
            frozen_p99_ms = v4["p99_us"] / 1000 if v4["answered"] else None
    bare = seen["bare"]
    vectors = _grown(before, after, "bngcorr_vector_length_count")
    pid = None if scene.proxy is None else scene.proxy.pid
    return Round(
        rps=main.told["rps"],
        p50_ms=main.told["p50_us"] / 1000,
        p99_ms=main.told["p99_us"] / 1000,
        busy=main.busy,
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
        receive_buffer=None if pid is None else process.receive_buffer(scene.places.auth),
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
        frozen_v4_p99_ms=frozen_p99_ms,
        frozen_lost=frozen["lost"] + frozen["unsent"] if frozen else None,
    )


def _accounting(scene: Scene, seconds: float, tolds: list[Told]) -> Costs:
    """Start, Interim-Update, Stop."""
    with scene.load("acct") as load:
        tolds.append(scene.tell(load, f"closed {WINDOW} {ACCT_WARM_S}"))
        costs = scene.phase(load, f"closed {WINDOW} {seconds}")
    tolds.append(costs.told)
    return costs


def _calm(scene: Scene, load: Child, said: str, plan: Plan, tolds: list[Told]) -> Told:
    """A phase of a lower rate, after one that is not measured."""
    load.say("forget")
    tolds.append(scene.tell(load, said.format(plan.warm_seconds)))
    tolds.append(scene.tell(load, said.format(plan.calm_seconds)))
    return tolds[-1]


def _wrong(saw: list[Told]) -> int:
    """Requests that AAA saw on another line."""
    return sum(one[kind]["wrong"] for one in saw for kind in _KINDS)


def _grown(before: Mapping[str, float], after: Mapping[str, float], name: str) -> float:
    return after.get(name, 0.0) - before.get(name, 0.0)
