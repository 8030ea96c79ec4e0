"""Bounded memory for detectors. Pure."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")

MOST: Final = 16_384
OF_ONE: Final = 16  # where memory is small, of what is kept of one entry

_most: ContextVar[int] = ContextVar("most", default=MOST)


@contextmanager
def small(most: int) -> Iterator[None]:
    """Whatever is made meanwhile remembers so much at most."""
    token = _most.set(most)
    try:
        yield
    finally:
        _most.reset(token)


def of_one(most: int) -> int:
    """How much may be kept of one entry where `most` is what a capture may take."""
    return most if _most.get() == MOST else min(most, OF_ONE)


class Recent(Generic[K, V]):
    """A dict that forgets what was not touched for longest, beyond `most` entries; `forgot` counts."""

    def __init__(self, most: int = MOST) -> None:
        self._entries: Final[OrderedDict[K, V]] = OrderedDict()
        self._most: Final = min(most, _most.get())
        self.forgot = 0

    def get(self, key: K) -> V | None:
        """What is known, and it is touched."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Remember."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)
            self.forgot += 1

    def pop(self, key: K) -> V | None:
        """Forget one."""
        return self._entries.pop(key, None)

    def items(self) -> Iterator[tuple[K, V]]:
        """A snapshot, the longest untouched first."""
        return iter(list(self._entries.items()))

    def values(self) -> Iterator[V]:
        """Those of `items`."""
        return iter(list(self._entries.values()))

    def __contains__(self, key: K) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)


class Waiting(Generic[K]):
    """What is decided later, by the clock of the interface that it was seen on: captures' clocks run apart."""

    def __init__(self, most: int = MOST) -> None:
        self._queues: Final[dict[int, deque[tuple[int, K]]]] = {}
        self._most: Final = min(most, _most.get())

    def add(self, interface: int, due_ns: int, key: K) -> None:
        """Decide at that instant; those of one interface are decided in the order they came."""
        self._queues.setdefault(interface, deque(maxlen=self._most)).append((due_ns, key))

    def due(self, interface: int, now_ns: int) -> list[K]:
        """What is to be decided now; it no longer waits."""
        queue = self._queues.get(interface)
        found: list[K] = []
        while queue and queue[0][0] <= now_ns:
            found.append(queue.popleft()[1])
        return found

    def elapsed(self, now_ns: int) -> list[K]:
        """`due` of every interface: a live tap's clocks are one."""
        return [key for interface in list(self._queues) for key in self.due(interface, now_ns)]

    def all(self) -> list[K]:
        """Everything: no more frames come."""
        found = [key for queue in self._queues.values() for _, key in queue]
        self._queues.clear()
        return found
