"""What a run comes to: medians, ratios within a round, and whether it counts at all. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Final

OURS: Final = "bngcorr"
PEER: Final = "freeradius-redis"
LEAST_MATCHED: Final = 0.9  # of the requests without line id that can be told apart: below it the job was not done

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One case in one round. None: not measured."""

    rps: float  # closed loop, answers within the time
    p50_ms: float
    p99_ms: float
    busy: float | None  # share of its core that the proxy took meanwhile; well below 1: it was not what limits the rate
    proxy_us: float | None  # processor time a request, what is written behind included
    store_us: float | None
    wide_rps: float  # with many requests outstanding
    wide_p99_ms: float
    burst_ms: float  # until the last answer of a burst
    lost: int  # of all phases but the one with the store stopped, accounting included
    burst_lost: int  # of these, in the burst
    wrong: int  # a request that AAA saw on another line
    matched: float  # share of the requests without line id that came with their own line
    missed: int  # those that came without
    unstripped: int  # requests whose enterprise number was still there
    guessed: int  # requests that nobody can tell apart and that came with a line
    faults: int  # wrong authenticators, passwords and codes, at AAA and at BNGs
    store_calls: int | None  # round trips to the store in the closed loop
    vector: float | None  # mean length of a vector
    rss_mb: float | None
    receive_buffer: int | None  # octets, as granted
    drops: int | None  # datagrams that the kernel dropped on the proxy's sockets
    drain_s: float | None  # until the last write was in the store, after the last answer
    acct_rps: float | None
    acct_p99_ms: float | None
    acct_proxy_us: float | None
    acct_store_us: float | None
    one_p50_ms: float | None  # one request at a time
    one_p99_ms: float | None
    open_rate: float | None  # open loop: requests a second, a quarter of the closed loop's
    open_p50_ms: float | None
    open_p99_ms: float | None
    frozen_v4_p99_ms: float | None  # the same with the store stopped: requests of DHCPv4, which need no answer of it
    frozen_lost: int | None

    @property
    def cpu_us(self) -> float | None:
        """Proxy and store together."""
        return _sum(self.proxy_us, self.store_us)

    @property
    def acct_cpu_us(self) -> float | None:
        """Proxy and store together, for a record of accounting."""
        return _sum(self.acct_proxy_us, self.acct_store_us)


SUMS: Final = (
    "lost",
    "burst_lost",
    "wrong",
    "missed",
    "unstripped",
    "guessed",
    "faults",
    "store_calls",
    "drops",
    "frozen_lost",
)
"""Figures that are added up over the rounds; of all others the median is taken."""


def _sum(*parts: float | None) -> float | None:
    told = [part for part in parts if part is not None]
    return sum(told) if told else None


def summary(rounds: Sequence[Round]) -> Json:
    """One case over all its rounds: sums and medians of what was measured, and how many rounds there were."""
    found: Json = {"rounds": len(rounds)}
    for field in fields(Round):
        told = [value for one in rounds if (value := getattr(one, field.name)) is not None]
        if field.name in SUMS:
            found[field.name] = sum(told) if told else None
        else:
            found[field.name] = _rounded(median(told)) if told else None
    for name, of in (("cpu_us", Round.cpu_us), ("acct_cpu_us", Round.acct_cpu_us)):
        values = [value for one in rounds if (value := of.__get__(one)) is not None]
        found[name] = _rounded(median(values)) if values else None
    return found


def _rounded(value: float) -> float:
    return round(value, 3) if abs(value) < 100 else round(value, 1)


def ratio(above: Sequence[Round], below: Sequence[Round], figure: Callable[[Round], float | None]) -> float | None:
    """Median over the rounds of one case's figure by another's: what the machine does in a round strikes both."""
    found = []
    for one, other in zip(above, below, strict=False):
        upper, lower = figure(one), figure(other)
        if upper is not None and lower:
            found.append(upper / lower)
    return round(median(found), 3) if found else None


def ratios(cases: Mapping[str, Sequence[Round]]) -> Json:
    """Ours beside the peer that does the whole job; above 1 is better for ours."""
    ours, peer = cases.get(OURS, ()), cases.get(PEER, ())
    return {
        "ratio_throughput": ratio(ours, peer, lambda one: one.rps),
        "ratio_cpu": ratio(peer, ours, lambda one: one.cpu_us),
        "ratio_wide": ratio(ours, peer, lambda one: one.wide_rps),
        "ratio_accounting": ratio(ours, peer, lambda one: one.acct_rps),
        "ratio_accounting_cpu": ratio(peer, ours, lambda one: one.acct_cpu_us),
    }


def void(rounds: Sequence[Round]) -> list[str]:
    """Why what was measured of ours does not count; nothing if it does."""
    reasons = []
    wrong, faults = sum(one.wrong for one in rounds), sum(one.faults for one in rounds)
    if wrong:
        reasons.append(f"{wrong} requests were put on a wrong line")
    if faults:
        reasons.append(f"{faults} packets had a wrong authenticator, password or code")
    if unstripped := sum(one.unstripped for one in rounds):
        reasons.append(f"{unstripped} requests came to AAA with their enterprise number")
    if any(not one.store_calls for one in rounds):
        reasons.append("the store was not asked")
    matched = min((one.matched for one in rounds), default=1.0)
    if matched < LEAST_MATCHED:
        reasons.append(f"only {matched:.0%} of the requests without line id were put on their line")
    return reasons


def as_json(one: Round) -> Json:
    """One round, every figure."""
    return {name: _rounded(value) if isinstance(value, float) else value for name, value in asdict(one).items()}
