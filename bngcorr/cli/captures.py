"""Captures and octets as arguments of a verb, and the packets in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from errno import EACCES, EISDIR, ENOENT, ENOTDIR
from pathlib import Path
from typing import Annotated

from cyclopts import CycloptsError, Parameter

from bngcorr.capture.packets import Kind, Packet, parse_hex, read
from bngcorr.capture.record import CutCapture, UnreadableCapture
from bngcorr.capture.source import STANDARD_INPUT


def _no_option(_: object, path: Path) -> None:
    """A misspelt option is not taken for a file's name. Raises CycloptsError: all other errors name every file."""
    if str(path).startswith("-") and path != STANDARD_INPUT:
        raise CycloptsError(msg=f"{path} is no option; a file of that name is ./{path}")


def _no_other_option(_: object, path: Path | None) -> None:
    """Likewise the option behind one whose file was forgotten."""
    if path is not None and str(path).startswith("-") and path != STANDARD_INPUT:
        raise ValueError(f"Expected a file; one of that name is ./{path}")


Capture = Annotated[Path, Parameter(allow_leading_hyphen=True, validator=_no_option)]
"""A file, or - for standard input."""

Written = Annotated[Path | None, Parameter(allow_leading_hyphen=True, validator=_no_other_option)]
"""A file to write, or - for standard output."""


def packets(files: tuple[Path, ...], texts: tuple[str, ...], kinds: frozenset[Kind]) -> Iterator[Packet | str]:
    """Packets, and where there are none, why; what could be read before and behind counts all the same."""
    for number, text in enumerate(texts, start=1):
        try:
            yield Packet(number, parse_hex(text))
        except UnreadableCapture as error:
            yield f"--hex: {error}"
    for path in files:
        try:
            yield from read(path, kinds)
        except CutCapture as error:
            yield f"{path}: {error}; what is before was read"
        except (OSError, UnreadableCapture) as error:
            yield f"{path}: {getattr(error, 'strerror', None) or error}"


def not_writable(path: Path) -> str | None:
    """Why a file can't be written, as far as can be told without doing it, before hours of reading; None if it can."""
    why = None
    if path.is_dir():
        why = EISDIR
    elif not path.parent.is_dir():
        why = ENOTDIR if path.parent.exists() else ENOENT
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        why = EACCES
    return None if why is None else os.strerror(why)
