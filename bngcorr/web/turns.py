"""Long lists told a few rows at a time, so that others who ask meanwhile have their turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

Row = TypeVar("Row")
Shown = TypeVar("Shown")

AT_ONCE: Final = 25  # rows: a millisecond or two


async def in_turns(rows: Sequence[Row], show: Callable[[Row], Shown]) -> tuple[Shown, ...]:
    """All of them, as `show` tells each."""
    shown: list[Shown] = []
    for at in range(0, len(rows), AT_ONCE):
        if at:
            await asyncio.sleep(0)
        shown += map(show, rows[at : at + AT_ONCE])
    return tuple(shown)
