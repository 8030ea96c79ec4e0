"""What a storm gave, and whether it is good. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Final

from bngcorr.model.usage import Traffic, Usage

SLOW_MS: Final = 0.5  # calls of the store that are looked at
MOST_RESTART_MS: Final = 2.0  # an Accounting-On that takes the store longer depends on how many sessions there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Milliseconds from the first try to the answer, retransmissions and pauses included."""

    requests: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    per_second: float


def latency(took_s: Sequence[float], seconds: float) -> Latency:
    """Of requests of one kind, which were answered within so many seconds; not empty."""
    ordered = sorted(took_s)
    return Latency(
        requests=len(ordered),
        p50_ms=round(at(ordered, 0.5) * 1000, 2),
        p99_ms=round(at(ordered, 0.99) * 1000, 2),
        max_ms=round(ordered[-1] * 1000, 2),
        per_second=round(len(ordered) / seconds),
    )


def at(ordered: Sequence[float], share: float) -> float:
    """A quantile of sorted values."""
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


Buckets = Sequence[tuple[Mapping[str, str], float]]  # labels and values of a histogram's cumulative buckets


def quantiles_ms(after: Buckets, before: Buckets) -> dict[str, float | None]:
    """How many observations of seconds lie between two readings, and the upper bounds in ms of what they took.

    None: more than the last bucket holds.
    """
    earlier = {labels["le"]: value for labels, value in before}
    counts = sorted((float(labels["le"]) * 1000, value - earlier.get(labels["le"], 0.0)) for labels, value in after)
    total = counts[-1][1] if counts else 0.0
    found: dict[str, float | None] = {"calls": total}
    for name, share in (("p50_ms", 0.5), ("p99_ms", 0.99), ("max_ms", 1.0)):
        bound = next((bound for bound, count in counts if count >= share * total), 0.0)
        found[name] = bound if isfinite(bound) else None
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarts:
    """Milliseconds that an Accounting-On took within the store, by how many sessions were up."""

    few_sessions: int
    few_ms: float
    many_sessions: int
    many_ms: float
    best_few_ms: float  # the best of some more, without what the machine does beside it
    best_many_ms: float
    in_force_ms: float  # from sending it until the ledger of the BNG with many was empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Everything that was measured."""

    lines: int
    window: int
    seed: int
    spool: bool
    seconds: float
    per_second: int
    kinds: Mapping[str, Latency]
    retransmissions: int
    begun_anew: int
    before_seconds: float  # what the sessions of the life before took to be accounted for
    restarts: Restarts
    # what was lost or wrong
    unanswered: int
    refused: int
    missing: Mapping[str, int]  # answered, and never seen by AAA
    wrong: int
    improper: int
    examples: Sequence[str]
    usage: Usage
    expected: Usage
    ports_differ: int
    traffic: Traffic
    expected_traffic: Traffic
    strangers: Sequence[str]  # addresses, of some that were looked up, that are not held by their line alone
    failed_lessons: int  # refused by the store for good
    # what is left to see
    unmatched: int
    outcomes: Mapping[str, int]
    discards: Mapping[str, int]
    at_aaa_seconds: float | None  # from the last answer until AAA had everything; None: it never had
    ledger_seconds: float | None  # from the last answer until the ledger was right; None: it never was
    backlog: int  # lessons that waited for the store, at most
    spooled: int  # records acknowledged because they were durable in the spool, since the start
    given_up: int  # lessons given up because too many waited: sightings first
    service_octets: int
    store_rss_octets: int
    store_octets: int
    cpu_us: Mapping[str, float]  # microseconds of processor time a request, by who took them
    slow: Mapping[str, float]  # the longest call of each kind, in milliseconds, of those longer than `SLOW_MS`
    round_trips: Mapping[
        str, float | None
    ]  # of calls to the store as the service saw them: how many, and upper bounds in ms
    slow_calls: int  # how many such calls there were, at most as many as the slow log keeps
    pinned: bool

    def faults(self) -> list[str]:
        """What was lost or is wrong, a sentence each; empty if the storm went well."""
        found = []
        if self.unanswered:
            found.append(f"{self.unanswered} requests were never answered")
        if self.refused:
            found.append(f"{self.refused} requests were answered with something other than an acceptance")
        found += [f"{count} × {kind} were answered and never came to AAA" for kind, count in self.missing.items()]
        if self.wrong:
            found.append(f"{self.wrong} requests came to AAA on a wrong line: {'; '.join(self.examples)}")
        if self.improper:
            found.append(f"{self.improper} requests came to AAA that are not ours or whose authenticator does not fit")
        if self.ledger_seconds is None:
            found.append(f"the ledger says {_shown(self.usage)}, the truth is {_shown(self.expected)}")
        if self.ports_differ:
            found.append(f"the ledger of {self.ports_differ} ports differs from the truth")
        if self.traffic != self.expected_traffic:
            found.append(f"the ledger says {self.traffic}, the truth is {self.expected_traffic}")
        if self.strangers:
            found.append(f"{len(self.strangers)} addresses are not held by their line alone, first {self.strangers[0]}")
        if self.failed_lessons:
            found.append(f"{self.failed_lessons} lessons were refused by the store")
        restarts = self.restarts
        if restarts.best_many_ms > MOST_RESTART_MS:
            found.append(f"an Accounting-On over {restarts.many_sessions} sessions takes {restarts.best_many_ms} ms")
        return found

    def as_json(self) -> dict[str, object]:
        """All of it."""
        return {**asdict(self), "faults": self.faults()}


def _shown(usage: Usage) -> str:
    return " ".join(f"{name}={count}" for name, count in asdict(usage).items())
