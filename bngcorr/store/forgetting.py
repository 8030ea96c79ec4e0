"""Forgetting a line over Redis or Valkey: all that was learnt of it, but for its sessions."""

from __future__ import annotations

from typing import Final

from bngcorr.store.keys import DomainKeys
from bngcorr.store.lane import Lane

BUDGET_S: Final = 2.0


class Memories:
    """What the store remembers of lines. Raises StoreError."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def forget(self, domain: str, line: str) -> bool:
        """Whether anything was known. `line`: its key, 24 hexadecimal digits."""
        command = self._lane.script("forget", (DomainKeys(domain).epochs,), (bytes.fromhex(line),))
        (known,) = await self._lane.run([command], BUDGET_S)
        return bool(known)
