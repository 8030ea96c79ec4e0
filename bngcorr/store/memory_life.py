"""How long a session of the memory store lives unless it is heard of, and what AAA told of that."""

from __future__ import annotations

from typing import Final, NamedTuple

from bngcorr.model.vocabulary import SessionState
from bngcorr.store import contract as c
from bngcorr.store.lesson import SessionChange, SessionStep
from bngcorr.store.memory_records import Box, Domain, Session
from bngcorr.store.promises import merged, promised

LEAST_GAP_MS: Final = 60_000  # between two Interims of the clock (RFC 2869 §5.16)
LEAST_INTERVAL_MS: Final = 600_000  # shorter ones are not to be configured (ibid.): more likely it is how a CPE boots
LATE_STOP_MS: Final = 300_000  # the Stop may come so long after the Session-Timeout


class Granted(NamedTuple):
    """What AAA said when it accepted a session."""

    promised: tuple[str, ...]
    interval_ms: int
    timeout_ms: int


def grant(domain: Domain, s: SessionChange, known: Session, box: Box, *, anew: bool) -> Granted:
    """What is known of it now: from this step, from the session, or from that under which its Accept was noted."""
    promise, interval_ms, timeout_ms = known.promised, known.interval_ms, known.timeout_ms
    if anew:
        promise, timeout_ms = (), 0
    first = anew or known.state is SessionState.EXPECTED  # so is one that is not known
    if s.step is SessionStep.EXPECTED:
        promise = merged(promise if known.epoch == box.epoch else (), tuple(map(str, promised(s.promised))))
    elif s.step is not SessionStep.STOP and first and s.accepted_as is not None:
        accept = domain.sessions.get(s.accepted_as)
        if (
            accept is not None
            and accept.state is SessionState.EXPECTED
            and (accept.nas, accept.epoch) == (s.nas, box.epoch)
        ):
            promise = promise or accept.promised
            interval_ms, timeout_ms = interval_ms or accept.interval_ms, timeout_ms or accept.timeout_ms
    return Granted(promise, s.interval_ms or interval_ms, s.timeout_ms or timeout_ms)


def note_gap(session: Session, gap_ms: int) -> None:
    """So long it was silent: its interval is the longest gap, once a second one was as long.

    Interims that something triggered lie between those of the clock, so shorter gaps say nothing.
    """
    if gap_ms < LEAST_GAP_MS:
        return
    longest_ms = session.gap_ms
    if abs(gap_ms - longest_ms) * 10 <= longest_ms:
        session.gap_ms, session.gap_confirmed = max(gap_ms, longest_ms), True
    elif gap_ms > longest_ms:
        session.gap_ms, session.gap_confirmed = gap_ms, False


def deadline(session: Session, sent_ms: int, until_ms: int) -> int:
    """Some intervals after its last record; else a little after its Session-Timeout, but not beyond `until_ms`.

    A session that is heard of after that has a timeout which we do not know; one that is heard of after a silence
    longer than its interval allows goes by another interval. `sent_ms` is when that record was told: a NAS's clock may
    be hours behind.
    """
    interval_ms = session.interval_ms
    if interval_ms and session.gap_ms > c.INTERIMS_MISSED * interval_ms:
        interval_ms = session.gap_ms
    elif not interval_ms and session.gap_confirmed:
        interval_ms = max(session.gap_ms, LEAST_INTERVAL_MS)
    if interval_ms:
        return sent_ms + c.INTERIMS_MISSED * interval_ms
    left_ms = session.began_ms + session.timeout_ms + LATE_STOP_MS - session.at_ms
    return min(until_ms, sent_ms + left_ms) if session.timeout_ms and left_ms > 0 else until_ms
