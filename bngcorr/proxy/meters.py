"""Prometheus metrics of the packet process.

A new one is a field of `Meters` (or of one of the groups below), with its name, help and labels, and a row of
docs/metrics.md. What is counted for each request or each batch is a `Counts` or `Spreads`: its series are bound once
with `labels`, by BNG in `NasMeters`, by AAA server in `ServerMeters`, and hot code only ever calls a bound `inc` or
`observe`. What is set when somebody scrapes, or counted rarely, is an ordinary Gauge or Counter.
"""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from bngcorr.accountant.history.meters import HistoryMeters
from bngcorr.accountant.usage_meters import UsageMeters
from bngcorr.model.vocabulary import DropReason, Outcome, Rung
from bngcorr.proxy.dynauth.meters import DynauthMeters
from bngcorr.proxy.tallies import Count, Counts, Spread, Spreads
from bngcorr.proxy.upstream.meters import UpstreamMeters

_DISTANCE_S: Final[tuple[float, ...]] = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)
_RTT_S: Final[tuple[float, ...]] = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_CALL_S: Final[tuple[float, ...]] = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_LAG_S: Final[tuple[float, ...]] = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
# named here once: looking a member up in its class costs more than the comparison
_OWN: Final = Outcome.OWN
_WINDOW: Final = Rung.WINDOW
_ACCESS_ACCEPT: Final = 2
_VECTOR: Final[tuple[float, ...]] = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)


