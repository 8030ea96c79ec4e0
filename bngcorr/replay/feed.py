"""Packets of several captures in the order of their time.

Captures that follow one another, as tcpdump's rotated files, are open one at a time; those that overlap, as of both
sides of a BNG, go side by side. Inside a file frames need not stand in the order of their time: dumpcap writes several
interfaces in blocks. A packet that comes later than so many others allow is given late, and counted.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from pathlib import Path
from typing import Final

from bngcorr.capture import pcapng, reader
from bngcorr.capture.packets import Kind, found_in
from bngcorr.capture.record import CutCapture, Record, UnreadableCapture
from bngcorr.capture.source import STANDARD_INPUT, opened
from bngcorr.replay.heard import Heard, address_text

AHEAD: Final = 16_384  # packets that are read before the first of them is given
FURTHER: Final = 1_024  # and later on, where frames can't stand in blocks: the more, the slower
TELL_EVERY: Final = 4096  # frames
MOST_SOURCES: Final = 1024
REQUESTS: Final = frozenset((1, 4))  # codes of RADIUS: Access-Request, Accounting-Request
ANSWERS: Final = frozenset((2, 3, 5, 11))  # Access-Accept and -Reject, Accounting-Response, Access-Challenge
RECORD_OCTETS: Final = 16  # of a frame's header in a capture, more or less

_RADIUS: Final = Kind.RADIUS
Told = Callable[[int], None]


class Feed:
    """Iterate over it once. What could not be read is in `faults` then."""

    def __init__(self, paths: Sequence[Path], read: Told = lambda _: None, ahead: int = AHEAD) -> None:
        """`read` is told from time to time how many octets more were read."""
        self._paths: Final = paths
        self._read: Final = read
        self._ahead: Final = ahead  # so many at the beginning, to learn who is who
        blocks = any(path == STANDARD_INPUT or _is_in_blocks(path) for path in paths)
        self._further: Final = ahead if blocks else min(ahead, FURTHER)
        self.faults: Final[dict[int, str]] = {}  # by number of the file
        self.frames = 0  # of all kinds
        self.sources: Final[dict[str, None]] = {}  # addresses that requests of RADIUS come from, of the first so many
        self._targets: Final[dict[str, None]] = {}  # and those that they go to
        self.answers = False  # whether an answer of RADIUS was read
        self.packets: Final = [0] * len(paths)  # of RADIUS and DHCP, by file

    def __iter__(self) -> Iterator[Heard]:
        return self._by_time(self._merged())

    @property
    def source(self) -> str | None:
        """The one source of requests of RADIUS among the packets that were read so far; None if there are several."""
        found = [host for host in self.sources if host not in self._targets]  # a proxy's requests are legs of others
        return found[0] if len(found) == 1 else None

    def _note(self, heard: Heard) -> None:
        """What is known before the first packet is given: who sends RADIUS, and whether anybody answers."""
        frame = heard.frame
        code = frame.octets[frame.start] if frame.start < frame.end else 0
        if code in REQUESTS:
            if len(self.sources) < MOST_SOURCES:
                self.sources[address_text(frame.source)] = None
                if frame.destination != frame.source:
                    self._targets[address_text(frame.destination)] = None
        elif code in ANSWERS:
            self.answers = True

    def _by_time(self, unordered: Iterator[Heard]) -> Iterator[Heard]:
        """The earliest of those that were read ahead first; of one instant, the first read."""
        queue = _ByTime()
        most = self._ahead
        for heard in unordered:
            if heard.kind is _RADIUS:
                self._note(heard)
            queue.put(heard)
            while queue.waiting > most:
                yield queue.take()
                most = self._further
        while queue.waiting:
            yield queue.take()

    def _merged(self) -> Iterator[Heard]:
        return self._packets(0, 0) if len(self._paths) == 1 else self._side_by_side()

    def _side_by_side(self) -> Iterator[Heard]:
        """Of the files that are open, the packet with the earliest instant; a file is opened when its time comes."""
        closed = sorted(((self._begins_ns(number), number) for number in range(len(self._paths))), reverse=True)
        going: list[tuple[int, int, Heard, Iterator[Heard]]] = []
        site, alone = 0, True  # of the file that was opened last; whether no other was open meanwhile
        while closed or going:
            while closed and (not going or closed[-1][0] < going[0][0]):
                _, number = closed.pop()
                if going or not alone:
                    site += 1
                    alone = not going
                packets = self._packets(number, site)
                first = next(packets, None)
                if first is not None:
                    heappush(going, (first.at_ns, number, first, packets))
            if not going:
                continue
            _, number, heard, packets = heappop(going)
            yield heard
            following = next(packets, None)
            if following is not None:
                heappush(going, (following.at_ns, number, following, packets))

    def _begins_ns(self, number: int) -> int:
        path = self._paths[number]
        if path == STANDARD_INPUT:
            return 0
        try:
            for record in reader.records(path):
                if record.at_ns is not None:
                    return record.at_ns
        except (OSError, UnreadableCapture):
            return 0  # told when it is read
        return 0

    def _packets(self, number: int, site: int) -> Iterator[Heard]:
        octets = frames_read = 0
        latest_ns = 0
        try:
            for record in reader.records(self._paths[number]):
                frames_read += 1
                octets += RECORD_OCTETS + len(record.octets)
                if frames_read % TELL_EVERY == 0:
                    self._read(octets)
                    self.frames += TELL_EVERY
                    octets = 0
                if record.at_ns is not None:
                    latest_ns = record.at_ns
                heard = _heard(number, site, record, latest_ns)
                if heard is not None:
                    self.packets[number] += 1
                    yield heard
        except CutCapture as cut:
            self.faults[number] = f"{cut}; what is before was read"
        except (OSError, UnreadableCapture) as error:
            self.faults[number] = str(getattr(error, "strerror", None) or error)
        self._read(octets)
        self.frames += frames_read % TELL_EVERY


class _ByTime:
    """Packets that wait for earlier ones. Nearly all come in the order of their time: those are only lined up."""

    __slots__ = ("_late", "_latest_ns", "_rising", "_turn", "waiting")

    def __init__(self) -> None:
        self._rising: Final[deque[Heard]] = deque()
        self._late: Final[list[tuple[int, int, Heard]]] = []  # those that came after later ones, and when they came
        self._latest_ns = 0  # of `_rising`
        self._turn = 0
        self.waiting = 0

    def put(self, heard: Heard) -> None:
        """One that was read."""
        self.waiting += 1
        if heard.at_ns >= self._latest_ns or self.waiting == 1:
            self._latest_ns = heard.at_ns
            self._rising.append(heard)
        else:
            self._turn += 1
            heappush(self._late, (heard.at_ns, self._turn, heard))

    def take(self) -> Heard:
        """The earliest; of one instant, the first read."""
        self.waiting -= 1
        rising, late = self._rising, self._late
        if not late or (rising and rising[0].at_ns <= late[0][0]):  # what is late came after what was equal to it
            return rising.popleft()
        return heappop(late)[2]


def _heard(file: int, site: int, record: Record, at_ns: int) -> Heard | None:
    """The RADIUS or DHCP packet in a frame."""
    found = found_in(record)
    if found is None:
        return None
    frame, kind = found
    return Heard(file, site, record.number, record.interface, at_ns, kind, frame)


def _is_in_blocks(path: Path) -> bool:
    """Whether a file has frames of several interfaces in blocks, each in the order of its own time: a pcapng may."""
    try:
        with opened(path) as source:
            return source.peek(4)[:4] == pcapng.MAGIC
    except (OSError, UnreadableCapture):
        return False  # told when it is read
