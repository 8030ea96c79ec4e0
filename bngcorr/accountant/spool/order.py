"""Which record may go to AAA next. Pure: `now` is an argument, in monotonic seconds.

Records of a session go one after another, in the order in which they arrived. Accounting-On and -Off overtake
everything that waits, in their own order, and what arrived from their box after them waits until AAA has them. A record
that AAA leaves unanswered is tried again after a pause that grows; it holds up its own session and nobody else.

A box must not wait for ever for an On that its AAA never answers. After `TRIAL_AFTER` tries of it one record of the box
may go for each further try, to see whether AAA answers at all; when AAA has answered others while it ignored the On
`IGNORED_AFTER` times, the box waits no longer.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
IGNORED_AFTER: Final = 3
TRIAL_AFTER: Final = 5
OLD_S: Final = 1.0  # what has waited longer is backlog


@dataclass(slots=True, eq=False)
class Waiting:
    """One record in the order."""

    seq: int  # place in the order of arrival
    box: str
    lane: str  # of whatever it must not overtake
    restart: bool
    arrived_at: float  # monotonic seconds


@dataclass(slots=True, eq=False)
class _Lane:
    """Records that go one after another. It is ready, with AAA, paused, or held up by a restart."""

    name: tuple[str, bool]  # (box, True) for the restarts of a box
    box: str
    queue: deque[Waiting]
    ready_since: float = 0.0
    tries: int = 0  # of its first record
    ignored: int = 0  # those of them that AAA left unanswered while it answered others


@dataclass(slots=True, eq=False)
class _Box:
    """The restarts of a box that AAA does not have, and the lanes that wait for them."""

    restarts: _Lane
    held: deque[_Lane] = field(default_factory=deque)


class Order:
    """All records that wait, those with AAA among them."""

    def __init__(self) -> None:
        self._lanes: dict[tuple[str, bool], _Lane] = {}
        self._boxes: dict[str, _Box] = {}
        self._ready: deque[_Lane] = deque()  # who was served last comes last
        self._urgent: deque[_Lane] = deque()  # lanes of restarts
        self._trials: dict[str, _Box] = {}  # in which one record may go all the same
        self._paused: list[tuple[float, int, _Lane]] = []  # heap
        self._out: dict[int, _Lane] = {}
        self._size = 0

    def __len__(self) -> int:
        return self._size

    @property
    def out(self) -> int:
        """Records that AAA has been sent and has not answered."""
        return len(self._out)

    @property
    def ready(self) -> int:
        """Sessions of which one record may go now, unless an On holds them up; and boxes with an On that may."""
        return len(self._ready) + len(self._urgent)

    def add(self, waiting: Waiting) -> None:
        """One more, behind those of its lane."""
        self._size += 1
        name = (waiting.box if waiting.restart else waiting.lane, waiting.restart)
        lane = self._lanes.get(name)
        if lane is not None:
            lane.queue.append(waiting)
            return
        lane = self._lanes[name] = _Lane(name, waiting.box, deque((waiting,)))
        if waiting.restart:
            self._boxes[waiting.box] = _Box(lane)
        self._make_ready(lane, waiting.arrived_at)

    def take(self, now: float) -> int | None:
        """The next record to send, counted as being with AAA from now on; None if none may go."""
        while self._paused and self._paused[0][0] <= now:
            self._make_ready(heappop(self._paused)[2], now)
        if self._urgent:
            return self._send(self._urgent.popleft())
        while self._ready:
            lane = self._ready.popleft()
            box = self._boxes.get(lane.box)
            if box is None or not _holds(box, lane):
                return self._send(lane)
            box.held.append(lane)
        while self._trials:
            _, box = self._trials.popitem()
            if box.held:
                return self._send(box.held.popleft())
        return None

    def _send(self, lane: _Lane) -> int:
        lane.tries += 1
        seq = lane.queue[0].seq
        self._out[seq] = lane
        return seq

    def delivered(self, seq: int) -> None:
        """AAA has it."""
        lane = self._out.pop(seq)
        lane.queue.popleft()
        self._size -= 1
        lane.tries = lane.ignored = 0
        if lane.name[1]:
            self._release(self._boxes[lane.box])
        if lane.queue:
            self._make_ready(lane, lane.queue[0].arrived_at)
            return
        del self._lanes[lane.name]
        if lane.name[1]:
            del self._boxes[lane.box]

    def unanswered(self, seq: int, now: float, *, ignored: bool) -> None:
        """AAA did not answer it in time; `ignored`: although it answered others meanwhile."""
        lane = self._out.pop(seq)
        lane.ignored += ignored
        pause = min(FIRST_PAUSE_S * 2 ** min(lane.ignored - 1, 10), LONGEST_PAUSE_S) if ignored else FIRST_PAUSE_S
        heappush(self._paused, (now + pause, seq, lane))
        if lane.name[1]:
            box = self._boxes[lane.box]
            if lane.ignored >= IGNORED_AFTER:
                self._release(box)
            elif lane.tries >= TRIAL_AFTER:
                self._trials[lane.box] = box

    def resume(self) -> None:
        """AAA is there again: nobody pauses."""
        for _, _, lane in sorted(self._paused, key=lambda entry: entry[1]):
            self._make_ready(lane, lane.queue[0].arrived_at)
        self._paused.clear()

    def _release(self, box: _Box) -> None:
        for lane in box.held:
            self._make_ready(lane, lane.queue[0].arrived_at)
        box.held.clear()

    def _make_ready(self, lane: _Lane, since: float) -> None:
        lane.ready_since = since
        (self._urgent if lane.name[1] else self._ready).append(lane)

    def backlog(self, now: float) -> bool:
        """Whether what could go has waited for a while."""
        first = self._urgent[0] if self._urgent else self._ready[0] if self._ready else None
        return first is not None and now - first.ready_since > OLD_S

    def wakes_at(self) -> float | None:
        """When the next pause is over; None if nobody pauses."""
        return self._paused[0][0] if self._paused else None


def _holds(box: _Box, lane: _Lane) -> bool:
    """Whether the lane's first record arrived after a restart that AAA does not have, and does not ignore either."""
    return box.restarts.ignored < IGNORED_AFTER and box.restarts.queue[0].seq < lane.queue[0].seq
