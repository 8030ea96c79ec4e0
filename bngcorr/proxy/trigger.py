"""Which protocol made the BNG ask? Signals of the profile and of the Remote-Id's value, weighed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bngcorr.model.vocabulary import Strength, Trigger
from bngcorr.profiles.profile import Evidence, Signal
from bngcorr.profiles.reading import Reading
from bngcorr.proxy import remote_id
from bngcorr.proxy.carriers import Found
from bngcorr.proxy.remote_id import Numbers
from bngcorr.wire.radius import PacketView, Span

_PROOF: Final = Strength.PROOF
_STRONG: Final = Strength.STRONG
_DHCPV6: Final = Trigger.DHCPV6


class Classification:
    """The verdict on the trigger, how sure it is, and why. Never changed."""

    __slots__ = ("evidence", "strength", "trigger")

    def __init__(self, trigger: Trigger, strength: Strength | None, evidence: tuple[Evidence, ...] = ()) -> None:
        self.trigger: Final = trigger
        self.strength: Final = strength  # None with trigger unknown
        self.evidence: Final = evidence

    @property
    def surely_v6(self) -> bool:
        """By proof or strong evidence: what is only hinted at may be v4, which must not be made worse."""
        return self.trigger is _DHCPV6 and (self.strength is _PROOF or self.strength is _STRONG)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Classification):
            return NotImplemented
        return self.trigger is other.trigger and self.strength is other.strength and self.evidence == other.evidence

    def __hash__(self) -> int:
        return hash((self.trigger, self.strength, self.evidence))

    def __repr__(self) -> str:
        return f"Classification({self.trigger}, {self.strength}, {self.evidence!r})"


_RANKS: Final[tuple[Strength, ...]] = (Strength.PROOF, Strength.STRONG, Strength.HINT)
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


def classify(view: PacketView, reading: Reading, numbers: Numbers, remote: list[Found]) -> Classification:
    """Weigh every signal that the profile knows, raw DHCP options and the Remote-Ids' own values.

    One proof decides; proofs of different families make `conflict`. Without proof the strongest family wins; two
    families of equal best strength leave the trigger `unknown`, for a guess is worse than none.
    """
    found = list(reading.proofs)
    for signal, spans in reading.signals:
        if _present(view, signal, spans):
            found.append(signal.evidence)
    for one in remote:
        prefixed = one.look(numbers)
        if prefixed is not None:
            found.append(_BY_TEXT if remote_id.proves_itself(prefixed) else _BY_NUMBER)
    return weigh(found) if found else UNKNOWN


def _present(view: PacketView, signal: Signal, spans: list[Span]) -> bool:
    """Whether any instance of the attribute, which is there, says what the signal looks for."""
    if not signal.prefix and not signal.values and signal.pattern is None:
        return True
    for span in spans:
        rest = view.value(span)
        if signal.prefix:
            if not rest.startswith(signal.prefix):
                continue
            rest = rest[len(signal.prefix) :]
        if signal.values and (len(rest) != 4 or _number(rest) not in signal.values):
            continue
        if signal.pattern is not None and signal.pattern.search(rest) is None:
            continue
        return True
    return False


def _number(octets: bytes) -> int:
    """Of four octets in network order."""
    return octets[0] << 24 | octets[1] << 16 | octets[2] << 8 | octets[3]


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
