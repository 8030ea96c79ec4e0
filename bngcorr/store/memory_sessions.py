"""A step of a session in the memory store: in order, once, under the identity that was fixed for it."""

from __future__ import annotations

from typing import Final

from bngcorr.model.line import contradict
from bngcorr.model.usage import Traffic
from bngcorr.model.vocabulary import SessionState
from bngcorr.store import contract as c
from bngcorr.store import lesson as words
from bngcorr.store.lesson import Restart, SessionChange, SessionStep
from bngcorr.store.memory_domain import Domain
from bngcorr.store.memory_ledger import add, close, outlived, port_of
from bngcorr.store.memory_life import deadline, differs, grant, note_gap, promise_more
from bngcorr.store.memory_records import Box, Line, Session, Voucher
from bngcorr.store.promises import KINDS, left_out, open_promises, promised
from bngcorr.store.terms import session_terms
from bngcorr.store.traffic import NOTHING, believable, growth

ENDED: Final = (SessionState.STOPPED, SessionState.EXPIRED)
MOVES: Final = (SessionStep.START, SessionStep.INTERIM)
MOST_DIGESTS: Final = 16
FLAT_INTERIMS: Final = 2  # so many on which IPv6 stood still are worth a finding


def restart(domain: Domain, r: Restart) -> str:
    """A new life of a box, if it is one."""
    box = domain.box(r.nas)
    if r.at_ms <= box.since_ms + (c.RESTART_TOLERANCE_MS if box.since_ms else 0):
        return "stale"
    box.epoch, box.since_ms = box.epoch + 1, r.at_ms
    return "applied"


def change(domain: Domain, s: SessionChange, now_ms: int, v6_lost_ms: int) -> list[str]:
    """Apply a step; "applied" and words for what is worth telling, or one word why it was not."""
    box = domain.box(s.nas)
    before = domain.sessions.get(s.session)
    refused = _refused(s, before, box)
    if refused is not None:
        if refused == "known" and before is not None:
            promise_more(s, before, box)
        return [refused]
    said = ["applied"]
    expected, ended = s.step is SessionStep.EXPECTED, s.step is SessionStep.STOP
    reborn = before is not None and _reborn(s, before, box)
    known = before if before is not None else Session(nas=s.nas)
    anew = reborn and (s.step is not SessionStep.INTERIM or _another(s, known))
    goes_on = before is not None and not anew and known.state in (SessionState.UP, SessionState.EXPIRED)
    had_v4 = not reborn and known.state is SessionState.UP and known.has_v4
    at_ms = known.at_ms if expected else s.at_ms  # accounting speaks by the NAS's clock

    line, ids, own = known.line, known.ids, known.own
    unnamed = line is None and known.state is SessionState.EXPECTED
    later = s.own and (not own or line != s.line) and not (ended and _another_line(s, known))
    if before is None or reborn or unnamed or later:
        if before is not None and not reborn and s.own and line is None:
            said.append(words.LATE)
        if line != s.line:
            domain.disown(line, s.session)
        line, ids, own = s.line, s.ids, s.own

    digests: tuple[str, ...] = () if not s.digest or expected else (s.digest,)
    if before is not None and at_ms == known.at_ms:
        digests = (*known.digests, *digests)[-MOST_DIGESTS:]
    terms = grant(domain, s, known, box, anew=anew)
    hosts, filled, promise = _hosts(s, known, box, terms.promised, anew=anew)
    began_ms = _began(s, known, goes_on=goes_on)
    since = dict(zip(known.hosts, known.since_ms, strict=True)) if goes_on else {}
    port = "" if s.port is None else s.port.port
    after = Session(
        nas=s.nas,
        at_ms=at_ms,
        until_ms=now_ms + c.TOMBSTONE_MS,
        accepted_ms=terms.accepted_ms,
        state=_STATES[s.step],
        epoch=known.epoch if s.at_ms < box.since_ms else box.epoch,
        line=line,
        ids=ids,
        own=own,
        fingerprint=known.fingerprint if ended or not s.fingerprint else s.fingerprint,
        digests=digests,
        hosts=hosts,
        filled=filled,
        promised=promise,
        claimed=expected and not anew and not promised(s.promised) and known.claimed,
        coming=None if anew else known.coming,
        began_ms=began_ms,
        since_ms=tuple(since.get(host, at_ms) for host in hosts),
        ledger_port=known.ledger_port if not port and not anew else port_of(domain, s.nas, port),
        interval_ms=terms.interval_ms,
        timeout_ms=terms.timeout_ms,
        gap_ms=0 if anew else known.gap_ms,
        gap_confirmed=not anew and known.gap_confirmed,
        gap_twice=not anew and known.gap_twice,
        traffic=believable(s.traffic) or (None if reborn else known.traffic),
        flat=0 if reborn else known.flat,
        session_id=s.session_id,
        user_name=s.user_name,
        port=s.port,
        address=s.address,
        outcome=s.outcome,
        terms=session_terms(s.ids, s.address, s.user_name) if before is None or line == s.line else known.terms,
    )
    if s.step in MOVES and goes_on and known.epoch == box.epoch:
        note_gap(after, at_ms - known.at_ms)
    until_ms = deadline(after, s.sent_ms or at_ms, s.until_ms) if s.step in MOVES else s.until_ms
    if not ended:
        after.until_ms = until_ms
    domain.sessions[s.session] = after
    _close(domain, s, known, after, anew=anew)
    if ended and (before is None or (known.state is SessionState.EXPECTED and not _another(s, known))):
        _close_alone(domain, s, after)
    resumed = known.state is SessionState.EXPIRED and known.epoch == box.epoch and not _another(s, known)
    counts_on = not reborn or (s.step is SessionStep.START and resumed)
    _count(box, s, known, after, counts_on=counts_on)
    its = domain.lines.get(line or "")
    if line is not None and its is not None:
        if not reborn:
            said += _traffic(its, s, known, after)
        _vouch(domain, its, s, after, until_ms, now_ms, reborn=reborn)
        if not ended:
            if after.has_v6 and at_ms >= its.v6_ms:
                its.v6_ms = at_ms
                if its.lost_ms:
                    its.lost_ms = 0
                    said.append(words.V6_BACK)
            if after.has_v4 and not had_v4 and at_ms > its.begun_ms:
                its.begun_ms = at_ms
                if not after.has_v6 and its.v6_ms:
                    domain.watched[line] = now_ms + v6_lost_ms
    return said


