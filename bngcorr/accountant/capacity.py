"""Host resources against limits. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a BNG, card or port spends against what it has."""

    host_resources: int
    limit: int | None

    @property
    def headroom(self) -> int | None:
        """Limit minus resources; negative if overspent; None without a limit."""
        return None if self.limit is None else self.limit - self.host_resources

    @property
    def use(self) -> float | None:
        """Part of the limit that is spent, 1.0 at the limit; None without a limit."""
        return None if self.limit is None else self.host_resources / self.limit
