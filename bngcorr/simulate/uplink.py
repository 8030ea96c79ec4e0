"""The way from a BNG to the proxy: packets get lost, and what has not left when the box restarts never does."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from typing import Final

from bngcorr.simulate.packet import Packet

LOST: Final = 1.0  # percent of packets
TRANSIT_MS: Final = 1

Schedule = Callable[[int, Callable[[int], None]], None]
Deliver = Callable[[int, Packet], None]


class Uplink:
    """What one box sends through."""

    def __init__(self, rng: random.Random, schedule: Schedule, deliver: Deliver) -> None:
        self._rng = rng
        self._schedule = schedule
        self._deliver = deliver
        self._life = 0

    def cut(self) -> None:
        """The box restarts."""
        self._life += 1

    def lost(self) -> bool:
        """Whether the next packet gets lost."""
        return self._rng.random() * 100 < LOST

    def losses(self, most: int) -> int:
        """How many tries are lost before one gets through; `most`: none does."""
        count = 0
        while count < most and self.lost():
            count += 1
        return count

    def send(self, at: int, packet: Packet) -> None:
        """Send at that instant; it arrives."""
        self._schedule(at + TRANSIT_MS, partial(self._emit, packet, self._life))

    def _emit(self, packet: Packet, life: int, at: int) -> None:
        if life == self._life:
            self._deliver(at, packet)
