"""The M flag of Router Advertisements against what DHCPv6 does on that link (RFC 4861 §4.2).

M set, and each client that asks for an address gets none (NoAddrsAvail, or no answer at all); or no M of any default
router, and DHCPv6 gives addresses. Prefixes are apart: no flag speaks of them, what a CE router does that sees neither
M nor O is left to it (RFC 7084 §4.2 WPD-4), and networks that delegate without the M flag work.
"""

from __future__ import annotations

from ipaddress import IPv6Address
from typing import Final

from bngcorr.capture.diagnose.asked import MOST_OCTETS, Asked, Pace
from bngcorr.capture.diagnose.detectors.dhcp_unanswered import overdue
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.errors import Malformed
from bngcorr.wire import dhcp6, dhcp6_values
from bngcorr.wire.dhcp6 import Layer
from bngcorr.wire.neighbours import MANAGED, ROUTER_ADVERTISEMENT, Neighbour

_MOST: Final = 8_192
_NO_ADDRESSES: Final = 2  # status NoAddrsAvail
_SETTLED: Final = 2  # RAs of a link, before a live tap says that none has the flag


class _Link:
    """One segment."""

    __slots__ = ("advertised", "answered", "asked", "gave", "managed", "offered", "refused", "told", "unmanaged")

    def __init__(self) -> None:
        self.advertised = 0
        self.managed: Seen | None = None  # an RA with the flag
        self.unmanaged: Seen | None = None  # one without
        self.asked: Asked | None = None  # a client's SOLICITs for an address, that of whoever asked first
        self.answered = False  # any SOLICIT
        self.refused: Seen | None = None
        self.offered = False
        self.gave: tuple[Seen, bytes] | None = None
        self.told = False


class ManagedFlag:
    """Looks at RAs and at DHCPv6 on the segments where both are."""

    concerns = frozenset((Concern.NEIGHBOUR, Concern.DHCP6))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._pace: Final = Pace()
        self._links: Final[Recent[tuple[int, ...], _Link]] = Recent(_MOST)
        self._first: Final[Recent[tuple[int, ...], bytes]] = Recent(_MOST)  # the client of `asked`

    def see(self, seen: Seen) -> None:
        """An RA or a message of DHCPv6."""
        if seen.frame.outer or len(seen.record.octets) > MOST_OCTETS:
            return  # a tunnel is a link of its own; bigger ones are nobody's RAs and leases
        if seen.neighbour is not None:
            if seen.neighbour.type == ROUTER_ADVERTISEMENT:
                self._advertised(seen, seen.neighbour)
        elif seen.dhcp6 is not None and seen.dhcp6.inner is not None:
            self._message(seen, seen.dhcp6.inner)

    def elapsed(self, now_ns: int) -> None:
        """What is certain by now on a live tap."""
        if self._pace.due(now_ns):
            for link in self._links.values():
                self._decide(link, now_ns, _SETTLED)

    def end(self) -> None:
        """By the last instant of its interface."""
        for segment, link in self._links.items():
            self._decide(link, self._faults.last_ns.get(segment[0], 0), 1)

    def _link(self, seen: Seen) -> _Link:
        link = self._links.get(seen.segment)
        if link is None:
            link = _Link()
            self._links.put(seen.segment, link)
        return link

    def _advertised(self, seen: Seen, said: Neighbour) -> None:
        if not said.router_lifetime:
            return  # a router on its way out, or none: hosts that use it are another's fault
        link = self._link(seen)
        link.advertised += 1
        if said.flags & MANAGED:
            link.managed = link.managed or seen
        else:
            link.unmanaged = link.unmanaged or seen

    def _message(self, seen: Seen, inner: Layer) -> None:
        if inner.type == dhcp6.SOLICIT:
            if dhcp6.IA_NA in inner.values and seen.at_ns is not None:
                self._solicit(seen, seen.at_ns, inner.values.get(dhcp6.CLIENT_ID, b""))
        elif inner.type in (dhcp6.ADVERTISE, dhcp6.REPLY):
            self._answer(seen, inner)

    def _solicit(self, seen: Seen, at_ns: int, client: bytes) -> None:
        link = self._link(seen)
        if link.asked is None:
            link.asked = Asked(seen, at_ns)
            self._first.put(seen.segment, client)
        elif self._first.get(seen.segment) == client:
            link.asked.again(seen, at_ns)

    def _answer(self, seen: Seen, inner: Layer) -> None:
        link = self._link(seen)
        link.answered = True
        refused = _status(inner.values.get(dhcp6.STATUS_CODE)) == _NO_ADDRESSES
        for octets in inner.all(dhcp6.IA_NA):
            try:
                association = dhcp6_values.association(octets)
            except Malformed:
                continue
            given = [one for one in association.addresses if one.valid]
            if given and inner.type == dhcp6.REPLY and link.gave is None:
                link.gave = (seen, given[0].address)
            if given:
                link.offered = True  # by one of several servers; the client takes that one
                refused = False
            elif association.status is not None and association.status.code == _NO_ADDRESSES:
                refused = True
        if refused:
            link.refused = link.refused or seen

    def _decide(self, link: _Link, now_ns: int, settled: int) -> None:
        if link.told:
            return
        if link.managed is not None and link.gave is None:
            if link.refused is not None and not link.offered:
                link.told = True
                self._tell(
                    Fault.MANAGED_WITHOUT_ADDRESSES, link.managed, link.refused.number, link.refused.at_ns,
                    "the RA has the M flag, and DHCPv6 answers NoAddrsAvail",
                )  # fmt: skip
            elif link.asked is not None and not link.answered and overdue(link.asked, now_ns):
                link.told = True
                self._tell(
                    Fault.MANAGED_WITHOUT_ADDRESSES, link.managed, link.asked.packets[-1], link.asked.last_ns,
                    f"the RA has the M flag, and SOLICITs for an address get no answer, {link.asked.lasted}",
                )  # fmt: skip
        elif (
            link.gave is not None and link.managed is None and link.unmanaged is not None and link.advertised >= settled
        ):
            link.told = True
            seen, address = link.gave
            self._tell(
                Fault.ADDRESSES_UNMANAGED, link.unmanaged, seen.number, seen.at_ns,
                f"DHCPv6 gave {IPv6Address(address)}, and no RA here has the M flag",
            )  # fmt: skip

    def _tell(self, fault: Fault, router: Seen, number: int, at_ns: int | None, detail: str) -> None:
        subject = str(IPv6Address(router.frame.source))
        found = Found(fault, subject, router.where, detail, tuple(sorted((router.number, number))), at_ns)
        found.show(router.record, router.number)
        self._faults.add(found)


def _status(octets: bytes | None) -> int | None:
    if octets is None:
        return None
    try:
        return dhcp6_values.status(octets).code
    except Malformed:
        return None
