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
    found = [carrier.evidence for carrier in profile.raw if view.has(carrier.key)]
    found += [signal.evidence for signal in profile.signals if view.has(signal.key) and _present(view, signal)]
    for one in remote:
        prefixed = remote_id.look(one.value, numbers)
        if prefixed is not None:
            found.append(_BY_TEXT if remote_id.proves_itself(prefixed) else _BY_NUMBER)
    return weigh(found) if found else UNKNOWN


def _present(view: PacketView, signal: Signal) -> bool:
    """Whether any instance of the attribute says what the signal looks for."""
    if not signal.prefix and not signal.values and signal.pattern is None:
        return True
    for value in view.all(signal.key):
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
