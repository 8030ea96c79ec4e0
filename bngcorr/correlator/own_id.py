"""A request's own line id is checked, not believed: against the plan, what is live there, and itself. Pure."""

from __future__ import annotations

from bngcorr.correlator.question import Question, counts, is_alone, is_fresh, says_anything
from bngcorr.model.line import LineIds, contradict
from bngcorr.model.verdict import CONFLICT, Verdict
from bngcorr.model.vocabulary import Key, Outcome, Rung
from bngcorr.store.recollection import Recollection


def check(question: Question, own: LineIds, recalled: Recollection, now_ms: int, rungs: frozenset[Rung]) -> Verdict:
    """A request's own id against what is planned and live on its attachment; then the self-verifying test.

    Only where the operator plans it otherwise, or another line is live there and this one is not, it is a conflict.
    """
    if not question.checked:
        return _verify(question, recalled)
    if recalled.plan is not None and Rung.INVENTORY in rungs and contradict(recalled.plan, own):
        return CONFLICT
    alone, tainted = is_alone(question.keyring, recalled), recalled.mac_lines > 1
    for handle in question.keyring.handles:
        if handle.key not in (Key.ATTACHMENT_MAC, Key.ATTACHMENT):
            continue
        if not says_anything(handle, question.keyring, alone=alone, tainted=tainted):
            continue
        live = [
            candidate
            for candidate in recalled.records[handle.hash].candidates
            if any(
                counts(session, recalled.epochs, now_ms) and is_fresh(session, now_ms, question.rules.fresh_ms)
                for session in candidate.sessions
            )
        ]
        if live and all(contradict(candidate.ids, own) for candidate in live):
            return CONFLICT
    return _verify(question, recalled)


def _verify(question: Question, recalled: Recollection) -> Verdict:
    """The self-verifying test: four octets are an enterprise number if what follows is a line of this attachment.

    It must have been learned by proof or strong evidence of DHCPv4, and the whole value must not have been so itself.
    """
    known = False
    if question.suspect is not None:
        for handle in question.keyring.handles:
            if handle.key not in (Key.ATTACHMENT_MAC, Key.ATTACHMENT):
                continue
            for candidate in recalled.records[handle.hash].candidates:
                if not candidate.v4_evident:
                    continue
                if candidate.ids.remote_id == question.value:
                    return Verdict(outcome=Outcome.OWN)
                known = known or candidate.ids.remote_id == question.suspect
    return Verdict(outcome=Outcome.OWN, verified=known)
