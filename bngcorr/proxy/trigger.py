"""Which protocol made the BNG ask? Signals of the profile and of the Remote-Id's value, weighed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from bngcorr.model.vocabulary import Strength, Trigger
from bngcorr.profiles.profile import Evidence, Profile, Signal
from bngcorr.proxy import remote_id
from bngcorr.proxy.carriers import Found
from bngcorr.proxy.remote_id import Numbers
from bngcorr.wire.radius import PacketView


@dataclass(slots=True)  # not frozen: one is made for every request, and that costs a call a field
class Classification:
    """The verdict on the trigger, how sure it is, and why."""

    trigger: Trigger
    strength: Strength | None  # None with trigger unknown
    evidence: tuple[Evidence, ...] = ()


_PROOF: Final = Strength.PROOF
_STRONG: Final = Strength.STRONG
_RANKS: Final = (Strength.PROOF, Strength.STRONG, Strength.HINT)
_WEAKEST: Final = len(_RANKS)
UNKNOWN: Final = Classification(Trigger.UNKNOWN, None)
SELF_VERIFIED: Final = Evidence(
    Trigger.DHCPV6, Strength.PROOF, "the Remote-Id behind the first four octets is known on this attachment from DHCPv4"
)
_BY_TEXT: Final = Evidence(
    Trigger.DHCPV6,
    Strength.STRONG,
    "the Remote-Id starts with an acceptable enterprise number and goes on in printable text",
)
_BY_NUMBER: Final = Evidence(
    Trigger.DHCPV6, Strength.HINT, "the Remote-Id starts with an acceptable enterprise number and goes on in binary"
)


def classify(view: PacketView, profile: Profile, numbers: Numbers, remote: Sequence[Found]) -> Classification:
    """Weigh every signal that the profile knows, raw DHCP options and the Remote-Ids' own values.

    One proof decides; proofs of different families make `conflict`. Without proof the strongest family wins; two
    families of equal best strength leave the trigger `unknown`, for a guess is worse than none.
    """
    there = view.first_spans
    found = [carrier.evidence for carrier in profile.raw if carrier.key in there]
    found += [signal.evidence for signal in profile.signals if signal.key in there and _present(view, signal)]
    for one in remote:
        prefixed = one.look(numbers)
        if prefixed is not None:
            found.append(_BY_TEXT if remote_id.proves_itself(prefixed) else _BY_NUMBER)
    return weigh(found) if found else UNKNOWN


def _present(view: PacketView, signal: Signal) -> bool:
    """Whether any instance of the attribute says what the signal looks for."""
    if not signal.prefix and not signal.values and signal.pattern is None:
        return True
    for span in view.spans_of(signal.key):
        value = view.value(span)
        if not value.startswith(signal.prefix):
            continue
        rest = value[len(signal.prefix) :]
        if signal.values and (len(rest) != 4 or int.from_bytes(rest, "big") not in signal.values):
            continue
        if signal.pattern is not None and signal.pattern.search(rest) is None:
            continue
        return True
    return False


def weigh(evidence: Sequence[Evidence]) -> Classification:
    """The rule alone, over evidence that is already there."""
    if len(evidence) == 1:
        (only,) = evidence
        return Classification(only.family, only.strength, (only,))
    best, family, split = _WEAKEST, None, False
    for item in evidence:
        rank = 0 if item.strength is _PROOF else 1 if item.strength is _STRONG else 2
        if rank < best:
            best, family, split = rank, item.family, False
        elif rank == best and item.family is not family:
            split = True
    if family is None:
        return UNKNOWN
    if not split:
        return Classification(family, _RANKS[best], tuple(evidence))
    if best == 0:
        return Classification(Trigger.CONFLICT, _PROOF, tuple(evidence))
    return Classification(Trigger.UNKNOWN, None, tuple(evidence))
