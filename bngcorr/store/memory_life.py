"""How long a session of the memory store lives unless it is heard of, and what AAA told of that."""

from __future__ import annotations

from typing import Final

from bngcorr.model.vocabulary import SessionState
from bngcorr.store import contract as c
from bngcorr.store.lesson import SessionChange, SessionStep
from bngcorr.store.memory_domain import Domain
from bngcorr.store.memory_records import Accepted, Box, Session
from bngcorr.store.promises import merged, promised

LEAST_GAP_MS: Final = 60_000  # between two Interims of the clock (RFC 2869 §5.16)
LEAST_INTERVAL_MS: Final = 600_000  # shorter ones are not to be configured (ibid.): more likely it is how a CPE boots
LATE_STOP_MS: Final = 300_000  # the Stop may come so long after the Session-Timeout


class Granted:
    """What AAA said when it accepted a session."""

    __slots__ = ("accepted_ms", "interval_ms", "promised", "timeout_ms")

    def __init__(self, promised: tuple[str, ...], interval_ms: int, timeout_ms: int, accepted_ms: int) -> None:
        self.promised: Final = promised
        self.interval_ms: Final = interval_ms
        self.timeout_ms: Final = timeout_ms
        self.accepted_ms: Final = accepted_ms


def grant(domain: Domain, s: SessionChange, known: Session, box: Box, *, anew: bool) -> Granted:
    """What is known of it now: from this step, from the session, or from that under which its Accept was noted."""
    promise, interval_ms, timeout_ms = known.promised, known.interval_ms, known.timeout_ms
    accepted_ms, coming = known.accepted_ms, known.coming
    if anew:
        promise, timeout_ms = (), 0
        begins = s.step in (SessionStep.START, SessionStep.INTERIM)
        if begins and coming is not None and (coming.fingerprint, coming.epoch) == (s.fingerprint, box.epoch):
            promise, timeout_ms, accepted_ms = coming.promised, coming.timeout_ms, coming.at_ms
            interval_ms = coming.interval_ms or interval_ms
    first = anew or known.state is SessionState.EXPECTED  # so is one that is not known
    if s.step is SessionStep.EXPECTED:
        promise = merged(promise if known.epoch == box.epoch else (), tuple(map(str, promised(s.promised))))
        accepted_ms = s.at_ms
    elif s.step is not SessionStep.STOP and s.accepted_as is not None:
        accept = domain.sessions.get(s.accepted_as)
        if (
            accept is not None
            and (accept.nas, accept.epoch) == (s.nas, box.epoch)
            and (accept.state is SessionState.EXPECTED if first else _claimable(accept, s, known))
        ):
            takes = first and not promise and bool(accept.promised)
            if takes or not first:
                promise = merged(promise, accept.promised)
            interval_ms, timeout_ms = interval_ms or accept.interval_ms, timeout_ms or accept.timeout_ms
            accepted_ms = max(accepted_ms, accept.accepted_ms)
            accept.claimed |= takes
    return Granted(promise, s.interval_ms or interval_ms, s.timeout_ms or timeout_ms, accepted_ms)


def _claimable(accept: Session, s: SessionChange, known: Session) -> bool:
    """The other family of a session that is up was authenticated without its name.

    That Accept may have run out until the next Interim; what a session took that began since is that one's.
    """
    unfollowed = accept.state is SessionState.EXPECTED or (
        accept.state is SessionState.EXPIRED and accept.began_ms == 0
    )
    goes_on = s.step is SessionStep.INTERIM and known.state in (SessionState.UP, SessionState.EXPIRED)
    return unfollowed and not accept.claimed and goes_on and accept.accepted_ms > known.accepted_ms


def promise_more(s: SessionChange, known: Session, box: Box) -> None:
    """Its other family was authenticated while it is up: what is promised counts from its next record on."""
    promise = tuple(map(str, promised(s.promised)))
    if s.at_ms < box.since_ms:
        return
    fits = known.state is SessionState.UP and known.epoch == box.epoch and s.at_ms > known.accepted_ms
    if fits and promise and not differs(known.fingerprint, s.fingerprint):
        known.promised, known.accepted_ms = merged(known.promised, promise), s.at_ms
    another = known.epoch != box.epoch or differs(known.fingerprint, s.fingerprint)
    younger = s.at_ms > max(known.accepted_ms, known.coming.at_ms if known.coming else 0)
    if known.state is SessionState.UP and another and younger and s.fingerprint.strip("."):
        # kept for the session that this CPE begins under that name
        coming = known.coming
        adds = coming is not None and (coming.fingerprint, coming.epoch) == (s.fingerprint, box.epoch)
        promise = merged(coming.promised if coming is not None and adds else (), promise)
        known.coming = Accepted(s.fingerprint, box.epoch, s.at_ms, promise, s.interval_ms, s.timeout_ms)


def differs(one: str, other: str) -> bool:
    """Whether something that is known of both differs."""
    if not one or not other or one == other:
        return False
    return any(a and b and a != b for a, b in zip(one.split("."), other.split("."), strict=True))


def note_gap(session: Session, gap_ms: int) -> None:
    """So long it was silent: its interval is the longest gap, once a second one was as long.

    Interims that something triggered lie between those of the clock, so shorter gaps say nothing. Gaps of less than ten
    minutes may be how a CPE boots: they take a third. Twice the interval is an Interim that was lost.
    """
    if gap_ms < LEAST_GAP_MS:
        return
    longest_ms = session.gap_ms
    if abs(gap_ms - longest_ms) * 10 <= longest_ms:
        session.gap_confirmed |= session.gap_twice or longest_ms >= LEAST_INTERVAL_MS
        session.gap_ms, session.gap_twice = max(gap_ms, longest_ms), not session.gap_confirmed
    elif gap_ms > longest_ms and not (session.gap_confirmed and abs(gap_ms - 2 * longest_ms) * 10 <= 2 * longest_ms):
        session.gap_ms, session.gap_confirmed, session.gap_twice = gap_ms, False, False


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
