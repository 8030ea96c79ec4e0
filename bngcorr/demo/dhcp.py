"""The few DHCP octets that BNGs copy raw into RADIUS: a DISCOVER's options and a SOLICIT's options."""

import struct

_ORO, _ELAPSED_TIME, _CLIENT_ID, _IA_NA, _IA_PD, _INTERFACE_ID, _REMOTE_ID = 6, 8, 1, 3, 25, 18, 37


def discover_options(*, circuit_id: bytes, remote_id: bytes) -> bytes:
    """DHCPv4 options of a DISCOVER with Option 82 (RFC 2132, RFC 3046), end mark included."""
    agent = bytes([1, len(circuit_id)]) + circuit_id + bytes([2, len(remote_id)]) + remote_id
    return bytes([53, 1, 1, 55, 4, 1, 3, 6, 15, 82, len(agent)]) + agent + b"\xff"


def remote_id_option(*, enterprise: int, remote_id: bytes) -> bytes:
    """Payload of DHCPv6 option 37: enterprise number, then the id (RFC 4649 §3)."""
    return struct.pack("!I", enterprise) + remote_id


def solicit_options(*, mac: str, circuit_id: bytes | None = None, option37: bytes | None = None) -> bytes:
    """DHCPv6 options of a SOLICIT for IA_NA and IA_PD (RFC 8415 §18.2.1), with those of an LDRA if there is one."""
    duid = struct.pack("!HH", 3, 1) + bytes.fromhex(mac.replace(":", ""))  # DUID-LL
    options = _option(_ELAPSED_TIME, b"\x00\x00") + _option(_CLIENT_ID, duid)
    options += _option(_IA_NA, bytes(12)) + _option(_IA_PD, bytes(12)) + _option(_ORO, struct.pack("!H", 23))
    if circuit_id is not None:
        options += _option(_INTERFACE_ID, circuit_id)
    if option37 is not None:
        options += _option(_REMOTE_ID, option37)
    return options


def _option(number: int, payload: bytes) -> bytes:
    return struct.pack("!HH", number, len(payload)) + payload
