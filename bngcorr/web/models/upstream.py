"""AAA servers, as the packet processes see them."""

from __future__ import annotations

from bngcorr.model.vocabulary import Admin, Condition
from bngcorr.web.models.model import Instant, Model


class UpstreamWanted(Model):
    """What an operator wants of an AAA server; it holds in each process until that ends."""

    admin: Admin
    """up: use it; drain: nothing new goes there, conversations that it has begun go on; down: nothing goes there"""


class UpstreamAt(Model):
    """An AAA server as one packet process sees it."""

    process: str
    state: Condition
    admin: Admin
    since: Instant
    """when its state last changed"""
    in_flight: int
    most_in_flight: int
    sockets: int
    requests: int
    """since the process started, like the next two"""
    timeouts: int
    late_replies: int
    source: str
    """address that requests to it leave from; what it sees may be another one behind address translation"""
    rtt_s: float | None
    """smoothed; null before its first answer"""


class Upstream(Model):
    """An AAA server, over all packet processes."""

    pool: str
    name: str
    address: str
    """with its port"""
    state: Condition
    """the worst that a process sees"""
    admin: Admin | None
    """null if processes differ"""
    in_flight: int
    requests: int
    timeouts: int
    late_replies: int
    rtt_s: float | None
    """the slowest that a process sees"""
    processes: tuple[UpstreamAt, ...]
