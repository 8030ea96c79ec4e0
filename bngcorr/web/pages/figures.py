"""Sums and shapes of what pages show: match ratio, bars of a BNG, distances, forecasts. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from bngcorr.model.vocabulary import Outcome
from bngcorr.web.models.bng import Distance
from bngcorr.web.models.capacity import ForecastShown, Spent, TrendPoint
from bngcorr.web.models.correlation import Correlation
from bngcorr.web.pages import words
from bngcorr.web.pages.charts import Gauge, Histogram, Plot, gauge, histogram, plot

KINDS: Final = ("v4", "ia_na", "ia_pd", "slaac")
NEARLY_ALL: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """How recent requests were attributed."""

    all: int
    own: int  # that named their line
    asked: int  # that did not
    matched: int  # of those

    @property
    def ratio(self) -> float:
        """0 … 1; only where somebody asked."""
        return self.matched / self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What a BNG, card or port spends: in all, and by kind of host on the same scale."""

    name: str
    row: Spent
    kind: str  # of the bar's colour: link, warn or bad
    whole: Gauge
    kinds: tuple[tuple[str, int, Gauge], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distances:
    """How far apart matched requests are."""

    total: int
    within: float  # part of them up to `quantile_ms`
    quantile_ms: int
    window_ms: int
    chart: Histogram


def matches(requests: Iterable[Correlation]) -> Matches:
    """Count them. Requests that say themselves that they concern no other's line count as having named it."""
    found = [one.verdict for one in requests]
    own = sum(1 for verdict in found if verdict is Outcome.OWN)
    return Matches(
        all=len(found), own=own, asked=len(found) - own,
        matched=sum(1 for verdict in found if verdict is Outcome.MATCHED),
    )  # fmt: skip


def tone_of(use: float | None, thresholds: Sequence[int]) -> str:
    """Colour of a bar: a limit is near (warn) or nearly reached (bad). `thresholds`: per cent, the lowest first."""
    if use is None or not thresholds:
        return "link"
    if use >= thresholds[-1] / 100 or use >= 1:
        return "bad"
    return "warn" if use >= thresholds[0] / 100 else "link"


def bars(name: str, row: Spent, thresholds: Sequence[int], scale: float | None = None) -> Bars:
    """`scale`: host resources at the right end; default: the limit, else what is spent."""
    counts = [(kind, int(getattr(row.usage, kind))) for kind in KINDS]
    most = max([row.host_resources, *(count for _, count in counts)])
    of = scale or row.limit or most or None
    kind = tone_of(row.use, thresholds)
    marks = [one / 100 * row.limit / of for one in thresholds] if row.limit and of else []
    if row.limit and of and of > row.limit:
        marks.append(row.limit / of)
    return Bars(
        name=name, row=row, kind=kind, whole=gauge(row.host_resources, of, kind=kind, thresholds=marks),
        kinds=tuple((one, count, gauge(count, of, kind=one)) for one, count in counts),
    )  # fmt: skip


def distances(rows: Iterable[Sequence[Distance]], window_ms: int) -> Distances:
    """Of several BNGs together. `window_ms`: where the mark stands."""
    together: dict[int | None, int] = {}
    for row in rows:
        for one in row:
            together[one.up_to_ms] = together.get(one.up_to_ms, 0) + one.matches
    bounds = sorted(bound for bound in together if bound is not None)
    columns = [(words.milliseconds(bound), together[bound]) for bound in bounds]
    columns.append(("beyond", together.get(None, 0)))
    total = sum(count for _, count in columns)
    reached, quantile = 0, bounds[-1] if bounds else 0
    for bound in bounds:
        reached += together[bound]
        if total and reached >= NEARLY_ALL * total:
            quantile = bound
            break
    return Distances(
        total=total, within=reached / total if total else 0.0, quantile_ms=quantile, window_ms=window_ms,
        chart=histogram(columns, split_after=sum(1 for bound in bounds if bound <= window_ms)),
    )  # fmt: skip


def full_told(found: ForecastShown) -> tuple[str, str]:
    """When it will be full, and how it grows: two short phrases."""
    grows = ""
    if found.per_day is not None:
        day = found.per_day
        grows = f"{day.expected:+.1f} a day, nine times of ten {day.low:+.1f} … {day.high:+.1f}"
    if found.full_in_s is None or found.full_in_s.expected is None:
        return "—", found.reason or grows or "not growing"
    return f"in {words.span(found.full_in_s.expected)}", grows


def trend(points: Sequence[TrendPoint], limit: int | None, found: ForecastShown) -> Plot | None:
    """Host resources over time with the forecast's range; None where there are too few samples for a line."""
    known = [(datetime.fromisoformat(one.at).timestamp(), float(one.host_resources)) for one in points if one.at]
    if len(known) < 2:
        return None
    first, last = known[0][0], known[-1][0]
    ahead = None
    if found.per_day is not None:
        reach = (last - first) / 4
        days = reach / 86400
        now, day = known[-1][1], found.per_day
        ahead = (last + reach, now + days * day.expected, now + days * day.low, now + days * day.high)
    end = last if ahead is None else ahead[0]
    return plot(known, limit=limit, ahead=ahead, x_ticks=time_ticks(first, end))


def time_ticks(first: float, last: float) -> list[tuple[float, str]]:
    """Round instants between two epoch seconds, in UTC: about six, as days or hours."""
    span = last - first
    step = next((one for one in (900, 3600, 3 * 3600, 6 * 3600, 12 * 3600) if span / one <= 7), None)
    if step is not None:
        starts = int(first // step + 1)
        return [
            (at * step, f"{datetime.fromtimestamp(at * step, UTC):%H:%M}")
            for at in range(starts, int(last // step) + 1)
        ]
    days = max(1, round(span / 86400 / 6))
    begin = datetime.fromtimestamp(first, UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    ticks = []
    while begin.timestamp() <= last:
        ticks.append((begin.timestamp(), f"{begin.day} {begin:%b}"))
        begin += timedelta(days=days)
    return ticks
