"""AAAA queries of hosts that hold only link-local or unique local IPv6 addresses, counted.

A host's addresses are those that it sends from, probes for (NS from ::), or gets by DHCPv6. Nothing is said of a host
without any IPv6 address seen, for the capture may leave them out; of one on a link whose RAs have it form a global
address, which it may have since before the capture; and of routers and forwarders, who ask for others.
"""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.asked import MOST_OCTETS, Pace
from bngcorr.capture.diagnose.found import MOST_PACKETS, Faults, Found
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.capture.record import Record
from bngcorr.errors import Malformed
from bngcorr.wire import dhcp6, dhcp6_values, dns
from bngcorr.wire.frame import UDP
from bngcorr.wire.neighbours import ALL_ZERO, NEIGHBOR_SOLICITATION, ROUTER_ADVERTISEMENT, Neighbour

QUERIES: Final = 3
_MOST: Final = 8_192
_MOST_SOURCES: Final = 2  # addresses of IPv4 that a host asks from; more is a router
_AUTONOMOUS: Final = 0x40


class _Host:
    """A MAC on a segment."""

    __slots__ = (
        "at_ns",
        "first_ns",
        "forwards",
        "globally",
        "local",
        "packets",
        "queries",
        "record",
        "sources",
        "told",
    )

    def __init__(self) -> None:
        self.local = False  # it has a link-local or unique local address
        self.globally = False
        self.forwards = False
        self.queries = 0
        self.told = 0  # how many of them
        self.packets: tuple[int, ...] = ()
        self.first_ns: int | None = None
        self.at_ns: int | None = None
        self.record: Record | None = None  # of the first query
        self.sources: Final[set[bytes]] = set()


class AaaaUnused:
    """Looks at addresses in ND, DHCPv6 and all IPv6, and at queries."""

    concerns = frozenset((Concern.NEIGHBOUR, Concern.DHCP6, Concern.OTHER))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._pace: Final = Pace()
        self._hosts: Final[Recent[tuple[tuple[int, ...], bytes], _Host]] = Recent(_MOST)
        self._global_links: Final[Recent[tuple[int, ...], bool]] = Recent(_MOST)
        self._where: Final[Recent[tuple[int, ...], str]] = Recent(_MOST)

    def see(self, seen: Seen) -> None:
        """A frame of a host."""
        frame = seen.frame
        if frame.outer or len(frame.link_source) != 6:
            return  # in a tunnel the MAC is that of its end
        if frame.version == 6:
            if seen.neighbour is not None:
                self._neighbour(seen, seen.neighbour)
            elif seen.dhcp6 is not None:
                self._lease(seen)
            self._address(seen, frame.link_source, frame.source)
        if frame.protocol == UDP and frame.destination_port == dns.PORT:
            self._query(seen)

    def elapsed(self, now_ns: int) -> None:
        """What is certain by now on a live tap."""
        if self._pace.due(now_ns):
            self.end()

    def end(self) -> None:
        """Who never showed a global address."""
        for (segment, mac), host in self._hosts.items():
            queries = host.queries - host.told
            if queries < QUERIES or not host.local or host.globally or host.forwards or segment in self._global_links:
                continue
            host.told = host.queries
            found = Found(
                Fault.AAAA_UNUSED, mac.hex(":"), self._where.get(segment) or "",
                f"{mac.hex(':')} asked for AAAA {host.queries} times, and all its IPv6 addresses are local",
                host.packets, host.first_ns,
            )  # fmt: skip
            found.last_ns = host.at_ns
            found.count = queries
            found.show(host.record, host.packets[0])
            self._faults.add(found)

    def _host(self, segment: tuple[int, ...], mac: bytes) -> _Host:
        host = self._hosts.get((segment, mac))
        if host is None:
            host = _Host()
            self._hosts.put((segment, mac), host)
        return host

    def _address(self, seen: Seen, mac: bytes, address: bytes) -> None:
        host = self._host(seen.segment, mac)
        if address[0] & 0xE0 == 0x20:
            host.globally = True
        elif address[0] in (0xFC, 0xFD) or (address[0] == 0xFE and address[1] & 0xC0 == 0x80):
            host.local = True

    def _neighbour(self, seen: Seen, said: Neighbour) -> None:
        mac = seen.frame.link_source
        if said.type == ROUTER_ADVERTISEMENT:
            self._host(seen.segment, mac).forwards = True
            if any(one.flags & _AUTONOMOUS and one.valid and one.prefix[0] & 0xE0 == 0x20 for one in said.prefixes):
                self._global_links.put(seen.segment, True)
        elif said.router:
            self._host(seen.segment, mac).forwards = True
        elif said.type == NEIGHBOR_SOLICITATION and seen.frame.source == ALL_ZERO:
            self._address(seen, mac, said.target)

    def _lease(self, seen: Seen) -> None:
        """A client that gets an address or a prefix uses it, or others behind it do."""
        message = seen.dhcp6
        if message is None or message.inner is None or message.inner.type != dhcp6.REPLY or message.relays:
            return
        for code in (dhcp6.IA_NA, dhcp6.IA_PD):
            for octets in message.inner.all(code):
                try:
                    association = dhcp6_values.association(octets)
                except Malformed:
                    continue
                for address in (
                    *(one.address for one in association.addresses), *(one.prefix for one in association.prefixes),
                ):  # fmt: skip
                    self._address(seen, seen.frame.link_destination, address)

    def _query(self, seen: Seen) -> None:
        frame = seen.frame
        if dns.question_type(frame.payload) != dns.AAAA:
            return
        host = self._host(seen.segment, frame.link_source)
        if frame.version == 4:
            host.sources.add(frame.source)
            host.forwards = host.forwards or len(host.sources) > _MOST_SOURCES
            if host.forwards:
                host.sources.clear()
        if not host.queries:
            host.record = seen.record if len(seen.record.octets) <= MOST_OCTETS else None
            host.first_ns = seen.at_ns
            self._where.put(seen.segment, seen.where)
        host.queries += 1
        host.at_ns = seen.at_ns
        if len(host.packets) < MOST_PACKETS:
            host.packets = (*host.packets, seen.number)
