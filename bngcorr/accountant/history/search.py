"""Reading the history's files, packed or not: in chunks, and parsing only what can answer."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path
from socket import AF_INET, AF_INET6, inet_pton
from typing import BinaryIO, Final

from bngcorr.accountant.history.day_file import DayFile, day_files
from bngcorr.accountant.history.format import FIRST, MOST_OCTETS, read_line
from bngcorr.accountant.history.held import Held
from bngcorr.accountant.history.question import Network, Question

CHUNK: Final = 1_048_576  # octets at a time
_START: Final = len(FIRST)

Told = Callable[[int], None]  # of so many octets on disk that are read


@dataclass(slots=True)
class Search:
    """Files of a folder from some day on, and what became of reading them."""

    directory: Path
    files: list[DayFile]
    unread: list[str] = field(default_factory=list)  # "name: why" of files that can't be read, or not to their end

    @classmethod
    def since(cls, directory: Path, first_day: date) -> Search:
        """Files of that day and later. Raises OSError if the folder can't be read."""
        return cls(directory, [file for file in day_files(directory.iterdir()) if file.day >= first_day])

    @classmethod
    def all(cls, directory: Path) -> Search:
        """Every file. Raises OSError if the folder can't be read."""
        return cls.since(directory, date.min)

    def octets(self) -> int:
        """Size on disk of all of them."""
        sizes = 0
        for file in self.files:
            with contextlib.suppress(FileNotFoundError):  # packed or dropped meanwhile
                sizes += (self.directory / file.name).stat().st_size
        return sizes

    def held(self, question: Question, told: Told) -> Iterator[Held]:
        """Hosts whose address is the one asked for, overlaps it, or lies within it; whenever that was."""
        wanted = _wanted(question)
        for file in self.files:
            try:
                for lines in chunks(self.directory, file, told):
                    for line in lines:
                        if wanted(line) and (held := read_line(line)) is not None:
                            yield held
            except (OSError, EOFError, zlib.error) as error:
                self.unread.append(f"{file.name}: {getattr(error, 'strerror', None) or error}")


def chunks(directory: Path, file: DayFile, told: Told) -> Iterator[list[bytes]]:
    """Lines without their newlines, many at a time; a last one without a newline was torn off, and comes as well.

    A file that was dropped meanwhile has none. Raises OSError, EOFError, zlib.error.
    """
    opened = _opened(directory, file)
    if opened is None:
        return
    raw, packed = opened
    with raw:
        # of a packed file that breaks off, read1 gives what there is, and read gives nothing
        read = gzip.GzipFile(fileobj=raw, mode="rb").read1 if packed else raw.read
        rest, at = b"", 0
        while chunk := read(CHUNK):
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            if len(rest) > MOST_OCTETS:
                rest = rest[:MOST_OCTETS]  # no line of ours: keep too little of it to be one
            yield lines
            told(raw.tell() - at)
            at = raw.tell()
        if rest:
            yield [rest]


def _opened(directory: Path, file: DayFile) -> tuple[BinaryIO, bool] | None:
    for candidate in (file, file.gzipped()):  # it may have been packed since the folder was read
        try:
            return (directory / candidate.name).open("rb"), candidate.packed
        except FileNotFoundError:
            continue
    return None


def _wanted(question: Question) -> Callable[[bytes], bool]:
    """Whether a line may answer, told from its address alone; lines that begin otherwise have to be parsed."""
    about = finder(question)

    def wanted(line: bytes) -> bool:
        if not line.startswith(FIRST):
            return line != b""
        return about(line[_START : line.find(b'"', _START)].decode("ascii", "replace"))

    return wanted


def finder(question: Question) -> Callable[[str], bool]:
    """`Question.about`, for millions of addresses."""
    if question.single:
        return question.texts().__contains__
    return _overlapping(question.network)


def _overlapping(network: Network) -> Callable[[str], bool]:
    four = isinstance(network, IPv4Network)
    family, octets = (AF_INET, 4) if four else (AF_INET6, 16)
    bits = octets * 8
    low = int(network.network_address)
    high = low + network.num_addresses - 1

    def overlaps(text: str) -> bool:
        if (":" in text) == four:
            return False
        address, _, length = text.partition("/")
        try:
            first = int.from_bytes(inet_pton(family, address), "big")
            last = first + (1 << bits - int(length or bits)) - 1
        except (OSError, ValueError):
            return False
        return first <= high and last >= low

    return overlaps
