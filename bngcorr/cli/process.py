"""What every long-running verb does: read the config, start, wait for a signal, stop, exit with the right code."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, Protocol

from bngcorr import config, logs
from bngcorr.config import Config
from bngcorr.errors import BngcorrError, ConfigError


class Process(Protocol):
    """Something that runs until it is told to stop."""

    async def start(self) -> None:
        """Come up. Raises BngcorrError."""
        ...

    async def stop(self) -> None:
        """Go down; safe after a start that failed."""
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


def run_until_signal(path: Path, build: Callable[[Config], Process]) -> NoReturn:
    """The life of a process: exit 0 after SIGINT or SIGTERM, 2 for a faulty config, 1 if it can't start."""
    settings = load_or_exit(path)
    logs.set_up(settings.log)
    try:
        asyncio.run(_live(build(settings)))
    except ConfigError as error:
        exit_with_faults(error)
    except BngcorrError as error:
        print(f"bngcorr: {error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(0)


async def _live(process: Process) -> None:
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, end.set)
    try:
        await process.start()
        await end.wait()
    finally:
        await process.stop()
