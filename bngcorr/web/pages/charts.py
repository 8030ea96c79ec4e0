"""Geometry of the charts that the server draws: figures become rectangles, points and labels of one SVG. Pure.

All lengths are units of the chart's own view box, x to the right and y down; templates/charts.html draws them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

MOST_POINTS: Final = 400  # of one plotted line; more cannot be told apart on a screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle, what it stands for, and what it says when somebody points at it."""

    x: float
    y: float
    width: float
    height: float
    kind: str  # a class of the style sheet
    title: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A label at one place of an axis."""

    at: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One horizontal bar of what is spent, as part of what there is."""

    width: float
    boxes: tuple[Box, ...]
    marks: tuple[float, ...]  # x of thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """Columns of counts."""

    width: float
    height: float
    base: float  # y of the axis
    columns: tuple[Box, ...]
    ticks: tuple[Tick, ...]
    mark: float | None  # x of the value that splits the columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A line over time, with a limit and a look ahead."""

    width: float
    height: float
    left: float
    base: float
    path: str  # of an SVG path element
    ahead: str  # from the last point on; "" for none
    between: str  # polygon of the range that the look ahead may be in; "" for none
    limit: float | None  # y
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def gauge(spent: float, of: float | None, *, kind: str, thresholds: Sequence[float] = (), width: float = 400) -> Gauge:
    """A bar of `spent` of `of`; without `of` the bar is only the ground. `thresholds`: parts of 1."""
    part = min(max(spent / of, 0.0), 1.0) if of else 0.0
    at_least = max(part * width, 1.5 if part else 0.0)  # a little is not nothing
    ground = Box(x=0, y=0, width=width, height=14, kind="rest")
    boxes = (ground,) if not part else (ground, Box(x=0, y=0, width=round(at_least, 1), height=14, kind=kind))
    return Gauge(width=width, boxes=boxes, marks=tuple(round(one * width, 1) for one in thresholds if of and one < 1))


def histogram(
    columns: Sequence[tuple[str, int]], *, split_after: int | None = None, width: float = 640, height: float = 180
) -> Histogram:
    """Columns `(label, count)` side by side. `split_after`: so many columns lie on this side of the mark."""
    top, bottom = 18.0, 26.0
    base = height - bottom
    each = width / max(len(columns), 1)
    most = max((count for _, count in columns), default=0)
    boxes = []
    for at, (label, count) in enumerate(columns):
        tall = (base - top) * count / most if most else 0.0
        tall = max(tall, 1.5) if count else 0.0
        inside = split_after is None or at < split_after
        boxes.append(
            Box(
                x=round(at * each + 2, 1), y=round(base - tall, 1), width=round(each - 4, 1), height=round(tall, 1),
                kind="link" if inside else "edge", title=f"{label}: {count}", label=f"{count}" if count else "",
            )
        )  # fmt: skip
    ticks = tuple(Tick(at=round((at + 0.5) * each, 1), label=label) for at, (label, _) in enumerate(columns))
    mark = None if split_after is None else round(split_after * each, 1)
    return Histogram(width=width, height=height, base=base, columns=tuple(boxes), ticks=ticks, mark=mark)


def nice_step(span: float, about: int = 4) -> float:
    """The step 1, 2 or 5 times a power of ten that cuts `span` into about so many pieces."""
    if span <= 0:
        return 1.0
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)


def plot(
    points: Sequence[tuple[float, float]],
    *,
    limit: float | None = None,
    ahead: tuple[float, float, float, float] | None = None,
    x_ticks: Sequence[tuple[float, str]] = (),
    width: float = 640,
    height: float = 220,
) -> Plot:
    """A line through `points` (x, y), in the order of x; none makes an empty plot.

    `ahead` is (x, expected, low, high): where the line is thought to be at a later x.
    """
    left, right, top, bottom = 44.0, 12.0, 14.0, 24.0
    base = height - bottom
    if len(points) > MOST_POINTS:
        every = math.ceil(len(points) / MOST_POINTS)
        points = [*points[::every], points[-1]]
    values = [y for _, y in points] + ([] if limit is None else [limit]) + ([] if ahead is None else [ahead[3]])
    step = nice_step(max(values, default=1.0))
    most = max(step, math.ceil(max(values, default=1.0) / step * 1.0001) * step)
    first = points[0][0] if points else 0.0
    last = max(points[-1][0] if points else 1.0, first + 1e-9)
    end = last if ahead is None else max(last, ahead[0])

    def x_of(value: float) -> float:
        return round(left + (width - left - right) * (value - first) / max(end - first, 1e-9), 1)

    def y_of(value: float) -> float:
        return round(base - (base - top) * min(max(value, 0.0), most) / most, 1)

    path = "M" + "L".join(f"{x_of(x)} {y_of(y)}" for x, y in points) if points else ""
    line = between = ""
    if ahead is not None and points:
        at, expected, low, high = ahead
        start = f"{x_of(last)} {y_of(points[-1][1])}"
        line = f"M{start}L{x_of(at)} {y_of(expected)}"
        between = f"M{start}L{x_of(at)} {y_of(low)}L{x_of(at)} {y_of(high)}Z"
    return Plot(
        width=width, height=height, left=left, base=base, path=path, ahead=line, between=between,
        limit=None if limit is None else y_of(limit),
        x_ticks=tuple(Tick(at=x_of(x), label=label) for x, label in x_ticks if first <= x <= end),
        y_ticks=tuple(
            Tick(at=y_of(step * at), label=f"{step * at:,.0f}".replace(",", "\u202f"))
            for at in range(round(most / step) + 1)
        ),
    )  # fmt: skip
