"""Tasks that are to last as long as the process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final

import structlog

PAUSE_S: Final = 1.0  # until a task that ended starts again

log = structlog.get_logger()


async def supervised(
    name: str, run: Callable[[], Coroutine[None, None, None]], restarted: Callable[[], None], pause_s: float = PAUSE_S
) -> None:
    """Run it until cancelled. What ends it, by an error or without one, is our bug: it is told, `restarted` is called,
    and it starts again after a pause, which leaves the event loop to the others.
    """
    while True:
        try:
            await run()
            log.error("internal error, background task ended and starts again", task=name)
        except Exception:
            log.exception("internal error, background task starts again", task=name)
        restarted()
        await asyncio.sleep(pause_s)
