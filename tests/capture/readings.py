"""What bngcorr reads in frames, in tshark's words: fields by its names, those that are there."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

from bngcorr.capture.record import Record
from bngcorr.errors import Malformed
from bngcorr.model.duid import mac_of_duid
from bngcorr.wire import dhcp4, dhcp6, frames, neighbours, pppoe
from bngcorr.wire import dhcp6_values as values6
from bngcorr.wire.duid import LL, LLT, Duid
from bngcorr.wire.frame import ARP, LATER, PPPOE_DISCOVERY, PPPOE_SESSION, TCP, UDP, Frame
from bngcorr.wire.radius import decode as decode_radius

from .oracle import Row


def ours(record: Record) -> Row:
    """The same fields by bngcorr, those that are there."""
    frame = frames.decode(record.octets, record.link, record.length)
    row: Row = {"frame.cap_len": [str(len(record.octets))], "frame.len": [str(record.length)]}
    row["frame.interface_id"] = [str(record.interface)]
    if record.at_ns is not None:
        row["frame.time_epoch"] = [f"{record.at_ns // 10**9}.{record.at_ns % 10**9:09}"]
    row |= _link(frame)
    row |= _network(frame)
    if frame.ether_type == ARP:
        row |= _arp(frame)
    elif neighbours.is_neighbour(frame):
        row |= _neighbour(frame)
    elif frame.ether_type == PPPOE_DISCOVERY and frame.fault is None:
        row |= _pppoe(frame)
    elif frame.protocol == UDP and frame.fragment != LATER:
        ports = {frame.source_port, frame.destination_port}
        if ports & {67, 68}:
            row |= _dhcp4(frame)
        elif ports & {546, 547}:
            row |= _dhcp6(frame)
        elif ports & {1812, 1813, 1645, 1646, 3799, 1700}:
            row |= _radius(frame)
    return row


def _ip(octets: bytes) -> str:
    return str(IPv4Address(octets) if len(octets) == 4 else IPv6Address(octets))


def _link(frame: Frame) -> Row:
    row: Row = {}
    if frame.link_destination:
        row |= {"eth.src": [frame.link_source.hex(":")], "eth.dst": [frame.link_destination.hex(":")]}
    for name, tpids in (("vlan.id", (0x8100, 0x9100, 0x9200)), ("ieee8021ad.id", (0x88A8,))):
        ids = [str(tag & 0xFFF) for tag in frame.tags if tag >> 16 in tpids]
        if ids:
            row[name] = ids
    if frame.pppoe_session >= 0:
        row |= {"pppoe.code": [f"0x{frame.pppoe_code:02x}"], "pppoe.session_id": [f"0x{frame.pppoe_session:04x}"]}
    if frame.ether_type == PPPOE_SESSION and frame.ppp:
        row["ppp.protocol"] = [f"0x{frame.ppp:04x}"]
    return row


def _network(frame: Frame) -> Row:
    row: Row = {}
    headers = [(outer.version, outer.source, outer.destination) for outer in frame.outer]
    if frame.version:
        headers.append((frame.version, frame.source, frame.destination))
    for version, source, destination in headers:
        name = "ip" if version == 4 else "ipv6"
        row.setdefault(f"{name}.src", []).append(_ip(source))
        row.setdefault(f"{name}.dst", []).append(_ip(destination))
    name = {UDP: "udp", TCP: "tcp"}.get(frame.protocol, "")
    if name and (frame.source_port or frame.destination_port):
        row |= {f"{name}.srcport": [str(frame.source_port)], f"{name}.dstport": [str(frame.destination_port)]}
        if name == "tcp":
            row["tcp.flags"] = [f"0x{frame.flags:04x}"]
            row["tcp.seq_raw"] = [str(frame.sequence)]
    return row


def _arp(frame: Frame) -> Row:
    try:
        arp = neighbours.arp(frame)
    except Malformed:
        return {}
    return {
        "arp.opcode": [str(arp.operation)],
        "arp.src.hw_mac": [arp.sender_mac.hex(":")],
        "arp.src.proto_ipv4": [_ip(arp.sender)],
        "arp.dst.hw_mac": [arp.target_mac.hex(":")],
        "arp.dst.proto_ipv4": [_ip(arp.target)],
    }


def _neighbour(frame: Frame) -> Row:
    try:
        found = neighbours.decode(frame)
    except Malformed:
        return {}
    row: Row = {"icmpv6.type": [str(found.type)]}
    if found.type == neighbours.ROUTER_ADVERTISEMENT:
        row |= {
            "icmpv6.nd.ra.cur_hop_limit": [str(found.hop_limit)],
            "icmpv6.nd.ra.flag": [f"0x{found.flags:02x}"],
            "icmpv6.nd.ra.router_lifetime": [str(found.router_lifetime)],
            "icmpv6.nd.ra.reachable_time": [str(found.reachable)],
            "icmpv6.nd.ra.retrans_timer": [str(found.retransmit)],
        }
    elif found.type == neighbours.NEIGHBOR_ADVERTISEMENT:
        row |= {
            "icmpv6.nd.na.target_address": [_ip(found.target)],
            "icmpv6.nd.na.flag.r": [str(int(found.router))],
            "icmpv6.nd.na.flag.s": [str(int(found.solicited))],
            "icmpv6.nd.na.flag.o": [str(int(found.override))],
        }
    elif found.type == neighbours.NEIGHBOR_SOLICITATION:
        row["icmpv6.nd.ns.target_address"] = [_ip(found.target)]
    if found.source_mac:
        row["icmpv6.opt.src_linkaddr"] = [found.source_mac.hex(":")]
    if found.target_mac:
        row["icmpv6.opt.target_linkaddr"] = [found.target_mac.hex(":")]
    if found.mtu:
        row["icmpv6.opt.mtu"] = [str(found.mtu)]
    if found.resolvers:
        row["icmpv6.opt.rdnss"] = [_ip(resolver) for resolver in found.resolvers]
        row["icmpv6.opt.rdnss.lifetime"] = [str(found.resolvers_for)]
    if found.prefixes and not found.routes:
        row["icmpv6.opt.prefix"] = [_ip(prefix.prefix) for prefix in found.prefixes]
        row["icmpv6.opt.prefix.length"] = [str(prefix.length) for prefix in found.prefixes]
        row["icmpv6.opt.prefix.valid_lifetime"] = [str(prefix.valid) for prefix in found.prefixes]
        row["icmpv6.opt.prefix.preferred_lifetime"] = [str(prefix.preferred) for prefix in found.prefixes]
    return row


def _pppoe(frame: Frame) -> Row:
    try:
        found = pppoe.decode(frame.payload, cut=frame.cut)
    except Malformed:
        return {}
    tags = dict(found.tags)
    row: Row = {}
    if tags.get(pppoe.HOST_UNIQ):
        row["pppoed.tags.host_uniq"] = [tags[pppoe.HOST_UNIQ].hex()]
    if tags.get(pppoe.AC_NAME):
        row["pppoed.tags.ac_name"] = [tags[pppoe.AC_NAME].decode("latin-1")]
    if found.circuit_id:
        row["pppoed.tags.circuit_id"] = [found.circuit_id.decode("latin-1")]
    if found.remote_id:
        row["pppoed.tags.remote_id"] = [found.remote_id.decode("latin-1")]
    return row


def _dhcp4(frame: Frame) -> Row:
    try:
        found = dhcp4.decode(frame.payload, cut=frame.cut)
    except Malformed:
        return {}
    row: Row = {
        "dhcp.type": [str(found.operation)],
        "dhcp.hw.type": [f"0x{found.hardware:02x}"],
        "dhcp.hw.len": [str(found.octets[2])],
        "dhcp.hops": [str(found.hops)],
        "dhcp.id": [f"0x{found.xid.hex()}"],
        "dhcp.secs": [str(found.secs)],
        "dhcp.flags": [f"0x{found.flags:04x}"],
        "dhcp.ip.client": [_ip(found.ciaddr)],
        "dhcp.ip.your": [_ip(found.yiaddr)],
        "dhcp.ip.server": [_ip(found.siaddr)],
        "dhcp.ip.relay": [_ip(found.giaddr)],
    }
    if found.options.values:
        row["dhcp.option.type"] = [str(code) for code in found.options.values]
    if found.hardware == 1 and len(found.chaddr) == 6:
        row["dhcp.hw.mac_addr"] = [found.chaddr.hex(":")]
    if found.type is not None:
        row["dhcp.option.dhcp"] = [str(found.type)]
    for code, field in (
        (dhcp4.REQUESTED_ADDRESS, "dhcp.option.requested_ip_address"), (dhcp4.SERVER_ID, "dhcp.option.dhcp_server_id"),
    ):  # fmt: skip
        address = found.address(code)
        if address is not None:
            row[field] = [_ip(address)]
    lease = found.number(dhcp4.LEASE_TIME)
    if lease is not None:
        row["dhcp.option.ip_address_lease_time"] = [str(lease)]
    wanted = found.options.values.get(dhcp4.PARAMETER_LIST)
    if wanted:
        row["dhcp.option.request_list_item"] = [str(code) for code in wanted]
    name = found.options.values.get(dhcp4.HOST_NAME)
    if name:
        row["dhcp.option.hostname"] = [name.decode("utf-8", "replace")]
    relay = found.relay
    if relay is not None:
        prefix = "dhcp.option.agent_information_option."
        if relay.circuit_id is not None:
            row[f"{prefix}agent_circuit_id"] = [relay.circuit_id.hex()]
        if relay.remote_id is not None:
            row[f"{prefix}agent_remote_id"] = [relay.remote_id.hex()]
        if relay.values.get(dhcp4.LINK_SELECTION):
            row[f"{prefix}link_selection"] = [_ip(relay.link_selection or b"")]
        if relay.subscriber_id is not None:
            row[f"{prefix}subscriber_id"] = [relay.subscriber_id.decode("latin-1")]
        if relay.server_override is not None:
            row[f"{prefix}server_id_override"] = [_ip(relay.server_override)]
    return row


def _dhcp6(frame: Frame) -> Row:
    try:
        found = dhcp6.decode(frame.payload, cut=frame.cut)
    except Malformed:
        return {}
    row: Row = {}

    def put(name: str, value: object) -> None:
        row.setdefault(f"dhcpv6.{name}", []).append(str(value))

    for layer in found.layers:
        put("msgtype", layer.type)
        if layer.relay:
            put("hopcount", layer.hop_count)
            put("linkaddr", _ip(layer.link_address))
            put("peeraddr", _ip(layer.peer_address))
        else:
            put("xid", f"0x{layer.transaction_id.hex()}")
    for layer in found.layers:
        for code, value in _in_order(layer):
            put("option.type", code)
            for name, said in _option6(code, value):
                put(name, said)
    return row


def _in_order(layer: dhcp6.Layer) -> Iterator[tuple[int, bytes]]:
    yield from layer.values.items()
    yield from layer.more


def _option6(code: int, value: bytes) -> Iterator[tuple[str, object]]:
    try:
        if code in (dhcp6.CLIENT_ID, dhcp6.SERVER_ID, dhcp6.RELAY_ID):
            duid = Duid(value)
            yield "duid.bytes", value.hex()
            yield "duid.type", int.from_bytes(value[:2], "big")
            assert mac_of_duid(value) in (None, duid.address)
            if duid.hardware == 1 and duid.kind in (LLT, LL):
                yield f"duid{'llt' if duid.kind == LLT else 'll'}.link_layer_addr", duid.address.hex(":")
        elif code in (dhcp6.IA_NA, dhcp6.IA_PD):
            yield from _association(values6.association(value), timed=True)
        elif code == dhcp6.IA_TA:
            yield from _association(values6.temporary(value), timed=False)
        elif code == dhcp6.STATUS_CODE:
            yield "status_code", values6.status(value).code
        elif code == dhcp6.ELAPSED_TIME:
            yield "elapsed_time", values6.elapsed(value) * 10
        elif code == dhcp6.OPTION_REQUEST:
            for wanted in values6.codes(value):
                yield "requested_option_code", wanted
        elif code == dhcp6.INTERFACE_ID:
            yield "interface_id", value.hex()
        elif code == dhcp6.REMOTE_ID:
            option = values6.remote_id(value)
            yield "remoteid.enterprise", option.enterprise_number
            yield "remoteid_enterprise_id", option.remote_id.hex()
        elif code == dhcp6.VENDOR_CLASS:
            enterprise, classes = values6.vendor_class(value)
            yield "vendorclass.enterprise", enterprise
            for item in classes:
                yield "vendorclass.data", item.decode("utf-8", "replace")
        elif code == dhcp6.SUBSCRIBER_ID:
            yield "subscriber_id", value.decode("utf-8", "replace")
        elif code == dhcp6.VENDOR_OPTIONS:
            yield "vendoropts.enterprise", values6.vendor_options(value)[0]
    except Malformed:
        return


def _association(found: values6.Association, *, timed: bool) -> Iterator[tuple[str, object]]:
    if timed:
        yield "iaid", found.iaid.hex()
        yield "iaid.t1", found.renew_at
        yield "iaid.t2", found.rebind_at
    for address in found.addresses:
        yield "option.type", dhcp6.IA_ADDRESS
        yield "iaaddr.ip", _ip(address.address)
        yield "iaaddr.pref_lifetime", address.preferred
        yield "iaaddr.valid_lifetime", address.valid
    for prefix in found.prefixes:
        yield "option.type", dhcp6.IA_PREFIX
        yield "iaprefix.pref_addr", _ip(prefix.prefix)
        yield "iaprefix.pref_len", prefix.length
        yield "iaprefix.pref_lifetime", prefix.preferred
        yield "iaprefix.valid_lifetime", prefix.valid
    statuses = [address.status for address in found.addresses] + [prefix.status for prefix in found.prefixes]
    for status in (*statuses, found.status):
        if status is not None:
            yield "option.type", dhcp6.STATUS_CODE
            yield "status_code", status.code


def _radius(frame: Frame) -> Row:
    try:
        view = decode_radius(frame.payload)
    except Malformed:
        return {}
    kinds, at = [], 20
    while at < len(view.octets):
        kinds.append(str(view.octets[at]))
        at += view.octets[at + 1]
    return {
        "radius.code": [str(view.code)],
        "radius.id": [str(view.identifier)],
        "radius.length": [str(len(view.octets))],
        "radius.avp.type": kinds,
    }
