"""What is counted on the request path reads as prometheus_client's own metrics do."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, generate_latest

from bngcorr.app.registry import Registry
from bngcorr.proxy.tallies import Counts, Spreads

BUCKETS = (0.005, 1.0, 2.5)


def exposed(registry: CollectorRegistry) -> str:
    """The text format by prometheus_client, without the instants at which series were made."""
    return "".join(line for line in generate_latest(registry).decode().splitlines(True) if "_created" not in line)


def told(registry: Registry) -> str:
    """The text format as the service writes it."""
    return asyncio.run(registry.text()).decode()


def test_the_text_format_is_that_of_prometheus_client() -> None:
    """Names, types, labels, buckets and sums are the same, a value on a bound in the bucket below it."""
    theirs, ours = CollectorRegistry(), Registry()
    counter = Counter("requests", "Requests.", ("bng", "at"), registry=theirs)
    histogram = Histogram("rtt_seconds", "Time.", ("bng",), buckets=BUCKETS, registry=theirs)
    counts = Counts("requests", "Requests.", ("bng", "at"), registry=ours)
    spreads = Spreads("rtt_seconds", "Time.", ("bng",), buckets=BUCKETS, registry=ours)
    for bng, values in (("bng1", (0.001, 1.0, 9.0)), ('b"\\\n2', ())):
        counter.labels(bng, "x"), histogram.labels(bng), counts.labels(bng, "x"), spreads.labels(bng)
        for value in values:
            counter.labels(bng, "x").inc()
            counts.labels(bng, "x").inc()
            histogram.labels(bng).observe(value)
            spreads.labels(bng).observe(value)

    assert exposed(theirs) == told(ours)
    assert exposed(theirs) == exposed(ours)


def test_what_prometheus_client_counts_is_written_as_it_would() -> None:
    """Whatever its kind: gauges, counters, histograms and what a build says of itself."""
    registry = Registry()
    Gauge("free", "Free.", ("bng", "a"), registry=registry).labels("bng1", 'x"y').set(0.25)
    Counter("seen", "Seen.", registry=registry).inc(3)
    Histogram("took_seconds", "Took.", buckets=BUCKETS, registry=registry).observe(1.5)
    Info("build", "Build.", registry=registry).info({"version": "1.2"})

    assert exposed(registry) == told(registry)


def test_requests_have_their_turn_while_metrics_are_written() -> None:
    """Between one metric and the next, so that a scrape is not seen in the time that answers take."""
    registry = Registry()
    for number in range(20):
        Counts(f"metric_{number}", "Counted.", registry=registry)
    turns = 0

    async def scrape() -> None:
        nonlocal turns
        writing = asyncio.create_task(registry.text())
        while not writing.done():
            await asyncio.sleep(0)
            turns += 1

    asyncio.run(scrape())

    assert turns >= 20


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
