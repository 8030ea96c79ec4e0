"""A DHCPv4 message as a tree (RFC 2131, RFC 2132, RFC 3046)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bngcorr.capture.trees.duid import duid
from bngcorr.capture.trees.node import Node, address, broken, opaque, seconds, text
from bngcorr.errors import Malformed
from bngcorr.wire import dhcp4
from bngcorr.wire.attributes import BROADBAND_FORUM
from bngcorr.wire.refusal import Refusal

NAMES: Final = {
    1: "Subnet-Mask", 2: "Time-Offset", 3: "Routers", 4: "Time-Servers", 6: "DNS-Servers", 7: "Log-Servers",
    12: "Host-Name", 13: "Boot-File-Size", 15: "Domain-Name", 17: "Root-Path", 23: "Default-TTL", 26: "Interface-MTU",
    28: "Broadcast-Address", 33: "Static-Routes", 42: "NTP-Servers", 43: "Vendor-Specific", 44: "NetBIOS-Servers",
    46: "NetBIOS-Node-Type", 47: "NetBIOS-Scope", 50: "Requested-Address", 51: "Lease-Time", 52: "Overload",
    53: "Message-Type", 54: "Server-Identifier", 55: "Parameter-Request-List", 56: "Message", 57: "Maximum-Size",
    58: "Renewal-Time", 59: "Rebinding-Time", 60: "Vendor-Class", 61: "Client-Identifier", 66: "TFTP-Server",
    67: "Boot-File", 77: "User-Class", 80: "Rapid-Commit", 81: "Client-FQDN", 82: "Relay-Agent-Information",
    90: "Authentication", 91: "Client-Last-Transaction-Time", 92: "Associated-Addresses", 93: "Client-Architecture",
    94: "Client-Interface", 97: "Client-UUID", 108: "IPv6-Only-Preferred", 114: "Captive-Portal",
    116: "Auto-Configure", 118: "Subnet-Selection", 119: "Domain-Search", 120: "SIP-Servers",
    121: "Classless-Static-Routes", 124: "Vendor-Identifying-Class", 125: "Vendor-Identifying-Options",
    150: "TFTP-Server-Address", 161: "MUD-URL", 212: "6RD", 249: "Classless-Static-Routes (Microsoft)",
}  # fmt: skip
SUB_NAMES: Final = {
    1: "Circuit-Id", 2: "Remote-Id", 4: "DOCSIS-Device-Class", 5: "Link-Selection", 6: "Subscriber-Id",
    7: "RADIUS-Attributes", 8: "Authentication", 9: "Vendor-Specific", 10: "Flags", 11: "Server-Identifier-Override",
    12: "Relay-Identifier", 19: "Relay-Source-Port", 150: "Link-Selection (Cisco)", 151: "Virtual-Subnet-Selection",
    152: "Virtual-Subnet-Selection-Control",
}  # fmt: skip
# of the Broadband Forum's data in sub-option 9 (TR-101 table 3), numbers in kbit/s or ms
LINE_NAMES: Final = {
    0x81: "Actual-Rate-Up", 0x82: "Actual-Rate-Down", 0x83: "Minimum-Rate-Up", 0x84: "Minimum-Rate-Down",
    0x85: "Attainable-Rate-Up", 0x86: "Attainable-Rate-Down", 0x87: "Maximum-Rate-Up", 0x88: "Maximum-Rate-Down",
    0x89: "Minimum-Rate-Up-Low-Power", 0x8A: "Minimum-Rate-Down-Low-Power", 0x8B: "Maximum-Delay-Up",
    0x8C: "Actual-Delay-Up", 0x8D: "Maximum-Delay-Down", 0x8E: "Actual-Delay-Down", 0x90: "Encapsulation",
}  # fmt: skip
_ADDRESSES: Final = frozenset((1, 3, 4, 6, 7, 28, 42, 44, 50, 54, 92, 118, 150))
_SECONDS: Final = frozenset((51, 58, 59, 91, 108))
_NUMBERS: Final = frozenset((2, 13, 23, 26, 46, 57, 93, 116))
_ENCAPSULATION: Final = 0x90
_SUB_ADDRESSES: Final = frozenset((dhcp4.LINK_SELECTION, dhcp4.SERVER_OVERRIDE, dhcp4.CISCO_LINK_SELECTION))


def message(octets: bytes, *, cut: bool = False) -> Node:
    """The whole message. Raises Malformed."""
    read = dhcp4.decode(octets, cut=cut)
    title = dhcp4.TYPES.get(read.type, f"type {read.type}") if read.type is not None else "BOOTP"
    node = Node("DHCPv4", title)
    node.add("op", read.operation)
    node.add("htype", read.hardware)
    node.add("hops", read.hops)
    node.add("xid", f"0x{read.xid.hex()}")
    node.add("secs", read.secs)
    node.add("flags", f"0x{read.flags:04x}")
    for name, value in (
        ("ciaddr", read.ciaddr), ("yiaddr", read.yiaddr), ("siaddr", read.siaddr), ("giaddr", read.giaddr),
    ):  # fmt: skip
        node.add(name, address(value))
    node.add("chaddr", read.chaddr.hex(":"))
    for name, start, end, bit in (("sname", 44, 108, 2), ("file", 108, 236, 1)):
        field = octets[start:end].rstrip(b"\0") if len(octets) >= end and not read.overload & bit else b""
        if field:
            node.parts.append(opaque(name, field))
    for code, value in read.options.values.items():
        node.parts.append(option(code, value))
    if not read.options.whole:
        node.fault = "cut" if read.cut else str(Refusal.OVERRUN)
    return node


def options(octets: bytes) -> Node:
    """Options without a message around them, as they stand in RADIUS."""
    read = dhcp4.options(octets)
    node = Node("DHCPv4 options", fault=None if read.whole else str(Refusal.OVERRUN))
    node.parts.extend(option(code, value) for code, value in read.values.items())
    return node


def option(code: int, value: bytes) -> Node:
    """One option."""
    name = NAMES.get(code, f"Option-{code}")
    reader = _READERS.get(code)
    if reader is not None:
        return reader(name, code, value)
    if code in _ADDRESSES:
        if not value or len(value) % 4:
            return broken(name, Refusal.BAD_LENGTH, value, code)
        return Node(name, ", ".join(address(value[at : at + 4]) for at in range(0, len(value), 4)), code=code)
    if code in _SECONDS or code in _NUMBERS:
        if len(value) not in (1, 2, 4):
            return broken(name, Refusal.BAD_LENGTH, value, code)
        number = int.from_bytes(value, "big")
        return Node(name, seconds(number) if code in _SECONDS else number, code=code)
    return opaque(name, value, code)


def _type(name: str, code: int, value: bytes) -> Node:
    if len(value) != 1:
        return broken(name, Refusal.BAD_LENGTH, value, code)
    return Node(name, f"{dhcp4.TYPES.get(value[0], 'unknown')} ({value[0]})", code=code)


def _list(name: str, code: int, value: bytes) -> Node:
    return Node(name, ", ".join(f"{wanted} {NAMES.get(wanted, '')}".rstrip() for wanted in value), code=code)


def _client(name: str, code: int, value: bytes) -> Node:
    """Option 61: a hardware address, or type 255, an IAID and a DUID (RFC 4361 §6.1)."""
    if len(value) == 7 and value[0] == 1:
        return Node(name, value[1:].hex(":"), code=code, octets=value)
    if len(value) > 5 and value[0] == 0xFF:
        node = Node(name, code=code, octets=value)
        node.add("IAID", f"0x{value[1:5].hex()}")
        node.parts.append(duid("DUID", value[5:]))
        return node
    return opaque(name, value, code)


def _vendor_identifying(name: str, code: int, value: bytes) -> Node:
    try:
        parts = dhcp4.vendor_parts(value)
    except Malformed as error:
        return broken(name, error.reason, value, code)
    node = Node(name, code=code)
    for enterprise, data in parts:
        node.add(f"enterprise {enterprise}", text(data), octets=data)
    return node


def relay(name: str, code: int, value: bytes) -> Node:
    """Option 82 with its sub-options."""
    read = dhcp4.RelayAgent(value)
    node = Node(name, code=code) if read.whole else broken(name, Refusal.OVERRUN, value, code)
    node.parts.extend(sub_option(sub, data) for sub, data in read.values.items())
    return node


def sub_option(code: int, value: bytes) -> Node:
    """One sub-option of option 82."""
    name = SUB_NAMES.get(code, f"Sub-option-{code}")
    if code in _SUB_ADDRESSES:
        if len(value) != 4:
            return broken(name, Refusal.BAD_LENGTH, value, code)
        return Node(name, address(value), code=code)
    if code == dhcp4.RELAY_ID:
        return duid(name, value, code)
    if code == dhcp4.SUBNET_SELECTION and value:
        node = Node(name, code=code, octets=value)
        kind = {0: "name", 1: "VPN-ID", 255: "global"}.get(value[0], f"type {value[0]}")
        node.add(kind, text(value[1:]) or value[1:].hex())
        return node
    if code == dhcp4.VENDOR:
        return _vendor(name, code, value)
    return opaque(name, value, code)


def _vendor(name: str, code: int, value: bytes) -> Node:
    try:
        parts = dhcp4.vendor_parts(value)
    except Malformed as error:
        return broken(name, error.reason, value, code)
    node = Node(name, code=code)
    for enterprise, data in parts:
        part = node.add(f"enterprise {enterprise}", octets=data)
        if enterprise == BROADBAND_FORUM:
            part.parts.extend(line_parts(data))
    return node


def line_parts(data: bytes) -> list[Node]:
    """What the Broadband Forum's sub-options say of the line."""
    found = []
    for kind, value in dhcp4.RelayAgent(data).values.items():
        name = LINE_NAMES.get(kind) or (SUB_NAMES[kind] if kind in (1, 2) else f"Sub-option-{kind}")
        if kind in LINE_NAMES and kind != _ENCAPSULATION and len(value) == 4:
            found.append(Node(name, int.from_bytes(value, "big"), code=kind))
        else:
            found.append(opaque(name, value, kind))
    return found


_READERS: Final[dict[int, Callable[[str, int, bytes], Node]]] = {
    dhcp4.MESSAGE_TYPE: _type,
    dhcp4.PARAMETER_LIST: _list,
    dhcp4.CLIENT_ID: _client,
    dhcp4.RELAY_AGENT: relay,
    124: _vendor_identifying,
    125: _vendor_identifying,
}
