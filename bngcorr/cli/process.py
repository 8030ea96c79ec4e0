"""What every long-running verb does: read the config, start, wait for a signal, stop, exit with the right code."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import NoReturn, Protocol

from bngcorr import config, logs
from bngcorr.app.file_watch import FileWatch
from bngcorr.config import Config
from bngcorr.config.loading import Loaded, load_with_digest
from bngcorr.errors import BngcorrError, ConfigError


class Process(Protocol):
    """Something that runs until it is told to stop."""

    async def start(self) -> None:
        """Come up. Raises BngcorrError."""
        ...

    async def reload(self) -> object:
        """Take the configuration file anew. Raises BngcorrError, and has said so: then the old one holds."""
        ...

    async def retire(self, at_once: asyncio.Event) -> None:
        """Let others know that the end is near, and go on for a while; cut short by `at_once`."""
        ...

    async def stop(self, at_once: asyncio.Event) -> None:
        """Go down, without patience as soon as `at_once` is set; safe after a start that failed."""
        ...


def exit_with_faults(error: ConfigError) -> NoReturn:
    """Print every fault of a config and exit 2."""
    count = len(error.faults)
    print(f"The configuration has {count} fault{'s' if count != 1 else ''}:", file=sys.stderr)
    for fault in error.faults:
        print(f"  {fault}", file=sys.stderr)
    sys.exit(2)


def load_or_exit(path: Path) -> Config:
    """The config; prints every fault and exits 2 if it has any."""
    try:
        return config.load(path)
    except ConfigError as error:
        exit_with_faults(error)


def run_until_signal(path: Path, build: Callable[[Path, Loaded], Process], *, watch: bool = False) -> NoReturn:
    """The life of a process: exit 0 after SIGINT or SIGTERM, 2 for a faulty config, 1 if it can't start.

    SIGTERM lets it retire first, SIGINT does not; a second one of either kind ends it at once. SIGHUP reloads; with
    `watch`, so does a change of the file or of the secrets it names.
    """
    signals = _Signals()
    signal.signal(signal.SIGHUP, lambda *_: signals.hung_up())
    try:
        loaded = load_with_digest(path)
    except ConfigError as error:
        exit_with_faults(error)
    logs.set_up(loaded.config.log)
    try:
        asyncio.run(_live(build(path, loaded), signals, FileWatch(path) if watch else None))
    except ConfigError as error:
        exit_with_faults(error)
    except BngcorrError as error:
        print(f"bngcorr: {error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)


class _Signals:
    """What the process was told from outside."""

    def __init__(self) -> None:
        self.end = asyncio.Event()
        self.at_once = asyncio.Event()
        self.retires = False
        self._reload_by: Callable[[], Coroutine[None, None, object]] | None = None  # none before the start is over
        self._hung_up_early = False
        self._reloads: set[asyncio.Task[None]] = set()

    def listen(self) -> None:
        """From now on."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._ended, number)
        loop.add_signal_handler(signal.SIGHUP, self.hung_up)

    def _ended(self, number: signal.Signals) -> None:
        if self.end.is_set():
            self.at_once.set()
        self.retires = number == signal.SIGTERM
        self.end.set()

    def started(self, reload: Callable[[], Coroutine[None, None, object]]) -> None:
        """The start is over: a SIGHUP has `reload` done from now on, and one that came while the file was read."""
        self._reload_by = reload
        if self._hung_up_early:
            self.hung_up()

    def hung_up(self) -> None:
        """SIGHUP."""
        if self._reload_by is None:
            self._hung_up_early = True
        elif not self.end.is_set():
            task = asyncio.create_task(self._reload(self._reload_by))
            self._reloads.add(task)
            task.add_done_callback(self._reloads.discard)

    async def changed(self) -> None:
        """A watched file changed."""
        self.hung_up()

    @staticmethod
    async def _reload(reload: Callable[[], Coroutine[None, None, object]]) -> None:
        with contextlib.suppress(Exception):  # told, with its traceback if it is a bug; the old configuration holds
            await reload()


async def _live(process: Process, signals: _Signals, watch: FileWatch | None = None) -> None:
    signals.listen()
    watching: asyncio.Task[None] | None = None
    try:
        await process.start()
        signals.started(process.reload)
        if watch is not None:
            watching = asyncio.create_task(watch.run(signals.changed))
        await signals.end.wait()
        if watching is not None:
            watching.cancel()
        if signals.retires:
            await process.retire(signals.at_once)
    finally:
        await process.stop(signals.at_once)
