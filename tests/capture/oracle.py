"""What tshark reads in captures."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

Row = dict[str, list[str]]

FRAME: Final = ("frame.time_epoch", "frame.cap_len", "frame.len", "frame.interface_id")
LINK: Final = ("eth.src", "eth.dst", "vlan.id", "ieee8021ad.id", "pppoe.code", "pppoe.session_id", "ppp.protocol")
NETWORK: Final = (
    "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport", "tcp.srcport", "tcp.dstport", "tcp.flags",
    "tcp.seq_raw",
)  # fmt: skip
ARP_FIELDS: Final = (
    "arp.opcode", "arp.src.hw_mac", "arp.src.proto_ipv4", "arp.dst.hw_mac", "arp.dst.proto_ipv4",
)  # fmt: skip
ND: Final = (
    "icmpv6.type", "icmpv6.nd.ra.cur_hop_limit", "icmpv6.nd.ra.flag", "icmpv6.nd.ra.router_lifetime",
    "icmpv6.nd.ra.reachable_time", "icmpv6.nd.ra.retrans_timer", "icmpv6.nd.ns.target_address",
    "icmpv6.nd.na.target_address", "icmpv6.nd.na.flag.r", "icmpv6.nd.na.flag.s", "icmpv6.nd.na.flag.o",
    "icmpv6.opt.src_linkaddr", "icmpv6.opt.target_linkaddr", "icmpv6.opt.mtu", "icmpv6.opt.prefix",
    "icmpv6.opt.prefix.length", "icmpv6.opt.prefix.valid_lifetime", "icmpv6.opt.prefix.preferred_lifetime",
    "icmpv6.opt.rdnss", "icmpv6.opt.rdnss.lifetime",
)  # fmt: skip
DHCP4: Final = (
    "dhcp.type", "dhcp.hw.type", "dhcp.hw.len", "dhcp.hops", "dhcp.id", "dhcp.secs", "dhcp.flags", "dhcp.ip.client",
    "dhcp.ip.your", "dhcp.ip.server", "dhcp.ip.relay", "dhcp.hw.mac_addr", "dhcp.option.dhcp",
    "dhcp.option.requested_ip_address", "dhcp.option.ip_address_lease_time", "dhcp.option.dhcp_server_id",
    "dhcp.option.hostname", "dhcp.option.request_list_item", "dhcp.option.agent_information_option.agent_circuit_id",
    "dhcp.option.agent_information_option.agent_remote_id", "dhcp.option.agent_information_option.link_selection",
    "dhcp.option.agent_information_option.subscriber_id", "dhcp.option.agent_information_option.server_id_override",
    "dhcp.option.type",
)  # fmt: skip
DHCP6: Final = (
    "dhcpv6.msgtype", "dhcpv6.xid", "dhcpv6.hopcount", "dhcpv6.linkaddr", "dhcpv6.peeraddr", "dhcpv6.duid.bytes",
    "dhcpv6.duid.type", "dhcpv6.iaid", "dhcpv6.iaid.t1", "dhcpv6.iaid.t2", "dhcpv6.iaaddr.ip",
    "dhcpv6.iaaddr.pref_lifetime", "dhcpv6.iaaddr.valid_lifetime", "dhcpv6.iaprefix.pref_addr",
    "dhcpv6.iaprefix.pref_len", "dhcpv6.iaprefix.pref_lifetime", "dhcpv6.iaprefix.valid_lifetime",
    "dhcpv6.status_code", "dhcpv6.elapsed_time", "dhcpv6.requested_option_code", "dhcpv6.interface_id",
    "dhcpv6.remoteid.enterprise", "dhcpv6.remoteid_enterprise_id", "dhcpv6.vendorclass.enterprise",
    "dhcpv6.vendoropts.enterprise", "dhcpv6.vendorclass.data", "dhcpv6.subscriber_id", "dhcpv6.duidllt.link_layer_addr",
    "dhcpv6.duidll.link_layer_addr", "dhcpv6.option.type",
)  # fmt: skip
RADIUS: Final = ("radius.code", "radius.id", "radius.length", "radius.avp.type")
PPPOE: Final = ("pppoed.tags.host_uniq", "pppoed.tags.ac_name", "pppoed.tags.circuit_id", "pppoed.tags.remote_id")
FIELDS: Final = (*FRAME, *LINK, *NETWORK, *ARP_FIELDS, *ND, *DHCP4, *DHCP6, *RADIUS, *PPPOE)


def tshark(path: Path) -> list[Row]:
    """Each frame's fields, those that are there. tshark puts nothing together from several frames."""
    options = ("ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams", "radius.show_length")
    command = ["tshark", "-n", "-r", str(path), "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=\x1f"]
    for option in options:
        command += ["-o", f"{option}:FALSE"]
    for field in (*FIELDS, "_ws.malformed"):
        command += ["-e", field]
    done = subprocess.run(command, capture_output=True, check=True, timeout=100)
    rows = []
    for line in done.stdout.decode("utf-8", "replace").split("\n")[:-1]:
        cells = line.split("\t")
        rows.append({
            name: cell.split("\x1f") for name, cell in zip((*FIELDS, "_ws.malformed"), cells, strict=False) if cell
        })  # fmt: skip
    return rows
