"""Taking one subject out of the history's files."""

from __future__ import annotations

import gzip
import json
import os
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bngcorr.accountant.history.day_file import DayFile, day_files
from bngcorr.accountant.history.files import PACK_LEVEL, REWRITING, private
from bngcorr.accountant.history.folder_lock import locked, settle
from bngcorr.accountant.history.format import read_line
from bngcorr.accountant.history.search import Told, chunks
from bngcorr.accountant.history.subject import Subject

WAIT_S: Final = 60.0  # for the folder, at each file
LET_OTHERS_S: Final = 0.05  # between two files that are rewritten, for those who append
_WHOLE: Final = b'Z"}'  # how lines of ours end; what ends otherwise is looked at


@dataclass(slots=True)
class Forgotten:
    """What was, or would be, taken out."""

    hosts: int = 0  # lines of the subject
    torn: int = 0  # lines that were torn off: they say nothing, but may hold a name, and go as well
    files: int = 0  # that have any of either
    of_files: int = 0
    lines: set[tuple[str, str]] = field(default_factory=set)  # domain and access line; of several customers?
    unread: list[str] = field(default_factory=list)  # "name: why" of files that could not be read or rewritten

    def add(self, found: Forgotten) -> None:
        """Of one more file."""
        self.hosts += found.hosts
        self.torn += found.torn
        self.files += bool(found.hosts or found.torn)
        self.lines |= found.lines


def forget(directory: Path, subject: Subject, told: Told, *, dry_run: bool) -> Forgotten:
    """Rewrite each file that has lines of the subject without them, under the folder's lock, at once for readers.

    What was taken out is durable on return. Those who append wait while a file is rewritten. With `dry_run` nothing is
    changed. Raises OSError if the folder can't be read; files that can't be are in `unread`.
    """
    done = Forgotten()
    for path in directory.iterdir():
        if path.suffix == REWRITING and not dry_run:  # of one that was killed
            with locked(directory, WAIT_S):
                path.unlink(missing_ok=True)
    for file in day_files(directory.iterdir()):
        done.of_files += 1
        try:
            found = _look(directory, file, subject, told)
            if (found.hosts or found.torn) and not dry_run:
                found = _rewrite(directory, file, subject)
                time.sleep(LET_OTHERS_S)
            done.add(found)
        except (OSError, EOFError, zlib.error) as error:
            done.unread.append(f"{file.name}: {getattr(error, 'strerror', None) or error}")
    return done


def _look(directory: Path, file: DayFile, subject: Subject, told: Told) -> Forgotten:
    found, needle = Forgotten(), subject.needle()
    for lines in chunks(directory, file, told):
        for line in lines:
            if needle in line or not line.endswith(_WHOLE):
                _goes(line, subject, needle, found)
    return found


def _rewrite(directory: Path, file: DayFile, subject: Subject) -> Forgotten:
    found, needle = Forgotten(), subject.needle()
    with locked(directory, WAIT_S):
        if not (directory / file.name).exists():
            file = file.gzipped()  # packed since; if it was dropped, there is nothing to read
        path, new = directory / file.name, directory / (file.name + REWRITING)
        try:
            with private(new) as raw:
                target = gzip.GzipFile("", "wb", PACK_LEVEL, raw, 0) if file.packed else raw
                for lines in chunks(directory, file, lambda _: None):
                    kept = [
                        line
                        for line in lines
                        if not (needle in line or not line.endswith(_WHOLE)) or not _goes(line, subject, needle, found)
                    ]
                    target.write(b"".join(line + b"\n" for line in kept if line))
                if target is not raw:
                    target.close()
                raw.flush()
                os.fsync(raw.fileno())
            if path.exists():
                new.replace(path)
                settle(directory)
        finally:
            new.unlink(missing_ok=True)
    return found


def _goes(line: bytes, subject: Subject, needle: bytes, found: Forgotten) -> bool:
    """Whether a line goes; it is counted then. What is whole but not of this version goes if it has the needle."""
    held = read_line(line)
    if held is not None:
        if not subject.fits(held):
            return False
        found.hosts += 1
        found.lines.add((held.domain, held.line or ""))
        return True
    if not line:
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        found.torn += 1
        return True
    found.hosts += needle in line
    return needle in line
