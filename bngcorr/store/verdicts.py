"""Requests for people in the store: one entry of a stream holds those of one batch. Pure.

A cursor is the id of an entry and the place of a request in it, ``1700000000000-0`` for the first one and
``1700000000000-0.7`` for the eighth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

import msgpack

from bngcorr.store import row_core
from bngcorr.store.lesson import Event

Told = tuple[bytes, bytes]  # what a request is about, and its moment: `store.timeline`

_head: Final = row_core.head
_array: Final = row_core.array


def packed(events: Sequence[Event]) -> bytes:
    """The field of an entry."""
    return b"".join([_head(len(events)), *[_array(event.about, event.moment) for event in events]])


def unpacked(octets: bytes) -> list[Told]:
    """Inverse of `packed`; none of an entry that this version can't read."""
    try:
        return [(bytes(about), bytes(moment)) for about, moment in msgpack.unpackb(octets)]
    except (ValueError, TypeError):
        return []


def cursor(entry: str, place: int) -> str:
    """That of the request at a place of an entry, from 0 on."""
    return f"{entry}.{place}" if place else entry


def read_cursor(text: str) -> tuple[str, int]:
    """Inverse of `cursor`. Raises ValueError."""
    entry, _, place = text.partition(".")
    return entry, int(place or 0)


class Room:
    """How many entries hold the requests that are to be kept, as far as this process wrote them; before that it takes
    entries to hold one request each.
    """

    def __init__(self, most: int) -> None:
        """`most` requests."""
        self._most: Final = most
        self._sizes: deque[int] = deque()  # of the latest entries, the oldest first
        self._sum = 0

    def entries(self, size: int) -> int:
        """Entries to keep, with one more of this size; 0: none at all."""
        if not self._most:
            return 0
        self._sizes.append(size)
        self._sum += size
        while self._sum - self._sizes[0] >= self._most:
            self._sum -= self._sizes.popleft()
        return len(self._sizes) + max(self._most - self._sum, 0)
