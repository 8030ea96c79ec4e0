"""Where a profile finds what it asks for: the same for all packets of one layout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from bngcorr.wire.radius import Layout, Span

if TYPE_CHECKING:
    from bngcorr.profiles.profile import Evidence, IdCarrier, MacCarrier, PortCarrier, Profile, Signal


class _Keyed(Protocol):
    @property
    def key(self) -> int: ...


C = TypeVar("C", bound=_Keyed)


class Reading:
    """A profile's attributes as they stand in packets of one layout, each kind in the profile's order, then in that of
    the packet. Never changed.
    """

    __slots__ = ("circuit_ids", "macs", "ports", "profile", "proofs", "remote_ids", "signals")

    def __init__(self, profile: Profile, layout: Layout) -> None:
        there = layout.first_spans
        self.profile: Final = profile
        self.proofs: Final[tuple[Evidence, ...]] = tuple([raw.evidence for raw in profile.raw if raw.key in there])
        self.signals: Final[tuple[tuple[Signal, list[Span]], ...]] = tuple(
            [(signal, layout.spans_of(signal.key)) for signal in profile.signals if signal.key in there]
        )
        self.remote_ids: Final[tuple[tuple[IdCarrier, Span], ...]] = standing(profile.remote_ids, layout)
        self.circuit_ids: Final[tuple[tuple[IdCarrier, Span], ...]] = standing(profile.circuit_ids, layout)
        self.macs: Final[tuple[tuple[MacCarrier, Span], ...]] = standing(profile.macs, layout)
        self.ports: Final[tuple[tuple[PortCarrier, Span], ...]] = standing(profile.ports, layout)


def standing(carriers: Sequence[C], layout: Layout) -> tuple[tuple[C, Span], ...]:
    """Each carrier with every place where it stands."""
    return tuple([(carrier, span) for carrier in carriers for span in layout.spans_of(carrier.key)])
