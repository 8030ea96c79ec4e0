"""Prometheus metrics of the history."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class HistoryMeters:
    """What is told of closed sessions on their way to disk."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.written = Counter(
            "bngcorr_history_written", "Closed sessions that this process wrote to disk.", registry=registry
        )
        self.waiting = Gauge(
            "bngcorr_history_waiting", "Closed sessions in the store that are not on disk yet.", ("domain",),
            registry=registry,
        )  # fmt: skip
        self.lost = Gauge(
            "bngcorr_history_lost", "Closed sessions that were given up because too many waited.", ("domain",),
            registry=registry,
        )  # fmt: skip
        self.failing = Gauge("bngcorr_history_failing", "1 while the history can't be written.", registry=registry)
