"""Every fault that a capture can show: its name, how bad it is, what it means, what to do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class Severity(IntEnum):
    """How bad a fault is for the customer; the worst sorts first."""

    CRITICAL = 0  # a stack is dead, or soon will be
    WARNING = 1  # it works for some, or not for long
    NOTICE = 2  # it works, and will cost somebody an evening


class Fault(StrEnum):
    """The kinds of faults."""

    ROUTER_GONE = "router_gone"  # a Router Advertisement with lifetime 0 from a router that hosts rely on
    ROUTER_FLAG = "router_flag"  # a Neighbor Advertisement without the Router flag for a router's address
    MANY_PREFIXES = "many_prefixes"  # more prefixes and routes than a host should be told
    LINK_ADDRESS = "link_address"  # a MAC inside ND or ARP that differs from the Ethernet source
    MACS_DIFFER = "macs_differ"  # DHCPv4 and DHCPv6 of one CPE have different MACs
    DUID_OF_OTHER = "duid_of_other"  # its DUID names a MAC that neither has
    DUPLICATE_ADDRESS = "duplicate_address"
    MOVING_ADDRESS = "moving_address"  # one address announced by several MACs
    GATEWAY_SILENT = "gateway_silent"  # ARP or NS for a gateway, or an address that a host needs, without an answer
    DISCOVER_UNANSWERED = "discover_unanswered"
    SOLICIT_UNANSWERED = "solicit_unanswered"
    LEASE4_UNANSWERED = "lease4_unanswered"  # a REQUEST of DHCPv4
    LEASE6_UNANSWERED = "lease6_unanswered"  # REQUEST, RENEW, REBIND, CONFIRM or INFORMATION-REQUEST of DHCPv6
    DHCP_IN_CIRCLES = "dhcp_in_circles"  # it is answered, again and again, and gets no lease
    ANSWERS_NOT_SEEN = "answers_not_seen"  # of one protocol not a single one in the capture
    RADIUS_UNANSWERED = "radius_unanswered"  # single requests, of a server that answers others
    RADIUS_SERVER_SILENT = "radius_server_silent"
    RECEIVE_PATH_DEAD = "receive_path_dead"  # packets of a host leave, none come back
    HANDSHAKE_LOST_BEHIND = "handshake_lost_behind"  # the last ACK of TCP passed here and was lost behind this point
    HANDSHAKE_UNFINISHED = "handshake_unfinished"  # it never came here
    BIG_PACKETS_LOST = "big_packets_lost"  # above the MTU of a tunnel, again and again, without Packet Too Big
    RESOLVERS_ONLY_IN_RA = "resolvers_only_in_ra"
    RESOLVERS_ONLY_IN_DHCPV6 = "resolvers_only_in_dhcpv6"
    MANAGED_WITHOUT_ADDRESSES = "managed_without_addresses"  # M flag, and DHCPv6 gives no address
    ADDRESSES_UNMANAGED = "addresses_unmanaged"  # no M flag, and DHCPv6 gives addresses
    AAAA_UNUSED = "aaaa_unused"  # AAAA queries of hosts without a global IPv6 address
    SOLICIT_WITHOUT_LINE = "solicit_without_line"  # SOLICITs without a line id where DISCOVERs have one
    SOLICIT_FAR = "solicit_far"  # a SOLICIT further from the CPE's DISCOVER than the window
    IDS_DIFFER = "ids_differ"  # DHCPv4 and DHCPv6 of one CPE name different lines
    REMOTE_ID_WITHOUT_NUMBER = "remote_id_without_number"  # Option 37 without its enterprise number
    LINE_ID_SHARED = "line_id_shared"  # very many CPEs on one line id
    REMOTE_ID_TWICE = "remote_id_twice"  # one Remote-Id from several access ports
    TWO_DELEGATIONS = "two_delegations"  # a CPE accepted prefixes from two servers
    PREFIX_ELSEWHERE = "prefix_elsewhere"  # delegated by one server, renewed or accounted at another


@dataclass(frozen=True, slots=True)
class Meaning:
    """What people are told of a kind."""

    severity: Severity
    title: str  # a few words
    means: str  # what it does to the customer, one or two sentences
    todo: str  # the next step, one sentence
    source: str  # RFC and section, or where it is known from


MEANINGS: Final[dict[Fault, Meaning]] = {
    Fault.ROUTER_GONE: Meaning(
        Severity.CRITICAL,
        "default router withdrew",
        "A Router Advertisement with Router Lifetime 0 makes every host that hears it drop this router as its default"
        " gateway: IPv6 is dead although addresses and prefixes stay.",
        "Find out why the router announces its end: a daemon that was stopped, a failover, or a lifetime set to 0.",
        "RFC 4861 §6.3.4",
    ),
    Fault.ROUTER_FLAG: Meaning(
        Severity.CRITICAL,
        "router says that it is none",
        "A Neighbor Advertisement without the Router flag makes every host that gets it delete the default route to"
        " this router, until its next Router Advertisement: IPv6 goes away and comes back by itself.",
        "Find what cleared the flag: forwarding switched off on that interface, or another device that answers for"
        " the router's address.",
        "RFC 4861 §7.2.5",
    ),
    Fault.MANY_PREFIXES: Meaning(
        Severity.WARNING,
        "more prefixes than hosts bear",
        "Hosts make addresses and routes of all of them: slow ones stall, others stop at a limit of their own, and"
        " which prefixes work is chance.",
        "Find the router by its MAC in the packet: withdrawn prefixes that never ended, a lab tool, or an attack; RA"
        " Guard stops it at the access port.",
        "RFC 4861 §4.6.2; RFC 4191 §2.3; RFC 6104 §2",
    ),
    Fault.LINK_ADDRESS: Meaning(
        Severity.WARNING,
        "MAC inside differs from the frame's",
        "A bridge, an access node or a wireless card rewrites MACs in the Ethernet header and leaves ND as it is:"
        " neighbours learn a MAC that the answer may not reach. Where ARP is mended and ND is not, IPv4 works and IPv6"
        " does not. A router's virtual MAC looks alike and is no fault.",
        "Capture on both sides of the device in between; switch MAC translation off, or use a bridge that knows ND"
        " (four-address mode in wireless).",
        "RFC 4861 §4.6.1, §7.2.3; RFC 826",
    ),
    Fault.MACS_DIFFER: Meaning(
        Severity.WARNING,
        "two MACs of one CPE",
        "DHCPv4 of this CPE names one MAC and its DHCPv6 comes from another: whoever joins the stacks by MAC, as a BNG"
        " or bngcorr without a line id, does not find the IPv4 session to the IPv6 request.",
        "Join this line by its line id or VLAN, and have the CPE's WAN interface, or the bridge that rewrites MACs,"
        " corrected.",
        "RFC 2131 §2; RFC 6939 §4",
    ),
    Fault.DUID_OF_OTHER: Meaning(
        Severity.NOTICE,
        "DUID of another MAC",
        "Both stacks use one MAC and the DUID names another: allowed, but it finds no IPv4 session where only the DUID"
        " is known, as behind a relay that adds no option 79.",
        "Have the relay add option 79 (client link-layer address), or join by line id.",
        "RFC 8415 §11; RFC 6939 §4",
    ),
    Fault.DUPLICATE_ADDRESS: Meaning(
        Severity.WARNING,
        "address is taken",
        "Duplicate address detection met another holder: the device may not use the address; without its link-local"
        " one it has no IPv6 at all. A cloned MAC shows as an answer from the prober's own.",
        "Find both devices by their MACs: a lease beside a static address, a cloned MAC, a loop, or a proxy that"
        " answers for every address.",
        "RFC 4862 §5.4; RFC 5227 §2.1.1; RFC 2131 §3.1",
    ),
    Fault.MOVING_ADDRESS: Meaning(
        Severity.WARNING,
        "address moves between MACs",
        "Two devices announce one address in turn, and neighbours follow the last one: connections break. A device that"
        " holds it as tentative while the other announces it gives it up and does not try again: after the next"
        " move nobody may have it.",
        "If it is a failover pair, use a virtual MAC, and addresses without duplicate address detection on the standby;"
        " otherwise remove the address from one of them.",
        "RFC 4861 §7.2.5, §7.2.6; RFC 4862 §5.4.4; RFC 5227 §2.4",
    ),
    Fault.SOLICIT_WITHOUT_LINE: Meaning(
        Severity.WARNING,
        "SOLICITs name no line",
        "The access network puts a line id into DHCPv4 and none into DHCPv6: the BNG, or bngcorr, has to find these"
        " CPEs' line through their DHCPv4 session, and AAA can't where that fails.",
        "Switch on LDRA (Options 18 and 37) at the access node, or let bngcorr correlate this BNG.",
        "RFC 6221 §5.3.1; RFC 4649 §3",
    ),
    Fault.SOLICIT_FAR: Meaning(
        Severity.WARNING,
        "SOLICIT too far from the DISCOVER",
        "A BNG that joins IPv6 to IPv4 by a window of some seconds misses this CPE: its delegated prefix gets no"
        " session, or none that is routed.",
        "Compare the distances below with the window of the BNG; matching by live sessions needs no window.",
        "RFC 8415 §18.2.1; RFC 2131 §4.4.1",
    ),
    Fault.IDS_DIFFER: Meaning(
        Severity.NOTICE,
        "DHCPv4 and DHCPv6 name different lines",
        "AAA and billing see two lines where there is one, even with the enterprise number taken off.",
        "Give both the same id at the access node, or configure an alias template for this BNG.",
        "RFC 3046 §3.2; RFC 4649 §3",
    ),
    Fault.REMOTE_ID_WITHOUT_NUMBER: Meaning(
        Severity.NOTICE,
        "Option 37 lacks its enterprise number",
        "The relay writes the Remote-Id where the enterprise number has to be: whoever strips four octets damages the"
        " id.",
        "Set the strip of this BNG to never, and have the relay corrected.",
        "RFC 4649 §3",
    ),
    Fault.LINE_ID_SHARED: Meaning(
        Severity.WARNING,
        "very many CPEs on one line id",
        "The id does not name a line: AAA takes all these customers for one, and no match by this id is safe.",
        "Find the template at the access node or relay that writes the same id for every port.",
        "RFC 3046 §3.1, §3.2",
    ),
    Fault.REMOTE_ID_TWICE: Meaning(
        Severity.NOTICE,
        "one Remote-Id from several ports",
        "The Remote-Id names the node, not the line: only together with the Circuit-Id or Interface-Id is it unique.",
        "Let AAA and bngcorr identify lines by both ids (line_id: both), or have the node write an id a port.",
        "RFC 3046 §3.2; RFC 4649 §3",
    ),
    Fault.TWO_DELEGATIONS: Meaning(
        Severity.WARNING,
        "two prefixes accepted from two servers",
        "The CPE answered two ADVERTISEs and holds a prefix of each server; the one whose server is not on the BNG's"
        " path is not routed, and devices that are given it have no IPv6.",
        "Let one server answer a segment, or lower the preference of the other; have the CPE's firmware corrected.",
        "RFC 8415 §18.2.9, §18.2.2",
    ),
    Fault.PREFIX_ELSEWHERE: Meaning(
        Severity.CRITICAL,
        "prefix delegated here, kept there",
        "The server that delegated the prefix is not the one that keeps or accounts it: the CPE uses a prefix that"
        " the BNG does not route, or will lose at the next renewal.",
        "Compare the servers' leases with the BNG's route to the prefix, and have the CPE start anew.",
        "RFC 8415 §18.2.4; RFC 4818 §3",
    ),
    Fault.GATEWAY_SILENT: Meaning(
        Severity.CRITICAL,
        "gateway does not answer",
        "A host asks for the link-layer address of its gateway, or of an address that it keeps sending to, and gets no"
        " answer: everything beyond that address is unreachable, whatever leases and prefixes say.",
        "Look for the address at the BNG or router: not configured, interface down, wrong VLAN, or its answers are"
        " filtered (ARP inspection, ND guard, split horizon).",
        "RFC 826; RFC 4861 §7.2.2; RFC 1122 §2.3.2",
    ),
    Fault.DISCOVER_UNANSWERED: Meaning(
        Severity.CRITICAL,
        "DISCOVER without OFFER",
        "The CPE repeats its DISCOVER and gets no OFFER: IPv4 does not come up.",
        "Follow it upwards: relay or BNG that drops it, RADIUS that rejects or defers, an empty pool, a silent server.",
        "RFC 2131 §4.1",
    ),
    Fault.SOLICIT_UNANSWERED: Meaning(
        Severity.CRITICAL,
        "SOLICIT without ADVERTISE",
        "The CPE repeats its SOLICIT and gets no ADVERTISE: IPv6 does not come up, and each further try doubles the"
        " wait.",
        "Follow it upwards: relay or BNG that drops it, RADIUS that rejects or defers, an empty pool, a silent server.",
        "RFC 8415 §15, §18.2.1",
    ),
    Fault.LEASE4_UNANSWERED: Meaning(
        Severity.WARNING,
        "DHCPv4 REQUEST without answer",
        "The CPE repeats its REQUEST and gets neither ACK nor NAK: the lease runs out, and the CPE starts over.",
        "Compare with the server's log: a unicast renewal that a filter drops, a failed-over server without the lease.",
        "RFC 2131 §4.4.5",
    ),
    Fault.LEASE6_UNANSWERED: Meaning(
        Severity.WARNING,
        "DHCPv6 message without REPLY",
        "A REQUEST, RENEW, REBIND, CONFIRM or INFORMATION-REQUEST is repeated and gets no REPLY: addresses and"
        " prefixes run out, and the CPE starts over.",
        "Compare with the server's log: a relay that lost the way back, a failed-over server without the lease.",
        "RFC 8415 §18.2",
    ),
    Fault.DHCP_IN_CIRCLES: Meaning(
        Severity.WARNING,
        "DHCP is answered and comes to nothing",
        "The CPE begins again and again although it is answered: the answers do not reach it, it cannot use them, or it"
        " is refused what it asks for. That stack does not come up.",
        "Capture at the CPE. Answers that are not there are lost on the way: a wrong VLAN, a filter, broadcasts that"
        " are not flooded. Refusals are an empty pool, or a request for an address of another network.",
        "RFC 2131 §4.3.2, §4.4.1; RFC 8415 §18.2.9, §21.13",
    ),
    Fault.ANSWERS_NOT_SEEN: Meaning(
        Severity.WARNING,
        "no answers at all in this capture",
        "Requests are there and not one answer: the servers are dead, or the answers take a way that this capture does"
        " not see. Nothing is said of single clients.",
        "Capture both directions (both mirror directions, all VLANs of the line), then look again.",
        "RFC 2131 §3.1; RFC 8415 §5; RFC 2865 §2.5",
    ),
    Fault.RADIUS_UNANSWERED: Meaning(
        Severity.WARNING,
        "RADIUS requests without reply",
        "The server answers others, but not these: the subscriber waits until the BNG gives up. A proxy that defers a"
        " request on purpose shows the same.",
        "Look for the request in the server's log: unknown client, wrong secret or Message-Authenticator, a lost"
        " back end, a full queue.",
        "RFC 2865 §2.4; RFC 2866 §2",
    ),
    Fault.RADIUS_SERVER_SILENT: Meaning(
        Severity.CRITICAL,
        "RADIUS server answers nobody",
        "Not one request to this server got a reply: subscribers that depend on it do not come up, or are not"
        " accounted.",
        "Check address, port, filter and whether the server knows these clients: an unknown client is dropped without"
        " a word.",
        "RFC 2865 §3",
    ),
    Fault.RECEIVE_PATH_DEAD: Meaning(
        Severity.CRITICAL,
        "nothing comes back",
        "Packets of this host leave, none come back, while others get theirs: the way towards it is dead, as with a"
        " missing route for its prefix, or a filter.",
        "Look up the host's address or prefix in the routing tables towards it, from the far end inwards.",
        "RFC 2827 §3; RFC 7084 §4.3",
    ),
    Fault.HANDSHAKE_LOST_BEHIND: Meaning(
        Severity.CRITICAL,
        "handshake's last ACK is lost behind this point",
        "TCP in a tunnel: the SYN/ACK repeats although the client's ACK passed here. The first packet of a flow gets"
        " through and later ones do not: the picture of a flow cache or fast path that handles protocol 41 wrongly.",
        "Switch flow cache or offload off for protocol 41 on the next device towards the server; capture behind it.",
        "RFC 9293 §3.5; RFC 4213 §3",
    ),
    Fault.HANDSHAKE_UNFINISHED: Meaning(
        Severity.WARNING,
        "handshake's last ACK never came here",
        "TCP in a tunnel: the SYN/ACK repeats and the client's ACK does not come here: it, or the SYN/ACK, is lost on"
        " the client's side of this point.",
        "Capture at the CPE's end of the tunnel: its flow cache or offload, or the access in between.",
        "RFC 9293 §3.5; RFC 4213 §3",
    ),
    Fault.BIG_PACKETS_LOST: Meaning(
        Severity.WARNING,
        "big packets vanish without Packet Too Big",
        "Big IPv6 packets are sent again and again while small ones get through, and no Packet Too Big comes back:"
        " pages begin to load and stop.",
        "Find the link or tunnel with the smaller MTU and let its ICMPv6 Packet Too Big through; until then clamp the"
        " MSS, or announce the MTU in the Router Advertisement.",
        "RFC 8201 §4; RFC 4890 §4.3.1; RFC 4213 §3.2",
    ),
    Fault.RESOLVERS_ONLY_IN_RA: Meaning(
        Severity.NOTICE,
        "resolvers in RAs, none in DHCPv6",
        "Hosts that read resolvers from DHCPv6 only get none over IPv6.",
        "Announce the same resolvers in both: DHCPv6 option 23 and RDNSS.",
        "RFC 8106 §1.2; RFC 3646 §3",
    ),
    Fault.RESOLVERS_ONLY_IN_DHCPV6: Meaning(
        Severity.NOTICE,
        "resolvers in DHCPv6, none in RAs",
        "Hosts that form their address from the RA and do not speak DHCPv6 (Android) get no resolver over IPv6.",
        "Announce the same resolvers in both: RDNSS and DHCPv6 option 23.",
        "RFC 8106 §1.2; RFC 3646 §3",
    ),
    Fault.MANAGED_WITHOUT_ADDRESSES: Meaning(
        Severity.WARNING,
        "M flag, but no address from DHCPv6",
        "The Router Advertisement sends hosts to DHCPv6 for their address, and DHCPv6 gives none.",
        "Give the server a pool for this link, or clear the M flag and announce a prefix for autoconfiguration.",
        "RFC 4861 §4.2; RFC 8415 §21.13",
    ),
    Fault.ADDRESSES_UNMANAGED: Meaning(
        Severity.NOTICE,
        "DHCPv6 gives addresses, but no M flag",
        "The Router Advertisement says that there are no addresses from DHCPv6, and there are: hosts that follow the"
        " flag never ask. Prefixes alone are no contradiction: there is no flag for them.",
        "Set the M flag.",
        "RFC 4861 §4.2; RFC 7084 §4.2 WPD-4",
    ),
    Fault.AAAA_UNUSED: Meaning(
        Severity.NOTICE,
        "AAAA queries without use",
        "A host without a global IPv6 address asks for AAAA records: load on resolvers and nothing gained, and where"
        " it tries the answers, delay.",
        "Find out why it has link-local or unique local addresses only: no RA, no prefix, DHCPv6 without an answer.",
        "RFC 6724 §6; RFC 4193 §4.4",
    ),
}
