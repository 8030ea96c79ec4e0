"""Octets of a session: what its counters say, and by how much they grew. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.model.usage import Traffic

NOTHING: Final = Traffic()
MOST_OCTETS: Final = 2**53  # 9 petabytes: no session has so many, its counters are broken


def believable(traffic: Traffic | None) -> Traffic | None:
    """What a record says, unless it says too much."""
    if traffic is None or max(traffic.v4, traffic.v6, traffic.either) >= MOST_OCTETS:
        return None
    return traffic


def growth(before: Traffic, after: Traffic) -> Traffic:
    """What came since the last record, by family as far as `after` tells it; nothing if it does not grow.

    Counters that fall have begun anew: what they had before that was counted.
    """
    total = after.v4 + after.v6 + after.either - before.v4 - before.v6 - before.either
    if total <= 0:
        return NOTHING
    if after.either > 0:
        return Traffic(either=total)
    v6 = min(max(after.v6 - before.v6, 0), total)
    return Traffic(v4=total - v6, v6=v6)
