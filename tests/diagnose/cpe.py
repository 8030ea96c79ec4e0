"""What a CPE and its servers send, as whole frames."""

from __future__ import annotations

from ipaddress import ip_address

from tests.diagnose.stage import ethernet, ip4, ip6, mac, message4, message6, option4, option6, relayed6, udp

SERVER = "02:00:00:00:00:fe"
EVERYBODY = "ff:ff:ff:ff:ff:ff"
CPE = "3c:a6:2f:00:00:01"
OTHER = "3c:a6:2f:00:00:02"

DISCOVER, REQUEST4, ACK = 1, 3, 5  # message types of DHCPv4
SOLICIT, REQUEST, RENEW, REPLY, RELEASE = 1, 3, 5, 7, 8  # and of DHCPv6


def duid(client: str) -> bytes:
    """A DUID-LL (RFC 8415 §11.4)."""
    return b"\0\3\0\1" + mac(client)


def link_local(client: str) -> str:
    """The EUI-64 link-local address (RFC 4291 appendix A)."""
    octets = mac(client)
    identifier = bytes((octets[0] ^ 2,)) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return str(ip_address(bytes.fromhex("fe80000000000000") + identifier))


def option82(circuit: bytes = b"", remote: bytes = b"") -> bytes:
    """What an access node puts in (RFC 3046)."""
    return option4(
        82, (option4(1, circuit) if circuit else b"") + (option4(2, remote) if remote else b"")
    )  # fmt: skip


def v4(kind: int, client: str, *options: bytes, xid: int = 1, vlans: tuple[int, ...] = ()) -> bytes:
    """A DHCPv4 message from the CPE, or from the server if its kind is an answer."""
    answer = kind in (2, 5, 6)
    ports = (67, 68) if answer else (68, 67)
    packet = ip4("0.0.0.0", "255.255.255.255", 17, udp(*ports, message4(kind, client, *options, xid=xid)))
    return ethernet(SERVER if answer else client, EVERYBODY, 0x0800, packet, *vlans)


def v6(
    kind: int, client: str, *options: bytes, xid: int = 1, vlans: tuple[int, ...] = (), relay: bytes | None = None
) -> bytes:
    """A DHCPv6 message of that CPE's exchange; `relay`: options that a relay puts beside the message."""
    answer = kind in (2, 7)
    message = message6(kind, option6(1, duid(client)), *options, xid=xid)
    if relay is not None:
        message = relayed6(13 if answer else 12, "::", link_local(client), relay, option6(9, message))
        ends, ports = ("2001:db8::2", "2001:db8::1"), (547, 547)
    else:
        ends, ports = (link_local(client), "ff02::1:2"), (546, 547)
    if answer:
        ends, ports = (ends[1] if relay is not None else "fe80::fe", ends[0]), (547, 546)
    packet = ip6(*ends, 17, udp(*ports, message), hop_limit=64)
    sender, receiver = (SERVER, client) if answer else (client, "33:33:00:01:00:02")
    return ethernet(sender, receiver, 0x86DD, packet, *vlans)


def option37(remote: bytes, number: int = 3561) -> bytes:
    """Remote-ID with its enterprise number (RFC 4649 §3)."""
    return option6(37, number.to_bytes(4, "big") + remote)


def ia_pd(prefix: str, length: int = 56, valid: int = 7200, iaid: int = 1) -> bytes:
    """An IA_PD with a prefix (RFC 8415 §21.21)."""
    inside = (3600).to_bytes(4, "big") + valid.to_bytes(4, "big") + bytes((length,)) + ip_address(prefix).packed
    return option6(25, iaid.to_bytes(4, "big") + bytes(8) + option6(26, inside))


def server_id(number: int) -> bytes:
    """Option 2 of one of several servers."""
    return option6(2, duid(f"02:00:00:00:ff:{number:02x}"))


LINE = option82(b"olt7 1/2/3", b"LINE-1")
LEASE = option4(51, (3600).to_bytes(4, "big"))  # an hour (RFC 2132 §9.2)
