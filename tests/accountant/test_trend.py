"""How fast host resources grow, and when they reach the limit."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.accountant.trend import DAY_MS, Point, TimeToFull, Trend, busiest, time_to_full, trend
from bngcorr.model.vocabulary import NoForecast

START_MS = 1_795_000_020_000
HOUR_MS = 3_600_000


def samples(
    days: float, per_day: float, *, every_ms: int = HOUR_MS, daily: float = 0, noise: float = 0, strays: float = 0,
    correlated: float = 0, seed: int = 1,
) -> list[Point]:  # fmt: skip
    """A BNG that grows evenly from 5000, with a daily rhythm, noise that remembers itself, and samples that are off."""
    chance = random.Random(seed)
    found: list[Point] = []
    drift = 0.0
    for at in range(START_MS, START_MS + round(days * DAY_MS) + 1, every_ms):
        drift = correlated * drift + chance.gauss(0, noise) * math.sqrt(1 - correlated**2)
        value = 5000 + per_day * (at - START_MS) / DAY_MS + daily * math.sin(2 * math.pi * at / DAY_MS) + drift
        found.append((at, chance.choice((0, 15_000)) if chance.random() < strays else round(value)))
    return found


def known(points: list[Point]) -> Trend:
    """A trend that must be there."""
    found = trend(points)
    assert isinstance(found, Trend)
    return found


@settings(max_examples=15, deadline=None)
@given(days=st.integers(3, 20), per_day=st.integers(-300, 300), daily=st.integers(0, 1_000), seed=st.integers(0, 1_000))
def test_growth_is_found_under_a_daily_rhythm_and_strays(days: int, per_day: int, daily: int, seed: int) -> None:
    """One sample of ten is nonsense and the day has its ups and downs: the slope is found to a few hosts a day."""
    found = known(samples(days, per_day, daily=daily, strays=0.1, noise=2, seed=seed))

    assert per_day == pytest.approx(found.per_day, abs=12)
    assert found.low <= found.per_day <= found.high


def test_a_few_hours_are_enough_where_there_is_no_rhythm() -> None:
    """Six hours of samples, one of ten of them nonsense: 240 hosts a day are found."""
    found = known(samples(0.25, 240, every_ms=300_000, strays=0.1))

    assert 240 == pytest.approx(found.per_day, abs=10)
    assert (False, 73, 21_600) == (found.daily_rhythm, found.samples, found.span_s)


@pytest.mark.parametrize(
    ("days", "every_ms", "correlated"), [(1, 600_000, 0), (1, 600_000, 0.9), (8, HOUR_MS, 0), (8, HOUR_MS, 0.97)]
)
def test_the_range_holds_the_truth_in_most_of_many_series(days: float, every_ms: int, correlated: float) -> None:
    """Told as 90 %: in 40 series of noise, whether each sample is on its own or follows the one before, at least 31."""
    held = 0
    for seed in range(40):
        found = known(samples(days, 100, every_ms=every_ms, noise=25, correlated=correlated, seed=seed))
        held += found.low <= 100 <= found.high

    assert 31 <= held


def test_more_days_narrow_the_range() -> None:
    """What is uncertain after three days is less so after a fortnight."""
    short, long = (known(samples(days, 100, noise=25, daily=300)) for days in (3, 14))

    assert long.high - long.low < (short.high - short.low) / 4


@pytest.mark.parametrize(
    ("points", "why"),
    [
        ([], NoForecast.TOO_FEW),
        (samples(0.08, 100, every_ms=60_000), NoForecast.TOO_SHORT),
        (samples(0.2, 100, every_ms=HOUR_MS), NoForecast.TOO_FEW),
        ([(START_MS, 1), (START_MS + 30 * DAY_MS, 2)], NoForecast.TOO_FEW),
        ([(START_MS, 1)] * 10, NoForecast.TOO_SHORT),
    ],
    ids=["none", "under two hours", "five of them", "a month apart", "all at once"],
)
def test_too_little_gives_no_trend_but_a_reason(points: list[Point], why: NoForecast) -> None:
    """No forecast is made of next to nothing."""
    assert why is trend(points)


def test_a_flat_line_is_no_growth() -> None:
    """The same figure for days has slope nought, and no range."""
    found = known(samples(4, 0))

    assert (0, 0, 0) == (found.per_day, found.low, found.high)
    assert NoForecast.NOT_GROWING is time_to_full(found, 100)


def test_long_series_are_thinned_out() -> None:
    """Sixty days by the minute count as they would by the hour; what is older is left out."""
    found = known(samples(65, 10, every_ms=300_000, daily=100))

    assert 10 == pytest.approx(found.per_day, abs=0.5)
    assert 60 * 288 == found.samples


def growth(low: float, per_day: float, high: float) -> Trend:
    """A trend with this slope and range."""
    return Trend(per_day=per_day, low=low, high=high, span_s=86_400, samples=24, daily_rhythm=False)


@pytest.mark.parametrize(
    ("slopes", "headroom", "days"),
    [
        ((50, 100, 200), 1000, (10, 5, 20)),
        ((-10, 100, 200), 1000, (10, 5, None)),
        ((-10, 0, 200), 1000, (None, 5, None)),
        ((50, 100, 200), 0, (0, 0, 0)),
        ((-2, -1, -1), -5, (0, 0, 0)),
    ],
    ids=["growing", "perhaps not growing", "rather not growing", "full", "over, and shrinking"],
)
def test_time_to_full_is_headroom_by_slope(
    slopes: tuple[float, float, float], headroom: float, days: tuple[float | None, float | None, float | None]
) -> None:
    """Expected, earliest and latest; open where that end of the range does not grow; at once where nothing is left."""
    seconds = [None if day is None else day * 86_400 for day in days]

    assert TimeToFull(expected_s=seconds[0], earliest_s=seconds[1], latest_s=seconds[2]) == time_to_full(
        growth(*slopes), headroom
    )


def test_what_shrinks_never_fills_up() -> None:
    """A range that lies below nought has no time to full."""
    assert NoForecast.NOT_GROWING is time_to_full(growth(-3, -2, -1), 10)


def test_the_busiest_hour_of_the_last_day_counts() -> None:
    """At night there is more headroom than in the evening; one odd sample is no hour, and what is past is past."""
    points = [
        (START_MS + hour * HOUR_MS + minute * 60_000, 900.0 if hour == 30 else 100.0)
        for hour in range(48)
        for minute in (0, 20, 40)
    ]
    points[60] = (points[60][0], 5_000.0)
    points[-10] = (points[-10][0], 6_000.0)

    assert 900 == busiest(points, 100)
    assert 950 == busiest(points, 950)
    assert 7 == busiest([], 7)
