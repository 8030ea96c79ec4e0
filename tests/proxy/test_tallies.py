"""What is counted on the request path reads as prometheus_client's own metrics do."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from bngcorr.proxy.tallies import Counts, Spreads

BUCKETS = (0.005, 1.0, 2.5)


def exposed(registry: CollectorRegistry) -> list[str]:
    """The text format without the instants at which series were made."""
    return [line for line in generate_latest(registry).decode().splitlines() if "_created{" not in line]


def test_the_text_format_is_that_of_prometheus_client() -> None:
    """Names, types, labels, buckets and sums are the same, a value on a bound in the bucket below it."""
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    counter = Counter("requests", "Requests.", ("bng",), registry=theirs)
    histogram = Histogram("rtt_seconds", "Time.", ("bng",), buckets=BUCKETS, registry=theirs)
    counts = Counts("requests", "Requests.", ("bng",), registry=ours)
    spreads = Spreads("rtt_seconds", "Time.", ("bng",), buckets=BUCKETS, registry=ours)
    for bng, values in (("bng1", (0.001, 1.0, 9.0)), ('b"2', ())):
        counter.labels(bng), histogram.labels(bng), counts.labels(bng), spreads.labels(bng)
        for value in values:
            counter.labels(bng).inc()
            counts.labels(bng).inc()
            histogram.labels(bng).observe(value)
            spreads.labels(bng).observe(value)

    assert exposed(theirs) == exposed(ours)
    assert len(generate_latest(theirs).splitlines()) == len(generate_latest(ours).splitlines())


def test_a_metric_without_labels_is_there_before_it_counts() -> None:
    """A rate over a series that appears with its first event would miss that one."""
    registry = CollectorRegistry()
    Counts("lost", "Lost.", registry=registry)

    assert registry.get_sample_value("lost_total") == 0


def test_a_name_is_taken_once() -> None:
    """Two metrics of one name would be told as one."""
    registry = CollectorRegistry()
    Counts("lost", "Lost.", registry=registry)

    with pytest.raises(ValueError, match="Duplicated"):
        Counts("lost", "Lost.", registry=registry)


def test_a_series_has_a_value_for_each_label() -> None:
    """A forgotten label is found where the series is bound."""
    counts = Counts("lost", "Lost.", ("bng", "code"), registry=CollectorRegistry())

    with pytest.raises(ValueError, match="lost"):
        counts.labels("bng1")
