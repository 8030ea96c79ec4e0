"""Verdicts for people in the store: one entry of a stream holds those of one batch. Pure.

A cursor is the id of an entry and the place of a verdict in it, ``1700000000000-0`` for the first one and
``1700000000000-0.7`` for the eighth.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import msgpack

from bngcorr.store.lesson import EVENT_FIELDS, Event

Shown = dict[str, Any]  # one verdict as JSON takes it

_pack: Final = msgpack.Packer(use_bin_type=True).pack


def packed(events: Sequence[Event]) -> bytes:
    """The field of an entry."""
    octets: bytes = _pack([event.shown for event in events])
    return octets


def behind(entry: str, octets: bytes, cursor: tuple[str, int] | None) -> list[tuple[str, Shown]]:
    """The verdicts of an entry, each with its cursor; only those behind `cursor`, if that is in this entry.

    Those of an entry that this version can't read are left out.
    """
    first = cursor[1] + 1 if cursor is not None and cursor[0] == entry else 0
    try:
        told = msgpack.unpackb(octets)
        return [(f"{entry}.{at}" if at else entry, shown(told[at])) for at in range(first, len(told))]
    except (ValueError, TypeError, AttributeError):
        return []


def shown(values: Sequence[Any]) -> Shown:
    """One verdict, for people: names as `EVENT_FIELDS` has them. Raises ValueError if some are missing."""
    told: Shown = dict(zip(EVENT_FIELDS, values, strict=True))
    port, outer, inner = told.pop("port"), told.pop("outer"), told.pop("inner")
    told["request"] = told["request"].hex()
    told["mac"] = None if told["mac"] is None else told["mac"].hex(":")
    told["attachment"] = None if port is None else {"port": port, "outer": outer, "inner": inner}
    return told


class Room:
    """How many entries hold the verdicts that are to be kept, as far as this process wrote them; before that it takes
    entries to hold one verdict each.
    """

    def __init__(self, most: int) -> None:
        """`most` verdicts."""
        self._most: Final = most
        self._sizes: deque[int] = deque()  # of the latest entries, the oldest first
        self._sum = 0

    def entries(self, size: int) -> int:
        """Entries to keep, with one more of this size."""
        self._sizes.append(size)
        self._sum += size
        while self._sum - self._sizes[0] >= self._most:
            self._sum -= self._sizes.popleft()
        return len(self._sizes) + max(self._most - self._sum, 0)
