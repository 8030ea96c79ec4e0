"""The story: all lines are up, their BNG restarts, and they come back as fast as they are answered."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.storm import truth
from benchmarks.storm.aaa import Seen
from benchmarks.storm.bng import Answered, Client, Story
from benchmarks.storm.figures import SLOW_MS, Figures, Restarts, latency, quantiles_ms
from benchmarks.storm.stage import BNG_SECRET, Stage
from benchmarks.storm.truth import STORY, Bng, Kind
from benchmarks.storm.watch import LOOK_EVERY_S, Backlog, Store, cpu_seconds, peak_octets
from bngcorr.model.usage import Usage
from bngcorr.model.vocabulary import SessionState

FEW: Final = 1000  # sessions of the BNG that a restart is compared with
BEFORE_AGO_S: Final = 60  # when the sessions of the life before were last heard of
STALLED_S: Final = 20.0  # nothing more comes to the ledger or to AAA for so long: what is missing is lost
RESTARTS: Final = 5  # further ones, of which the best counts
LOOKED_UP: Final = 100  # lines whose addresses are looked up at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What is asked for."""

    lines: int
    seed: int
    window: int = 256
    sockets: int = 64
    timeout_s: float = 5.0
    tries: int = 3
    within_s: float = 1800.0
    spool: bool = False
    loss: float = 0.0
    profile: Path | None = None


def storm(asked: Storm, folder: Path, say: Callable[[str], None]) -> Figures:
    """Run it with real processes; `say` is told what is going on. Raises RuntimeError if it can't begin."""
    many = Bng("bng1", "127.0.0.1", 0, asked.lines)
    few = Bng("bng2", "127.0.0.2", asked.lines, min(FEW, asked.lines))
    chance = random.Random(asked.seed)
    with Stage(
        folder, (many, few), spool=asked.spool, loss=asked.loss, seed=asked.seed, profile=asked.profile
    ) as stage:
        clients = {
            bng.name: Client(
                bng.host, BNG_SECRET, stage.server, sockets=asked.sockets, window=asked.window,
                timeout_s=asked.timeout_s, tries=asked.tries,
            )
            for bng in (many, few)
        }  # fmt: skip
        try:
            return _play(asked, stage, clients, (many, few), chance, say)
        finally:
            for client in clients.values():
                client.close()


def _stories(bng: Bng, kinds: Sequence[Kind], chance: random.Random) -> list[Story]:
    """Ready made, in any order: making them is no part of the measurement."""
    stories: list[Story] = [[(kind, truth.body(bng.host, line, kind)) for kind in kinds] for line in bng.numbers]
    chance.shuffle(stories)
    return stories


def _play(
    asked: Storm, stage: Stage, clients: dict[str, Client], bngs: tuple[Bng, Bng], chance: random.Random,
    say: Callable[[str], None],
) -> Figures:  # fmt: skip
    (many, few), store = bngs, stage.store

    def tell(count: int) -> None:
        say(f"  {count} answered")

    say(f"{many.lines} lines come up for the first time")
    began = time.monotonic()
    for bng in (few, many):
        answered = clients[bng.name].run(_stories(bng, [Kind.BEFORE], chance), asked.within_s, BEFORE_AGO_S, tell)
        if answered.unanswered or store.await_usage(bng.name, truth.usage(bng.lines), STALLED_S) is None:
            raise RuntimeError(
                f"{bng.name} with {bng.lines} lines: {answered.unanswered} records not answered, ledger "
                f"{store.usage(bng.name)}, {_total(stage, 'bngcorr_store_lost_writes')} lessons given up; "
                f"{stage.service.log()[-1000:]}"
            )
    before_s = time.monotonic() - began

    stories = _stories(many, STORY, chance)
    say("their BNG restarts")
    few_ms, _ = _restart(store, clients[few.name], few)
    many_ms, in_force_ms = _restart(store, clients[many.name], many)

    say(f"{len(stories)} lines come back: {len(stories) * len(STORY)} requests")
    verdicts, discards = _counted(stage)
    before, calls = _cpu(stage), stage.samples("bngcorr_store_call_seconds_bucket")
    store.log_slower_than(round(SLOW_MS * 1000))
    with Backlog(stage.metrics_url) as backlog:
        answered = clients[many.name].run(stories, asked.within_s, tell=tell)
        say(f"all answered within {answered.seconds:.1f} s; the ledger is compared with the truth")
        expected = truth.usage(many.lines)
        ledger_s, at_aaa_s = _settled(stage, many, expected)
    seen = stage.aaa.seen()
    slow = store.slow()
    cpu = {who: seconds - before[who] for who, seconds in _cpu(stage).items()}
    requests = sum(map(len, answered.took.values())) or 1
    memory = store.memory()
    after, after_discards = _counted(stage)
    say("addresses are looked up")
    strangers = _strangers(store, many, chance)
    ports_differ = _ports_differ(store.usage_by_port(many.name), truth.usage_by_port(many))
    usage, traffic = store.usage(many.name), store.traffic(many.name)
    best_few_ms, best_many_ms = (store.restart_ms(bng.name, RESTARTS) for bng in (few, many))
    return Figures(
        lines=many.lines,
        window=asked.window,
        seed=asked.seed,
        spool=asked.spool,
        seconds=round(answered.seconds, 2),
        per_second=round(requests / answered.seconds),
        kinds={kind.title: latency(took, answered.seconds) for kind, took in answered.took.items() if took},
        retransmissions=answered.retransmissions,
        begun_anew=answered.begun_anew,
        before_seconds=round(before_s, 2),
        restarts=Restarts(
            few_sessions=few.lines,
            few_ms=few_ms,
            many_sessions=many.lines,
            many_ms=many_ms,
            best_few_ms=best_few_ms,
            best_many_ms=best_many_ms,
            in_force_ms=in_force_ms,
        ),
        unanswered=answered.unanswered,
        refused=answered.refused,
        missing=_missing(answered, seen),
        wrong=seen.wrong,
        improper=seen.improper,
        examples=seen.examples,
        usage=usage,
        expected=expected,
        ports_differ=ports_differ,
        traffic=traffic,
        expected_traffic=truth.traffic(many.lines),
        strangers=strangers,
        failed_lessons=_total(stage, "bngcorr_store_failed_writes_total"),
        unmatched=seen.unmatched,
        outcomes=dict(after - verdicts),
        discards=dict(after_discards - discards),
        at_aaa_seconds=at_aaa_s,
        ledger_seconds=ledger_s,
        backlog=backlog.most,
        spooled=_total(stage, "bngcorr_spool_acknowledged_total"),
        given_up=_total(stage, "bngcorr_store_lost_writes"),
        service_octets=peak_octets(stage.service_pid),
        store_rss_octets=peak_octets(stage.store_pid),
        store_octets=memory["used_memory_peak"],
        cpu_us={who: round(seconds / requests * 1e6, 1) for who, seconds in cpu.items()},
        slow={call.name: call.ms for call in reversed(slow)},
        round_trips=quantiles_ms(stage.samples("bngcorr_store_call_seconds_bucket"), calls),
        slow_calls=len(slow),
        pinned=stage.pinned,
    )


