"""A request's own line id is checked, not believed: against the plan, what is live there, and itself. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.question import Question, counts, is_alone, is_fresh, says_anything
from bngcorr.model.line import LineIds, contradict
from bngcorr.model.verdict import CONFLICT, Verdict
from bngcorr.model.vocabulary import Key, LineIdPolicy, Outcome, Rung
from bngcorr.store.recollection import Candidate, Recollection

_INVENTORY: Final = Rung.INVENTORY
_ATTACHMENT_MAC: Final = Key.ATTACHMENT_MAC
_ATTACHMENT: Final = Key.ATTACHMENT
_CIRCUIT: Final = LineIdPolicy.CIRCUIT
_OWN: Final = Verdict(outcome=Outcome.OWN)
_VERIFIED: Final = Verdict(outcome=Outcome.OWN, verified=True)


def looks_at(ring: Keyring) -> tuple[str, ...]:
    """The keys whose records `check` needs."""
    pair, attachment = ring.attachment_mac, ring.attachment
    if pair is None:
        return () if attachment is None else (attachment,)
    return (pair,) if attachment is None else (pair, attachment)


def line_to_ask_for(question: Question) -> str | None:
    """The line that a request names, if what `check` says of it goes without more than the plan where that line stands
    alone on its keys; else None.

    What is known there are its own ids, and they must not contradict those of the request: both have the Remote-Id that
    the line goes by, or the request has none and the Circuit-Id is the same. Where a line goes by its Circuit-Id alone,
    it may have been seen with another Remote-Id.
    """
    own, policy, ring = question.own, question.rules.line_id, question.keyring
    if own is None or not question.checked or question.suspect is not None:
        return None
    if (ring.attachment_mac is None and ring.attachment is None) or not own.names_line(policy):
        return None
    return None if policy is _CIRCUIT and own.remote_id is not None else ring.line(own, policy)


def check(question: Question, own: LineIds, recalled: Recollection, now_ms: int, rungs: frozenset[Rung]) -> Verdict:
    """A request's own id against what is planned and live on its attachment; then the self-verifying test.

    Only where the operator plans it otherwise, or another line is live there and this one is not, it is a conflict.
    """
    if not question.checked:
        return _verify(question, recalled)
    if recalled.plan is not None and _INVENTORY in rungs and contradict(recalled.plan, own):
        return CONFLICT
    if recalled.alone:
        return _OWN  # see `line_to_ask_for`
    ring = question.keyring
    alone, tainted = is_alone(ring, recalled), recalled.mac_lines > 1
    for key, name in ((_ATTACHMENT_MAC, ring.attachment_mac), (_ATTACHMENT, ring.attachment)):
        if name is None or not says_anything(key, ring, alone=alone, tainted=tainted):
            continue
        if _is_against(recalled.records[name].candidates, question, own, recalled, now_ms):
            return CONFLICT
    return _verify(question, recalled)


def _is_against(
    candidates: tuple[Candidate, ...], question: Question, own: LineIds, recalled: Recollection, now_ms: int
) -> bool:
    """Whether another line is live on a key and this one is not. Nearly always there is no other, and what is live
    need not be looked at.
    """
    against = False
    for candidate in candidates:
        if contradict(candidate.ids, own) and _is_live(question, candidate, recalled.epochs, now_ms):
            against = True
    if against:
        for candidate in candidates:
            if not contradict(candidate.ids, own) and _is_live(question, candidate, recalled.epochs, now_ms):
                return False
    return against


def _is_live(question: Question, candidate: Candidate, epochs: dict[str, int], now_ms: int) -> bool:
    for session in candidate.sessions:  # a generator costs more than all of it
        if counts(session, epochs, now_ms) and is_fresh(session, now_ms, question.rules.fresh_ms):
            return True
    return False


def _verify(question: Question, recalled: Recollection) -> Verdict:
    """The self-verifying test: four octets are an enterprise number if what follows is a line of this attachment.

    It must have been learned by proof or strong evidence of DHCPv4, and the whole value must not have been so itself.
    """
    if question.suspect is None:
        return _OWN
    known = False
    ring = question.keyring
    for name in (ring.attachment_mac, ring.attachment):
        if name is None:
            continue
        for candidate in recalled.records[name].candidates:
            if candidate.v4_evident:
                if candidate.ids.remote_id == question.value:
                    return _OWN
                known = known or candidate.ids.remote_id == question.suspect
    return _VERIFIED if known else _OWN
