"""Which form the records in the store have: a number beside the domains.

``bngcorr:schema`` holds the number. A version of bngcorr that changes the form of anything that outlives it raises
`VERSION`; what it can still read and mend as it goes is from `OLDEST` on. It raises the number in the store when it
first meets it, and one that knows no number so high does not start there any more: nobody works on what it can't read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

from bngcorr.store.lane import Command, Reply

VERSION: Final = 4
OLDEST: Final = 4
KEY: Final = "bngcorr:schema"

_MEET: Final = """
local found = redis.call('GET', KEYS[1])
local number = tonumber(found or ARGV[1])
if not found or (number and number >= tonumber(ARGV[2]) and number < tonumber(ARGV[1])) then
  redis.call('SET', KEYS[1], ARGV[1])
end
return found or ARGV[1]
"""


class Runs(Protocol):
    """What can send commands to a store."""

    async def run(self, commands: Sequence[Command], budget_s: float, /) -> list[Reply]:
        """As many replies. Raises StoreError."""
        ...


async def meet(lane: Runs, budget_s: float, version: int = VERSION, oldest: int = OLDEST) -> str:
    """What the store says, before ours is written where it may be. Raises StoreError."""
    (found,) = await lane.run([("EVAL", _MEET, 1, KEY, version, oldest)], budget_s)
    return found.decode("ascii", "replace") if isinstance(found, bytes) else str(found)


def refusal(found: str, version: int = VERSION, oldest: int = OLDEST) -> str | None:
    """Why this version must not work there, in a sentence that says what to do; None if it may."""
    number = int(found) if found.isascii() and found.isdecimal() and len(found) < 10 else None
    if number is None:
        return f"the store's {KEY} is no number: something else than bngcorr wrote it; give bngcorr a store of its own"
    if number > version:
        return (
            f"the store was written by a newer bngcorr (schema {number}, this one knows {version}): run the newer "
            "version, or give this one an empty store"
        )
    if number < oldest:
        return (
            f"the store was written by an older bngcorr (schema {number}, this one reads {oldest} and newer): go on "
            "with that version, or give this one an empty store, which fills again as customers come up; line plans "
            "have to be imported anew"
        )
    return None
