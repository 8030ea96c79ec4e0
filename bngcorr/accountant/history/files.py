"""The folder of the history: lines go into the file of the day and are durable; older files are packed, then dropped.

Several processes of one machine may share it. Whoever changes a file holds the folder's lock. A line that was torn off
by the end of a process or a machine stays alone: the next one begins anew.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from bngcorr.accountant.history.day_file import DayFile, day_files, day_of, following
from bngcorr.accountant.history.folder_lock import TIDYING, locked, settle

PACK_LEVEL: Final = 4
CHUNK: Final = 262_144  # octets packed before a rest
PACKING: Final = ".pack"  # suffix of what is not whole yet
REWRITING: Final = ".new"


class Folder:
    """Writing. Blocks, so it belongs into a thread."""

    def __init__(self, directory: Path, *, keep_s: float, max_octets: int, now_s: Callable[[], float]) -> None:
        """Files are kept for `keep_s`, and closed at `max_octets`; `now_s` tells epoch seconds."""
        self._directory = directory
        self._keep_s = keep_s
        self._max_octets = max_octets
        self._now_s = now_s

    def append(self, lines: Sequence[bytes], wait_s: float = 1.0) -> None:
        """All of them or none, durable on return. Raises BlockingIOError if the folder is in use, OSError."""
        text = b"".join(lines)
        if not text:
            return
        self._make()
        with locked(self._directory, wait_s):
            path = self._path(self._current(len(text)))
            handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(handle).st_size
                try:
                    if size and os.pread(handle, 1, size - 1) != b"\n":
                        text = b"\n" + text
                    _write(handle, text)
                    os.fsync(handle)
                except OSError:
                    with contextlib.suppress(OSError):
                        os.ftruncate(handle, size)
                    raise
            finally:
                os.close(handle)
            if size == 0:
                settle(self._directory)

    def tidy(self, go_on: Callable[[], bool]) -> None:
        """Drop what is older than is kept, pack what is older than today. One process at a time does.

        Ends early, with nothing half done, when `go_on` says no. Raises BlockingIOError, OSError.
        """
        self._make()
        with locked(self._directory, 0.0, TIDYING):
            for path in self._directory.iterdir():
                if path.suffix == PACKING:  # of one that was killed
                    path.unlink(missing_ok=True)
            now = self._now_s()
            for file in self._files():
                if not go_on():
                    return
                if file.over(now, self._keep_s):
                    with locked(self._directory, 1.0):
                        self._path(file).unlink(missing_ok=True)
                elif not file.packed and file.day < day_of(now):
                    self._pack(file, go_on)

    def _pack(self, file: DayFile, go_on: Callable[[], bool]) -> None:
        source = self._path(file)
        half = self._directory / (file.name + PACKING)
        try:
            before = source.stat()
            if not _packed(source, half, go_on):
                return
            with locked(self._directory, 2.0):
                if _state(before) != _state(source.stat()):
                    return  # somebody was forgotten meanwhile; the next time
                target = file.gzipped()
                files = self._files()
                if target in files:  # the clock went back a day, or a process ended right below
                    target = following(files, file.day).gzipped()
                half.replace(self._path(target))
                settle(self._directory)
                source.unlink()
                settle(self._directory)
        finally:
            half.unlink(missing_ok=True)

    def _current(self, octets: int) -> DayFile:
        """Where so much more goes."""
        day, files = day_of(self._now_s()), self._files()
        todays = [file for file in files if file.day == day]
        if not todays or todays[-1].packed:
            return following(files, day)
        last = todays[-1]
        size = self._path(last).stat().st_size
        return last if size == 0 or size + octets <= self._max_octets else following(files, day)

    def _files(self) -> list[DayFile]:
        return day_files(self._directory.iterdir())

    def _path(self, file: DayFile) -> Path:
        return self._directory / file.name

    def _make(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write(handle: int, text: bytes) -> None:
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(handle, rest) :]


def _state(of: os.stat_result) -> tuple[int, int, int]:
    return of.st_ino, of.st_size, of.st_mtime_ns


def _packed(source: Path, target: Path, go_on: Callable[[], bool]) -> bool:
    """Pack it, resting half of the time: requests are answered by the same processor. False: it was broken off."""
    with source.open("rb") as plain, private(target) as raw:
        with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=PACK_LEVEL, mtime=0) as packed:
            while True:
                began = time.monotonic()
                chunk = plain.read(CHUNK)
                if not chunk:
                    break
                if not go_on():
                    return False
                packed.write(chunk)
                time.sleep(min(time.monotonic() - began, 0.1))
        raw.flush()
        os.fsync(raw.fileno())
    return True


def private(path: Path) -> BinaryIO:
    """A new file that nobody else may read."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")
