"""The cycle collector, told how a process uses memory."""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 100_000  # containers made and not freed before the youngest are looked through
YOUNG_OF_PEOPLE: Final = 20_000  # the same for answers to people: a page of rows at a time, and now and then a cycle
OLDER: Final = 20  # such looks before the next older ones are


def settle(young: int = YOUNG) -> None:
    """Leave what the start has made out of every later look, and look rarely.

    Requests of BNGs are freed by their reference counts: they hold no cycles. What the collector could find is little,
    while a full look over everything that was imported and configured stops the process for tens of milliseconds, and
    the replies kept for retransmissions, hundreds of thousands of them, make Python's defaults look again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(young, OLDER, OLDER)
