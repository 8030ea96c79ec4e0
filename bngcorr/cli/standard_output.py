"""Standard output that tells its own troubles from all others: a full device, a pipe that nobody reads any more."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class OutputError(Exception):
    """Standard output takes nothing; the text says why. No OSError, so that nobody takes it for one of his own."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror)
        self.unread = error.errno == errno.EPIPE
        """Whether whoever read it has gone."""


class _Raw(io.FileIO):
    def write(self, octets: ReadableBuffer, /) -> int:
        try:
            return super().write(octets)
        except OSError as error:
            raise OutputError(error) from None


def watch_output() -> None:
    """From now on what can't be printed raises OutputError. Where the caller closed it, nothing is printed."""
    old = sys.stdout
    if old is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 -- for as long as the process lasts
    if isinstance(old, io.TextIOWrapper):
        raw = _Raw(old.fileno(), "w", closefd=False)
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(raw), old.encoding, old.errors, line_buffering=old.line_buffering,
            write_through=old.write_through,
        )  # fmt: skip


def give_output_up() -> None:
    """What is still to be printed goes nowhere, so that the interpreter's end can't trip over it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
