"""Who goes first where processes share processors."""

from __future__ import annotations

import os
from contextlib import suppress


def give_way() -> None:
    """Never take a processor from others on waking up, and have a fair share of it nonetheless: SCHED_BATCH (sched(7)).

    Requests of BNGs and the store wait for answers to people no longer than for one another, without a lower priority,
    under which whoever looks something up would wait for all of them. It needs no privilege; a system that lacks it, or
    forbids it, goes on as before.
    """
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
