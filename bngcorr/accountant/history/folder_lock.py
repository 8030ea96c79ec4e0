"""The right to change the files of a folder, among all processes of this machine."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

WRITING: Final = ".lock"
TIDYING: Final = ".tidy"
_AGAIN_S: Final = 0.02


@contextmanager
def locked(directory: Path, wait_s: float, name: str = WRITING) -> Iterator[None]:
    """Hold it; it goes with the process. Raises BlockingIOError if others hold it all of that time, OSError."""
    handle = os.open(directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        end = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= end:
                    raise
                time.sleep(_AGAIN_S)
        yield
    finally:
        os.close(handle)


def settle(directory: Path) -> None:
    """Make names that came and went durable."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
