"""Which node of a Cluster serves which slots: the answer to CLUSTER SLOTS as a value."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

from redis.crc import REDIS_CLUSTER_HASH_SLOTS

from bngcorr.store.lane.commands import Reply

Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotMap:
    """Ranges of slots and their owners. Look-ups cost a bisection; a map, some microseconds a range."""

    firsts: tuple[int, ...] = ()  # of each range, rising
    lasts: tuple[int, ...] = ()
    owners: tuple[Address, ...] = ()  # the master of each range
    replicas: frozenset[Address] = frozenset()  # of any range

    def owner(self, slot: int) -> Address | None:
        """The master of a slot, 0 … 16383; None if it has none."""
        at = bisect_right(self.firsts, slot) - 1
        return self.owners[at] if at >= 0 and slot <= self.lasts[at] else None

    @property
    def uncovered(self) -> int:
        """How many slots have no master."""
        covered = sum(last - first + 1 for first, last in zip(self.firsts, self.lasts, strict=True))
        return REDIS_CLUSTER_HASH_SLOTS - covered


def read_slots(reply: Reply, host: str) -> SlotMap:
    """The map in an answer to CLUSTER SLOTS. `host` is the node that was asked, which may leave its own name out."""
    rows = sorted(
        (int(row[0]), int(row[1]), [(known_host(_text(place[0]), host), int(place[1])) for place in row[2:]])
        for row in reply
    )
    return SlotMap(
        firsts=tuple(first for first, _, _ in rows),
        lasts=tuple(last for _, last, _ in rows),
        owners=tuple(places[0] for _, _, places in rows),
        replicas=frozenset(place for _, _, places in rows for place in places[1:]),
    )


def read_epoch(reply: Reply) -> int:
    """How new the asked node's knowledge is: the configuration epoch in an answer to CLUSTER INFO."""
    for line in _text(reply).splitlines():
        name, _, value = line.partition(":")
        if name == "cluster_current_epoch":
            return int(value)
    return 0


def known_host(host: str, asked: str) -> str:
    """The host that was told; where a node leaves out or does not know its own, the one that was asked."""
    return asked if host in ("", "?") else host


def _text(value: Reply) -> str:
    return value.decode() if isinstance(value, bytes) else "" if value is None else str(value)
