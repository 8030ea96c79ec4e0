"""What was read, whatever was found in it. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Final

from bngcorr.capture.diagnose.line import protocol_of
from bngcorr.capture.diagnose.seen import Seen


class File:
    """One capture of several: which of the frames were its."""

    __slots__ = ("first_interface", "first_number", "frames", "interfaces", "name", "unread", "whole")

    def __init__(self, name: str, first_number: int, first_interface: int) -> None:
        self.name: Final = name
        self.first_number: Final = first_number  # of its first frame, over all files
        self.first_interface: Final = first_interface
        self.interfaces = 0
        self.frames = 0
        self.whole = True  # False: it is damaged, or no capture; one that breaks off in its last frame is whole
        self.unread = ""  # why it could not be read to its end


class Summary:
    """Counts over all files."""

    def __init__(self) -> None:
        self.files: Final[list[File]] = []
        self.frames = 0
        self.twins = 0  # second copies of a mirror port
        self.cut = 0
        self.first_ns: int | None = None
        self.last_ns: int | None = None
        self.protocols: Final[Counter[str]] = Counter()  # by what `protocol_of` says: a closed set
        self.refused: Final[Counter[str]] = Counter()  # by reason
        self.interrupted = False

    def see(self, seen: Seen | None, at_ns: int | None) -> None:
        """A frame, as `Diagnosis.see` gave it."""
        self.frames += 1
        if at_ns is not None:
            self.first_ns = at_ns if self.first_ns is None else min(self.first_ns, at_ns)
            self.last_ns = at_ns if self.last_ns is None else max(self.last_ns, at_ns)
        if seen is None:
            self.twins += 1
            return
        self.protocols[protocol_of(seen)] += 1
        if seen.refused is not None:
            self.refused[str(seen.refused.reason)] += 1
        if seen.frame.cut:
            self.cut += 1

    def file_of(self, number: int) -> tuple[File, int] | None:
        """Which file a frame is in, and its number there."""
        for file in reversed(self.files):
            if number >= file.first_number:
                return file, number - file.first_number + 1
        return None
