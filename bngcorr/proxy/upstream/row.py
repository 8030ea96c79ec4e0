"""One AAA server as operators see it."""

from __future__ import annotations

from dataclasses import dataclass

from bngcorr.model.vocabulary import Admin, Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRow:
    """What is known of it at an instant."""

    pool: str
    name: str
    address: str  # with its port
    state: Condition
    admin: Admin
    since_ms: int  # epoch milliseconds of the host's clock: when the state last changed
    in_flight: int  # requests that wait for it
    most_in_flight: int  # 256 for each socket that it may have
    sockets: int  # open now
    requests: int  # since the start, like those below
    timeouts: int
    late_replies: int
    source: str  # address that our requests leave from; "" while there is no socket
    rtt_s: float | None  # of late, smoothed; None before its first answer
