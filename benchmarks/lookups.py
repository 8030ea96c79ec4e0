"""A million lines in the store: how soon `bngcorr web` finds one by each kind of key, and what that does to requests.

    make lookups
    make lookups ARGS=--short

`bngcorr serve` carries half of the load that it can bear meanwhile, of other BNGs over the same store. It has a core of
its own; the store, the load and who asks share the others. `bngcorr web` is tied to none and takes what is free on any.

The last line printed is a JSON object with every figure; exit code 1 if a look-up takes more than 50 ms or a page more
than 100 ms (99 of 100 each), if requests take more than twice as long meanwhile, or if something is not found; 2 if
something has to be installed first.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import itertools
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import yaml
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks import scale
from benchmarks.bench.ground import NotReady, builds, cores, free_port, pinned, python, tools
from benchmarks.bench.process import Child, ran_ms
from benchmarks.bench.proxies import Bngcorr
from benchmarks.bench.scene import Scene
from bngcorr.model.line import line_key
from bngcorr.model.vocabulary import LineIdPolicy
from bngcorr.store.lesson import Lesson, SessionChange
from bngcorr.store.valkey import ValkeyStore

SHORT: Final = 60_000  # lines
OTHERS: Final = 8_000  # lines of the BNGs whose requests are carried meanwhile
EVENTS_OF_A_LINE: Final = 2
BATCH: Final = 512
WINDOW: Final = 32  # requests outstanding at the most that is borne
WARM_S: Final = 3.0
AHEAD: Final = -10  # priority of who asks, where that may be set
START_WITHIN_S: Final = 40.0
PAGE: Final = 100  # rows
MOST_MS: Final = {"look-up": 50.0, "page": 100.0}
MOST_SLOWER: Final = 2.0  # p99 of requests, with look-ups by without
SECRET: Final = "between-bng-and-proxy"  # noqa: S105 -- of the benchmark

Json = Any


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the API, and whether the answer is right."""

    kind: str
    sort: str  # look-up or page
    path: str
    right: Callable[[Json], bool]


@dataclass(slots=True)
class Asked:
    """How long answers took, and how many were wrong."""

    took_ms: dict[tuple[str, str], list[float]] = field(default_factory=dict)  # by sort and kind
    spent_ms: dict[tuple[str, str], list[list[float]]] = field(default_factory=dict)  # of each process that was watched
    wrong: dict[str, int] = field(default_factory=dict)

    def of(self, sort: str) -> list[float]:
        """Of all kinds of a sort, sorted."""
        return sorted(took for (one, _), all_of in self.took_ms.items() if one == sort for took in all_of)


# ---- what is in the store


def user_name_of(bng: str, number: int) -> str:
    """Of every second line; the others' is their MAC."""
    return f"customer{number:07d}@{bng}.example"


def lessons_of(bng: str, number: int) -> Iterator[Lesson]:
    """All of one line."""
    for lesson in scale.lessons_of(bng, number):
        if isinstance(lesson, SessionChange) and number % 2:
            lesson.user_name = user_name_of(bng, number)
        yield lesson
    yield from scale.events_of(bng, number, EVENTS_OF_A_LINE)