class Meters:
    """All metrics, and the bound children that the pipeline asks for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.requests = Counts(
            "bngcorr_radius_requests", "Requests admitted, by BNG and code.", ("bng", "code"), registry=registry
        )
        self.responses = Counts(
            "bngcorr_radius_responses", "Replies sent to BNGs, by code.", ("bng", "code"), registry=registry
        )
        self.took = Spreads(
            "bngcorr_radius_request_duration_seconds",
            "Time from a request to the reply that the BNG was sent.",
            ("bng", "code"),
            buckets=_RTT_S,
            registry=registry,
        )
        self.in_flight = Gauge("bngcorr_radius_inflight", "Requests without an answer so far.", registry=registry)
        discards = Counts(
            "bngcorr_radius_discards", "Datagrams not carried on, by reason.", ("reason",), registry=registry
        )
        self._discards: Final[dict[str, Count]] = {reason: discards.labels(str(reason)) for reason in DropReason}
        duplicates = Counts(
            "bngcorr_radius_duplicates",
            "Retransmissions by BNGs, by what became of them.",
            ("done",),
            registry=registry,
        )
        self.duplicate_answered = duplicates.labels("answered-from-cache")
        self.duplicate_resent = duplicates.labels("sent-again-to-aaa")
        self.acct_held = Counts(
            "bngcorr_accounting_held_answers", "Answers to accounting that waited for the store.", registry=registry
        ).labels()
        self.verdicts = Counts(
            "bngcorr_correlations",
            "Verdicts, by BNG, outcome and rung (empty unless matched).",
            ("bng", "outcome", "rung"),
            registry=registry,
        )
        self.distance = Spreads(
            "bngcorr_correlation_distance_seconds",
            "Time between a matched request and its sighting, either way.",
            ("bng",),
            buckets=_DISTANCE_S,
            registry=registry,
        )
        self.strips = Counts(
            "bngcorr_remote_id_strips", "Enterprise numbers found in front of a Remote-Id.", ("bng",), registry=registry
        )
        self.unsigned = Counts(
            "bngcorr_unsigned_requests",
            "Access-Requests without Message-Authenticator; zero means it can be required.",
            ("bng",),
            registry=registry,
        )
        self.unsigned_states = Counts(
            "bngcorr_unsigned_proxy_states",
            "Access-Requests without Message-Authenticator and with Proxy-State: a proxy that is old, or a forger.",
            ("bng",),
            registry=registry,
        )
        self.status_answers = Counts(
            "bngcorr_status_answers", "Status-Server packets of BNGs and monitors that were answered.",
            registry=registry,
        ).labels()  # fmt: skip
        self.limited = Counts(
            "bngcorr_limited_requests",
            "Requests without a line id that were not looked up because their port sends too many.",
            ("bng",),
            registry=registry,
        )
        self.lines = Gauge(
            "bngcorr_lines", "Lines with live sessions, by the families of their hosts.", ("bng", "families"),
            registry=registry,
        )  # fmt: skip
        self.expired = Gauge(
            "bngcorr_expired_sessions", "Sessions ended for their silence since the start.", registry=registry
        )
        self.away = Gauge(
            "bngcorr_store_domains_away", "Domains whose node does not answer questions.", registry=registry
        )
        self.clock_steady = Gauge(
            "bngcorr_store_clock_steady",
            "0 after a jump of the store's clock: the window is suspended.",
            registry=registry,
        )
        self.upstream = UpstreamMeters(registry)
        self.held = Gauge("bngcorr_held_requests", "Requests on hold for a sighting.", registry=registry)
        self.hold_pays = Gauge(
            "bngcorr_hold_pays", "0 while holding brings too few matches and most requests are not held.", ("bng",),
            registry=registry,
        )  # fmt: skip
        self.backlog = Gauge("bngcorr_store_backlog", "Writes waiting for the store.", registry=registry)
        self.lost = Gauge(
            "bngcorr_store_lost_writes", "Writes given up because the backlog was full.", registry=registry
        )
        self.failed = Counter(
            "bngcorr_store_failed_writes", "Writes that the store can't take and that were dropped.", registry=registry
        )
        self.restarts = Counter(
            "bngcorr_task_restarts", "Background tasks that ended by a bug and were started again.", registry=registry
        )
        self.translated = Gauge(
            "bngcorr_sources_translated",
            "1 while requests of unknown clients arrive from nodes or pods of the cluster.",
            registry=registry,
        )
        self.degraded = Gauge("bngcorr_store_degraded", "1 while the store does not answer.", registry=registry)
        self.store_calls = Gauge("bngcorr_store_calls", "Round trips to the store since the start.", registry=registry)
        self.store = StoreMeters(registry)
        self.usage = UsageMeters(registry)
        self.findings = Counts(
            "bngcorr_findings", "Things that operations should look at.", ("bng", "finding"), registry=registry
        )
        self.history = HistoryMeters(registry)
        self.spool = SpoolMeters(registry)
        self.dynauth = DynauthMeters(registry)
        self.sockets = SocketMeters(registry)
        self.loop = LoopMeters(registry)
        self.ready = Gauge("bngcorr_ready", "1 while /readyz says that requests should come here.", registry=registry)
        self.config = ConfigMeters(registry)
        self.vector = Spreads(
            "bngcorr_vector_length", "Datagrams taken at one wake-up.", buckets=_VECTOR, registry=registry
        ).labels()

    def drop(self, reason: DropReason) -> None:
        """Count one datagram that was not carried on."""
        self._discards[reason].inc()

    def nas(self, name: str) -> NasMeters:
        """Bound children for one BNG."""
        return NasMeters(self, name)


class SpoolMeters:
    """Accounting on disk."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.records = Gauge("bngcorr_spool_records", "Records that AAA or the store does not have.", registry=registry)
        self.oldest = Gauge("bngcorr_spool_oldest_seconds", "Age of the oldest of them.", registry=registry)
        self.octets = Gauge("bngcorr_spool_octets", "Of the spool's file, in use.", registry=registry)
        self.acknowledged = Counts(
            "bngcorr_spool_acknowledged", "Records that were durable and acknowledged.", registry=registry
        ).labels()
        self.sent = Counts("bngcorr_spool_sent", "Records that AAA answered.", registry=registry).labels()
        self.resent = Counts("bngcorr_spool_resent", "Further tries to send a record.", registry=registry).labels()
        self.full = Gauge("bngcorr_spool_full", "1 while records are not acknowledged.", registry=registry)
        self.fsync = Spreads(
            "bngcorr_spool_fsync_seconds", "Time until a group of records was durable.", buckets=_RTT_S,
            registry=registry,
        ).labels()  # fmt: skip


