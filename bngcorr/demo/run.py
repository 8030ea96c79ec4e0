"""The two ways to run the demonstration: one bounded round, or rounds until Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable

from rich.console import Console
from rich.live import Live

from bngcorr.demo.lab import Lab, Options, Snapshot
from bngcorr.demo.report import Result
from bngcorr.demo.screen import Tally, example, guide, line, table
from bngcorr.demo.service import DemoError

_ONCE_SPREAD_S = 1.5
_LIVE_SPREAD_S = 14.0  # some 400 requests: about 20 a second
_LOOK_S = 0.5
_PLAIN_S = 5.0


async def run_once(options: Options, *, progress: Callable[[Snapshot], None] | None = None) -> Result:
    """One round of all scenarios. Raises DemoError if the service does not start, or ends on its own."""
    async with Lab(options) as lab:
        watcher = asyncio.create_task(_report(lab, progress)) if progress is not None else None
        try:
            return await lab.unless_it_ends(lab.round(1, spread_s=_ONCE_SPREAD_S))
        finally:
            if watcher is not None:
                watcher.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watcher


async def run_live(options: Options, console: Console) -> int:
    """Rounds on fresh lines until SIGINT or SIGTERM.

    Returns the exit code: 0 when asked to end, 1 when it could not go on.
    """
    loop = asyncio.get_running_loop()
    show = asyncio.create_task(_show(options, console))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, show.cancel)
    try:
        await show
    except asyncio.CancelledError:
        console.print("The demonstration is over; everything it started has ended.")
        return 0
    except DemoError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return 0


async def _show(options: Options, console: Console) -> None:
    async with Lab(options) as lab:
        tally = Tally()
        rounds = asyncio.create_task(_rounds(lab, tally))
        try:
            if lab.service is not None:
                _copyable(console, guide(lab.service))
            await lab.unless_it_ends(_watch(lab, tally, rounds, console))
        finally:
            rounds.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await rounds


async def _rounds(lab: Lab, tally: Tally) -> None:
    number = 0
    while True:
        number += 1
        tally.add(await lab.round(number, spread_s=_LIVE_SPREAD_S))


async def _watch(lab: Lab, tally: Tally, rounds: asyncio.Task[None], console: Console) -> None:
    """A live table on a terminal; elsewhere a line every few seconds."""
    if not console.is_terminal:
        looked_up = False
        while not rounds.done():
            await asyncio.wait({rounds}, timeout=_PLAIN_S)
            if not looked_up and (commands := _look_up(lab)):
                looked_up = True
                _copyable(console, ["# one line that is up now:", *commands])
            _copyable(console, [line(await lab.observe(), tally, await lab.ready())])
        rounds.result()
    with Live(console=console, auto_refresh=False) as live:
        while not rounds.done():
            live.update(table(await lab.observe(), tally, await lab.ready(), _look_up(lab)), refresh=True)
            await asyncio.wait({rounds}, timeout=_LOOK_S)
        rounds.result()


def _look_up(lab: Lab) -> list[str]:
    up = lab.example_line
    return [] if lab.service is None or up is None else example(lab.service.http, up)


def _copyable(console: Console, lines: list[str]) -> None:
    """Whole lines, whatever the width of the terminal."""
    for text in lines:
        console.print(text, markup=False, highlight=False, soft_wrap=True)


async def _report(lab: Lab, progress: Callable[[Snapshot], None]) -> None:
    while True:
        before = time.monotonic()
        progress(await lab.observe())
        await asyncio.sleep(max(0.0, _LOOK_S - (time.monotonic() - before)))
