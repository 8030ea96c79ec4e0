"""Whose packets they are: the BNGs of a configuration, or each source of RADIUS a BNG of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final

from bngcorr.correlator.place import Place
from bngcorr.correlator.question import Rules
from bngcorr.model.vocabulary import MacSource, Mode, Trigger, VlanModel
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.nas import Nas, NasTable
from bngcorr.proxy.place import place_of
from bngcorr.proxy.remote_id import Numbers

MOST_BNGS: Final = 10_000  # sources that become BNGs of their own
WIRE: Final = "wire"  # name of the BNG of DHCP that no BNG's RADIUS goes with
HOLD_S: Final = 0.3
REMEMBER_MS: Final = 86_400_000

Network = IPv4Network | IPv6Network


class Bngs:
    """Who sends RADIUS, and with which rules. Every mode is taken as full: what it would do is what is asked."""

    def __init__(
        self,
        *,
        profile: Profile,
        numbers: Numbers,
        table: NasTable | None = None,
        named: Nas | None = None,
        secret: bytes | None = None,
        secrets: Sequence[tuple[Network, bytes]] = (),
        vlan_model: VlanModel = VlanModel.SHARED,
        untrusted: frozenset[Trigger] = frozenset(),
        relayed_mac: MacSource = MacSource.CLAIMED,
        remember_ms: int = REMEMBER_MS,
    ) -> None:
        """`table`: the BNGs of a configuration, `named`: the one of them that DHCP, and RADIUS from unknown sources,
        is of. All else is for BNGs that no configuration tells of; `secrets` by network.
        """
        self._profile: Final = profile
        self.numbers: Final = numbers
        self._table: Final = table
        self.named = None if named is None else _full(named)
        self._secret: Final = secret
        self._secrets: Final = tuple(secrets)
        self._vlan_model: Final = vlan_model
        self._untrusted: Final = untrusted
        self._relayed_mac: Final = relayed_mac
        self.remember_ms: Final = remember_ms
        self._known: Final[dict[str, tuple[Nas, ...]]] = {}

    @property
    def configured(self) -> bool:
        """Whether a configuration says which BNGs there are."""
        return self._table is not None

    def find(self, host: str) -> tuple[Nas, ...]:
        """The BNGs behind a source address; none: nobody knows it."""
        known = self._known.get(host)
        if known is None:
            if len(self._known) >= MOST_BNGS:
                return ()
            known = self._known[host] = self._of(host)
        return known

    def name(self, host: str) -> None:
        """DHCP is of the customers of the BNG at this address."""
        self.named = self.find(host)[0]

    def _of(self, host: str) -> tuple[Nas, ...]:
        if self._table is None:
            return (self._own(host),)
        found = tuple(_full(nas) for nas in self._table.find(host))
        return found or (() if self.named is None else (self.named,))

    def _own(self, host: str) -> Nas:
        profile = self._profile
        return Nas(
            name=host,
            domain=host,
            secret=self._secret_of(host) or b"",
            profile=profile,
            mode=Mode.FULL,
            vlan_model=self._vlan_model,
            rules=Rules(line_id=profile.line_id),
            hold_s=HOLD_S,
            untrusted=self._untrusted,
            require_message_authenticator=False,
            one_box=True,
        )

    def _secret_of(self, host: str) -> bytes | None:
        if self._secrets:
            address = ip_address(host)
            for network, secret in self._secrets:
                if address in network:
                    return secret
        return self._secret

    def dhcp(self, host: str | None) -> Nas:
        """The BNG whose customers' DHCP is captured; `host`: the one source of RADIUS that goes with it."""
        if self.named is not None:
            return self.named
        found = self.find(host) if host is not None else ()
        return found[0] if found else self._own(WIRE)

    def place(self, nas: Nas, host: str | None, port: str | None) -> Place:
        """Where frames with DHCP are captured."""
        return place_of(nas, host=host or "", port=port, relayed_mac=self._relayed_mac, anywhere=True)


def _full(nas: Nas) -> Nas:
    return nas if nas.mode is Mode.FULL else replace(nas, mode=Mode.FULL)