async def load(url: str, bngs: Sequence[str], lines: int, console: Console) -> float:
    """Write all of them; seconds taken."""
    store = ValkeyStore(url, budget_s=10.0, events=10_000, timeline=scale.ENTRIES)
    started, now_ms = time.monotonic(), time.time_ns() // 1_000_000
    later = now_ms - scale.NOW_MS
    with Progress(console=console) as progress:
        task = progress.add_task("lines written", total=lines)
        batch: list[Lesson] = []
        for number in range(lines // len(bngs)):
            for bng in bngs:
                batch += (_later(lesson, later) for lesson in lessons_of(bng, number))
            if len(batch) >= BATCH:
                await store.write(batch, now_ms)
                batch.clear()
                progress.update(task, completed=(number + 1) * len(bngs))
        await store.write(batch, now_ms)
    await store.close()
    return time.monotonic() - started


def _later(lesson: Lesson, by_ms: int) -> Lesson:
    """The same, so much later: what the API is asked counts now."""
    for name in ("at_ms", "until_ms"):
        if hasattr(lesson, name):
            setattr(lesson, name, getattr(lesson, name) + by_ms)
    return lesson


# ---- what is asked


def questions(bngs: Sequence[str], lines: int, chance: random.Random) -> Iterator[Question]:
    """Without end: every kind in turn, about lines at random."""
    cursors: dict[str, str] = {}
    while True:
        bng, number = chance.choice(bngs), chance.randrange(lines // len(bngs))
        yield from _look_ups(bng, number)
        for resource in ("sessions", "lines"):
            yield _page(f"{resource}, on", resource, cursors)
        yield _page("sessions of a BNG", f"sessions?bng={bng}", cursors)
        yield Question("correlations", "page", f"/v1/correlations?order=newest&limit={PAGE}", _is_full)
        yield Question("BNGs", "page", "/v1/bngs", lambda told: bool(told["items"]))


def _look_ups(bng: str, number: int) -> Iterator[Question]:
    ids, mac = scale.ids_of(bng, number), scale.mac_of(bng, number)
    line = f"{bng}~{line_key(ids, LineIdPolicy.BOTH)}"
    place = int(bng[3:])
    remote, circuit = ids.remote_id or b"", ids.circuit_id or b""
    bits = (0x20010DB8 << 32 | place << 24 | number) << 64
    inside = f"{bits >> 112 & 0xFFFF:x}:{bits >> 96 & 0xFFFF:x}:{bits >> 80 & 0xFFFF:x}:{bits >> 64 & 0xFFFF:x}"
    v4 = 0x0A000000 + place * 1_000_000 + number
    session_id = f"180001{number:08X}{0x67FBD27E:08X}"
    texts = {
        "MAC": mac.hex(":"),
        "MAC, dotted": ".".join(mac.hex()[at : at + 4] for at in (0, 4, 8)),
        "Remote-Id": remote.decode(),
        "Remote-Id, hex": f"0x{remote.hex()}",
        "Circuit-Id": circuit.decode(),
        "IPv4": ".".join(str(v4 >> shift & 0xFF) for shift in (24, 16, 8, 0)),
        "IPv6 in a prefix": f"{inside}:0:1:2:3",
        "prefix": f"{inside}::/64",
    }
    if number % 2:
        texts["User-Name"] = user_name_of(bng, number)
    for kind, text in texts.items():
        yield Question(kind, "look-up", f"/v1/lookup?q={quote(text)}", lambda told: _has_line(told, line))
    yield Question("Acct-Session-Id", "look-up", f"/v1/lookup?q={session_id}", lambda told: _has_line(told, line))
    port = quote(f"{bng} 1/1/{number % 48}")
    yield Question("BNG and port", "look-up", f"/v1/lookup?q={port}", lambda told: _some(told, "sessions"))
    yield Question("line by name", "look-up", f"/v1/lines/{line}", lambda told: told["id"] == line)


def _has_line(told: Json, line: str) -> bool:
    return any(one["id"] == line for reading in told["readings"] for one in reading["lines"])


def _some(told: Json, what: str) -> bool:
    return any(reading[what] for reading in told["readings"])


def _is_full(told: Json) -> bool:
    return len(told["items"]) == PAGE


def _page(kind: str, resource: str, cursors: dict[str, str]) -> Question:
    cursor = cursors.get(kind)
    more = f"&cursor={quote(cursor)}" if cursor else ""

    def right(told: Json) -> bool:
        cursors[kind] = told["next"] or ""
        return _is_full(told) or not told["next"]

    return Question(kind, "page", f"/v1/{resource}{'&' if '?' in resource else '?'}limit={PAGE}{more}", right)


def ask(
    port: int, some: Iterator[Question], rate: float, over: Callable[[], bool], watched: Sequence[int] = ()
) -> Asked:
    """Ask on one connection, so many a second, until it is over. `watched`: processes whose time is looked at."""
    connection, asked = http.client.HTTPConnection("127.0.0.1", port, timeout=10), Asked()
    with contextlib.suppress(PermissionError):  # that it has to wait for a core itself is nothing of what is measured
        os.setpriority(os.PRIO_PROCESS, 0, AHEAD)
    due = time.perf_counter()
    while not over():
        due = max(due + 1 / rate, time.perf_counter() - 1.0)
        time.sleep(max(due - time.perf_counter(), 0.0))
        question = next(some)
        before = list(map(ran_ms, watched))
        began = time.perf_counter()
        connection.request("GET", question.path)
        answer = connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - began) * 1000
        key = (question.sort, question.kind)
        asked.took_ms.setdefault(key, []).append(took)
        spent = [ran_ms(pid) - so_far for pid, so_far in zip(watched, before, strict=True)]
        asked.spent_ms.setdefault(key, []).append(spent)
        if answer.status != 200 or not question.right(json.loads(body)):
            asked.wrong[question.kind] = asked.wrong.get(question.kind, 0) + 1
    connection.close()
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, 0)
    return asked


