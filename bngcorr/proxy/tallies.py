"""Counters and histograms of the request path: a plain number to add to, turned into samples when somebody scrapes.

prometheus_client's own children take a lock and several calls for each increment; these are bound once (`labels`) and
cost one addition. It also takes 15 µs to write a line of the text format, which all requests would wait for; these keep
all of a line but its value (`text`). One thread adds and scrapes: that of the event loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector


class Count:
    """One series of a counter."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def inc(self) -> None:
        """One more."""
        self.value += 1


class Spread:
    """One series of a histogram."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds: Final = bounds  # upper bounds, the value itself included, ascending; beyond the last is open
        self.counts: Final[list[int]] = [0] * (len(bounds) + 1)  # not cumulated
        self.total = 0.0  # sum of the values

    def observe(self, value: float) -> None:
        """Count one value."""
        at = 0
        for bound in self.bounds:  # a dozen at most; `bisect` costs more
            if value <= bound:
                break
            at += 1
        self.counts[at] += 1
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
        self._lines: list[tuple[str, Count]] = []  # each up to its value
        if not label_names:
            self.labels()
        registry.register(self)

    def labels(self, *values: str) -> Count:
        """The series with these values, one for each label, made at its first mention. To be bound, not to be called
        for each request.
        """
        known = self._series.get(values)
        if known is not None:
            return known
        if len(values) != len(self.label_names):
            raise ValueError(f"{self._name}: labels {self.label_names}, not {values}")
        made = self._series[values] = Count()
        self._lines.append((f"{self._name}_total{labelled(self.label_names, values)} ", made))
        return made

    def describe(self) -> Iterable[Metric]:
        """The metric without samples, for the registry to know its names."""
        return [CounterMetricFamily(self._name, self._documentation, labels=self.label_names)]

    def collect(self) -> Iterable[Metric]:
        """The samples."""
        family = CounterMetricFamily(self._name, self._documentation, labels=self.label_names)
        for values, count in self._series.items():
            family.add_metric(values, count.value)
        return [family]

    def text(self) -> str:
        """The same in the text format."""
        lines = [head(f"{self._name}_total", self._documentation, "counter")]
        lines += [f"{start}{count.value}.0\n" for start, count in self._lines]
        return "".join(lines)


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
        self._bounds: Final = (*(str(float(bound)) for bound in buckets), "+Inf")
        self._series: dict[tuple[str, ...], Spread] = {}
        self._lines: list[tuple[list[str], str, str, Spread]] = []  # each up to its value: buckets, count, sum
        if not label_names:
            self.labels()
        registry.register(self)

    def labels(self, *values: str) -> Spread:
        """The series with these values, as with `Counts`."""
        known = self._series.get(values)
        if known is not None:
            return known
        if len(values) != len(self.label_names):
            raise ValueError(f"{self._name}: labels {self.label_names}, not {values}")
        made = self._series[values] = Spread(self._buckets)
        names, of_all = (*self.label_names, "le"), labelled(self.label_names, values)
        buckets = [f"{self._name}_bucket{labelled(names, (*values, bound))} " for bound in self._bounds]
        self._lines.append((buckets, f"{self._name}_count{of_all} ", f"{self._name}_sum{of_all} ", made))
        return made

    def describe(self) -> Iterable[Metric]:
        """The metric without samples, for the registry to know its names."""
        return [HistogramMetricFamily(self._name, self._documentation, labels=self.label_names)]

    def collect(self) -> Iterable[Metric]:
        """The samples, cumulated as the text format has them."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self.label_names)
        for values, spread in self._series.items():
            upto, buckets = 0, []
            for bound, count in zip(self._bounds, spread.counts, strict=True):
                upto += count
                buckets.append((bound, float(upto)))
            family.add_metric(values, buckets, spread.total)
        return [family]

    def text(self) -> str:
        """The same in the text format."""
        lines = [head(self._name, self._documentation, "histogram")]
        for buckets, count, total, spread in self._lines:
            upto = 0
            for start, more in zip(buckets, spread.counts, strict=True):
                upto += more
                lines.append(f"{start}{upto}.0\n")
            lines.append(f"{count}{upto}.0\n{total}{spread.total!r}\n")
        return "".join(lines)


def head(name: str, documentation: str, kind: str) -> str:
    """The two lines in front of a metric; the documentation is one line."""
    return f"# HELP {name} {documentation}\n# TYPE {name} {kind}\n"


def labelled(names: Iterable[str], values: Iterable[str]) -> str:
    """``{bng="bng1",code="Access-Request"}``, names in alphabetical order; "" without any."""
    pairs = ",".join([f'{name}="{_escaped(value)}"' for name, value in sorted(zip(names, values, strict=True))])
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
