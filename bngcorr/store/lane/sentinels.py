"""What Sentinels say of a master, and which of them is believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bngcorr.store.lane.commands import Reply

Address = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One Sentinel's view of a master."""

    address: Address
    epoch: int  # of the configuration; each fail-over has a higher one
    up: bool  # whether this Sentinel reaches it


def read_view(reply: Reply) -> View:
    """The answer to SENTINEL MASTER, names and values in turn."""
    words = [word.decode() if isinstance(word, bytes) else str(word) for word in reply]
    told = dict(zip(words[::2], words[1::2], strict=True))
    flags = told.get("flags", "").split(",")
    return View(
        address=(told["ip"], int(told["port"])),
        epoch=int(told.get("config-epoch", "0")),
        up="master" in flags and "s_down" not in flags and "o_down" not in flags,
    )


def majority(views: Sequence[View], sentinels: int) -> Address | None:
    """The address of a master that is up on which more than half of all Sentinels agree, heard or not."""
    named = [view.address for view in views if view.up]
    return next((address for address in named if 2 * named.count(address) > sentinels), None)


def newest(views: Sequence[View]) -> Address | None:
    """The address of a master that is up, by the newest configuration; None if there is none.

    A Sentinel that was cut off still names the former master, with an older configuration.
    """
    up = [view for view in views if view.up]
    return max(up, key=lambda view: view.epoch).address if up else None
