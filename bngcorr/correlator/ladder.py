"""The climb: from what the store recalls about a request's keys to one verdict. Pure.

Keys are asked strongest first, and on a key its rungs: what the operator planned, what was sighted within the window,
what is live, what is remembered. Two lines that fit end the climb as `ambiguous`: a match is worth less than a customer
on another customer's line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bngcorr.correlator.keys import Handle, Keyring, fingerprints_agree, same_cpe
from bngcorr.correlator.own_id import check
from bngcorr.correlator.question import Question, counts, is_alone, is_fresh, says_anything
from bngcorr.model.line import line_key
from bngcorr.model.verdict import AMBIGUOUS, UNMATCHED, Verdict
from bngcorr.model.vocabulary import Key, Outcome, Rung, SessionState
from bngcorr.store.recollection import Candidate, KeyRecord, Recollection, SessionIdentity

NO_RUNGS: Final[frozenset[Rung]] = frozenset()


def climb(question: Question, recalled: Recollection, now_ms: int, suspended: frozenset[Rung] = NO_RUNGS) -> Verdict:
    """The verdict on one question.

    `now_ms` is the instant against which deadlines are judged. Rungs that are `suspended` are not used now, such as the
    window while nobody knows what time it is.
    """
    rungs = question.rules.rungs - suspended if suspended else question.rules.rungs
    if question.own is not None:
        return check(question, question.own, recalled, now_ms, rungs)
    tainted = recalled.mac_lines > 1
    alone = is_alone(question.keyring, recalled)
    if recalled.session is not None and Rung.LIVE in rungs:
        verdict = _by_session(question, recalled.session, recalled.epochs, alone=alone, tainted=tainted)
        if verdict is not None:
            return verdict
    if recalled.plan is not None and Rung.INVENTORY in rungs and recalled.plan.names_line(question.rules.line_id):
        line = line_key(recalled.plan, question.rules.line_id)
        return Verdict(outcome=Outcome.MATCHED, line=line, ids=recalled.plan, rung=Rung.INVENTORY, key=Key.ATTACHMENT)
    latest = _latest(question.keyring, recalled) if alone else None
    others = _others(question.keyring, recalled)
    usable = False
    for handle in question.keyring.handles:
        if not says_anything(handle, question.keyring, alone=alone, tainted=tainted):
            continue
        usable = True
        record = recalled.records[handle.hash]
        if record.crowded:
            return AMBIGUOUS
        verdict = _on_key(_Step(question, handle, rungs, alone, latest, others, recalled.epochs, now_ms), record)
        if verdict is not None:
            return verdict
    return AMBIGUOUS if tainted and not usable else UNMATCHED


@dataclass(slots=True)
class _Step:
    """One key of one climb."""

    question: Question
    handle: Handle
    rungs: frozenset[Rung]
    alone: bool  # the VLAN pair is one line
    latest: str | None  # the line that was seen last on that pair; None: that is not known
    others: frozenset[str] | None  # lines that the MAC was seen on here; None: it is that of a line elsewhere
    epochs: dict[str, int]
    now_ms: int


def _others(ring: Keyring, recalled: Recollection) -> frozenset[str] | None:
    """Lines that the MAC of the request was seen on at its port; None if it was seen on a line somewhere at all.

    A claimed MAC says nothing about other places: anybody can claim it.
    """
    if recalled.mac_lines and not ring.claimed:
        return None
    pair = ring.hash_of(Key.ATTACHMENT_MAC)
    return frozenset() if pair is None else frozenset(one.line for one in recalled.records[pair].candidates)


def _latest(ring: Keyring, recalled: Recollection) -> str | None:
    """The line that was seen last on the VLAN pair of the request, whatever its CPE."""
    attachment = ring.hash_of(Key.ATTACHMENT)
    last = None if attachment is None else _last_of(recalled.records[attachment])
    return None if last is None else last.line


def _on_key(step: _Step, record: KeyRecord) -> Verdict | None:
    """The verdict on one key; None to try a weaker one."""
    fits: list[tuple[Candidate, Rung, int | None]] = []
    for candidate in record.candidates:
        if not _comparable(step, candidate):
            continue
        distance = _distance(step, candidate)
        if distance is not None:
            fits.append((candidate, Rung.WINDOW, distance))
        elif _is_live(step, candidate):
            fits.append((candidate, Rung.LIVE, None))
    if len(fits) > 1:
        return AMBIGUOUS
    if not fits:
        remembered = _remembered(step, record)
        if remembered is None:
            return None
        fits.append((remembered, Rung.REMEMBERED, None))
    candidate, rung, distance = fits[0]
    return Verdict(
        outcome=Outcome.MATCHED,
        line=candidate.line,
        ids=candidate.ids,
        rung=rung,
        key=step.handle.key,
        distance_ms=distance,
    )


def _comparable(step: _Step, candidate: Candidate) -> bool:
    """Whether the key says anything of request and line together."""
    match step.handle.key:
        case Key.BNG_MAC:  # if both have an attachment, it was compared already, and differs
            return not (step.question.keyring.attached and candidate.attached)
        case Key.ATTACHMENT:  # a MAC that is another line's is not this one's
            return candidate.same_mac or (step.others is not None and step.others <= {candidate.line})
        case Key.SESSION:  # there are BNGs that send one Acct-Multi-Session-Id for everybody
            ring = step.question.keyring
            if candidate.same_place:
                return step.alone or (candidate.same_mac and not ring.claimed)
            return candidate.same_mac and ring.free and (ring.place is None or not candidate.attached)
        case _:
            return True


def _distance(step: _Step, candidate: Candidate) -> int | None:
    """Sighting minus request in ms, the nearest within the window; None if there is none."""
    if Rung.WINDOW not in step.rungs or step.handle.key is Key.SESSION:
        return None
    question = step.question
    sightings = [candidate.sighted_ms]
    if question.match_v6:
        sightings.append(candidate.sighted_v6_ms)
    window_ms = question.rules.window_ms
    distances = [at - question.at_ms for at in sightings if at and abs(at - question.at_ms) <= window_ms]
    return min(distances, key=abs, default=None)


def _is_live(step: _Step, candidate: Candidate) -> bool:
    """Whether a session of the line is up or expected and its box has not restarted since.

    A session whose Stop was lost stays up until its deadline. Where another line's CPE could have come to stand on the
    key meanwhile, only sessions count that were heard of lately.
    """
    if Rung.LIVE not in step.rungs:
        return False
    match step.handle.key:
        case Key.ATTACHMENT_MAC:
            firm = step.alone
        case Key.ATTACHMENT:
            firm = candidate.same_mac
        case _:
            firm = False
    fresh_ms = step.question.rules.fresh_ms
    return any(
        counts(session, step.epochs, step.now_ms) and (firm or is_fresh(session, step.now_ms, fresh_ms))
        for session in candidate.sessions
    )


def _remembered(step: _Step, record: KeyRecord) -> Candidate | None:
    """The line that was seen last on a VLAN pair of its own, if nothing says that the CPE is another."""
    question = step.question
    if Rung.REMEMBERED not in step.rungs or not step.alone or not record.candidates:
        return None
    if step.handle.key not in (Key.ATTACHMENT_MAC, Key.ATTACHMENT):
        return None
    latest = _last_of(record)
    if latest is None or (step.latest is not None and latest.line != step.latest):
        return None  # another line has come to stand there since
    if step.handle.key is Key.ATTACHMENT and question.keyring.mac is not None and not latest.same_mac:
        return None
    return latest if question.at_ms - _last_ms(latest) <= question.rules.remembered_ms else None


def _last_of(record: KeyRecord) -> Candidate | None:
    """The line that was seen last on a key; None if there is none, or two at the same instant."""
    last_ms = max(map(_last_ms, record.candidates), default=0)
    last = [candidate for candidate in record.candidates if _last_ms(candidate) == last_ms]
    return last[0] if len(last) == 1 else None


def _last_ms(candidate: Candidate) -> int:
    return max(candidate.sighted_ms, candidate.sighted_v6_ms)


def _by_session(
    question: Question, known: SessionIdentity, epochs: dict[str, int], *, alone: bool, tainted: bool
) -> Verdict | None:
    """Identity fixed at first sight of the Acct-Session-Id; None to climb on.

    An id that came back after a restart of its NAS, or with another CPE, is another session; so is one that ended, if
    the request may begin a session. An Access-Request is believed only if something shows that it is the same CPE:
    there are BNGs that send one and the same id for everybody.
    """
    ring = question.keyring
    if known.epoch != epochs.get(known.nas, 0) or not fingerprints_agree(known.fingerprint, ring.fingerprint):
        return None
    if question.begins and known.state in (SessionState.STOPPED, SessionState.EXPIRED):
        return None
    following = known.state is SessionState.EXPECTED and question.accounting  # the Start after its Access-Request
    if question.begins and not following and not same_cpe(known.fingerprint, ring, alone=alone, tainted=tainted):
        return None
    if known.line is not None:
        return Verdict(
            outcome=Outcome.MATCHED, line=known.line, ids=known.ids, rung=Rung.LIVE, key=Key.SESSION, distance_ms=None
        )
    if question.accounting and known.state is not SessionState.EXPECTED:
        return UNMATCHED  # its Start went on without identity: Interims and Stop agree with it
    return None
