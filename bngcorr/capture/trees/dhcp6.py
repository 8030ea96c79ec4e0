"""A DHCPv6 message with its relays as a tree (RFC 8415)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from bngcorr.capture.trees.duid import duid
from bngcorr.capture.trees.node import Node, address, broken, opaque, seconds, text
from bngcorr.errors import Malformed
from bngcorr.wire import dhcp6
from bngcorr.wire import dhcp6_values as values
from bngcorr.wire.refusal import Refusal

NAMES: Final = {
    1: "Client-Identifier", 2: "Server-Identifier", 3: "IA_NA", 4: "IA_TA", 5: "IA-Address", 6: "Option-Request",
    7: "Preference", 8: "Elapsed-Time", 9: "Relay-Message", 11: "Authentication", 12: "Server-Unicast",
    13: "Status-Code", 14: "Rapid-Commit", 15: "User-Class", 16: "Vendor-Class", 17: "Vendor-Options",
    18: "Interface-Id", 19: "Reconfigure-Message", 20: "Reconfigure-Accept", 23: "DNS-Servers", 24: "Domain-List",
    25: "IA_PD", 26: "IA-Prefix", 31: "SNTP-Servers", 32: "Information-Refresh-Time", 37: "Remote-Id",
    38: "Subscriber-Id", 39: "Client-FQDN", 43: "Echo-Request", 53: "Relay-Id", 56: "NTP-Server", 64: "AFTR-Name",
    67: "PD-Exclude", 79: "Client-Link-Layer-Address", 82: "SOL_MAX_RT", 83: "INF_MAX_RT", 94: "S46-MAPE",
    95: "S46-MAPT", 96: "S46-LW4o6", 103: "Captive-Portal", 135: "Relay-Source-Port",
}  # fmt: skip
_CUT: Final = "cut"


def message(octets: bytes, *, cut: bool = False) -> Node:
    """The whole message, relay in relay. Raises Malformed."""
    read = dhcp6.decode(octets, cut=cut)
    return _layers(read, _CUT if cut else str(Refusal.OVERRUN))


def options(octets: bytes) -> Node:
    """Options without a message's header, as they stand in RADIUS."""
    return _layers(dhcp6.options(octets), str(Refusal.OVERRUN))


def _layers(read: dhcp6.Message6, reason: str) -> Node:
    outermost = inner = _layer(read.layers[0])
    for layer in read.layers[1:]:
        node = _layer(layer)
        inner.parts.append(node)
        inner = node
    if not read.whole:
        deep = len(read.layers) == dhcp6.MOST_RELAYS and read.layers[-1].relay
        inner.fault = str(Refusal.TOO_DEEP) if deep else reason
    return outermost


def _layer(layer: dhcp6.Layer) -> Node:
    if layer.type is None:
        node = Node("DHCPv6 options")
    else:
        node = Node("DHCPv6", dhcp6.TYPES.get(layer.type, f"unknown ({layer.type})"))
        if layer.relay:
            node.add("hop-count", layer.hop_count, fault=_hops(layer.hop_count))
            node.add("link-address", address(layer.link_address))
            node.add("peer-address", address(layer.peer_address))
        else:
            node.add("transaction-id", f"0x{layer.transaction_id.hex()}")
    for code, value in (*layer.values.items(), *layer.more):
        if code != dhcp6.RELAY_MESSAGE or not layer.relay:
            node.parts.append(option(code, value))
    return node


def _hops(count: int | None) -> str | None:
    return str(Refusal.TOO_DEEP) if count is not None and count > dhcp6.HOP_COUNT_LIMIT else None


def option(code: int, value: bytes) -> Node:
    """One option."""
    name = NAMES.get(code, f"Option-{code}")
    reader = _READERS.get(code)
    if reader is None:
        return opaque(name, value, code)
    try:
        return reader(name, code, value)
    except Malformed as error:
        return broken(name, error.reason, value, code)


def _association(name: str, code: int, value: bytes) -> Node:
    read = values.temporary(value) if code == dhcp6.IA_TA else values.association(value)
    node = Node(name, code=code)
    node.add("IAID", f"0x{read.iaid.hex()}")
    if code != dhcp6.IA_TA:
        node.add("T1", seconds(read.renew_at))
        node.add("T2", seconds(read.rebind_at))
    node.parts.extend(_held(read))
    if read.status is not None:
        node.parts.append(_status_of(read.status))
    if read.faults:
        node.fault = str(read.faults[0])
    return node


