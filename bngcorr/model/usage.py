"""Hosts and what they add up to on a BNG."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network

from bngcorr.model.vocabulary import HostKind


@dataclass(frozen=True, slots=True)
class Host:
    """One address or prefix that a session holds."""

    kind: HostKind
    address: IPv4Address | IPv6Address | IPv6Network
    service: str = ""  # VRF or service id; "" for the base router

    def __str__(self) -> str:
        return f"{self.kind}|{self.service}|{self.address}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Distinct hosts of one BNG, and the two per-session figures that some cost tables need."""

    v4: int = 0
    ia_na: int = 0
    ia_pd: int = 0
    slaac: int = 0
    sessions: int = 0  # sessions that hold at least one host
    na_or_pd: int = 0  # sessions that hold an IA_NA or an IA_PD
