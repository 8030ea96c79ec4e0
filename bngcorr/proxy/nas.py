"""The BNGs that may ask, by source address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from bngcorr.correlator.keys import EVERY_KEY
from bngcorr.correlator.question import Rules
from bngcorr.model.box import box_name
from bngcorr.model.vocabulary import Key, Mode, OnUnmatched, Trigger, VlanModel
from bngcorr.profiles.profile import Profile
from bngcorr.store.lesson import Fill
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView


@dataclass(frozen=True, slots=True, kw_only=True)
class Nas:
    """One BNG as the request path needs it."""

    name: str
    domain: str
    secret: bytes
    profile: Profile
    mode: Mode
    vlan_model: VlanModel
    rules: Rules
    keys: frozenset[Key] = EVERY_KEY
    hold_s: float
    on_unmatched: OnUnmatched = OnUnmatched.FORWARD
    untrusted: frozenset[Trigger] = frozenset()  # protocols whose line ids only the customer can have written
    require_message_authenticator: bool
    fill: Fill = Fill.AUTO  # whether hosts count that only the Access-Accept names
    ports: str = ""  # what its ports are known by, if it shares them with others
    one_box: bool  # its addresses are one box's; else a network of boxes, told apart by their source addresses
    identifiers: frozenset[bytes] = frozenset()  # NAS-Identifiers it goes by, inside a network shared with others
    addresses: frozenset[bytes] = frozenset()  # NAS-IP(v6)-Addresses it goes by, likewise
    only_box: str = field(init=False, repr=False)  # name of its box, if it is one
    noted: object | None = field(init=False, repr=False, compare=False)  # the matter of who notes its requests

    def __post_init__(self) -> None:
        object.__setattr__(self, "only_box", box_name(self.name, ""))
        object.__setattr__(self, "noted", None)

    def note(self, noted: object) -> None:
        """Keep what is noted of its requests."""
        object.__setattr__(self, "noted", noted)

    def box(self, host: str) -> str:
        """Name of the box that sends from `host`. Ports, sessions and restarts are a box's own."""
        return self.only_box if self.one_box else box_name(self.name, host)

    def ports_of(self, box: str) -> str:
        """Name of the set of ports that a box's attachments are of."""
        return self.ports or box

    def answers_to(self, view: PacketView) -> bool:
        """Whether a packet from a shared network is this BNG's."""
        if self.identifiers:
            return view.first(a.NAS_IDENTIFIER) in self.identifiers
        if self.addresses:
            return view.first(a.NAS_IP_ADDRESS) in self.addresses or view.first(a.NAS_IPV6_ADDRESS) in self.addresses
        return True

    def __repr__(self) -> str:
        return f"Nas({self.name!r})"


class NasTable:
    """Who may ask, by source address; the longest network wins. Answers are remembered, a bounded number of them."""

    _REMEMBERED = 65_536

    def __init__(
        self,
        entries: list[tuple[IPv4Network | IPv6Network, Nas]],
        monitors: Sequence[tuple[IPv4Network | IPv6Network, bytes]] = (),
    ) -> None:
        """`monitors`: who may ask how we are, and nothing else, and the secret shared with them."""
        self._monitors = tuple(monitors)
        # by version and length, the longest first: a stranger costs as little as a BNG, however many of those there are
        sizes: dict[tuple[int, int], dict[int, list[Nas]]] = {}
        for network, nas in entries:
            known = sizes.setdefault((network.version, network.prefixlen), {})
            rest = network.max_prefixlen - network.prefixlen
            known.setdefault(int(network.network_address) >> rest, []).append(nas)
        self._sizes = sorted(sizes.items(), key=lambda entry: entry[0][1], reverse=True)
        self._known: dict[str, list[Nas]] = {}

    def find(self, host: str) -> list[Nas]:
        """The BNGs behind a source address: none, one, or several told apart by what they call themselves."""
        group = self._known.get(host)
        if group is not None:
            return group
        address = _address(host)
        number = int(address)
        for (version, length), networks in self._sizes:
            if version != address.version:
                continue
            group = networks.get(number >> (address.max_prefixlen - length))
            if group is not None:
                if len(self._known) < self._REMEMBERED:
                    self._known[host] = group
                return group
        return []

    def monitor_secrets(self, host: str) -> list[bytes]:
        """Secrets shared with the monitors at a source address."""
        if not self._monitors:
            return []
        address = _address(host)
        return [secret for network, secret in self._monitors if address in network]


def _address(host: str) -> IPv4Address | IPv6Address:
    """The address that a datagram came from, without a zone; the IPv4 one where a socket shows it as an IPv6 one."""
    address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
