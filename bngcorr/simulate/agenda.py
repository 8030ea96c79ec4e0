"""What is to come, in virtual time: a queue of things to do, first in first out among those of one instant."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Generic, TypeVar

ResultT = TypeVar("ResultT")


class Agenda(Generic[ResultT]):
    """Things to do. Each is told the instant it was due when its turn comes."""

    __slots__ = ("_queue", "_serial")

    def __init__(self) -> None:
        self._queue: list[tuple[int, int, Callable[[int], ResultT]]] = []
        self._serial = 0

    def at(self, at_ms: int, do: Callable[[int], ResultT]) -> None:
        """Do this then."""
        self._serial += 1
        heapq.heappush(self._queue, (at_ms, self._serial, do))

    @property
    def next_ms(self) -> int | None:
        """When the next thing is due; None: nothing is left."""
        return self._queue[0][0] if self._queue else None

    def pop(self) -> tuple[int, Callable[[int], ResultT]]:
        """The next thing. Raises IndexError if nothing is left."""
        at_ms, _, do = heapq.heappop(self._queue)
        return at_ms, do
