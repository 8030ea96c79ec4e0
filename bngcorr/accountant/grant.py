"""What an Access-Accept says of the session that it opens. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.accountant.hosts import IPV6_KEYS, MOST_HOSTS, promised
from bngcorr.model.memo import Memo
from bngcorr.model.usage import Host
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import Layout, PacketView, Span

_INTERIM_INTERVAL: Final = a.ACCT_INTERIM_INTERVAL
_SESSION_TIMEOUT: Final = a.SESSION_TIMEOUT
_TERMINATION_ACTION: Final = a.TERMINATION_ACTION
_READ: Final = frozenset((
    a.ACCT_INTERIM_INTERVAL, a.SESSION_TIMEOUT, a.TERMINATION_ACTION, a.FRAMED_IP_ADDRESS, *IPV6_KEYS,
))  # fmt: skip
_SPANS: Final[Memo[Layout, list[Span]]] = Memo(256)
_AUTHENTICATE_AGAIN: Final = 1  # Termination-Action RADIUS-Request (RFC 2865 §5.29)


class Grant:
    """What AAA gave. Never changed."""

    __slots__ = ("interval_ms", "promised", "timeout_ms")

    def __init__(self, *, interval_ms: int = 0, timeout_ms: int = 0, promised: tuple[Host, ...] = ()) -> None:
        self.interval_ms: Final = interval_ms  # Acct-Interim-Interval; 0: it does not say
        self.timeout_ms: Final = timeout_ms  # Session-Timeout, in any case the session's end; 0: it does not say
        self.promised: Final = promised  # IPv6 hosts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Grant):
            return NotImplemented
        return (
            self.interval_ms == other.interval_ms
            and self.timeout_ms == other.timeout_ms
            and self.promised == other.promised
        )

    def __hash__(self) -> int:
        return hash((self.interval_ms, self.timeout_ms, self.promised))

    def __repr__(self) -> str:
        return f"Grant({self.interval_ms}, {self.timeout_ms}, {self.promised})"


def granted(view: PacketView) -> Grant:
    """The grant of an Access-Accept."""
    return Grant(
        interval_ms=(view.integer(_INTERIM_INTERVAL) or 0) * 1000,
        timeout_ms=timeout_ms(view),
        promised=promised(view),
    )


def granting(layout: Layout) -> list[Span]:
    """Where all stands that decides what `granted` reads of an Accept with that layout.

    An IPv4 address, which AAA may give anew each time, does so only where there are so many hosts that it takes the
    place of another.
    """
    known = _SPANS.get(layout)
    if known is None:
        found = [span for span in layout.spans if span.key in _READ]
        if len(found) <= MOST_HOSTS:
            found = [span for span in found if span.key != a.FRAMED_IP_ADDRESS]
        known = _SPANS.put(layout, found)
    return known


def timeout_ms(view: PacketView) -> int:
    """Session-Timeout of an Accept or a record (RFC 2865 §5.27), in milliseconds; 0 if it does not say.

    A session that authenticates again at that instant does not end there: it says nothing. Nor does 0, which SR OS
    takes for "never".
    """
    seconds = view.integer(_SESSION_TIMEOUT)
    if seconds is None or view.integer(_TERMINATION_ACTION) == _AUTHENTICATE_AGAIN:
        return 0
    return seconds * 1000
