"""Tasks that are to last as long as the process."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from bngcorr.app.supervision import supervised


@pytest.mark.asyncio
@pytest.mark.parametrize("error", [None, RuntimeError("a bug")])
async def test_a_task_that_ends_starts_again_and_leaves_the_loop_to_others(error: Exception | None) -> None:
    """Whether by an error or by itself: told each time, with a pause, until it is cancelled."""
    runs: list[None] = []
    restarts: list[None] = []

    async def run() -> None:
        runs.append(None)
        if error is not None:
            raise error

    with capture_logs() as lines:
        task = asyncio.create_task(supervised("writer", run, lambda: restarts.append(None), 0.02))
        async with asyncio.timeout(2):
            while len(runs) < 3:  # noqa: ASYNC110 -- it tells nobody
                await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert (3, 3) == (len(runs), len(restarts))
    assert ["writer"] * 3 == [line["task"] for line in lines]
