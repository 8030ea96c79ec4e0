"""Hosts and traffic, and what they add up to on a BNG."""

from __future__ import annotations

from dataclasses import dataclass, fields
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final, NamedTuple

from bngcorr.model.vocabulary import HostKind


class Host:
    """One address or prefix that a session holds. Never changed. As text ``kind|service|address``."""

    __slots__ = ("address", "kind", "service", "text")

    def __init__(
        self, kind: HostKind, address: str | IPv4Address | IPv6Address | IPv6Network, service: str = ""
    ) -> None:
        """An address that comes as text is written as the `ipaddress` module writes it."""
        self.kind: Final = kind
        self.address: Final = address if isinstance(address, str) else str(address)
        self.service: Final = service  # VRF or service id; "" for the base router
        self.text: Final = kind + "|" + service + "|" + self.address if service else kind + "||" + self.address

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Host) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Host({self.text})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Distinct hosts of one BNG, card or port, and the two per-session figures that some cost tables need."""

    v4: int = 0
    ia_na: int = 0
    ia_pd: int = 0
    slaac: int = 0
    pd_route: int = 0  # delegated prefixes that ride as managed routes
    sessions: int = 0  # sessions that hold at least one host
    na_or_pd: int = 0  # sessions that hold an IA_NA or an IA_PD

    def __add__(self, other: Usage) -> Usage:
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in USAGE_FIELDS})


USAGE_FIELDS = tuple(field.name for field in fields(Usage))


class Traffic(NamedTuple):
    """Octets, both directions together."""

    v4: int = 0
    v6: int = 0
    either: int = 0  # of sessions that hold both families, where the BNG does not count them apart

    @property
    def v6_share(self) -> float | None:
        """IPv6's part of what can be told apart, 0 … 1; None if nothing can."""
        apart = self.v4 + self.v6
        return self.v6 / apart if apart else None
