"""A whole run: the boxes dealt out to processes, what came of them put together."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

from bngcorr.errors import BngcorrError
from bngcorr.simulate import journal
from bngcorr.simulate.aaa import INTERIM_S
from bngcorr.simulate.part import Done, Failed, Message, Moved, Task, main
from bngcorr.simulate.population import populate
from bngcorr.simulate.report import Tally
from bngcorr.simulate.timeline import DAY, Story, tell

_END_WITHIN_S: Final = 10.0  # once its work is done


class SimulationError(BngcorrError):
    """The run came to nothing; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to simulate."""

    lines: int = 50_000
    seed: int = 1
    days: float = 2.0
    interim_s: int = INTERIM_S  # that AAA tells
    journal: Path | None = None  # .gz: packed
    workers: int = 0  # processes; 0: as many as there are processors


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it."""

    seed: int
    boxes: int
    tally: Tally
    seconds: float


def simulate(options: Options, progress: Callable[[float, int], None]) -> Result:
    """Run. `progress` is told the share that is done, and the requests so far. Raises SimulationError or OSError."""
    began = time.monotonic()
    population = populate(lines=options.lines, seed=options.seed)
    boxes = population.boxes
    stories = tell(population, days=options.days)
    hands = deal(stories, min(options.workers or os.cpu_count() or 1, len(boxes)))
    tally = Tally()
    with ExitStack() as stack:
        folder, into = None, None
        if options.journal is not None:
            into = stack.enter_context(options.journal.open("wb"))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bngcorr-journal-")))
        tasks = [
            Task(
                lines=options.lines,
                seed=options.seed,
                days=options.days,
                interim_s=options.interim_s,
                boxes=hand,
                journals=folder,
            )
            for hand in hands
        ]
        for part in _run(tasks, progress):
            tally.merge(part)
        if into is not None and folder is not None and options.journal is not None:
            parts = [folder / f"{box.number}.jsonl" for box in boxes]
            journal.gather(parts, into, packed=options.journal.suffix == ".gz")
    return Result(seed=options.seed, boxes=len(boxes), tally=tally, seconds=time.monotonic() - began)


def deal(stories: Sequence[Story], hands: int) -> list[tuple[int, ...]]:
    """Split the boxes, by number, into parts on which about as much happens."""
    parts: list[list[int]] = [[] for _ in range(hands)]
    sizes = [0] * hands
    weights = {story.box.number: sum(map(len, story.watched.values())) for story in stories}
    for number in sorted(weights, key=lambda number: (-weights[number], number)):
        least = sizes.index(min(sizes))
        parts[least].append(number)
        sizes[least] += weights[number] + 1
    return [tuple(sorted(part)) for part in parts]


def _run(tasks: Sequence[Task], progress: Callable[[float, int], None]) -> list[Tally]:
    context = multiprocessing.get_context("spawn")
    readers: list[Connection[None, Message]] = []
    processes: list[SpawnProcess] = []
    try:
        for task in tasks:
            reader, writer = context.Pipe(duplex=False)
            process = context.Process(target=main, args=(task, writer), daemon=True)
            process.start()
            writer.close()
            readers.append(reader)
            processes.append(process)
        tallies = _listen(readers, tasks, progress)
        for process in processes:
            process.join(_END_WITHIN_S)
        return tallies
    finally:
        for process in processes:
            if process.is_alive():
                process.terminate()
        for process in processes:
            process.join()


def _listen(
    readers: Sequence[Connection[None, Message]], tasks: Sequence[Task], progress: Callable[[float, int], None]
) -> list[Tally]:
    """Until all are done. Raises SimulationError as soon as one failed."""
    moved = [Moved(0, 0)] * len(readers)
    done: dict[int, Tally] = {}
    while len(done) < len(readers):
        for ready in wait([reader for at, reader in enumerate(readers) if at not in done]):
            at = next(at for at, reader in enumerate(readers) if reader is ready)
            try:
                message = readers[at].recv()
            except EOFError:
                raise SimulationError("a process of the simulation ended before its work was done") from None
            match message:
                case Moved():
                    moved[at] = message
                case Done():
                    done[at] = message.tally
                    moved[at] = Moved(round(tasks[at].days * DAY), message.tally.requests)
                case Failed():
                    raise SimulationError(message.why)
        shares = [one.at_ms / (task.days * DAY) for one, task in zip(moved, tasks, strict=True)]
        progress(min(shares), sum(one.requests for one in moved))
    return [done[at] for at in range(len(readers))]
