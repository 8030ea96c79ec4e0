"""How late the event loop is, is measured; and told when BNGs notice."""

from __future__ import annotations

import asyncio
import contextlib
import time

from bngcorr.app.loop_lag import watch_lag


def test_a_loop_that_was_held_up_is_told_with_how_long() -> None:
    """Whatever kept it: a timer comes late by as much as everything else."""
    observed: list[float] = []
    told: list[float] = []

    async def hold_up() -> None:
        watch = asyncio.create_task(watch_lag(observed.append, told.append, every_s=0.01, tell_s=0.08))
        await asyncio.sleep(0.03)
        time.sleep(0.12)  # noqa: ASYNC251 -- that is what is looked for
        await asyncio.sleep(0.03)
        watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watch

    asyncio.run(hold_up())

    assert [late for late in observed if late >= 0.08] == told
    assert 0.08 <= max(told)
    assert len(observed) > len(told)
