"""How fast host resources grow, and when they reach the limit. Pure.

The slope is the median of the slopes between all pairs of samples (Theil 1950, Sen 1968): up to a quarter of the
samples may be anything without moving it far. From two days of samples on, only those of the same time of day are
compared (Hirsch, Slack and Smith 1982), so that the daily rhythm is no growth. The range is that of the order
statistics of these slopes (Sen 1968). Two corrections keep it honest, for samples of a box are not independent: the
times of day count as wholly dependent, for a busy day is busy at all hours; and the variance grows with the
correlation of neighbours (Hamed and Rao 1998, of the first order only).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import ceil, floor, sqrt
from statistics import median
from typing import Final

from bngcorr.model.vocabulary import NoForecast

DAY_MS: Final = 86_400_000
LEAST_SPAN_MS: Final = 7_200_000
LEAST_SAMPLES: Final = 6
LEAST_DAYS: Final = 2
SEASON_MS: Final = 7_200_000  # samples within two hours are one, and are compared with the same two hours of other days
MOST_DAYS: Final = 60  # 12 × 60 × 59 / 2 slopes at most
MOST_POINTS: Final = 150  # below two days; 150 × 149 / 2 slopes at most
CONFIDENCE_Z: Final = 1.645  # 90 %, two-sided
MOST_CORRELATED: Final = 0.95

Point = tuple[int, float]  # instant in epoch milliseconds, host resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Growth in host resources per day; the truth lies between low and high nine times of ten."""

    per_day: float
    low: float
    high: float
    span_s: float  # from the first sample to the last
    samples: int
    daily_rhythm: bool  # whether only the same time of day was compared


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToFull:
    """Seconds until the limit is reached, 0 if it is; None: not within sight."""

    expected_s: float | None
    earliest_s: float | None
    latest_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Growth, and how long the limit will hold; or why either is not known."""

    trend: Trend | None
    full: TimeToFull | None
    why: NoForecast | None  # there is no time to full


def forecast(growth: Trend | NoForecast, busy: float, limit: int | None) -> Forecast:
    """`busy`: host resources of the busiest hour, from where the rest of the limit is used up."""
    if isinstance(growth, NoForecast):
        return Forecast(trend=None, full=None, why=growth)
    full = NoForecast.NO_LIMIT if limit is None else time_to_full(growth, limit - busy)
    if isinstance(full, NoForecast):
        return Forecast(trend=growth, full=None, why=full)
    return Forecast(trend=growth, full=full, why=None)


def trend(points: Sequence[Point]) -> Trend | NoForecast:
    """The trend of samples, the oldest first; which are the same however they are spaced. Work is bounded."""
    if not points:
        return NoForecast.TOO_FEW
    points = [point for point in points if point[0] > points[-1][0] - MOST_DAYS * DAY_MS]
    span_ms = points[-1][0] - points[0][0]
    if span_ms < LEAST_SPAN_MS:
        return NoForecast.TOO_SHORT
    seasonal = span_ms >= LEAST_DAYS * DAY_MS
    groups = _seasons(points) if seasonal else [_thinned(points, span_ms // MOST_POINTS + 1)]
    slopes = sorted(slope for group in groups for slope in _slopes(group))
    if sum(map(len, groups)) < LEAST_SAMPLES or not slopes:
        return NoForecast.TOO_FEW
    per_ms = median(slopes)
    spread = CONFIDENCE_Z * sum(_deviation(len(group)) for group in groups) * _inflation(groups, per_ms)
    below = max(0, floor((len(slopes) - spread) / 2) - 1)
    above = min(len(slopes) - 1, ceil((len(slopes) + spread) / 2))
    return Trend(
        per_day=per_ms * DAY_MS, low=slopes[below] * DAY_MS, high=slopes[above] * DAY_MS, span_s=span_ms / 1000,
        samples=len(points), daily_rhythm=seasonal,
    )  # fmt: skip


def busiest(points: Sequence[Point], now: float) -> float:
    """What the busiest hour of the last day of samples spent, by its median; never less than `now`."""
    recent = [point for point in points if point[0] > points[-1][0] - DAY_MS]
    return max((now, *(value for _, value in _thinned(recent, 3_600_000))))


def time_to_full(growth: Trend, headroom: float) -> TimeToFull | NoForecast:
    """When the headroom will be used up, if it goes on like this."""
    if headroom <= 0:
        return TimeToFull(expected_s=0.0, earliest_s=0.0, latest_s=0.0)
    if growth.high <= 0:
        return NoForecast.NOT_GROWING
    return TimeToFull(
        expected_s=_seconds(headroom, growth.per_day),
        earliest_s=_seconds(headroom, growth.high),
        latest_s=_seconds(headroom, growth.low),
    )


def _seconds(headroom: float, per_day: float) -> float | None:
    return headroom / per_day * DAY_MS / 1000 if per_day > 0 else None


def _thinned(points: Sequence[Point], width_ms: int) -> list[Point]:
    """One point for each stretch of time: its middle sample's instant, and the median."""
    stretches: dict[int, list[Point]] = {}
    for point in points:
        stretches.setdefault(point[0] // width_ms, []).append(point)
    return [(found[len(found) // 2][0], median(value for _, value in found)) for found in stretches.values()]


def _seasons(points: Sequence[Point]) -> list[list[Point]]:
    """One group for each time of day."""
    seasons: dict[int, list[Point]] = {}
    for point in _thinned(points, SEASON_MS):
        seasons.setdefault(point[0] % DAY_MS // SEASON_MS, []).append(point)
    return list(seasons.values())


def _slopes(group: Sequence[Point]) -> list[float]:
    return [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(group, 2) if b[0] > a[0]]


def _deviation(n: int) -> float:
    """Standard deviation of Kendall's S over so many independent points."""
    return sqrt(n * (n - 1) * (2 * n + 5) / 18)


def _inflation(groups: Sequence[Sequence[Point]], per_ms: float) -> float:
    """By how much the correlation of neighbours widens the deviation: 1 for none. Strays are drawn in."""
    rests = [_rests(group, per_ms) for group in groups]
    most = 4 * median(abs(value) for rest in rests for value in rest)
    drawn = [[min(max(value, -most), most) for value in rest] for rest in rests]
    power = sum(value * value for rest in drawn for value in rest)
    if power <= 0:
        return 1.0
    together = sum(a * b for rest in drawn for a, b in pairwise(rest))
    n = sum(map(len, rests))
    r = (n * together / power + 2) / (n - 4)  # a trend that was taken off makes neighbours look less alike
    r = min(max(r, 0.0), MOST_CORRELATED)
    return sqrt((1 + r) / (1 - r))


def _rests(group: Sequence[Point], per_ms: float) -> list[float]:
    """What the trend leaves of each point, around their median."""
    start = group[0][0]
    values = [value - per_ms * (at - start) for at, value in group]
    middle = median(values)
    return [value - middle for value in values]
