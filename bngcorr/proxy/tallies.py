"""Counters and histograms of the request path: a plain number to add to, turned into samples when somebody scrapes.

prometheus_client's own children take a lock and several calls for each increment; these are bound once (`labels`) and
cost one addition. One thread adds and scrapes: that of the event loop.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector


class Count:
    """One series of a counter."""

    __slots__ = ("created_s", "value")

    def __init__(self) -> None:
        self.value = 0
        self.created_s: Final = time.time()

    def inc(self) -> None:
        """One more."""
        self.value += 1


class Spread:
    """One series of a histogram."""

    __slots__ = ("bounds", "counts", "created_s", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds: Final = bounds  # upper bounds, the value itself included, ascending; beyond the last is open
        self.counts: Final[list[int]] = [0] * (len(bounds) + 1)  # not cumulated
        self.total = 0.0  # sum of the values
        self.created_s: Final = time.time()

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


class Counts(Collector):
    """A counter with all its series. `name` is without ``_total``."""

    def __init__(
        self, name: str, documentation: str, label_names: tuple[str, ...] = (), *, registry: CollectorRegistry
    ) -> None:
        """Raises ValueError if the registry has a metric of that name."""
        self._name = name
        self._documentation = documentation
        self.label_names = label_names
        self._series: dict[tuple[str, ...], Count] = {}
        if not label_names:
            self.labels()
        registry.register(self)

    def labels(self, *values: str) -> Count:
        """The series with these values, one for each label, made at its first mention. To be bound, not to be called
        for each request.
        """
        if len(values) != len(self.label_names):
            raise ValueError(f"{self._name}: labels {self.label_names}, not {values}")
        return self._series.setdefault(values, Count())

    def describe(self) -> Iterable[Metric]:
        """The metric without samples, for the registry to know its names."""
        return [CounterMetricFamily(self._name, self._documentation, labels=self.label_names)]

    def collect(self) -> Iterable[Metric]:
        """The samples."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self.label_names)
        for values, count in self._series.items():
            family.add_metric(values, count.value, created=count.created_s)
        return [family]


class Spreads(Collector):
    """A histogram with all its series."""

    def __init__(
        self,
        name: str,
        documentation: str,
        label_names: tuple[str, ...] = (),
        *,
        buckets: tuple[float, ...],
        registry: CollectorRegistry,
    ) -> None:
        """`buckets` are upper bounds, ascending. Raises ValueError if the registry has a metric of that name."""
        self._name = name
        self._documentation = documentation
        self.label_names = label_names
        self._buckets = buckets
        self._series: dict[tuple[str, ...], Spread] = {}
        if not label_names:
            self.labels()
        registry.register(self)

    def labels(self, *values: str) -> Spread:
        """The series with these values, as with `Counts`."""
        if len(values) != len(self.label_names):
            raise ValueError(f"{self._name}: labels {self.label_names}, not {values}")
        return self._series.setdefault(values, Spread(self._buckets))

    def describe(self) -> Iterable[Metric]:
        """The metric without samples, for the registry to know its names."""
        return [HistogramMetricFamily(self._name, self._documentation, labels=self.label_names)]

    def collect(self) -> Iterable[Metric]:
        """The samples, cumulated as the text format has them."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self.label_names)
        for values, spread in self._series.items():
            upto, buckets = 0, []
            bounds = [str(float(bound)) for bound in self._buckets]
            for bound, count in zip((*bounds, "+Inf"), spread.counts, strict=True):
                upto += count
                buckets.append((bound, float(upto)))
            family.add_metric(values, buckets, spread.total)
            family.add_sample(self._name + "_created", dict(zip(self.label_names, values, strict=True)),
                              spread.created_s)  # fmt: skip
        return [family]
