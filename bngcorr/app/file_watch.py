"""The configuration file and the secrets it names, looked at every few seconds.

For where files are replaced by somebody who can send no signal (Kubernetes). A file counts by what is in it, and is
taken once it has stood still for one look; a file that can't be read is not there yet.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Final

import structlog

from bngcorr.config.loading import files_named

EVERY_S: Final = 2.0
MOST_OCTETS: Final = 1 << 24  # of one file

log = structlog.get_logger()


class FileWatch:
    """One configuration file, and what it names."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._octets = b""
        self._named: list[Path] = []
        self._seen = self._taken = self._stamp()

    def _stamp(self) -> bytes:
        """What tells all files as they are from all others; empty if the first can't be read."""
        octets = _content(self._file)
        if octets is None:
            return b""
        if octets != self._octets:
            self._octets, self._named = octets, files_named(octets)
        whole = hashlib.sha256(octets)
        for path in self._named:
            content = _content(path)
            whole.update(b"-" if content is None else b"+" + hashlib.sha256(content).digest())
        return whole.digest()

    def changed(self) -> bool:
        """Whether there is something new that has stood still since the last look; told once."""
        stamp = self._stamp()
        still, self._seen = stamp == self._seen, stamp
        if not stamp or stamp == self._taken or not still:
            return False
        self._taken = stamp
        return True

    async def run(self, take: Callable[[], Coroutine[None, None, None]]) -> None:
        """Look, and `take` what is new, for ever."""
        while True:
            await asyncio.sleep(EVERY_S)
            if await asyncio.to_thread(self.changed):
                log.info("files changed", file=str(self._file))
                await take()


def _content(path: Path) -> bytes | None:
    try:
        with path.open("rb") as opened:
            return opened.read(MOST_OCTETS)
    except OSError:
        return None
