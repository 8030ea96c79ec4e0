"""A frame in one line, as an engineer reads it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bngcorr.capture.diagnose.client import shown
from bngcorr.capture.diagnose.delegation import prefix_text
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.trees.node import address
from bngcorr.wire import dhcp4, dhcp6, neighbours
from bngcorr.wire import radius as wire_radius
from bngcorr.wire.attributes import Code
from bngcorr.wire.frame import ACK, FIN, ICMP, ICMPV6, IPV4, IPV6, PPPOE_DISCOVERY, RST, SYN, TCP, UDP, Frame
from bngcorr.wire.neighbours import Arp, Neighbour

_FLAGS: Final = ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (ACK, "ACK"))
_PROTOCOLS: Final = {TCP: "TCP", UDP: "UDP", ICMP: "ICMP", ICMPV6: "ICMPv6"}
_MOST_SHOWN: Final = 3  # prefixes and the like of one message


def protocol_of(seen: Seen) -> str:
    """``DHCPv6``, ``ND``, ``TCP``, …: one word for what it carries."""
    frame = seen.frame
    if seen.arp is not None:
        return "ARP"
    if seen.neighbour is not None:
        return "ND"
    if seen.dhcp4 is not None:
        return "DHCPv4"
    if seen.dhcp6 is not None:
        return "DHCPv6"
    if seen.radius is not None:
        return "RADIUS"
    if seen.refused is not None:
        return "malformed"
    if frame.ether_type == PPPOE_DISCOVERY or (frame.ppp and not frame.version):
        return "PPPoE"
    if frame.version:
        if frame.protocol in (TCP, UDP) and 53 in (frame.source_port, frame.destination_port):
            return "DNS"
        return _PROTOCOLS.get(frame.protocol, f"IPv{frame.version}")
    if frame.ether_type in (IPV4, IPV6) or frame.cut:
        return "cut"
    return "other"


def line(seen: Seen) -> str:
    """What it is, from whom to whom, and what matters in it. Never raises."""
    frame = seen.frame
    if seen.arp is not None:
        return _arp(seen.arp)
    parts = [_ends(frame)] if frame.version else [] if not frame.link_source else [frame.link_source.hex(":")]
    if seen.neighbour is not None:
        parts += _neighbour(seen.neighbour)
    elif seen.dhcp4 is not None:
        kind = dhcp4.TYPES.get(seen.dhcp4.type or 0, "BOOTP")
        parts += [f"DHCPv4 {kind}", *_client(seen)]
        if any(seen.dhcp4.yiaddr):
            parts.append(f"gives {address(seen.dhcp4.yiaddr)}")
    elif seen.dhcp6 is not None:
        inner = seen.dhcp6.inner
        kind = dhcp6.TYPES.get(inner.type or 0, "message") if inner is not None else "relayed message"
        relays = len(seen.dhcp6.relays)
        parts += [f"DHCPv6 {kind}{f' through {relays} relay' if relays else ''}{'s' if relays > 1 else ''}"]
        parts += _client(seen)
    elif seen.radius is not None:
        parts.append(f"RADIUS {_code(seen.radius)} {seen.radius.identifier}")
    elif seen.refused is not None:
        parts.append(f"malformed: {seen.refused.reason}")
    else:
        parts += _other(frame)
    if frame.outer:
        outer = frame.outer[0]
        parts.append(f"in {address(outer.source)} → {address(outer.destination)}")
    if frame.cut:
        parts.append("cut")
    return ", ".join(parts)


def _ends(frame: Frame) -> str:
    return f"{address(frame.source)} → {address(frame.destination)}" if frame.source and frame.destination else "IP"


def _code(view: wire_radius.PacketView) -> str:
    try:
        return Code(view.code).name.replace("_", "-").title()
    except ValueError:
        return f"code {view.code}"


def _arp(arp: Arp) -> str:
    who, asks = arp.sender_mac.hex(":"), arp.operation == neighbours.ARP_REQUEST
    if arp.sender == arp.target:
        return f"ARP announcement: {address(arp.sender)} is at {who}"
    if asks and not any(arp.sender):
        return f"ARP probe of {who}: who has {address(arp.target)}?"
    if asks:
        return f"ARP: who has {address(arp.target)}? tell {address(arp.sender)} at {who}"
    return f"ARP: {address(arp.sender)} is at {who}, to {address(arp.target)}"


def _neighbour(message: Neighbour) -> Iterator[str]:
    name = neighbours.TYPES[message.type]
    if message.type == neighbours.ROUTER_ADVERTISEMENT:
        yield f"{name} router lifetime {message.router_lifetime} s"
        flags = (message.flags & neighbours.MANAGED and "M") or "", (message.flags & neighbours.OTHER and "O") or ""
        if any(flags):
            yield "flags " + "".join(flags)
        for word, prefixes in (("prefix", message.prefixes), ("route", message.routes)):
            for one in prefixes[:_MOST_SHOWN]:
                yield f"{word} {prefix_text(one.prefix, one.length)}"
            if len(prefixes) > _MOST_SHOWN:
                yield f"and {len(prefixes) - _MOST_SHOWN} more"
        for resolver in message.resolvers[:_MOST_SHOWN]:
            yield f"resolver {address(resolver)}"
    elif message.target:
        flags3 = "".join(
            letter
            for letter, is_set in (("R", message.router), ("S", message.solicited), ("O", message.override))
            if is_set
        )
        yield f"{name} {'for' if message.type == neighbours.NEIGHBOR_SOLICITATION else 'of'} {address(message.target)}"
        if message.type == neighbours.NEIGHBOR_ADVERTISEMENT:
            yield f"flags {flags3 or 'none'}"
    else:
        yield name
    if message.source_mac:
        yield f"source link-layer address {message.source_mac.hex(':')}"
    if message.target_mac:
        yield f"target link-layer address {message.target_mac.hex(':')}"


def _client(seen: Seen) -> Iterator[str]:
    client = seen.client
    if client is None:
        return
    yield client.name
    for word, value in (
        ("Interface-Id" if client.v6 else "Circuit-Id", client.circuit_id),
        ("Remote-Id", client.remote_id),
        ("Subscriber-Id", client.subscriber_id),
    ):
        if value:
            number = client.v6 and word == "Remote-Id" and len(value) > 4
            yield (
                f"{word} {int.from_bytes(value[:4], 'big')}:{shown(value[4:])}" if number else f"{word} {shown(value)}"
            )


def _other(frame: Frame) -> Iterator[str]:
    if not frame.version:
        yield f"Ethernet type 0x{frame.ether_type:04x}"
        return
    name = _PROTOCOLS.get(frame.protocol, f"protocol {frame.protocol}" if frame.protocol >= 0 else "IP")
    if frame.protocol in (TCP, UDP) and (frame.source_port or frame.destination_port):
        name += f" {frame.source_port} → {frame.destination_port}"
    if frame.protocol == TCP:
        name += " " + "/".join(word for bit, word in _FLAGS if frame.flags & bit)
    yield name.rstrip()
    if frame.protocol in (ICMP, ICMPV6) and frame.start + 2 <= frame.end:
        yield f"type {frame.octets[frame.start]} code {frame.octets[frame.start + 1]}"
    if frame.ip_octets:
        yield f"{frame.ip_octets} octets"
