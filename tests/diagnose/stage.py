"""Where detectors play: faults of capture files, and of frames made by hand from the RFCs."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path

from bngcorr.capture import reader
from bngcorr.capture.diagnose.found import Found
from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.limits import Limits
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.capture.record import Record, UnreadableCapture

OURS = Path(__file__).parents[1] / "captures"
REAL = OURS / "real"
RADIUS = OURS / "radius"
SHARED = Path(__file__).parents[3] / "shared" / "captures"  # tests over it are skipped where it is absent

SECOND = 1_000_000_000
START_NS = 1_790_000_000 * SECOND


class Stage:
    """Frames one after the other; a detector that raises fails the test."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.diagnosis = Diagnosis(limits, strict=True)
        self._number = 0

    def frame(self, octets: bytes, at_s: float = 0.0, interface: int = 0, link: int = 1, length: int = 0) -> int:
        """The number that it gets. `at_s`: seconds since the start; `length`: on the wire, if it is cut."""
        self._number += 1
        at_ns = START_NS + round(at_s * SECOND)
        self.diagnosis.see(Record(self._number, at_ns, octets, length or len(octets), link, interface))
        return self._number

    def faults(self, *kinds: Fault) -> list[Found]:
        """No more frames come: what was found, of these kinds, or all; the worst first."""
        self.diagnosis.end()
        return [found for found in self.diagnosis.faults if not kinds or found.fault in kinds]


def faults_of(*paths: Path, limits: Limits | None = None) -> list[Found]:
    """What all detectors find in captures, the worst first; one that breaks off is read as far as it goes."""
    diagnosis = Diagnosis(limits, strict=True)
    for path in paths:
        diagnosis.begin()
        for record in records_of(path):
            diagnosis.see(record)
    diagnosis.end()
    return list(diagnosis.faults)


def told(found: Iterable[Found], *kinds: Fault) -> set[tuple[Fault, str, tuple[int, ...]]]:
    """Kind, subject and packets of those kinds, or of all: what a test compares."""
    return {(one.fault, one.subject, one.packets) for one in found if not kinds or one.fault in kinds}


def records_of(path: Path) -> Iterable[Record]:
    """Frames up to where a capture breaks off."""
    try:
        yield from reader.records(path)
    except UnreadableCapture:
        return


def mac(text: str) -> bytes:
    """02:00:00:00:00:01"""
    return bytes.fromhex(text.replace(":", ""))


def ethernet(source: str, destination: str, kind: int, packet: bytes, *vlans: int) -> bytes:
    """An Ethernet frame with VLAN tags, the outermost first: 0x88a8 outside, 0x8100 innermost."""
    tags = b"".join(
        struct.pack("!HH", 0x8100 if at == len(vlans) - 1 else 0x88A8, vlan) for at, vlan in enumerate(vlans)
    )
    return mac(destination) + mac(source) + tags + struct.pack("!H", kind) + packet


def ip6(source: str, destination: str, protocol: int, payload: bytes, hop_limit: int = 255) -> bytes:
    """An IPv6 packet (RFC 8200 §3)."""
    head = struct.pack("!IHBB", 6 << 28, len(payload), protocol, hop_limit)
    return head + ip_address(source).packed + ip_address(destination).packed + payload


def ip4(source: str, destination: str, protocol: int, payload: bytes) -> bytes:
    """An IPv4 packet (RFC 791 §3.1); its checksum is not filled in."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0)
    return head + ip_address(source).packed + ip_address(destination).packed + payload


def udp(source: int, destination: int, payload: bytes) -> bytes:
    """A UDP datagram (RFC 768)."""
    return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def tcp(source: int, destination: int, flags: int, sequence: int = 0, acknowledgement: int = 0) -> bytes:
    """A TCP segment without data (RFC 9293 §3.1)."""
    return struct.pack("!HHIIBBHHH", source, destination, sequence, acknowledgement, 5 << 4, flags, 65535, 0, 0)


def arp(operation: int, sender_mac: str, sender: str, target_mac: str, target: str) -> bytes:
    """An ARP packet (RFC 826)."""
    head = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return head + mac(sender_mac) + ip_address(sender).packed + mac(target_mac) + ip_address(target).packed


def advertisement(lifetime: int, *options: bytes, flags: int = 0) -> bytes:
    """A Router Advertisement as an ICMPv6 message (RFC 4861 §4.2)."""
    return struct.pack("!BBHBBHII", 134, 0, 0, 64, flags, lifetime, 0, 0) + b"".join(options)


def solicitation(target: str, *options: bytes) -> bytes:
    """A Neighbor Solicitation (RFC 4861 §4.3)."""
    return struct.pack("!BBHI", 135, 0, 0, 0) + ip_address(target).packed + b"".join(options)


def neighbor(target: str, flags: int, *options: bytes) -> bytes:
    """A Neighbor Advertisement (RFC 4861 §4.4): flags 0x80 router, 0x40 solicited, 0x20 override."""
    return struct.pack("!BBHI", 136, 0, 0, flags << 24) + ip_address(target).packed + b"".join(options)


def link_layer(kind: int, address: str) -> bytes:
    """The option source (1) or target (2) link-layer address (RFC 4861 §4.6.1)."""
    return struct.pack("!BB", kind, 1) + mac(address)


def prefix(text: str, valid: int = 86_400, preferred: int = 14_400, flags: int = 0xC0) -> bytes:
    """The option Prefix Information (RFC 4861 §4.6.2) of ``2001:db8::/64``."""
    address, _, length = text.partition("/")
    return struct.pack("!BBBBIII", 3, 4, int(length), flags, valid, preferred, 0) + ip_address(address).packed


def option4(code: int, value: bytes) -> bytes:
    """A DHCPv4 option, or a sub-option of option 82 (RFC 2132 §2, RFC 3046 §2.0)."""
    return bytes((code, len(value))) + value


def message4(kind: int, client: str, *options: bytes, relay: str = "0.0.0.0", xid: int = 1) -> bytes:
    """A DHCPv4 message (RFC 2131 §2): kind 1 DISCOVER, 2 OFFER, 3 REQUEST, 5 ACK."""
    head = struct.pack("!BBBBIHH", 2 if kind in (2, 5, 6) else 1, 1, 6, 0, xid, 0, 0)
    addresses = bytes(12) + ip_address(relay).packed
    body = head + addresses + mac(client).ljust(16, b"\0") + bytes(192) + bytes.fromhex("63825363")
    return body + option4(53, bytes((kind,))) + b"".join(options) + b"\xff"


def option6(code: int, value: bytes) -> bytes:
    """A DHCPv6 option (RFC 8415 §21.1)."""
    return struct.pack("!HH", code, len(value)) + value


def message6(kind: int, *options: bytes, xid: int = 1) -> bytes:
    """A DHCPv6 message (RFC 8415 §8): kind 1 SOLICIT, 2 ADVERTISE, 3 REQUEST, 7 REPLY."""
    return bytes((kind,)) + xid.to_bytes(3, "big") + b"".join(options)


def relayed6(kind: int, link: str, peer: str, *options: bytes, hops: int = 0) -> bytes:
    """A relayed DHCPv6 message (RFC 8415 §9): kind 12 forward, 13 reply; option 9 holds what is relayed."""
    return bytes((kind, hops)) + ip_address(link).packed + ip_address(peer).packed + b"".join(options)