class StoreMeters:
    """Calls to the store."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._took = Spreads(
            "bngcorr_store_call_seconds", "Time until a call to the store was over, by what was called first.", ("op",),
            buckets=_CALL_S, registry=registry,
        )  # fmt: skip
        self._failed = Counts(
            "bngcorr_store_call_errors", "Calls that the store refused or did not answer in time.", ("op",),
            registry=registry,
        )  # fmt: skip
        self._bound: Final[dict[str, tuple[Spread, Count]]] = {}
        for op in ("recall", "write"):  # there before the first of them
            self._of(op)

    def _of(self, op: str) -> tuple[Spread, Count]:
        bound = self._bound.get(op)
        if bound is None:
            bound = self._bound[op] = self._took.labels(op), self._failed.labels(op)
        return bound

    def called(self, op: str, took_s: float, failed: bool) -> None:
        """A call is over. `op`: the script or command that came first in it, one of few."""
        took, errors = self._of(op)
        took.observe(took_s)
        if failed:
            errors.inc()


class LoopMeters:
    """The event loop that carries everything."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.lag = Spreads(
            "bngcorr_event_loop_lag_seconds", "How late the event loop was for a timer.", buckets=_LAG_S,
            registry=registry,
        ).labels()  # fmt: skip


class SocketMeters:
    """What the kernel keeps of UDP until it is read."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.buffer = Gauge(
            "bngcorr_udp_receive_buffer_bytes", "Receive buffers, as requested and as granted.", ("socket", "kind"),
            registry=registry,
        )  # fmt: skip
        self.drops = Counter(
            "bngcorr_udp_receive_drops", "Datagrams that the kernel dropped before they were read.", ("socket",),
            registry=registry,
        )  # fmt: skip


class ConfigMeters:
    """Which configuration holds."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._info = Gauge(
            "bngcorr_config_info", "1 for the file that was taken last: the start of its SHA-256.", ("hash",),
            registry=registry,
        )  # fmt: skip
        self._at = Gauge(
            "bngcorr_config_last_reload_success_timestamp_seconds", "When it was taken.", registry=registry
        )
        self._ok = Gauge("bngcorr_config_last_reload_successful", "0 after a file that was refused.", registry=registry)

    def taken(self, digest: str, at_s: float) -> None:
        """A file holds from now on. `at_s`: epoch seconds."""
        self._info.clear()
        self._info.labels(digest).set(1)
        self._at.set(at_s)
        self._ok.set(1)

    def refused(self) -> None:
        """A file has faults; what held holds on."""
        self._ok.set(0)


class NasMeters:
    """Children bound to one BNG."""

    __slots__ = (
        "accepts",
        "acct",
        "acct_took",
        "auth",
        "auth_took",
        "distance",
        "limited",
        "matched_in_window",
        "own",
        "responses",
        "strips",
        "unsigned",
        "unsigned_states",
        "verdicts",
    )

    def __init__(self, meters: Meters, name: str) -> None:
        self.auth: Final = meters.requests.labels(name, "Access-Request")
        self.acct: Final = meters.requests.labels(name, "Accounting-Request")
        self.auth_took: Final = meters.took.labels(name, "Access-Request")
        self.acct_took: Final = meters.took.labels(name, "Accounting-Request")
        self.responses: Final[dict[int, Count]] = {
            code: meters.responses.labels(name, title)
            for code, title in (
                (_ACCESS_ACCEPT, "Access-Accept"),
                (3, "Access-Reject"),
                (5, "Accounting-Response"),
                (11, "Access-Challenge"),
            )
        }
        self.accepts: Final = self.responses[_ACCESS_ACCEPT]  # those that are counted most
        self.verdicts: Final[dict[tuple[Outcome, Rung | None], Count]] = {
            (outcome, rung): meters.verdicts.labels(name, str(outcome), str(rung or ""))
            for outcome in Outcome
            for rung in (tuple(Rung) if outcome is Outcome.MATCHED else (None,))
        }
        self.own: Final = self.verdicts[Outcome.OWN, None]  # likewise
        self.matched_in_window: Final = self.verdicts[Outcome.MATCHED, Rung.WINDOW]
        self.distance: Final = meters.distance.labels(name)
        self.strips: Final = meters.strips.labels(name)
        self.unsigned: Final = meters.unsigned.labels(name)
        self.unsigned_states: Final = meters.unsigned_states.labels(name)
        self.limited: Final = meters.limited.labels(name)

    def responded(self, code: int) -> Count:
        """Replies of that code."""
        return self.accepts if code == _ACCESS_ACCEPT else self.responses[code]

    def judged(self, outcome: Outcome, rung: Rung | None) -> Count:
        """Verdicts of that kind."""
        if outcome is _OWN:
            return self.own
        return self.matched_in_window if rung is _WINDOW else self.verdicts[outcome, rung]
