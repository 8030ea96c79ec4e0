"""Host resources against limits."""

from __future__ import annotations

from bngcorr.accountant.capacity import Capacity


def test_headroom_and_use_are_what_is_left_and_spent_of_the_limit() -> None:
    """Headroom is what is left, negative when overspent; use is 1.0 at the limit; both are unknown without one."""
    found = [(spent.headroom, spent.use) for spent in (Capacity(30, 100), Capacity(30, 20), Capacity(30, None))]

    assert [(70, 0.3), (-10, 1.5), (None, None)] == found
