"""Addresses of a cluster's own nodes and pods: a request from one of them is a BNG's whose address was replaced."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final

_NEAR: Final = {4: 24, 6: 64}  # as long as the networks that nodes and their pods are usually given


class Inside:
    """What is near this pod or its node. Without either nothing is."""

    __slots__ = ("_networks",)

    def __init__(self, addresses: Iterable[str]) -> None:
        """Own addresses, of pod and node; what is none is left out."""
        networks: list[IPv4Network | IPv6Network] = []
        for text in addresses:
            try:
                address = ip_address(text.strip())
            except ValueError:
                continue
            networks.append(ip_network((address, _NEAR[address.version]), strict=False))
        self._networks: Final = tuple(networks)

    def has(self, host: str) -> bool:
        """Whether the address is of a neighbour."""
        if not self._networks:
            return False
        address = ip_address(host.partition("%")[0])
        return any(address in network for network in self._networks)