# ---- who takes part


def web(scene: Scene, bngs: Sequence[str], build: Path) -> tuple[Child, int]:
    """`bngcorr web` over the scene's store, and its port. Raises RuntimeError."""
    port, places = free_port(), scene.places
    settings = {
        "store": {"url": f"redis://127.0.0.1:{places.store}/0"},
        "web": {"listen": f"127.0.0.1:{port}", "rate": {"per_second": 10_000, "burst": 10_000}},
        "upstream": {kind: {"address": "127.0.0.1:9", "secret": SECRET} for kind in ("auth", "acct")},
        "bngs": [
            {"name": bng, "address": f"192.0.2.{number + 1}", "secret": SECRET, "profile": "nokia-sros"}
            for number, bng in enumerate(bngs)
        ],
    }
    config = places.folder / "web.yaml"
    config.write_text(yaml.safe_dump(settings, sort_keys=False))
    child = Child(
        pinned("", [python(), "-m", "bngcorr", "web", "-c", str(config)]),
        places.folder / "web.log", folder=places.folder, environment={"PYTHONPATH": str(build)},
    )  # fmt: skip
    until = time.monotonic() + START_WITHIN_S
    while child.alive and time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return child, port
        except OSError:
            time.sleep(0.1)
    told = child.told()
    child.end()
    raise RuntimeError(f"bngcorr web did not start: {told}")


def measure(given: argparse.Namespace, console: Console) -> dict[str, Json]:
    """All figures. Raises NotReady or RuntimeError."""
    build = builds()[0][0]
    bngs = [f"bng{number}" for number in range(1, given.domains + 1)]
    lines, seconds = SHORT if given.short else given.lines, given.seconds
    chance = random.Random(given.seed)
    with Scene(Bngcorr("bngcorr", build), tools(), cores(), lines=OTHERS, seed=given.seed) as scene:
        took = asyncio.run(load(f"redis://127.0.0.1:{scene.places.store}/0", bngs, lines, console))
        child, port = web(scene, bngs, build.path)
        try:
            with scene.load("mix") as generator, ThreadPoolExecutor(1) as aside:
                scene.tell(generator, f"closed {WINDOW} {WARM_S}")
                most = scene.tell(generator, f"closed {WINDOW} {seconds / 2}")["rps"]
                half = f"open {most / 2:.1f} {{}}"
                some = questions(bngs, lines, chance)
                until = time.monotonic() + seconds / 2
                watched = (child.pid, scene.store.pid)
                alone = ask(port, some, given.rate, lambda: time.monotonic() > until, watched)
                scene.tell(generator, half.format(WARM_S))
                quiet = scene.tell(generator, half.format(seconds))
                running = aside.submit(scene.tell, generator, half.format(seconds))
                busy = ask(port, some, given.rate, running.done)
                disturbed = running.result()
        finally:
            child.end()
    slower = disturbed["p99_us"] / max(quiet["p99_us"], 1)
    return {
        "build": build.name,
        "lines": lines,
        "domains": given.domains,
        "loaded_s": round(took, 1),
        "most_rps": round(most),
        "half_p99_ms": round(quiet["p99_us"] / 1000, 2),
        "half_p99_ms_meanwhile": round(disturbed["p99_us"] / 1000, 2),
        "slower": round(slower, 2),
        "lost": disturbed["lost"] + disturbed["unsent"],
        "wrong": dict(sorted(itertools.chain(alone.wrong.items(), busy.wrong.items()))),
        "alone": _figures(alone),
        "meanwhile": _figures(busy),
    }


