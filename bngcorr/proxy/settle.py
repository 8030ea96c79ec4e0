"""What a verdict comes to for its request: its own line all the same, a conflict, a rejection. Pure."""

from __future__ import annotations

from typing import Final

from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Mode, OnUnmatched, Outcome, Strength, Trigger
from bngcorr.proxy import carriers, line_id, trigger
from bngcorr.proxy.nas import Nas
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request

# named here once: looking a member up in its class costs more than the comparison
_OWN: Final = Outcome.OWN
_CONFLICT: Final = Outcome.CONFLICT
_UNMATCHED: Final = Outcome.UNMATCHED
_REJECT: Final = OnUnmatched.REJECT
_FULL: Final = Mode.FULL
_UNKNOWN: Final = Trigger.UNKNOWN
_DHCPV6: Final = Trigger.DHCPV6


def settled(request: Request, verdict: Verdict, numbers: Numbers) -> Verdict:
    """The verdict on a request that was asked about although it names a line: its own, unless that is a conflict.

    If the self-verifying test has proved its number, the request is told anew what it says.
    """
    if request.question.own is None or verdict.outcome is _CONFLICT:
        return verdict
    if verdict.verified:
        verified(request, numbers)
    line = request.keyring.line(request.identity.ids, request.nas.profile.line_id)
    return Verdict(outcome=_OWN, line=line, verified=verdict.verified)


def rejects(request: Request, verdict: Verdict) -> bool:
    """Whether the operator wants a v6 request whose line nobody knows to be answered here."""
    if verdict.outcome is not _UNMATCHED:
        return False
    nas = request.nas
    return (
        nas.on_unmatched is _REJECT
        and nas.mode is _FULL
        and not request.accounting
        and is_v6(nas, request.classification)
    )


def verified(request: Request, numbers: Numbers) -> None:
    """Take the self-verifying test for proof: the request is DHCPv6, its Remote-Id loses the enterprise number."""
    view, reading = request.view, request.nas.profile.reading(request.view.layout)
    evidence = (*request.classification.evidence, trigger.SELF_VERIFIED)
    request.classification = trigger.Classification(Trigger.DHCPV6, Strength.PROOF, evidence)
    remote = carriers.standing_ids(view, reading.remote_ids)
    request.identity = line_id.identify(view, reading, request.classification, numbers, remote, verified=True)


def is_v6(nas: Nas, classification: trigger.Classification) -> bool:
    """Whether an id-less request is v6: by proof or strong evidence, or because v4 always has an id there."""
    if classification.surely_v6:
        return True
    return nas.profile.v4_always_has_id and (classification.trigger is _UNKNOWN or classification.trigger is _DHCPV6)
