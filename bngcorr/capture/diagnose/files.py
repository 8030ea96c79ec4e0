"""Captures, one after the other, through one diagnosis; and examples out of them again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from bngcorr.capture import reader
from bngcorr.capture.diagnose.found import Found, kept
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.capture.diagnose.summary import File, Summary
from bngcorr.capture.record import CutCapture, Record, UnreadableCapture
from bngcorr.capture.source import STANDARD_INPUT

STEP: Final = 4_096  # frames between two words about how far it is
NEXT_NS: Final = 300_000_000_000  # between two slices of one capture, at most
_OVERHEAD: Final = 16  # octets of a record besides its frame, more or less


def read(paths: Sequence[Path], diagnosis: Diagnosis, moved: Callable[[int], None] = lambda _: None) -> Summary:
    """All frames of all files; what cannot be read is said in the summary. `moved` is told octets, now and then.

    A file that begins at most five minutes behind the end of those before goes on where they ended, on the same
    interfaces: a capture in slices. Else it is another capture point, and its interfaces are others. An interrupt
    (SIGINT) ends the reading, not the diagnosis.
    """
    summary = Summary()
    try:
        for path in paths:
            _file(path, diagnosis, summary, moved)
    except KeyboardInterrupt:
        summary.interrupted = True
    diagnosis.end()
    return summary


def _file(path: Path, diagnosis: Diagnosis, summary: Summary, moved: Callable[[int], None]) -> None:
    file: File | None = None
    octets = 0
    unread, whole = "", True
    try:
        for record in reader.records(path):
            if file is None:
                file = _begin(path, record, diagnosis, summary)
            file.frames += 1
            file.interfaces = max(file.interfaces, record.interface + 1)
            summary.see(diagnosis.see(record), record.at_ns)
            octets += len(record.octets) + _OVERHEAD
            if not file.frames % STEP:
                moved(octets)
                octets = 0
    except CutCapture as error:
        unread = f"{error}; what is before was read"
    except UnreadableCapture as error:
        unread, whole = str(error), False
    except OSError as error:
        unread, whole = error.strerror or str(error), False
    moved(octets)
    if file is None:
        file = _begin(path, None, diagnosis, summary)
    file.unread, file.whole = unread, whole


def _begin(path: Path, first: Record | None, diagnosis: Diagnosis, summary: Summary) -> File:
    before = summary.files[-1] if summary.files else None
    interface = 0
    if before is not None:
        goes_on = (
            first is None
            or first.at_ns is None
            or summary.last_ns is None
            or 0 <= first.at_ns - summary.last_ns <= NEXT_NS
        )
        interface = (
            before.first_interface if goes_on else max(one.first_interface + one.interfaces for one in summary.files)
        )
    name = "standard input" if path == STANDARD_INPUT else str(path)
    file = File(name, diagnosis.begin(interface), interface)
    summary.files.append(file)
    return file


def fill_examples(faults: Iterable[Found], paths: Sequence[Path], summary: Summary) -> None:
    """A second look into the files for the frames of faults that were told later than their frames came.

    Standard input is gone by then: those faults stay without.
    """
    wanted: dict[Path, dict[int, list[Found]]] = {}
    by_file = {id(file): path for file, path in zip(summary.files, paths, strict=False)}
    for found in faults:
        place = summary.file_of(found.packets[0]) if found.example is None and found.packets else None
        if place is not None and by_file[id(place[0])] != STANDARD_INPUT:
            wanted.setdefault(by_file[id(place[0])], {}).setdefault(place[1], []).append(found)
    for path, numbers in wanted.items():
        try:
            for record in reader.records(path):
                for found in numbers.pop(record.number, ()):
                    found.show(kept(record), found.packets[0])
                if not numbers:
                    break
        except (OSError, UnreadableCapture):  # said at the first look
            continue
