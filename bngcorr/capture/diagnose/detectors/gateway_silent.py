"""ARP and Neighbor Solicitations for a gateway that nobody answers.

An address is a gateway if DHCP or a Router Advertisement says so; it is one that a host needs if the host keeps asking,
which it does for as long as it has something to send there (RFC 1122 §2.3.2.1). No question is a probe for duplicates
(sender 0.0.0.0, source ::), and none an announcement (an ARP for the sender's own address).

Nothing is said of routers that look for a host that is gone, nor of whoever looks for many addresses (a scan), nor of
what a third station sees, which is the broadcast question and not the answer to somebody else: unless it comes every
second, as only questions without an answer do; nor of a host that gets packets from other networks meanwhile,
unless the address is a gateway's: a neighbour is switched off.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from bngcorr.capture.diagnose.asked import Asked, Pace
from bngcorr.capture.diagnose.found import Faults
from bngcorr.capture.diagnose.instants import SECOND_NS
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire.neighbours import (
    ALL_ZERO,
    ARP_REPLY,
    ARP_REQUEST,
    NEIGHBOR_ADVERTISEMENT,
    NEIGHBOR_SOLICITATION,
    ROUTER_ADVERTISEMENT,
)

GATEWAY_QUESTIONS: Final = 3  # of one that is known as a gateway; hosts ask three times (RFC 4861 §10)
OTHER_QUESTIONS: Final = 5
OTHER_NS: Final = 4 * SECOND_NS  # over that time besides
_MOST_TARGETS: Final = 4  # without an answer, of one host: more is a scan, or a router's work
_MOST_SOURCES: Final = 3  # whoever sends from that many addresses forwards for others
_MOST_ASKERS: Final = 16  # that an answer to all is an answer to
_CLOSE: Final = 2  # questions that came within seconds of the one before
_MOST: Final = 8_192
_MOST_NETWORKS: Final = 4  # of a host, that it got packets from
_ROUTERS: Final = 3  # option of DHCPv4 (RFC 2132 §3.5)

Key = tuple[tuple[int, ...], bytes, bytes]  # segment, MAC of who asks, address asked for


class GatewaySilent:
    """Looks at ARP and ND; at DHCP for gateways; at the rest for who forwards, and what the capture can see."""

    concerns = frozenset((Concern.ARP, Concern.NEIGHBOUR, Concern.DHCP4, Concern.DHCP6, Concern.OTHER))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._pace: Final = Pace()
        self._asked: Final[Recent[Key, Asked]] = Recent(_MOST)
        self._targets: Final[Recent[tuple[int, bytes], set[bytes]]] = Recent(_MOST)  # of who asks, without an answer
        self._gateways: Final[Recent[tuple[int, bytes], bool]] = Recent(_MOST)  # addresses
        self._routers: Final[Recent[tuple[int, bytes], bool]] = Recent(_MOST)  # MACs
        self._like_routers: Final[Recent[tuple[int, bytes], bool]] = Recent(_MOST)  # MACs with a gateway's address
        # of who asks for which address: where it asked first
        self._last: Final[Recent[tuple[int, bytes, bytes], Key]] = Recent(_MOST)
        self._sources: Final[Recent[tuple[int, bytes], set[bytes]]] = Recent(_MOST)  # that a MAC sends from
        self._askers: Final[Recent[tuple[tuple[int, ...], bytes], list[bytes]]] = Recent(_MOST)  # of an address
        self._spoken: Final[Recent[tuple[int, bytes], bool]] = Recent(_MOST)  # MACs that unicast frames are sent to
        # of a MAC: the networks that it got IP from, and when last
        self._gets: Final[Recent[tuple[int, bytes], dict[bytes, int]]] = Recent(_MOST)
        self._stations: Final[Recent[int, set[bytes]]] = Recent(_MOST)  # who sends on an interface; two are enough

    def see(self, seen: Seen) -> None:
        """Any frame but RADIUS."""
        frame = seen.frame
        source, destination = frame.link_source, frame.link_destination
        if len(source) != 6 or len(destination) != 6 or frame.outer:
            return  # without both MACs it cannot be said who sees whom; in a tunnel they are those of its ends
        self._station(seen.interface, source, destination)
        if seen.arp is not None:
            arp = seen.arp
            if arp.operation == ARP_REQUEST and any(arp.sender) and arp.sender != arp.target:
                self._question(seen, source, arp.sender, arp.target)
            elif arp.operation == ARP_REPLY and any(arp.sender):
                self._answer(seen, arp.sender)
        elif seen.neighbour is not None:
            said = seen.neighbour
            if said.type == NEIGHBOR_SOLICITATION and frame.source != ALL_ZERO:
                self._question(seen, source, frame.source, said.target)
            elif said.type == NEIGHBOR_ADVERTISEMENT:
                if said.router:
                    self._routers.put((seen.interface, source), True)
                self._answer(seen, said.target)
            elif said.type == ROUTER_ADVERTISEMENT:
                self._routers.put((seen.interface, source), True)
                if said.router_lifetime:
                    self._gateways.put((seen.interface, frame.source), True)
        elif seen.dhcp4 is not None:
            if seen.dhcp4.operation == 2:
                self._routers.put((seen.interface, source), True)
                value = seen.dhcp4.options.values.get(_ROUTERS, b"")
                for at in range(0, min(len(value), 16) - 3, 4):
                    self._gateways.put((seen.interface, value[at : at + 4]), True)
        elif frame.version:
            self._forwards(seen.interface, source, frame.source)
            if seen.at_ns is not None and not destination[0] & 1:
                self._got(seen.interface, destination, frame.source, seen.at_ns)

    def elapsed(self, now_ns: int) -> None:
        """What has waited long enough on a live tap."""
        if self._pace.due(now_ns):
            for key, asked in self._asked.items():
                self._decide(key, asked, now_ns)

    def end(self) -> None:
        """What the capture left open: by the last instant of its interface."""
        for key, asked in self._asked.items():
            self._decide(key, asked, self._faults.last_ns.get(key[0][0], asked.last_ns))

    def _station(self, interface: int, source: bytes, destination: bytes) -> None:
        stations = self._stations.get(interface)
        if stations is None:
            self._stations.put(interface, {source})
        elif len(stations) < 2:
            stations.add(source)
        if not destination[0] & 1 and (interface, destination) not in self._spoken:
            self._spoken.put((interface, destination), True)

    def _forwards(self, interface: int, mac: bytes, address: bytes) -> None:
        """One address of IPv4 or one /64 more that it sends from."""
        if address[:2] == b"\xfe\x80" or not any(address):
            return
        sources = self._sources.get((interface, mac))
        if sources is None:
            self._sources.put((interface, mac), {address[:8]})
        elif len(sources) < 2 * _MOST_SOURCES:
            sources.add(address[:8])

    def _got(self, interface: int, mac: bytes, source: bytes, at_ns: int) -> None:
        if source[:2] == b"\xfe\x80":
            return
        gets = self._gets.get((interface, mac))
        if gets is None:
            gets = {}
            self._gets.put((interface, mac), gets)
        network = _network(source)
        if network not in gets and len(gets) >= _MOST_NETWORKS:
            del gets[next(iter(gets))]
        gets[network] = at_ns

    def _question(self, seen: Seen, asker: bytes, sender: bytes, target: bytes) -> None:
        if seen.at_ns is None:
            return
        key = (seen.segment, asker, target)
        asked = self._asked.get(key)
        if asked is None:
            self._asked.put(key, Asked(seen, seen.at_ns))
            self._last.put((seen.interface, asker, target), key)
            if _as_gateways_are(sender) or (seen.interface, sender) in self._gateways:
                self._like_routers.put((seen.interface, asker), True)
            askers = self._askers.get((seen.segment, target))
            if askers is None:
                self._askers.put((seen.segment, target), [asker])
            elif asker not in askers:
                askers.append(asker)
                del askers[:-_MOST_ASKERS]
            targets = self._targets.get((seen.interface, asker))
            if targets is None:
                self._targets.put((seen.interface, asker), {target})
            elif len(targets) <= _MOST_TARGETS:
                targets.add(target)
            return
        if not asked.again(seen, seen.at_ns):
            return
        if asked.told:
            self._faults.add(asked.once_more(seen, Fault.GATEWAY_SILENT, _name(target), self._detail(key, asked)))
        elif self._known(key):
            self._decide(key, asked, seen.at_ns)

    def _answer(self, seen: Seen, address: bytes) -> None:
        """It answers those who asked here: what it did not answer until now is decided, and over."""
        to = seen.frame.link_destination
        for asker in self._askers.pop((seen.segment, address)) or () if to[0] & 1 else (to,):
            key = (seen.segment, asker, address)
            asked = self._asked.pop(key)
            if asked is None and (elsewhere := self._last.get((seen.interface, asker, address))) is not None:
                key = elsewhere  # some mirror ports show a VLAN's tag in one direction only
                asked = self._asked.pop(key)
            if asked is None:
                continue
            if seen.at_ns is not None:
                asked.answered(seen.at_ns)
                self._decide(key, asked, seen.at_ns)
            if asked.told:
                self._faults.clear(Fault.GATEWAY_SILENT, _name(address), asked.where, seen.number)
            targets = self._targets.get((seen.interface, asker))
            if targets is not None:
                targets.discard(address)

    def _known(self, key: Key) -> bool:
        return (key[0][0], key[2]) in self._gateways

    def _decide(self, key: Key, asked: Asked, now_ns: int) -> None:
        if asked.told:
            return
        (interface, *_), asker, target = key
        settled = asked.settled(now_ns)
        known = self._known(key)
        if not known and (settled < OTHER_QUESTIONS or asked.last_ns - asked.first_ns < OTHER_NS):
            return
        if settled < GATEWAY_QUESTIONS or self._routes(interface, asker):
            return
        if len(self._targets.get((interface, asker)) or ()) > _MOST_TARGETS and not known:
            return
        if not known and not _as_gateways_are(target):
            gets, own = self._gets.get((interface, asker)) or {}, _network(target)
            if (interface, asker) in self._like_routers or any(
                at_ns >= asked.first_ns and len(one) == len(own) and one != own for one, at_ns in gets.items()
            ):
                return  # a router's own work, or a host that has another gateway: a neighbour that is switched off
        alone = len(self._stations.get(interface) or ()) < 2
        if not alone and (interface, asker) not in self._spoken and asked.close < _CLOSE:
            return
        asked.told = True
        severity = Severity.CRITICAL if known else Severity.WARNING if _as_gateways_are(target) else Severity.NOTICE
        self._faults.add(asked.found(Fault.GATEWAY_SILENT, _name(target), self._detail(key, asked), severity))

    def _routes(self, interface: int, mac: bytes) -> bool:
        if (interface, mac) in self._routers:
            return True
        sources = self._sources.get((interface, mac)) or set()
        return any(sum(1 for one in sources if (len(one) == 4) is v4) >= _MOST_SOURCES for v4 in (True, False))

    def _detail(self, key: Key, asked: Asked) -> str:
        what = "ARP" if len(key[2]) == 4 else "Neighbor Solicitation"
        which = (
            "a gateway by DHCP or RA"
            if self._known(key)
            else "which has the address of a gateway and which it keeps needing"
            if _as_gateways_are(key[2])
            else "which it keeps needing"
        )
        return f"{key[1].hex(':')} asks for {_name(key[2])}, {which}, by {what} {asked.lasted}: no answer"


def _as_gateways_are(address: bytes) -> bool:
    """By custom: 192.0.2.1, 192.0.2.254, 2001:db8::1."""
    return address[3] in (1, 254) if len(address) == 4 else address[8:] == b"\0\0\0\0\0\0\0\x01"


def _network(address: bytes) -> bytes:
    """Of the size that access networks have: /24, /64."""
    return address[:3] if len(address) == 4 else address[:8]


def _name(address: bytes) -> str:
    return str(ip_address(address))
