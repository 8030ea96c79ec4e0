"""The cycle collector, told how a packet process uses memory."""

from __future__ import annotations

import gc
from typing import Final

YOUNG: Final = 100_000  # containers made and not freed before the youngest are looked through
OLDER: Final = 20  # such looks before the next older ones are


def settle() -> None:
    """Leave what the start has made out of every later look, and look rarely.

    Requests are freed by their reference counts: they hold no cycles. What the collector could find is little, while a
    full look over everything that was imported and configured stops the process for tens of milliseconds, and the
    replies kept for retransmissions, hundreds of thousands of them, make Python's defaults look again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, OLDER, OLDER)
