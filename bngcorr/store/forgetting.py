"""Forgetting a line over Redis or Valkey: all that was learnt of it, but for its sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bngcorr.store import packing
from bngcorr.store.keys import DomainKeys
from bngcorr.store.lane import Lane

BUDGET_S: Final = 2.0


class Memories:
    """What the store remembers of lines. Raises StoreError."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane

    async def forget(self, domain: str, line: str, macs: Sequence[str]) -> bool:
        """Whether anything was known. `macs`: names of the MACs that are no longer to be known as this line's."""
        row = packing.pack([bytes.fromhex(line), b"".join(map(bytes.fromhex, macs))])
        command = self._lane.script("forget", (DomainKeys(domain).epochs,), (row,))
        (known,) = await self._lane.run([command], BUDGET_S)
        return bool(known)
