"""What an Accounting-Request says: which session, what happened, when, which hosts. Pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from bngcorr.accountant.grant import timeout_ms
from bngcorr.accountant.hosts import hosts_of
from bngcorr.accountant.traffic import traffic_of
from bngcorr.model.usage import Host, Traffic
from bngcorr.store.contract import INTERIMS_MISSED
from bngcorr.store.lesson import SessionStep
from bngcorr.wire import attributes as a
from bngcorr.wire import radius
from bngcorr.wire.radius import PacketView

# Event-Timestamp is believed within these bounds around arrival minus Acct-Delay-Time: a BNG replays buffered records
# for up to 25 h (Nokia TPSDA 22.2), and a clock may run a little ahead; beyond them it is a broken clock.
OLDEST_MS: Final = 26 * 3_600_000
NEWEST_MS: Final = 300_000

DEFAULT_LIFE_MS: Final = 7 * 86_400_000  # of a session whose BNG says nothing about intervals
EXPECTED_LIFE_MS: Final = 120_000  # from Access-Accept until Accounting-Start
NO_SESSION: Final = b""

_STEPS: Final[dict[int, SessionStep]] = {
    int(a.AcctStatus.START): SessionStep.START,
    int(a.AcctStatus.STOP): SessionStep.STOP,
    int(a.AcctStatus.INTERIM): SessionStep.INTERIM,
}
_RESTARTS: Final = (int(a.AcctStatus.ON), int(a.AcctStatus.OFF))
_START: Final = SessionStep.START
_NO_TRAFFIC: Final = Traffic()
_DIGEST: Final = blake2b(digest_size=4)  # a copy costs less than to make one
_STATUS_TYPE: Final = a.ACCT_STATUS_TYPE
_DELAY_TIME: Final = a.ACCT_DELAY_TIME
_PROXY_STATE: Final = a.PROXY_STATE
_MESSAGE_AUTHENTICATOR: Final = a.MESSAGE_AUTHENTICATOR
_EVENT_TIMESTAMP: Final = a.EVENT_TIMESTAMP
_INTERIM_INTERVAL: Final = a.ACCT_INTERIM_INTERVAL
_SESSION_ID: Final = a.ACCT_SESSION_ID
_SESSION_TIME: Final = a.ACCT_SESSION_TIME


class Record:
    """One accounting record. Never changed."""

    __slots__ = (
        "digest", "event_ms", "hosts", "interval_ms", "lasted_ms", "life_ms", "restart", "sent_ms", "session_id",
        "step", "timeout_ms", "traffic",
    )  # fmt: skip

    def __init__(
        self,
        *,
        step: SessionStep | None,
        restart: bool,
        session_id: bytes,
        event_ms: int,
        sent_ms: int,
        life_ms: int,
        interval_ms: int,
        timeout_ms: int,
        lasted_ms: int,
        hosts: tuple[Host, ...] | None,
        traffic: Traffic | None,
        digest: str,
    ) -> None:
        self.step: Final = step  # None: On or Off if `restart`, else a status that moves no session
        self.restart: Final = restart  # Accounting-On or -Off
        self.session_id: Final = session_id  # Acct-Session-Id; empty if absent
        self.event_ms: Final = event_ms  # when it happened, by the NAS's clock
        self.sent_ms: Final = sent_ms  # arrival minus Acct-Delay-Time, by ours
        self.life_ms: Final = life_ms  # how long it vouches for the session
        self.interval_ms: Final = interval_ms  # Acct-Interim-Interval; 0: it does not say
        self.timeout_ms: Final = timeout_ms  # Session-Timeout; 0: it does not say
        self.lasted_ms: Final = lasted_ms  # Acct-Session-Time; 0: it does not say
        self.hosts: Final = hosts  # None: it does not say
        # octets so far; None: it does not say. A Start without counters has counted nothing yet
        self.traffic: Final = traffic
        self.digest: Final = digest  # tells a replay from another record of the same second; 8 hex digits


def read(view: PacketView, arrived_ms: int) -> Record:
    """The record of an Accounting-Request."""
    status = view.integer(_STATUS_TYPE)
    delay_ms = (view.integer(_DELAY_TIME) or 0) * 1000
    if delay_ms > OLDEST_MS:
        delay_ms = 0  # nobody tries for that long: a broken counter
    sent_ms = max(arrived_ms - delay_ms, 0)
    event_ms = sent_ms
    stamp = view.integer(_EVENT_TIMESTAMP)
    if stamp is not None and sent_ms - OLDEST_MS <= stamp * 1000 <= sent_ms + NEWEST_MS:
        event_ms = stamp * 1000
    interval_ms = (view.integer(_INTERIM_INTERVAL) or 0) * 1000
    life_ms = DEFAULT_LIFE_MS
    if interval_ms:
        life_ms = min(interval_ms * INTERIMS_MISSED, DEFAULT_LIFE_MS)
    step = None if status is None else _STEPS.get(status)
    traffic = traffic_of(view)
    if traffic is None and step is _START:
        traffic = _NO_TRAFFIC
    digest = _DIGEST.copy()
    digest.update(_covered(view))
    return Record(
        step=step,
        restart=status is not None and status in _RESTARTS,
        session_id=view.first(_SESSION_ID) or NO_SESSION,
        event_ms=event_ms,
        sent_ms=sent_ms,
        life_ms=life_ms,
        interval_ms=interval_ms,
        timeout_ms=timeout_ms(view),
        lasted_ms=(view.integer(_SESSION_TIME) or 0) * 1000,
        hosts=hosts_of(view),
        traffic=traffic,
        digest=digest.hexdigest(),
    )


def _covered(view: PacketView) -> bytes:
    """The attributes without those that differ between two copies of a record."""
    octets = view.octets
    pieces: list[bytes] = []
    at = radius.HEADER_OCTETS
    for span in view.spans:
        if span.key in (_DELAY_TIME, _PROXY_STATE, _MESSAGE_AUTHENTICATOR):  # compiled it costs less than a set
            pieces.append(octets[at : span.start])
            at = span.end
    pieces.append(octets[at:])
    return b"".join(pieces)
