"""Geometry of charts: bars, columns and lines where the figures say."""

from __future__ import annotations

from bngcorr.web.pages.charts import MOST_POINTS, gauge, histogram, plot


def test_a_bar_is_as_long_as_its_part() -> None:
    """Half of the limit is half of the width; more than the limit ends at the edge; thresholds stand where they are."""
    half = gauge(50, 100, kind="link", thresholds=[0.8, 1.0], width=400)

    assert ([400, 200.0], (320.0,)) == ([box.width for box in half.boxes], half.marks)
    assert 400.0 == gauge(120, 100, kind="bad", width=400).boxes[1].width


def test_a_little_is_not_nothing_and_nothing_is_no_bar() -> None:
    """One host of 65,536 can be seen; none, and a limit that is not known, leave the ground alone."""
    assert 1.5 == gauge(1, 65_536, kind="v4").boxes[1].width
    assert 1 == len(gauge(0, 100, kind="v4").boxes)
    assert 1 == len(gauge(5, None, kind="v4").boxes)


def test_the_highest_column_fills_the_chart_and_the_mark_splits_them() -> None:
    """Columns behind the mark have another look; without any count nothing is divided by nothing."""
    chart = histogram([("10 ms", 10), ("20 ms", 5), ("beyond", 1)], split_after=2, width=300, height=100)
    tall, half, _ = (column.height for column in chart.columns)

    assert tall == 2 * half
    assert ["link", "link", "edge"] == [column.kind for column in chart.columns]
    assert 200.0 == chart.mark
    assert [0.0] == [column.height for column in histogram([("10 ms", 0)]).columns]


def test_a_line_stays_within_its_limit_and_looks_ahead() -> None:
    """The limit is on the scale although no point reaches it; what is to come begins where the line ends."""
    chart = plot([(0, 10), (10, 20)], limit=100, ahead=(20, 30, 25, 35), x_ticks=[(5, "noon"), (99, "never")])

    assert chart.limit is not None
    assert chart.limit < chart.base
    assert chart.path.rpartition("L")[2] == chart.ahead.partition("L")[0].removeprefix("M")
    assert ["noon"] == [tick.label for tick in chart.x_ticks]


def test_a_line_of_many_points_is_thinned_and_one_of_none_is_empty() -> None:
    """A month of samples does not make a page of a megabyte; the newest point stays."""
    many = plot([(at, 1) for at in range(10_000)])

    assert many.path.count("L") <= MOST_POINTS
    assert many.path.rpartition("L")[2].startswith(f"{many.width - 12:.1f} ")
    assert "" == plot([]).path
