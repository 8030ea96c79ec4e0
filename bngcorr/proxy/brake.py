"""Answers to accounting that wait for the store, so that a BNG with so many records under way slows down to its pace.

AAA has acknowledged what they answer. A BNG's timers run for a second and longer, so none waits for longer than that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final

from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.replies import Reply

LONGEST_S: Final = 0.9  # that an answer waits; its BNG sends again after a second at the earliest
LOOK_EVERY_S: Final = 0.02  # while some wait
MOST: Final = 4096  # that wait; those beyond leave at once
LESSONS: Final = 2  # of the record that an answer lets its BNG send


class Waiting:
    """One answer."""

    __slots__ = ("reply", "until")

    def __init__(self, reply: Reply, until: float) -> None:
        self.reply: Final = reply
        self.until: Final = until  # monotonic seconds


class Brake:
    """Those that wait, in the order in which they came."""

    def __init__(
        self, room: Callable[[], int], send: Callable[[Reply, float], None], *, meters: Meters, noise: Noise
    ) -> None:
        """`room`: lessons that may be put before the store lags; `send` gets an answer and monotonic seconds."""
        self._room = room
        self._send = send
        self._meters = meters
        self._noise = noise
        self._waiting: deque[Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def takes(self, reply: Reply, now: float) -> bool:
        """Whether an answer waits here; else it is to be sent at once."""
        waiting = self._waiting
        if (not waiting and self._room() > 0) or len(waiting) >= MOST:
            return False
        waiting.append(Waiting(reply, now + LONGEST_S))
        self._meters.acct_held.inc()
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LOOK_EVERY_S, self._look)
        return True

    def _look(self) -> None:
        """Send those that the store has room for the next records of, and those that have waited for long enough."""
        loop, waiting, now = asyncio.get_running_loop(), self._waiting, monotonic()
        self._timer = loop.call_later(LOOK_EVERY_S, self._look)  # first: nothing below may keep it from coming
        room = self._room()
        while waiting and (room > 0 or waiting[0].until <= now):
            self._let_go(waiting.popleft().reply, now)
            room -= LESSONS
        if not waiting:
            self._timer.cancel()
            self._timer = None

    def _let_go(self, reply: Reply, now: float) -> None:
        try:
            self._send(reply, now)
        except Exception as fault:  # our bug: the others go on
            self._meters.drop(DropReason.INTERNAL_ERROR)
            self._noise.internal("answer dropped", reply.request.host, fault, reply.request.view.authenticator)

    def close(self) -> None:
        """Send all of them, and stop the timer."""
        now = monotonic()
        while self._waiting:
            self._let_go(self._waiting.popleft().reply, now)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
