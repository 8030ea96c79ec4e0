"""What an Access-Accept says of the session that it opens. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bngcorr.accountant.hosts import promised
from bngcorr.model.usage import Host
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView

_AUTHENTICATE_AGAIN: Final = 1  # Termination-Action RADIUS-Request (RFC 2865 §5.29)


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every Accept, and that costs a call a field
class Grant:
    """What AAA gave."""

    interval_ms: int = 0  # Acct-Interim-Interval; 0: it does not say
    timeout_ms: int = 0  # Session-Timeout, in any case the end of the session; 0: it does not say
    promised: tuple[Host, ...] = ()  # IPv6 hosts


def granted(view: PacketView) -> Grant:
    """The grant of an Access-Accept."""
    return Grant(
        interval_ms=(view.integer(a.ACCT_INTERIM_INTERVAL) or 0) * 1000,
        timeout_ms=timeout_ms(view),
        promised=promised(view),
    )


def timeout_ms(view: PacketView) -> int:
    """Session-Timeout of an Accept or a record (RFC 2865 §5.27), in milliseconds; 0 if it does not say.

    A session that authenticates again at that instant does not end there: it says nothing. Nor does 0, which SR OS
    takes for "never".
    """
    if view.integer(a.TERMINATION_ACTION) == _AUTHENTICATE_AGAIN:
        return 0
    return (view.integer(a.SESSION_TIMEOUT) or 0) * 1000
