"""Metrics of the AAA servers: counters that the request path adds to, gauges that are read when somebody scrapes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bngcorr.model.vocabulary import Admin, Condition
from bngcorr.proxy.tallies import Counts, Spreads
from bngcorr.proxy.upstream.row import ServerRow

_RTT_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_LABELS: Final = ("pool", "server")


class UpstreamMeters:
    """Counters of all servers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.rtt = Spreads(
            "bngcorr_upstream_rtt_seconds", "Time AAA took to answer.", _LABELS, buckets=_RTT_S, registry=registry
        )
        self.requests = Counts(
            "bngcorr_upstream_requests", "Requests sent to AAA, further copies not counted.", _LABELS, registry=registry
        )
        self.timeouts = Counts(
            "bngcorr_upstream_timeouts", "Requests that AAA did not answer in time.", _LABELS, registry=registry
        )
        self.late = Counts(
            "bngcorr_upstream_late_replies",
            "Replies to requests that had been answered or given up.",
            _LABELS,
            registry=registry,
        )
        self.failures = Counts(
            "bngcorr_upstream_socket_errors", "Errors of sockets towards AAA.", _LABELS, registry=registry
        )
        self.unsigned = Counts(
            "bngcorr_unsigned_replies",
            "Replies to Access-Requests without Message-Authenticator; zero means it can be required.",
            _LABELS,
            registry=registry,
        )
        self.probes = Counts("bngcorr_upstream_probes", "Status-Server probes sent.", _LABELS, registry=registry)

    def of(self, pool: str, server: str) -> ServerMeters:
        """Those of one server."""
        return ServerMeters(self, pool, server)


class ServerMeters:
    """Bound to one server."""

    __slots__ = ("failures", "late", "probes", "requests", "rtt", "timeouts", "unsigned")

    def __init__(self, meters: UpstreamMeters, pool: str, server: str) -> None:
        self.rtt: Final = meters.rtt.labels(pool, server)
        self.requests: Final = meters.requests.labels(pool, server)
        self.timeouts: Final = meters.timeouts.labels(pool, server)
        self.late: Final = meters.late.labels(pool, server)
        self.failures: Final = meters.failures.labels(pool, server)
        self.unsigned: Final = meters.unsigned.labels(pool, server)
        self.probes: Final = meters.probes.labels(pool, server)


class UpstreamGauges(Collector):
    """How the servers are now."""

    def __init__(self, rows: Callable[[], Sequence[ServerRow]], registry: CollectorRegistry) -> None:
        self._rows = rows
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        """The metrics without samples."""
        return _families().values()

    def collect(self) -> Iterable[Metric]:
        """The samples."""
        families = _families()
        for row in self._rows():
            of = (row.pool, row.name)
            for condition in Condition:
                families["state"].add_metric((*of, str(condition)), row.state is condition)
            for admin in Admin:
                families["admin_state"].add_metric((*of, str(admin)), row.admin is admin)
            families["state_since_timestamp_seconds"].add_metric(of, row.since_ms / 1000)
            families["ids_in_use"].add_metric(of, row.in_flight)
            families["ids_most"].add_metric(of, row.most_in_flight)
            families["sockets"].add_metric(of, row.sockets)
        return families.values()


def _families() -> dict[str, GaugeMetricFamily]:
    return {
        name: GaugeMetricFamily(f"bngcorr_upstream_{name}", text, labels=(*_LABELS, *more))
        for name, text, more in (
            ("state", "1 for the state that the server is in.", ("state",)),
            ("admin_state", "1 for what the operator wants of the server.", ("state",)),
            ("state_since_timestamp_seconds", "When the state last changed.", ()),
            ("ids_in_use", "Identifiers of requests that wait for the server.", ()),
            ("ids_most", "Identifiers that there may be: sockets times 256.", ()),
            ("sockets", "Sockets open towards the server.", ()),
        )
    }
