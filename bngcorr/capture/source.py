"""Octets of a file or of standard input, gzip and zstd undone on the way; a little of it in memory at any time."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Protocol, cast

import zstandard

from bngcorr.capture.record import UnreadableCapture

if TYPE_CHECKING:
    from typing_extensions import Buffer

STANDARD_INPUT: Final = Path("-")
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
PACKED: Final = (_GZIP, _ZSTD)  # how a compressed file begins
_BUFFER: Final = 1 << 20
_MOST_WINDOW: Final = 1 << 27  # of zstd: as much memory as `zstd -d` allows itself


class Source(Protocol):
    """Where octets come from. Both raise UnreadableCapture and OSError."""

    def read(self, size: int, /) -> bytes:
        """So many octets, fewer at the end only."""

    def peek(self, size: int, /) -> bytes:
        """So many octets or more that `read` will give; fewer near the end only."""


class _Reads1(Protocol):
    def read1(self, size: int, /) -> bytes: ...


class _Piecewise(io.RawIOBase):
    """Decompressed octets as they become known: what stands before a fault is given before it is raised."""

    def __init__(self, undone: _Reads1) -> None:
        self._undone: Final = undone

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        view = memoryview(buffer)
        piece = self._undone.read1(len(view))
        view[: len(piece)] = piece
        return len(piece)


class _Undone:
    """A source whose compression is undone; its faults have one name."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self._stream: Final = stream

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read(size)
        except (gzip.BadGzipFile, EOFError, zlib.error, zstandard.ZstdError) as error:
            raise UnreadableCapture(f"its compression is broken: {error}") from None

    def peek(self, size: int, /) -> bytes:
        try:
            return self._stream.peek(size)
        except (gzip.BadGzipFile, EOFError, zlib.error, zstandard.ZstdError) as error:
            raise UnreadableCapture(f"its compression is broken: {error}") from None


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """A file, or standard input for ``-``, decompressed if its first octets say so. Raises OSError."""
    if path == STANDARD_INPUT:
        # unbuffered: what another program writes is read as it comes
        yield source_of(getattr(sys.stdin.buffer, "raw", sys.stdin.buffer))
        return
    with path.open("rb", buffering=0) as file:
        yield source_of(file)


def source_of(file: IO[bytes]) -> Source:
    """Octets of an open binary file from where it stands."""
    plain = io.BufferedReader(cast("io.RawIOBase", file), _BUFFER)
    head = plain.peek(4)[:4]
    if head.startswith(_GZIP):
        return _Undone(io.BufferedReader(_Piecewise(gzip.GzipFile(fileobj=plain)), _BUFFER))
    if head == _ZSTD:
        decompressor = zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW)
        undone = decompressor.stream_reader(plain, read_across_frames=True)
        return _Undone(io.BufferedReader(_Piecewise(cast("_Reads1", undone)), _BUFFER))
    return plain
