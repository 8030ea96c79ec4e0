"""Where a line plan is read from: a file, one that is gzipped, or standard input."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from bngcorr.correlator.plan_file import MOST_LINE_OCTETS

STANDARD_INPUT: Final = Path("-")
TELL_EVERY: Final = 4_096  # lines


class UnreadablePlanError(Exception):
    """The file can't be read, or not to its end; the text says why."""


class PlanSource:
    """Lines of a file, read as they are asked for; of what was read, the digest."""

    def __init__(self, path: Path, read: Callable[[int], None]) -> None:
        """`read` is told how many octets of the file were read since the last call."""
        self._path = path
        self._read = read
        self._digest = sha256()

    @property
    def digest(self) -> str:
        """SHA-256 of the lines so far (of a gzipped file: unpacked), in hexadecimal."""
        return self._digest.hexdigest()

    @property
    def size(self) -> int | None:
        """Octets of the file, for whoever waits; None if nobody knows."""
        try:
            return None if self._path == STANDARD_INPUT else self._path.stat().st_size
        except OSError:
            return None

    def __iter__(self) -> Iterator[bytes]:
        """Lines with their ends, cut at MOST_LINE_OCTETS + 1. Raises UnreadablePlanError."""
        try:
            if self._path == STANDARD_INPUT:
                yield from self._lines(sys.stdin.buffer, None)
                return
            with self._path.open("rb") as file:
                if self._path.suffix == ".gz":
                    with gzip.GzipFile(fileobj=file) as unpacked:
                        yield from self._lines(unpacked, file)
                else:
                    yield from self._lines(file, file)
        except (OSError, EOFError, zlib.error) as error:  # gzip raises all three
            raise UnreadablePlanError(f"{self._path}: {getattr(error, 'strerror', None) or error}") from None

    def _lines(self, stream: BinaryIO | gzip.GzipFile, file: BinaryIO | None) -> Iterator[bytes]:
        told = number = 0
        while line := stream.readline(MOST_LINE_OCTETS + 1):
            self._digest.update(line)
            yield line
            number += 1
            if file is not None and number % TELL_EVERY == 0:
                at = file.tell()
                self._read(at - told)
                told = at