def _held(read: values.Association) -> Iterator[Node]:
    for held in read.addresses:
        yield _address(held)
    for prefix in read.prefixes:
        yield _prefix(prefix)


def _address(held: values.IaAddress) -> Node:
    node = Node(NAMES[dhcp6.IA_ADDRESS], address(held.address), code=dhcp6.IA_ADDRESS)
    return _lifetimes(node, held.preferred, held.valid, held.status)


def _prefix(held: values.IaPrefix) -> Node:
    node = Node(NAMES[dhcp6.IA_PREFIX], f"{address(held.prefix)}/{held.length}", code=dhcp6.IA_PREFIX)
    return _lifetimes(node, held.preferred, held.valid, held.status)


def _lifetimes(node: Node, preferred: int, valid: int, status: values.Status | None) -> Node:
    node.add("preferred", seconds(preferred))
    node.add("valid", seconds(valid))
    if status is not None:
        node.parts.append(_status_of(status))
    return node


def _status_of(status: values.Status) -> Node:
    title = values.STATUSES.get(status.code, "unknown")
    said = text(status.message)
    return Node(
        NAMES[dhcp6.STATUS_CODE], f"{title} ({status.code})" + (f": {said}" if said else ""), code=dhcp6.STATUS_CODE
    )


def _remote_id(name: str, code: int, value: bytes) -> Node:
    read = values.remote_id(value)
    node = Node(name, text(read.remote_id), code=code, octets=value)
    node.add("enterprise", read.enterprise_number)
    node.parts.append(opaque("remote-id", read.remote_id))
    return node


def _items(name: str, code: int, value: bytes) -> Node:
    node = Node(name, code=code)
    if code == dhcp6.VENDOR_CLASS:
        enterprise, found = values.vendor_class(value)
        node.add("enterprise", enterprise)
    else:
        found = values.items(value)
    node.parts.extend(opaque("class", item) for item in found)
    return node


def _vendor_options(name: str, code: int, value: bytes) -> Node:
    enterprise, found = values.vendor_options(value)
    node = Node(name, code=code)
    node.add("enterprise", enterprise)
    node.parts.extend(opaque(f"option {number}", data, number) for number, data in found)
    return node


def _link_layer(name: str, code: int, value: bytes) -> Node:
    hardware, octets = values.link_layer(value)
    node = Node(name, octets.hex(":"), code=code)
    node.add("hardware type", hardware)
    return node


_READERS: Final[dict[int, Callable[[str, int, bytes], Node]]] = {
    dhcp6.CLIENT_ID: lambda name, code, value: duid(name, value, code),
    dhcp6.SERVER_ID: lambda name, code, value: duid(name, value, code),
    dhcp6.RELAY_ID: lambda name, code, value: duid(name, value, code),
    dhcp6.IA_NA: _association,
    dhcp6.IA_TA: _association,
    dhcp6.IA_PD: _association,
    dhcp6.IA_ADDRESS: lambda _, __, value: _address(values.ia_address(value)),
    dhcp6.IA_PREFIX: lambda _, __, value: _prefix(values.ia_prefix(value)),
    dhcp6.OPTION_REQUEST: lambda name, code, value: Node(
        name, ", ".join(f"{wanted} {NAMES.get(wanted, '')}".rstrip() for wanted in values.codes(value)), code=code
    ),
    dhcp6.ELAPSED_TIME: lambda name, code, value: Node(name, f"{values.elapsed(value) / 100:.2f} s", code=code),
    dhcp6.STATUS_CODE: lambda _, __, value: _status_of(values.status(value)),
    dhcp6.RAPID_COMMIT: lambda name, code, _: Node(name, code=code),
    dhcp6.USER_CLASS: _items,
    dhcp6.VENDOR_CLASS: _items,
    dhcp6.VENDOR_OPTIONS: _vendor_options,
    dhcp6.DNS_SERVERS: lambda name, code, value: Node(
        name, ", ".join(address(resolver) for resolver in values.addresses(value)), code=code
    ),
    dhcp6.REMOTE_ID: _remote_id,
    dhcp6.CLIENT_LINKLAYER: _link_layer,
}