def _restart(store: Store, client: Client, bng: Bng) -> tuple[float, float]:
    """Accounting-On: milliseconds within the store, and until the ledger is empty."""
    store.log_slower_than(0)
    began = time.monotonic()
    client.run([[(Kind.ON, truth.restart(bng))]], 30.0)
    if store.await_usage(bng.name, Usage(), STALLED_S) is None:
        raise RuntimeError(f"Accounting-On of {bng.name}: the ledger still says {store.usage(bng.name)}")
    in_force_ms = round((time.monotonic() - began) * 1000, 1)
    calls = [call for call in store.slow() if call.name == "write"]  # an Accounting-On is written as all else
    return (calls[0].ms if calls else 0.0), in_force_ms


def _settled(stage: Stage, bng: Bng, expected: Usage) -> tuple[float | None, float | None]:
    """Seconds until the ledger was right, and until AAA had seen everything; None: it stood still before that."""
    records = len(STORY) * bng.lines
    began = since = time.monotonic()
    ledger_s = at_aaa_s = None
    last: tuple[Usage, int] | None = None
    while ledger_s is None or at_aaa_s is None:
        seen = stage.aaa.seen()
        found = stage.store.usage(bng.name), sum(seen.records[kind] for kind in STORY)
        now = time.monotonic()
        if ledger_s is None and found[0] == expected:
            ledger_s = round(now - began, 2)
        if at_aaa_s is None and found[1] >= records:
            at_aaa_s = round(now - began, 2)
        if found != last:
            last, since = found, now
        elif now - since > STALLED_S:
            break
        time.sleep(LOOK_EVERY_S)
    return ledger_s, at_aaa_s


def _cpu(stage: Stage) -> dict[str, float]:
    """Processor seconds so far of everyone who takes part."""
    pids = {"service": stage.service_pid, "store": stage.store_pid, "bng": os.getpid(), "aaa": stage.aaa.pid}
    return {who: cpu_seconds(pid) for who, pid in pids.items()}


def _missing(answered: Answered, seen: Seen) -> dict[str, int]:
    """By kind: how many were answered beyond what AAA has seen."""
    short = {kind.title: len(answered.took[kind]) - seen.records[kind] for kind in STORY}
    return {title: count for title, count in short.items() if count > 0}


def _ports_differ(found: dict[str, Usage], expected: dict[str, Usage]) -> int:
    return sum(found.get(port) != expected.get(port) for port in found.keys() | expected.keys())


def _strangers(store: Store, bng: Bng, chance: random.Random) -> list[str]:
    """Who is said to hold the addresses of some lines: the line itself, and nobody what it had before the restart."""
    wrong = []
    for line in chance.sample(bng.numbers, min(LOOKED_UP, bng.lines)):
        for life, owners in ((0, []), (1, [truth.remote_id(line)])):
            address = truth.address(life, line)
            rows = store.holders(bng.name, address)
            found = [row.ids.remote_id if row.ids else None for row in rows if row.state is SessionState.UP]
            if found != owners:
                wrong.append(f"{address}: {found}, not {owners}")
    return wrong


def _counted(stage: Stage) -> tuple[Counter[str], Counter[str]]:
    """Verdicts by outcome and rung, and discards by reason, since the start."""
    verdicts = stage.samples("bngcorr_correlations_total")
    discards = stage.samples("bngcorr_radius_discards_total")
    outcomes: Counter[str] = Counter()
    for labels, value in verdicts:
        outcomes[" ".join(filter(None, (labels["outcome"], labels["rung"])))] += round(value)
    return outcomes, Counter({labels["reason"]: round(value) for labels, value in discards})


def _total(stage: Stage, name: str) -> int:
    return round(sum(value for _, value in stage.samples(name)))
