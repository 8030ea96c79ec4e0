"""A link-layer address inside ND or ARP that differs from the Ethernet source (RFC 4861 §4.6.1, RFC 826).

A bridge, an access node or a wireless card that rewrites MACs changes the Ethernet header; many of them mend ARP and
DHCPv4 besides and know nothing of ND: IPv4 works, IPv6 does not. Virtual MACs are no such thing: a router of VRRP, HSRP
or GLBP names the virtual one from its own, and so does a load balancer.
"""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.copies import Copies
from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.memory import Recent
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.capture.diagnose.virtual import is_virtual
from bngcorr.wire.frame import PPPOE_SESSION
from bngcorr.wire.neighbours import NEIGHBOR_ADVERTISEMENT, ROUTER_ADVERTISEMENT, TYPES

_NOBODY: Final = bytes(6)


class LinkAddress:
    """Compares each message with its own frame."""

    concerns = frozenset((Concern.NEIGHBOUR, Concern.ARP))

    def __init__(self, faults: Faults) -> None:
        self._faults: Final = faults
        self._copies: Final = Copies()
        self._routers: Final[Recent[tuple[tuple[int, ...], bytes], int]] = Recent()  # MACs that routers name as theirs
        self._counts: Final[Recent[tuple[tuple[int, ...], bytes], dict[str, int]]] = Recent()

    def see(self, seen: Seen) -> None:
        """RS, RA, NS, NA, ARP."""
        link = seen.frame.link_source
        if len(link) != 6 or link == _NOBODY or seen.frame.ether_type == PPPOE_SESSION or seen.frame.outer:
            return
        if seen.arp is not None:
            named, kind = seen.arp.sender_mac, "ARP"
        elif seen.neighbour is not None:
            said = seen.neighbour
            advertises = said.type == NEIGHBOR_ADVERTISEMENT
            named, kind = said.target_mac if advertises else said.source_mac, TYPES[said.type]
            if named and (said.router or said.type == ROUTER_ADVERTISEMENT):
                self._routers.put((seen.link, named), seen.number)
        else:
            return
        if named and named not in (link, _NOBODY) and not is_virtual(named) and not is_virtual(link):
            self._differs(seen, named, kind)

    def end(self) -> None:
        """Nothing waits."""

    def _differs(self, seen: Seen, named: bytes, kind: str) -> None:
        subject = named.hex(":")
        where = self._copies.place(seen, Fault.LINK_ADDRESS, subject)
        if where is None:
            return
        key = (seen.link, named)
        counts = self._counts.get(key)
        if counts is None:
            counts = {}
            self._counts.put(key, counts)
        counts[kind] = counts.get(kind, 0) + 1
        shown = ", ".join(f"{count} {one}" for one, count in counts.items())
        detail = f"{shown} from {seen.frame.link_source.hex(':')} name {subject}"
        severity = None
        if key in self._routers:  # it may be a virtual MAC that somebody chose
            detail += "; a router's virtual MAC, or a bridge that rewrites"
            severity = Severity.NOTICE
        elif kind == "ARP":  # alone it may be a gateway's virtual MAC, too; in ND it is told as what it is
            severity = Severity.NOTICE
        self._faults.add(Found(Fault.LINK_ADDRESS, subject, where, detail, (seen.number,), seen.at_ns, severity))
