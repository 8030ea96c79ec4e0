"""What is counted of CoA and Disconnect."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from bngcorr.proxy.dynauth.numbers import cause_shown


class DynauthMeters:
    """Low rates: labels are looked up when something is counted. Their values are the configuration's and ours."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter(
            "bngcorr_dynauth_requests",
            "CoA and Disconnect from AAA, by what became of them.",
            ("client", "code", "outcome"),
            registry=registry,
        )
        self._naks = Counter("bngcorr_dynauth_naks", "Refusals told to AAA.", ("by", "cause"), registry=registry)
        self._repeats = Counter(
            "bngcorr_dynauth_repeats", "Retransmissions and replays by AAA, by what was done.", ("done",),
            registry=registry,
        )  # fmt: skip
        self._sent = Counter(
            "bngcorr_dynauth_sent", "CoA and Disconnect sent to BNGs, by whose they are.", ("bng", "why"),
            registry=registry,
        )  # fmt: skip
        self._timeouts = Counter(
            "bngcorr_dynauth_timeouts", "CoA and Disconnect that a BNG did not answer in time.", ("bng",),
            registry=registry,
        )  # fmt: skip
        self._remedies = Counter(
            "bngcorr_remedies", "Findings that were to be remedied.", ("bng", "finding", "outcome"), registry=registry
        )
        self.in_flight = Gauge("bngcorr_dynauth_inflight", "CoA and Disconnect that wait for BNGs.", registry=registry)

    def request(self, client: str, code: str, outcome: str) -> None:
        """A request of AAA's is over: ack, nak or unanswered."""
        self._requests.labels(client, code, outcome).inc()

    def nak(self, by: str, cause: int | None) -> None:
        """A refusal, by a bng or the proxy."""
        self._naks.labels(by, cause_shown(cause)).inc()

    def repeat(self, done: str) -> None:
        """A retransmission: answered-from-cache or sent-again-to-bng."""
        self._repeats.labels(done).inc()

    def sent(self, bng: str, why: str) -> None:
        """One more sent, for aaa, an operator or a remedy; further tries of the same are not counted."""
        self._sent.labels(bng, why).inc()

    def timeout(self, bng: str) -> None:
        """A BNG did not answer."""
        self._timeouts.labels(bng).inc()

    def remedy(self, bng: str, finding: str, outcome: str) -> None:
        """A remedy was done, or left."""
        self._remedies.labels(bng, finding, outcome).inc()