_STATES: Final = {
    SessionStep.EXPECTED: SessionState.EXPECTED,
    SessionStep.START: SessionState.UP,
    SessionStep.INTERIM: SessionState.UP,
    SessionStep.STOP: SessionState.STOPPED,
}


def _hosts(
    s: SessionChange, known: Session, box: Box, promise: tuple[str, ...], *, anew: bool
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What it holds, what of that accounting left out, and what is promised from now on."""
    if s.step is SessionStep.EXPECTED:
        return (), (), promise
    if s.hosts:
        for host in s.hosts:
            if host.kind in KINDS:
                box.names.add(host.kind)
    if s.step is SessionStep.STOP:
        return (), (), ()
    named = () if anew else known.named
    if s.hosts is not None:
        named = tuple([host.text for host in s.hosts])
    promise = open_promises(promise, s.fill, box.names)
    filled = left_out(promise, named)
    return (*named, *filled) if filled else named, filled, promise


def _began(s: SessionChange, known: Session, *, goes_on: bool) -> int:
    """First record of this life of the session."""
    if s.step in MOVES:
        return known.began_ms if goes_on and known.began_ms else s.at_ms
    return known.began_ms if s.step is SessionStep.STOP else 0


def _close(domain: Domain, s: SessionChange, known: Session, after: Session, *, anew: bool) -> None:
    """What it no longer holds."""
    if not anew:
        gone = [host for host in known.hosts if host not in after.hosts]
        close(domain, known, gone, s.at_ms, "stop" if s.step is SessionStep.STOP else "interim", after)
    elif known.epoch != after.epoch:
        close(domain, known, known.hosts, *outlived(domain.boxes[known.nas], known), known)
    else:
        close(domain, known, known.hosts, s.at_ms, "replaced", known)


def _close_alone(domain: Domain, s: SessionChange, after: Session) -> None:
    """The Stop of a session of which no record came tells all that is known of it."""
    from_ms = s.at_ms - s.lasted_ms if 0 < s.lasted_ms < s.at_ms else 0
    hosts = tuple(map(str, s.hosts or ()))
    held = Session(
        nas=after.nas, hosts=hosts, since_ms=(from_ms,) * len(hosts), session_id=after.session_id,
        user_name=after.user_name, port=after.port, address=after.address,
    )  # fmt: skip
    close(domain, held, hosts, s.at_ms, "stop", after)


def _count(box: Box, s: SessionChange, known: Session, after: Session, *, counts_on: bool) -> None:
    """Octets that came since the last record; a session that we did not see begin only says where it stands.

    A session that fell silent and that a Start of the same CPE brings back may count on from where it stood.
    Where the box leaves IPv6 out of accounting, what counts as IPv4 may be either.
    """
    traffic = believable(s.traffic)
    if traffic is not None and traffic.v6 == 0 and (known.filled or after.filled):
        traffic = Traffic(either=sum(traffic))
    base = known.traffic if counts_on else None
    if base is None and s.step is SessionStep.START:
        base = NOTHING
    if traffic is not None and base is not None:
        more = growth(base, traffic)
        if more is not NOTHING:
            box.traffic = add(box.traffic, more)


def _refused(s: SessionChange, before: Session | None, box: Box) -> str | None:
    """Why a step changes nothing; None if it does."""
    if s.at_ms < box.since_ms and not (before is not None and _tells_end(s, before, box)):
        return "restarted"  # an Accept as well: a restart is never dated ahead of our clock
    if s.step is SessionStep.EXPECTED:
        return "known" if before is not None and not _newer(s, before) else None
    if before is None:
        return None
    if s.at_ms < before.at_ms:
        return "stale"
    same_instant = s.at_ms == before.at_ms
    if same_instant and s.digest in before.digests:
        return "duplicate"
    if same_instant and before.state is SessionState.UP and s.step is SessionStep.START:
        return "stale"  # overtaken by an Interim of the same second
    over = before.state is SessionState.STOPPED and before.epoch == box.epoch and s.step is not SessionStep.STOP
    if over and (s.step is SessionStep.INTERIM or same_instant):
        return "stale"  # the BNG ended it: only a Start, or another life of the BNG, begins it again
    return None


def _newer(accept: SessionChange, before: Session) -> bool:
    """Whether an Accept says anything new: it is younger than the last one, and than the session's end."""
    if before.state is SessionState.UP or accept.at_ms <= before.accepted_ms:
        return False
    return before.state not in ENDED or accept.at_ms > before.until_ms - c.TOMBSTONE_MS


def _tells_end(s: SessionChange, before: Session, box: Box) -> bool:
    """A Stop of the box's life before still tells when its hosts were given back: others may have had them since."""
    return s.step is SessionStep.STOP and before.state is SessionState.UP and before.epoch + 1 == box.epoch


def _reborn(s: SessionChange, before: Session, box: Box) -> bool:
    """Another CPE or line, another life of the box, or a Start after the Stop: the session is a new one."""
    if s.step is SessionStep.STOP:
        return False
    return (
        (before.epoch != box.epoch and (s.own or s.step is SessionStep.START))
        or _another(s, before)
        or (before.state in ENDED and s.step is not SessionStep.INTERIM)
    )


def _another(s: SessionChange, known: Session) -> bool:
    """Whether it is of another CPE, or of another line by the BNG's own word."""
    return differs(known.fingerprint, s.fingerprint) or _another_line(s, known)


def _another_line(s: SessionChange, known: Session) -> bool:
    if s.ids is None or known.ids is None or s.line == known.line:
        return False
    return s.own and known.own and contradict(known.ids, s.ids)


def _traffic(line: Line, s: SessionChange, known: Session, after: Session) -> list[str]:
    """IPv6 counters that stand still while those of the line's IPv4 rise, and that they rise again."""
    traffic = believable(s.traffic)
    if traffic is None or known.traffic is None or s.step is SessionStep.STOP:
        return []
    if traffic.either or known.traffic.either:
        return []  # it does not tell the families apart
    v4, v6, v4_before, v6_before = traffic.v4, traffic.v6, known.traffic.v4, known.traffic.v6
    if v4 > v4_before:
        line.rose_ms = max(line.rose_ms, after.at_ms)
    if v6 > v6_before:
        after.flat = 0
        return [words.TRAFFIC] if known.flat >= FLAT_INTERIMS else []
    rising = v4 > v4_before or (line.rose_ms > 0 and line.rose_ms >= known.at_ms)
    if after.has_v6 and after.at_ms > known.at_ms and rising:
        after.flat = min(known.flat + 1, FLAT_INTERIMS + 1)
        return [words.NO_TRAFFIC] if after.flat == FLAT_INTERIMS else []
    return []


def _vouch(
    domain: Domain, line: Line, s: SessionChange, after: Session, until_ms: int, now_ms: int, *, reborn: bool
) -> None:
    """A session vouches for its line while it lives; one without a word of its own serves nobody else."""
    vouchers = line.vouchers
    for session in [name for name, one in vouchers.items() if name != s.session and one.until_ms < now_ms]:
        del vouchers[session]
    if s.step is SessionStep.STOP:
        vouchers.pop(s.session, None)
        return
    line.until_ms = max(line.until_ms, until_ms)
    if s.session not in vouchers and len(vouchers) >= c.MAX_SESSIONS_PER_LINE:  # room for those that still count
        for session in [name for name, one in vouchers.items() if not domain.counts(one)]:
            del vouchers[session]
    if s.session not in vouchers and len(vouchers) >= c.MAX_SESSIONS_PER_LINE:
        return
    mine = vouchers.get(s.session)
    if mine is None:
        mine = vouchers[s.session] = Voucher(nas=after.nas, epoch=after.epoch, until_ms=until_ms)
    mine.nas, mine.epoch, mine.until_ms = after.nas, after.epoch, until_ms
    mine.up = after.state is SessionState.UP
    mine.has_v4, mine.has_v6 = after.has_v4, after.has_v6
    mine.heard_ms = max(mine.heard_ms, s.at_ms)
    mine.keys = set(s.keys) if reborn else mine.keys | set(s.keys)
