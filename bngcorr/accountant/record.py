"""What an Accounting-Request says: which session, what happened, when, which hosts. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from bngcorr.accountant.grant import timeout_ms
from bngcorr.accountant.hosts import hosts_of
from bngcorr.accountant.traffic import traffic_of
from bngcorr.model.usage import Host, Traffic
from bngcorr.store.contract import INTERIMS_MISSED
from bngcorr.store.lesson import SessionStep
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView

# Event-Timestamp is believed within these bounds around arrival minus Acct-Delay-Time: a BNG replays buffered records
# for up to 25 h (Nokia TPSDA 22.2), and a clock may run a little ahead; beyond them it is a broken clock.
OLDEST_MS: Final = 26 * 3_600_000
NEWEST_MS: Final = 300_000

DEFAULT_LIFE_MS: Final = 7 * 86_400_000  # of a session whose BNG says nothing about intervals
EXPECTED_LIFE_MS: Final = 120_000  # from Access-Accept until Accounting-Start
NO_SESSION: Final = b""

_STEPS: Final = {
    a.AcctStatus.START: SessionStep.START,
    a.AcctStatus.STOP: SessionStep.STOP,
    a.AcctStatus.INTERIM: SessionStep.INTERIM,
}


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every request, and that costs a call a field
class Record:
    """One accounting record."""

    step: SessionStep | None  # None: On or Off if `restart`, else a status that moves no session
    restart: bool  # Accounting-On or -Off
    session_id: bytes  # Acct-Session-Id; empty if absent
    event_ms: int  # when it happened, by the NAS's clock
    sent_ms: int  # arrival minus Acct-Delay-Time, by ours
    life_ms: int  # how long it vouches for the session
    interval_ms: int  # Acct-Interim-Interval; 0: it does not say
    timeout_ms: int  # Session-Timeout; 0: it does not say
    lasted_ms: int  # Acct-Session-Time; 0: it does not say
    hosts: tuple[Host, ...] | None  # None: it does not say
    traffic: Traffic | None  # octets so far; None: it does not say. A Start without counters has counted nothing yet
    digest: str  # tells a replay from another record of the same second; 8 hex digits


def read(view: PacketView, arrived_ms: int) -> Record:
    """The record of an Accounting-Request."""
    status = view.integer(a.ACCT_STATUS_TYPE)
    delay_s = view.integer(a.ACCT_DELAY_TIME) or 0
    if delay_s * 1000 > OLDEST_MS:
        delay_s = 0  # nobody tries for that long: a broken counter
    sent_ms = max(arrived_ms - delay_s * 1000, 0)
    event_ms = sent_ms
    stamp = view.integer(a.EVENT_TIMESTAMP)
    if stamp is not None and sent_ms - OLDEST_MS <= stamp * 1000 <= sent_ms + NEWEST_MS:
        event_ms = stamp * 1000
    interval_s = view.integer(a.ACCT_INTERIM_INTERVAL)
    life_ms = DEFAULT_LIFE_MS
    if interval_s:
        life_ms = min(interval_s * 1000 * INTERIMS_MISSED, DEFAULT_LIFE_MS)
    covered = b"".join(
        view.octets[span.start : span.end]
        for span in view.spans
        if span.key not in (a.ACCT_DELAY_TIME, a.PROXY_STATE, a.MESSAGE_AUTHENTICATOR)
    )
    return Record(
        step=_STEPS.get(a.AcctStatus(status)) if status in _STATUSES else None,
        restart=status in (a.AcctStatus.ON, a.AcctStatus.OFF),
        session_id=view.first(a.ACCT_SESSION_ID) or NO_SESSION,
        event_ms=event_ms,
        sent_ms=sent_ms,
        life_ms=life_ms,
        interval_ms=(interval_s or 0) * 1000,
        timeout_ms=timeout_ms(view),
        lasted_ms=(view.integer(a.ACCT_SESSION_TIME) or 0) * 1000,
        hosts=hosts_of(view),
        traffic=traffic_of(view) or (Traffic() if status == a.AcctStatus.START else None),
        digest=blake2b(covered, digest_size=4).hexdigest(),
    )


_STATUSES: Final = frozenset(int(status) for status in a.AcctStatus)