def _figures(asked: Asked) -> dict[str, Json]:
    told: dict[str, Json] = {sort: _quantiles(asked.of(sort)) for sort in MOST_MS}
    kinds = {
        key: _quantiles(sorted(took)) | {"cpu_ms": _mean(asked.spent_ms[key])} for key, took in asked.took_ms.items()
    }
    return told | {"kinds": {kind: one for (_, kind), one in kinds.items()}}


def _mean(spent_ms: Sequence[Sequence[float]]) -> list[float]:
    """Of each process that was watched."""
    return [round(sum(of) / len(of), 2) for of in zip(*spent_ms, strict=True)]


def _quantiles(sorted_ms: Sequence[float]) -> dict[str, Json]:
    if not sorted_ms:
        return {"asked": 0, "p50_ms": None, "p99_ms": None}
    return {"asked": len(sorted_ms), "p50_ms": scale.at(sorted_ms, 0.5), "p99_ms": scale.at(sorted_ms, 0.99)}


def shown(figures: dict[str, Json]) -> Table:
    """For people."""
    table = Table(
        "what", "asked", "p50 ms", "p99 ms", "p99 ms without load", "CPU ms: web, store",
        title=f"{figures['lines']} lines",
    )  # fmt: skip
    busy, alone = figures["meanwhile"], figures["alone"]
    for sort in MOST_MS:
        table.add_row(f"every {sort}", *_row(busy[sort], alone[sort]), style="bold")
    for kind, one in busy["kinds"].items():
        quiet = alone["kinds"].get(kind, {"p99_ms": None, "cpu_ms": []})
        table.add_row(kind, *_row(one, quiet), ", ".join(map(str, quiet["cpu_ms"])))
    half = f"requests at {figures['most_rps'] / 2:.0f} a second"
    table.add_row(half, "", "", str(figures["half_p99_ms_meanwhile"]), f"{figures['half_p99_ms']} without look-ups")
    return table


def _row(one: dict[str, Json], alone: dict[str, Json]) -> list[str]:
    return [str(one["asked"]), str(one["p50_ms"]), str(one["p99_ms"]), str(alone["p99_ms"])]


def faults(figures: dict[str, Json]) -> list[str]:
    """Why it is not good enough; nothing if it is."""
    found = [f"not found: {kind}, {count} times" for kind, count in figures["wrong"].items()]
    for sort, most in MOST_MS.items():
        took = figures["meanwhile"][sort]["p99_ms"]
        if took is None or took > most:
            found.append(f"a {sort} takes {took} ms (p99), more than {most:.0f}")
    if figures["slower"] > MOST_SLOWER:
        found.append(f"requests take {figures['slower']} times as long (p99) meanwhile")
    return found


def main() -> int:
    """One run; 0 if it is good enough."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=1_000_000, help="dual-stack lines in the store (1000000)")
    parser.add_argument("--short", action="store_true", help=f"{SHORT} lines only")
    parser.add_argument("--domains", type=int, default=10, help="BNGs that have them, each a correlation domain (10)")
    parser.add_argument("--seconds", type=float, default=30.0, help="of each phase (30)")
    parser.add_argument("--rate", type=float, default=40.0, help="look-ups and pages a second (40)")
    parser.add_argument("--seed", type=int, default=1)
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 120)
    try:
        figures = measure(parser.parse_args(), console)
    except NotReady as error:
        print(f"lookups: {error}", file=sys.stderr)
        return 2
    console.print(shown(figures))
    wrong = faults(figures)
    for fault in wrong:
        console.print(fault, style="red")
    print(json.dumps(figures))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
