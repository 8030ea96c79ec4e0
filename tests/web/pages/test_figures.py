"""Sums that pages show."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bngcorr.web.models.bng import Distance
from bngcorr.web.models.capacity import ForecastShown, FullIn, Growth, Spent, UsageShown
from bngcorr.web.pages.figures import bars, distances, full_told, time_ticks, tone_of

USAGE = UsageShown(v4=50, ia_na=0, ia_pd=20, slaac=0, pd_route=0, sessions=50, na_or_pd=20)


def spent(limit: int | None) -> Spent:
    """70 host resources."""
    left = None if limit is None else limit - 70
    use = None if limit is None else 70 / limit
    return Spent(usage=USAGE, cost_table="sros-classic", host_resources=70, limit=limit, headroom=left, use=use)


@pytest.mark.parametrize(
    ("use", "tone"), [(None, "link"), (0.5, "link"), (0.8, "warn"), (0.9, "bad"), (1.2, "bad")]
)  # fmt: skip
def test_a_bar_warns_at_the_thresholds(use: float | None, tone: str) -> None:
    """The lowest threshold warns, the highest is bad, and no limit is never either."""
    assert tone == tone_of(use, [80, 90])


def test_kinds_of_hosts_are_on_the_scale_of_the_limit() -> None:
    """So that the bars of one BNG can be compared; without a limit what is spent is the scale."""
    with_limit, without = bars("bng1", spent(100), [80, 90]), bars("bng1", spent(None), [80, 90])

    assert [200.0, 80.0] == [bar.boxes[1].width for _, number, bar in with_limit.kinds if number]
    assert (280.0, 400.0) == (with_limit.whole.boxes[1].width, without.whole.boxes[1].width)


def test_the_limit_is_marked_where_more_is_spent_than_there_is() -> None:
    """A what-if beyond the limit shows by how much."""
    over = bars("bng1", spent(35), [80], scale=70)

    assert (160.0, 200.0) == over.whole.marks


def test_distances_of_several_bngs_are_one_histogram() -> None:
    """And how near nearly all of them are."""
    one = [Distance(up_to_ms=10, matches=90), Distance(up_to_ms=100, matches=8), Distance(up_to_ms=None, matches=0)]
    two = [Distance(up_to_ms=10, matches=0), Distance(up_to_ms=100, matches=0), Distance(up_to_ms=None, matches=2)]
    found = distances([one, two], 50)

    assert (100, 100, 0.98) == (found.total, found.quantile_ms, found.within)
    assert ["link", "edge", "edge"] == [column.kind for column in found.chart.columns]


def test_when_it_is_full_or_why_nobody_knows() -> None:
    """Two short phrases."""
    day = Growth(expected=41.3, low=35.0, high=48.1, samples=900, span_s=1_209_600, daily_rhythm=True)
    soon = ForecastShown(
        per_day=day, full_in_s=FullIn(expected=1_728_000, earliest=1, latest=None), reason=None
    )  # fmt: skip
    unknown = ForecastShown(per_day=None, full_in_s=None, reason="less than 2 h of samples")

    assert "in 20\u202fd" == full_told(soon)[0]
    assert full_told(soon)[1].startswith("+41.3 a day")
    assert ("—", "less than 2 h of samples") == full_told(unknown)


@pytest.mark.parametrize(("hours", "first"), [(5, "11:00"), (24, "12:00"), (24 * 14, "21 Nov")])
def test_ticks_of_time_are_round(hours: int, first: str) -> None:
    """Hours within a day, days beyond; a handful of them."""
    begin = datetime(2026, 11, 20, 10, 20, tzinfo=UTC).timestamp()
    ticks = time_ticks(begin, begin + hours * 3600)

    assert first == ticks[0][1]
    assert 3 <= len(ticks) <= 8
