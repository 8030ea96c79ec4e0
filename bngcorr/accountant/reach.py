"""Where a CPE answers: for helpdesks that want to ping it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv6Address, IPv6Network

from bngcorr.model.vocabulary import HostKind


class Origin(StrEnum):
    """Where the address of a CPE comes from."""

    IA_NA = "ia_na"  # it was given one
    DELEGATED_PREFIX = "delegated_prefix"  # nobody gave it any: the one it takes by custom, within its prefix


@dataclass(frozen=True, slots=True)
class Reach:
    """An IPv6 address of a CPE."""

    address: IPv6Address
    origin: Origin


def reach(hosts: Iterable[tuple[str, str]], interface_id: IPv6Address | None) -> Reach | None:
    """Where the CPE answers that holds these hosts, (kind, address) as text; None if nobody can tell.

    Its IA_NA, the first of them, where it has one. Without one, as ISPs have it that give their CPEs no WAN address,
    `interface_id` (lower bits of an address) within the delegated prefix, the first of them; not where that is None, or
    has bits set above those that the prefix leaves.
    """
    prefix: IPv6Network | None = None
    for kind, address in hosts:
        if kind == HostKind.IA_NA:
            return Reach(IPv6Address(address), Origin.IA_NA)
        if kind in (HostKind.IA_PD, HostKind.PD_ROUTE) and prefix is None:
            prefix = IPv6Network(address)
    if prefix is None or interface_id is None or int(interface_id) & int(prefix.netmask):
        return None
    return Reach(prefix.network_address + int(interface_id), Origin.DELEGATED_PREFIX)
