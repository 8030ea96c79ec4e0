"""Metrics of the AAA servers: counters that the request path adds to, gauges that are set when somebody scrapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from bngcorr.model.vocabulary import Admin, Condition
from bngcorr.proxy.tallies import Counts, Spreads
from bngcorr.proxy.upstream.row import ServerRow

_RTT_S: Final[tuple[float, ...]] = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
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

        self._state = Gauge(
            "bngcorr_upstream_state", "1 for the state that the server is in.", (*_LABELS, "state"), registry=registry
        )
        self._admin = Gauge(
            "bngcorr_upstream_admin_state", "1 for what the operator wants of the server.", (*_LABELS, "state"),
            registry=registry,
        )  # fmt: skip
        self._since = Gauge(
            "bngcorr_upstream_state_since_timestamp_seconds", "When the state last changed.", _LABELS, registry=registry
        )
        self._in_use = Gauge(
            "bngcorr_upstream_ids_in_use", "Identifiers of requests that wait for the server.", _LABELS,
            registry=registry,
        )  # fmt: skip
        self._most = Gauge(
            "bngcorr_upstream_ids_most", "Identifiers that there may be: sockets times 256.", _LABELS, registry=registry
        )
        self._sockets = Gauge(
            "bngcorr_upstream_sockets", "Sockets open towards the server.", _LABELS, registry=registry
        )

    def show(self, rows: Sequence[ServerRow]) -> None:
        """Set the gauges: of these servers, and of no others."""
        for gauge in (self._state, self._admin, self._since, self._in_use, self._most, self._sockets):
            gauge.clear()
        for row in rows:
            for condition in Condition:
                self._state.labels(row.pool, row.name, str(condition)).set(row.state is condition)
            for admin in Admin:
                self._admin.labels(row.pool, row.name, str(admin)).set(row.admin is admin)
            self._since.labels(row.pool, row.name).set(row.since_ms / 1000)
            self._in_use.labels(row.pool, row.name).set(row.in_flight)
            self._most.labels(row.pool, row.name).set(row.most_in_flight)
            self._sockets.labels(row.pool, row.name).set(row.sockets)

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
