"""Resolvers that only one of Router Advertisement and DHCPv6 names.

RAs may carry their options in several messages (RFC 8106 §5.3.1), so that of all RAs of a segment counts, at the end.
DHCPv6 gives resolvers to who asks for them (option 6): an answer without is a gap only then. RAs without are one only
if they have hosts form an address: a link of CPE routers needs none.
"""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Final

from bngcorr.capture.diagnose.asked import MOST_OCTETS, Pace
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.errors import Malformed
from bngcorr.wire import dhcp6, dhcp6_values
from bngcorr.wire.dhcp6 import Layer
from bngcorr.wire.neighbours import ROUTER_ADVERTISEMENT, Neighbour

_MOST: Final = 8_192
_AUTONOMOUS: Final = 0x40
_SETTLED: Final = 2  # RAs of a segment, before a live tap says that they name none


class _Link:
    """What one segment was told."""

    __slots__ = ("advertised", "announced", "asked", "given", "hosts", "refused", "told", "unclear")

    def __init__(self) -> None:
        self.advertised = 0  # RAs of default routers
        self.announced: tuple[Seen, list[bytes]] | None = None  # an RA with resolvers
        self.hosts: Seen | None = None  # an RA that has hosts form an address, and names none
        self.given: tuple[Seen, list[bytes]] | None = None  # an answer of DHCPv6 with resolvers
        self.refused: Seen | None = None  # one without, to a client that asked for them
        self.unclear = False  # an RA was cut
        self.told = False


class ResolverGap:
    """Looks at RAs and at DHCPv6 on the segments where both are."""

    concerns = frozenset((Concern.NEIGHBOUR, Concern.DHCP6))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._pace: Final = Pace()
        self._links: Final[Recent[tuple[int, ...], _Link]] = Recent(_MOST)
        self._asked: Final[Recent[tuple[int, bytes, bytes], bool]] = Recent(_MOST)  # interface, transaction, client

    def see(self, seen: Seen) -> None:
        """An RA or a message of DHCPv6."""
        if seen.frame.outer or len(seen.record.octets) > MOST_OCTETS:
            return  # a tunnel is a link of its own; bigger ones are nobody's RAs and leases
        if seen.neighbour is not None:
            if seen.neighbour.type == ROUTER_ADVERTISEMENT:
                self._advertised(seen, seen.neighbour)
        elif seen.dhcp6 is not None and seen.dhcp6.inner is not None:
            self._message(seen, seen.dhcp6.inner, seen.dhcp6.whole)

    def elapsed(self, now_ns: int) -> None:
        """What is certain by now on a live tap."""
        if self._pace.due(now_ns):
            self._decide(_SETTLED)

    def end(self) -> None:
        """What is missing in all of them."""
        self._decide(1)

    def _link(self, seen: Seen) -> _Link:
        link = self._links.get(seen.segment)
        if link is None:
            link = _Link()
            self._links.put(seen.segment, link)
        return link

    def _advertised(self, seen: Seen, said: Neighbour) -> None:
        link = self._link(seen)
        if seen.frame.cut or said.skipped:
            link.unclear = True
        if said.resolvers and said.resolvers_for:
            link.announced = link.announced or (seen, said.resolvers)
            subject = str(IPv6Address(seen.frame.source))
            self._faults.clear(Fault.RESOLVERS_ONLY_IN_DHCPV6, subject, seen.where, seen.number)
        if said.router_lifetime:
            link.advertised += 1
            if link.hosts is None and any(
                one.flags & _AUTONOMOUS and one.valid and one.prefix[0] & 0xE0 == 0x20 for one in said.prefixes
            ):
                link.hosts = seen

    def _message(self, seen: Seen, inner: Layer, whole: bool) -> None:
        client = inner.values.get(dhcp6.CLIENT_ID, b"")
        key = (seen.interface, inner.transaction_id, client)
        if inner.type not in (dhcp6.ADVERTISE, dhcp6.REPLY):
            try:
                wanted = dhcp6_values.codes(inner.values.get(dhcp6.OPTION_REQUEST, b""))
            except Malformed:
                return
            if dhcp6.DNS_SERVERS in wanted:
                self._asked.put(key, True)
            return
        if dhcp6.DNS_SERVERS in inner.values:
            try:
                resolvers = dhcp6_values.addresses(inner.values[dhcp6.DNS_SERVERS])
            except Malformed:
                return
            link = self._link(seen)
            link.given = link.given or (seen, resolvers)
        elif whole and key in self._asked and _gives(inner):
            link = self._link(seen)
            link.refused = link.refused or seen

    def _decide(self, settled: int) -> None:
        for link in self._links.values():
            if link.told or link.unclear:
                continue
            if link.announced is not None and link.refused is not None and link.given is None:
                link.told = True
                seen, resolvers = link.announced
                self._tell(
                    Fault.RESOLVERS_ONLY_IN_RA, seen, link.refused,
                    f"RAs name {_list(resolvers)}; DHCPv6 answered a client that asked for resolvers with none",
                )  # fmt: skip
            elif link.announced is None and link.given and link.hosts and link.advertised >= settled:
                link.told = True
                seen, resolvers = link.given
                self._tell(
                    Fault.RESOLVERS_ONLY_IN_DHCPV6, link.hosts, seen,
                    f"DHCPv6 names {_list(resolvers)}; RAs have hosts form an address and name none",
                )  # fmt: skip

    def _tell(self, fault: Fault, router: Seen, answer: Seen, detail: str) -> None:
        subject = str(IPv6Address(router.frame.source))
        packets = tuple(sorted((router.number, answer.number)))
        found = Found(fault, subject, router.where, detail, packets, answer.at_ns)
        found.show(router.record, router.number)
        self._faults.add(found)


def _gives(inner: Layer) -> bool:
    """Whether the answer has anything for the client: one that refuses it has no resolvers either."""
    if inner.type == dhcp6.REPLY and dhcp6.IA_NA not in inner.values and dhcp6.IA_PD not in inner.values:
        return dhcp6.STATUS_CODE not in inner.values
    for code in (dhcp6.IA_NA, dhcp6.IA_PD):
        for octets in inner.all(code):
            try:
                association = dhcp6_values.association(octets)
            except Malformed:
                continue
            if association.addresses or association.prefixes:
                return True
    return False


def _list(addresses: list[bytes]) -> str:
    return ", ".join(str(IPv6Address(one)) for one in addresses[:3])
