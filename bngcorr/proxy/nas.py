"""The BNGs that may ask, by source address."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from bngcorr.correlator.keys import box_name
from bngcorr.model.vocabulary import Mode, PenPolicy, VlanModel
from bngcorr.profiles import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class Nas:
    """One BNG as the request path needs it."""

    name: str
    domain: str
    secret: bytes
    profile: Profile
    mode: Mode
    vlan_model: VlanModel
    window_ms: int
    hold_s: float
    v4_always_has_id: bool
    pen: PenPolicy
    require_message_authenticator: bool
    one_box: bool  # its addresses are one box's; else a network of boxes, told apart by their source addresses

    def box(self, host: str) -> str:
        """Name of the box that sends from `host`. Ports, sessions and restarts are a box's own."""
        return box_name(self.name, "" if self.one_box else host)

    def __repr__(self) -> str:
        return f"Nas({self.name!r})"


class NasTable:
    """Look-up by source address; the longest network wins. Answers are remembered, a bounded number of them."""

    _REMEMBERED = 65_536

    def __init__(self, entries: list[tuple[IPv4Network | IPv6Network, Nas]]) -> None:
        self._networks = sorted(entries, key=lambda entry: entry[0].prefixlen, reverse=True)
        self._known: dict[str, Nas] = {}

    def find(self, host: str) -> Nas | None:
        """The BNG behind a source address, or None."""
        nas = self._known.get(host)
        if nas is not None:
            return nas
        address = ip_address(host.partition("%")[0])
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        for network, nas in self._networks:
            if address.version == network.version and address in network:
                if len(self._known) < self._REMEMBERED:
                    self._known[host] = nas
                return nas
        return None
