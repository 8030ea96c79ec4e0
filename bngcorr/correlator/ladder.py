"""The climb: from what the store recalls about a request's keys to one verdict. Pure.

Keys are asked strongest first; on a key, a line *fits* if it was sighted within the window or has a live session. Two
lines that fit end the climb as `ambiguous`: a match is worth less than a customer on another customer's line.
"""

from __future__ import annotations

from dataclasses import dataclass

from bngcorr.correlator.keys import Keyring, fingerprints_agree, same_cpe
from bngcorr.model.verdict import AMBIGUOUS, UNMATCHED, Verdict
from bngcorr.model.vocabulary import Key, Outcome, Rung, SessionState
from bngcorr.store.contract import Candidate, Recollection, SessionIdentity


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for every request, and that costs a call a field
class Question:
    """One request without a line id, as far as the ladder is concerned."""

    domain: str
    keyring: Keyring
    session: str | None  # hash of its Acct-Session-Id
    at_ms: int  # when it arrived
    window_ms: int
    match_v6: bool  # whether a v6 sighting may match it (not so for a request proved v4, unless the profile asks)
    accounting: bool
    begins: bool  # an Access-Request or Accounting-Start: the session may be another that was given an old name
    suspect: bytes | None = None  # own Remote-Id without its first 4 octets, if they may be an enterprise number
    value: bytes | None = None  # own Remote-Id as it came; with `suspect` only


def climb(question: Question, recalled: Recollection, now_ms: int) -> Verdict:
    """The verdict on one question. `now_ms` is the instant against which deadlines are judged."""
    if question.suspect is not None:
        return _verify(question, recalled)
    if recalled.session is not None:
        verdict = _by_session(question, recalled.session, recalled.epochs)
        if verdict is not None:
            return verdict
    tainted = recalled.mac_lines > 1
    for handle in question.keyring.handles:
        if handle.with_mac and tainted:
            continue
        record = recalled.records[handle.hash]
        if record.crowded:
            return AMBIGUOUS
        fits: list[tuple[Candidate, int | None]] = []
        for candidate in record.candidates:
            if handle.key is Key.BNG_MAC and question.keyring.attached and candidate.attached:
                continue  # both have an attachment: it was compared already, and differs
            distance = _distance(question, candidate)
            if distance is not None or _is_live(candidate, recalled.epochs, now_ms):
                fits.append((candidate, distance))
        if len(fits) > 1:
            return AMBIGUOUS
        if fits:
            candidate, distance = fits[0]
            return Verdict(
                outcome=Outcome.MATCHED,
                line=candidate.line,
                ids=candidate.ids,
                rung=Rung.LIVE if distance is None else Rung.WINDOW,
                key=handle.key,
                distance_ms=distance,
            )
    only_mac = all(handle.with_mac for handle in question.keyring.handles)
    return AMBIGUOUS if tainted and only_mac else UNMATCHED


def _verify(question: Question, recalled: Recollection) -> Verdict:
    """The self-verifying test: four octets are an enterprise number if what follows is a line of this attachment.

    It must have been learned by proof or strong evidence of DHCPv4, and the whole value must not have been so itself.
    """
    known = False
    for handle in question.keyring.handles:
        if handle.key is Key.BNG_MAC:
            continue
        for candidate in recalled.records[handle.hash].candidates:
            if not candidate.v4_evident:
                continue
            if candidate.ids.remote_id == question.value:
                return Verdict(outcome=Outcome.OWN)
            known = known or candidate.ids.remote_id == question.suspect
    return Verdict(outcome=Outcome.OWN, verified=known)


def _by_session(question: Question, known: SessionIdentity, epochs: dict[str, int]) -> Verdict | None:
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
    if question.begins and not following and not same_cpe(known.fingerprint, ring):
        return None
    if known.line is not None:
        return Verdict(
            outcome=Outcome.MATCHED, line=known.line, ids=known.ids, rung=Rung.LIVE, key=Key.SESSION, distance_ms=None
        )
    if question.accounting and known.state is not SessionState.EXPECTED:
        return UNMATCHED  # its Start went on without identity: Interims and Stop agree with it
    return None


def _distance(question: Question, candidate: Candidate) -> int | None:
    """Sighting minus request in ms, the nearest within the window; None if there is none."""
    sightings = [candidate.sighted_ms]
    if question.match_v6:
        sightings.append(candidate.sighted_v6_ms)
    distances = [at - question.at_ms for at in sightings if at and abs(at - question.at_ms) <= question.window_ms]
    return min(distances, key=abs, default=None)


def _is_live(candidate: Candidate, epochs: dict[str, int], now_ms: int) -> bool:
    """Whether any of its sessions is up or expected and its NAS has not restarted since."""
    return any(
        session.until_ms > now_ms and session.epoch == epochs.get(session.nas, 0) for session in candidate.sessions
    )
