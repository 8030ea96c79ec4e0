"""A new configuration for a running process: read and checked beside the requests, then taken at once or not at all."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from bngcorr.app.policies import Policies, policies_of
from bngcorr.config.changes import Changes, changes
from bngcorr.config.loading import Loaded, load_with_digest
from bngcorr.errors import BngcorrError, ConfigError
from bngcorr.proxy.meters import ConfigMeters
from bngcorr.wire.dictionary import Dictionary

TURN_S: Final = 0.0005  # how long the event loop may have to wait for the thread that reads and checks
MOST_NAMED: Final = 20  # keys in a log line

log = structlog.get_logger()


class EndingError(BngcorrError):
    """The process takes nothing new any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What holds, and since when."""

    digest: str  # of the file that was taken last
    loaded_at_s: float  # epoch seconds
    needs_restart: tuple[str, ...] = ()  # keys of that file that do not hold yet


class Reloader:
    """Takes the file anew whenever it is asked."""

    def __init__(
        self,
        file: Path,
        loaded: Loaded,
        dictionary: Dictionary,
        meters: ConfigMeters,
        take: Callable[[Policies], None],
    ) -> None:
        """`take` swaps what can be swapped, or raises BngcorrError and leaves all as it was."""
        self.file = file
        self.config = loaded.config
        self.running = Running(digest=loaded.digest, loaded_at_s=time.time())
        self._dictionary = dictionary
        self._meters = meters
        self._take = take
        self._one_by_one = asyncio.Lock()
        self._next: asyncio.Task[Changes] | None = None  # has not begun to read yet
        meters.taken(self.running.digest, self.running.loaded_at_s)

    async def reload(self) -> Changes:
        """Read, check, take. Raises BngcorrError, ConfigError for every fault of the file; nothing has changed then.

        Whoever asks before the file is read gets what comes of that reading: signals do not pile up.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._reload())
        return await asyncio.shield(self._next)

    async def _reload(self) -> Changes:
        async with self._one_by_one:
            self._next = None
            try:
                with _short_turns():
                    loaded, changed, policies = await asyncio.to_thread(self._prepare)
                self._take(policies)
            except BngcorrError as error:
                self._meters.refused()
                faults = [str(fault) for fault in error.faults] if isinstance(error, ConfigError) else [str(error)]
                log.error(  # noqa: TRY400 -- the file is wrong, not we
                    "new configuration refused, the old one holds", file=str(self.file), faults=faults[:MOST_NAMED]
                )
                raise
            except Exception:
                self._meters.refused()
                log.exception("internal error, new configuration not taken", file=str(self.file))
                raise
            self.config = changed.effective
            self.running = Running(
                digest=loaded.digest, loaded_at_s=time.time(), needs_restart=changed.needs_restart
            )  # fmt: skip
            self._meters.taken(loaded.digest, self.running.loaded_at_s)
            log.info(
                "new configuration taken", file=str(self.file), config=loaded.digest, bngs=len(self.config.bngs),
                changed=", ".join(changed.taken[:MOST_NAMED]), more=max(len(changed.taken) - MOST_NAMED, 0),
            )  # fmt: skip
            if changed.needs_restart:
                log.warning("needs a restart", keys=", ".join(changed.needs_restart))
            return changed

    def _prepare(self) -> tuple[Loaded, Changes, Policies]:
        loaded = load_with_digest(self.file)
        changed = changes(self.config, loaded.config)
        return loaded, changed, policies_of(changed.effective, self._dictionary)


@contextmanager
def _short_turns() -> Iterator[None]:
    """The event loop lets the interpreter go at every system call, and would get it back after 5 ms."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(TURN_S)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
