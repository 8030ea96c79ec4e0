"""Store time: the quickest answer counts, and a jump is not trusted until it has settled."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from bngcorr.errors import StoreError
from bngcorr.store.clock import JUMP_MS, Bearing, StoreClock, Trip, offset_ms, take_bearing

HOUR_MS = 3_600_000


class Server:
    """Tells times ahead of this host's wall clock, one after the other; None is no answer."""

    def __init__(self, ahead_ms: Sequence[int | None]) -> None:
        self._ahead_ms = list(ahead_ms)

    async def now_ms(self) -> int:
        """Epoch milliseconds."""
        ahead_ms = self._ahead_ms.pop(0)
        if ahead_ms is None:
            raise StoreError("away")
        return time.time_ns() // 1_000_000 + ahead_ms


def _steady(*measured_ms: float) -> list[bool]:
    """Whether the clock is steady after each measurement."""
    bearing: Bearing | None = None
    found = []
    for one in measured_ms:
        bearing = take_bearing(bearing, one)
        assert one == bearing.offset_ms
        found.append(bearing.steady)
    return found


def test_the_quickest_of_some_trips_gives_the_offset() -> None:
    """Of three answers, the one that took least time is the least uncertain; half its trip is the way back."""
    trips = [
        Trip(sent_ms=1000, got_ms=1040, told_ms=9_001_000),
        Trip(sent_ms=2000, got_ms=2004, told_ms=9_002_102),
        Trip(sent_ms=3000, got_ms=3010, told_ms=9_003_500),
    ]

    assert 9_000_100 == offset_ms(trips)


def test_small_differences_are_followed_without_doubt() -> None:
    """Clocks drift; what is within half a second of the last measurement is simply the new offset."""
    assert [True] * 4 == _steady(0, JUMP_MS, 2 * JUMP_MS, JUMP_MS)


@pytest.mark.parametrize("jump_ms", [JUMP_MS + 1, -JUMP_MS - 1, HOUR_MS])
def test_after_a_jump_two_further_measurements_have_to_agree(jump_ms: int) -> None:
    """The jump itself and the first measurement after it are not enough; the second one that agrees is."""
    assert [True, True, False, False, True] == _steady(0, 0, jump_ms, jump_ms + 10, jump_ms + 20)


def test_a_jump_while_unsteady_begins_anew() -> None:
    """A clock that jumps about is unsteady until it has agreed twice since the last jump."""
    assert [True, False, False, False, False, True] == _steady(0, 1000, 1000, 0, 0, 0)


@pytest.mark.asyncio
async def test_the_clock_goes_by_the_stores_time() -> None:
    """Whatever this host believes, instants are the store's."""
    clock = StoreClock()
    await clock.measure(Server([HOUR_MS] * 3))

    assert abs(clock.offset_ms - HOUR_MS) < 100
    assert abs(clock.now_ms() - time.time_ns() // 1_000_000 - HOUR_MS) < 100


@pytest.mark.asyncio
async def test_the_clock_is_not_steady_before_it_was_measured() -> None:
    """Nobody has compared this host's clock with the store's yet."""
    clock = StoreClock()
    before = clock.steady
    await clock.measure(Server([0] * 3))

    assert (False, True) == (before, clock.steady)


@pytest.mark.asyncio
async def test_a_jump_of_the_store_is_noticed_and_settles() -> None:
    """After a fail-over to a server with another clock, instants of before can't be compared with those after."""
    clock = StoreClock()
    seen = []
    for ahead_ms in (0, 2000, 2000, 2000):
        await clock.measure(Server([ahead_ms] * 3))
        seen.append(clock.steady)

    assert [True, False, False, True] == seen


@pytest.mark.asyncio
async def test_one_answer_of_several_is_enough() -> None:
    """Two questions may be lost; the third sets the clock."""
    clock = StoreClock()
    await clock.measure(Server([None, None, HOUR_MS]))

    assert abs(clock.offset_ms - HOUR_MS) < 100


@pytest.mark.asyncio
async def test_while_the_store_is_away_the_last_offset_counts() -> None:
    """A measurement that fails changes nothing."""
    clock = StoreClock()
    await clock.measure(Server([HOUR_MS] * 3))
    with pytest.raises(StoreError):
        await clock.measure(Server([None] * 3))

    assert clock.steady
    assert abs(clock.offset_ms - HOUR_MS) < 100


@pytest.mark.asyncio
async def test_setting_this_hosts_clock_does_not_move_store_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody sets the wall clock an hour back between two measurements: instants go on as before."""
    clock = StoreClock()
    await clock.measure(Server([0] * 3))
    before_ms = clock.now_ms()
    wall = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: wall() - HOUR_MS * 1_000_000)

    assert 0 <= clock.now_ms() - before_ms < 1000
