"""How late the event loop is: whoever asks it for something waits that long, requests first of all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

EVERY_S: Final = 0.1
TELL_S: Final = 0.25  # a lag that BNGs notice


async def watch_lag(
    observe: Callable[[float], None], held_up: Callable[[float], None], every_s: float = EVERY_S, tell_s: float = TELL_S
) -> None:
    """Ask for a wake-up again and again, until cancelled. `observe` gets the seconds by which each came late, `held_up`
    those of `tell_s` and more.
    """
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + every_s
        await asyncio.sleep(every_s)
        late_s = max(loop.time() - due, 0.0)
        observe(late_s)
        if late_s >= tell_s:
            held_up(late_s)
