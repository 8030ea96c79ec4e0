"""Which protocol made the BNG ask? Signals of the profile and of the Remote-Id's value, weighed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.model.vocabulary import Strength, Trigger
from bngcorr.profiles import Profile
from bngcorr.proxy import remote_id
from bngcorr.proxy.remote_id import Numbers
from bngcorr.wire.radius import PacketView


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signal that was present."""

    family: Trigger
    strength: Strength
    reason: str


@dataclass(frozen=True, slots=True)
class Classification:
    """The verdict on the trigger, how sure it is, and why."""

    trigger: Trigger
    strength: Strength | None  # None with trigger unknown
    evidence: tuple[Evidence, ...] = ()


UNKNOWN: Final = Classification(Trigger.UNKNOWN, None)
_VALUE_REASON: Final = "the Remote-Id starts with an acceptable enterprise number and goes on in printable text"
_BINARY_REASON: Final = "the Remote-Id starts with an acceptable enterprise number and goes on in binary"


def classify(view: PacketView, profile: Profile, numbers: Numbers) -> Classification:
    """Weigh every signal that the profile knows.

    One proof decides; proofs of different families make `conflict`. Without proof the strongest family wins; two
    families of equal best strength leave the trigger `unknown`, for a guess is worse than none.
    """
    found = [
        Evidence(signal.family, signal.strength, f"{signal.name}: {signal.reason}")
        for signal in profile.signals
        if view.has(signal.key) and (not signal.values or view.integer(signal.key) in signal.values)
    ]
    for key in profile.remote_ids:
        value = view.first(key)
        prefixed = remote_id.look(value, numbers) if value else None
        if prefixed is not None:
            strong = remote_id.proves_itself(prefixed)
            reason = _VALUE_REASON if strong else _BINARY_REASON
            found.append(Evidence(Trigger.DHCPV6, Strength.STRONG if strong else Strength.HINT, reason))
    return weigh(found) if found else UNKNOWN


def weigh(evidence: Sequence[Evidence]) -> Classification:
    """The rule alone, over evidence that is already there."""
    for strength in (Strength.PROOF, Strength.STRONG, Strength.HINT):
        families = {item.family for item in evidence if item.strength is strength}
        if len(families) == 1:
            return Classification(families.pop(), strength, tuple(evidence))
        if families:
            contradiction = strength is Strength.PROOF
            return Classification(
                Trigger.CONFLICT if contradiction else Trigger.UNKNOWN,
                Strength.PROOF if contradiction else None,
                tuple(evidence),
            )
    return UNKNOWN
