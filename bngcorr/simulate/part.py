"""Some of the boxes of a run, in a process and with a store of their own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from bngcorr.errors import BngcorrError
from bngcorr.profiles.catalogue import compile_profile, packaged
from bngcorr.profiles.profile import Profile
from bngcorr.resources import resource
from bngcorr.simulate.aaa import Aaa
from bngcorr.simulate.decision import Decision
from bngcorr.simulate.domain import Domain
from bngcorr.simulate.journal import Journal
from bngcorr.simulate.player import play
from bngcorr.simulate.population import Population, populate
from bngcorr.simulate.report import Tally
from bngcorr.simulate.store import SimulatedStore
from bngcorr.simulate.timeline import Story, tell
from bngcorr.store.embedded import EmbeddedValkey
from bngcorr.store.embedded import url as embedded_url
from bngcorr.wire.dictionary import Dictionary

STORE_BUDGET_S: Final = 30.0  # nobody waits here, and a loaded machine must not change what comes out
_TOLD_EVERY_MS: Final = 300_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one process is to do."""

    lines: int
    seed: int
    days: float
    interim_s: int
    boxes: tuple[int, ...]
    journals: Path | None  # folder for a journal a box, named by its number


@dataclass(frozen=True, slots=True)
class Moved:
    """How far it is, in virtual milliseconds, and how many requests there were."""

    at_ms: int
    requests: int


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it."""

    tally: Tally


@dataclass(frozen=True, slots=True)
class Failed:
    """Why nothing came of it."""

    why: str


Message = Moved | Done | Failed


def main(task: Task, told: Connection[Message, None]) -> None:
    """Entry point of the process; SIGTERM ends it, and the store with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches everybody; who started this process ends it
    with contextlib.suppress(asyncio.CancelledError, BrokenPipeError):
        try:
            asyncio.run(_cancellable(task, told))
        except (BngcorrError, OSError) as error:
            told.send(Failed(str(error)))


async def _cancellable(task: Task, told: Connection[Message, None]) -> None:
    loop, current = asyncio.get_running_loop(), asyncio.current_task()
    if current is not None:
        loop.add_signal_handler(signal.SIGTERM, current.cancel)
    try:
        told.send(Done(await run(task, told.send)))
    finally:
        loop.remove_signal_handler(signal.SIGTERM)


async def run(task: Task, tell_: Callable[[Moved], None]) -> Tally:
    """Play the boxes of the task. Raises StoreError, StoreSilent or OSError."""
    population = populate(lines=task.lines, seed=task.seed)
    stories = tell(population, days=task.days)
    profiles = _profiles(population)
    aaa = Aaa(population.lines, task.interim_s)
    tally = Tally()
    journals: list[Journal] = []
    domains: list[Domain] = []
    for number in task.boxes:
        journal = None if task.journals is None else Journal(task.journals / f"{number}.jsonl")
        if journal is not None:
            journals.append(journal)
        report = _reporter(tally, journal, population)
        domains.append(_domain(stories[number], population, aaa, profiles, tally, report))
    progress = _Progress(tally, tell_)
    try:
        with tempfile.TemporaryDirectory(prefix="bngcorr-") as folder:
            server = EmbeddedValkey(Path(folder))
            await server.start()
            try:
                await _play(domains, embedded_url(Path(folder)), progress)
            finally:
                await server.stop()
    finally:
        for journal in journals:
            journal.close()
    return tally


def _profiles(population: Population) -> dict[str, Profile]:
    dictionary = Dictionary(resource("dictionaries") / "dictionary")
    known = packaged()
    names = {box.site.profile for box in population.boxes}
    return {name: compile_profile(known[name], dictionary) for name in sorted(names)}


def _reporter(tally: Tally, journal: Journal | None, population: Population) -> Callable[[Decision], None]:
    def report(decision: Decision) -> None:
        tally.add(decision)
        if journal is not None:
            journal.add(decision, population.lines[decision.packet.line])

    return report


def _domain(
    story: Story,
    population: Population,
    aaa: Aaa,
    profiles: Mapping[str, Profile],
    tally: Tally,
    report: Callable[[Decision], None],
) -> Domain:
    def noticed(finding: str) -> None:
        tally.findings[finding] += 1

    profile = profiles[story.box.site.profile]
    return Domain(story, population.lines, aaa, profile, population.seed, report, noticed)


async def _play(domains: list[Domain], url: str, progress: _Progress) -> None:
    store = SimulatedStore(url, budget_s=STORE_BUDGET_S, events=0)
    try:
        await store.lane.run([("CONFIG", "SET", "appendonly", "no")], STORE_BUDGET_S)  # it is thrown away
        await play(domains, store, progress.moved)
    finally:
        await store.close()


class _Progress:
    """Tells from time to time how far the run is."""

    def __init__(self, tally: Tally, tell_: Callable[[Moved], None]) -> None:
        self._tally = tally
        self._tell = tell_
        self._told_ms = 0
        self._requests = 0

    def moved(self, at_ms: int) -> None:
        requests = self._tally.requests
        if at_ms - self._told_ms >= _TOLD_EVERY_MS or requests - self._requests >= 2000:
            self._told_ms = max(self._told_ms, at_ms)
            self._requests = requests
            self._tell(Moved(self._told_ms, requests))
