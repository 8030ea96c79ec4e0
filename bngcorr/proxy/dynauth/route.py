"""Which BNG a CoA or Disconnect is for, by what it says of the NAS (RFC 5176 §3, RFC 8559 §3.4). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from bngcorr.model.box import box_name
from bngcorr.model.vocabulary import Mode
from bngcorr.profiles.profile import Profile
from bngcorr.proxy.dynauth.numbers import EXTENDED_1, OPERATOR_NAS_IDENTIFIER, ErrorCause
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView, Span

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Bng:
    """A BNG's entry, as far as CoA and Disconnect need it."""

    name: str
    domain: str
    profile: Profile
    mode: Mode
    networks: tuple[Network, ...]  # where its requests come from
    one_box: bool  # all of them are one box; else boxes are told apart by their source addresses
    identifiers: frozenset[bytes]  # NAS-Identifiers it goes by; its own name is one
    addresses: frozenset[Address]  # NAS-IP(v6)-Addresses it goes by, beside those of `networks`
    hidden_behind: bool  # its requests come through another proxy or SNAT: `networks` do not lead to it
    send_to: Address | None  # where it takes them; None: where its requests come from
    port: int
    secret: bytes = field(repr=False)

    def way(self, box: str) -> Way | None:
        """How to reach one of its boxes, given as ``bng|host``; None: nobody has said."""
        host = box.partition("|")[2]
        if self.send_to is not None:
            return Way(str(self.send_to), self.port, self.secret)
        if host:
            return Way(host, self.port, self.secret)
        if self.hidden_behind or not self.networks:
            return None
        return Way(str(self.networks[0].network_address), self.port, self.secret)


@dataclass(frozen=True, slots=True)
class Way:
    """Where to send, and the secret in force there."""

    host: str
    port: int
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class At:
    """The request names this BNG, and perhaps one box of it."""

    bng: Bng
    box: str | None  # ``bng|host``; None: any of its boxes


@dataclass(frozen=True, slots=True)
class Anywhere:
    """The request names no NAS: the session has to tell."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It can't be carried out; AAA is told why."""

    cause: ErrorCause


class Directory:
    """All BNGs, by what they call themselves."""

    def __init__(self, bngs: Sequence[Bng]) -> None:
        self.bngs = {bng.name: bng for bng in bngs}
        self.kinds: list[Bng] = []  # one of each profile and mode
        for bng in bngs:
            if not any(kind.mode is bng.mode and kind.profile == bng.profile for kind in self.kinds):
                self.kinds.append(bng)
        self._identifiers: dict[bytes, Bng] = {}
        self._addresses: dict[Address, Bng] = {}
        networks: list[tuple[Network, Bng]] = []
        for bng in bngs:
            self._identifiers.setdefault(bng.name.encode(), bng)
            self._addresses.update((address, bng) for address in bng.addresses)
            if not bng.hidden_behind:
                networks += [(network, bng) for network in bng.networks]
        for bng in bngs:  # what the operator wrote goes before a name that happens to be the same
            self._identifiers.update((identifier, bng) for identifier in bng.identifiers)
        self._networks = sorted(networks, key=lambda entry: entry[0].prefixlen, reverse=True)

    def at(self, address: Address) -> At | None:
        """The BNG with that NAS-IP(v6)-Address."""
        named = self._addresses.get(address)
        if named is not None:
            box = box_name(named.name, "") if named.one_box else None
            return At(named, box)
        for network, bng in self._networks:
            if address.version == network.version and address in network:
                return At(bng, box_name(bng.name, "" if bng.one_box else str(address)))
        return None

    def called(self, identifier: bytes) -> At | None:
        """The BNG with that NAS-Identifier."""
        bng = self._identifiers.get(identifier)
        return None if bng is None else At(bng, box_name(bng.name, "") if bng.one_box else None)

    def place(self, view: PacketView) -> At | Anywhere | Refused:
        """Where a request is to go by what it says of the NAS.

        Attributes that name nobody here say nothing beside one that does; alone they make the request unroutable: a
        session of the same name on another BNG would be a stranger's. Two that name different BNGs are a mismatch.
        """
        claims = [self.called(view.value(span)[1:]) for span in operator_nas_identifiers(view)]
        for key in (a.NAS_IP_ADDRESS, a.NAS_IPV6_ADDRESS):
            value = view.first(key)
            if value:
                claims.append(self.at(ip_address(value)) if len(value) in (4, 16) else None)
        identifier = view.first(a.NAS_IDENTIFIER)
        if identifier:
            claims.append(self.called(identifier))
        if not claims:
            return Anywhere()
        known = [claim for claim in claims if claim is not None]
        if not known:
            return Refused(ErrorCause.PROXY_REQUEST_NOT_ROUTABLE)
        boxes = {claim.box for claim in known if claim.box is not None}
        if len({claim.bng.name for claim in known}) > 1 or len(boxes) > 1:
            return Refused(ErrorCause.NAS_IDENTIFICATION_MISMATCH)
        return At(known[0].bng, next(iter(boxes), None))


def operator_nas_identifiers(view: PacketView) -> list[Span]:
    """Where Operator-NAS-Identifiers lie: proxies name the NAS by them; it never sees them itself (RFC 8559 §3.4)."""
    return [span for span in view.spans_of(EXTENDED_1) if view.value(span)[:1] == bytes((OPERATOR_NAS_IDENTIFIER,))]
