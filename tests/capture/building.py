"""Frames and captures built by hand from the RFCs, and not by bngcorr."""

from __future__ import annotations

import struct
from pathlib import Path

PAYLOAD = bytes.fromhex("0107001c") + bytes(16) + b"\x01\x08line-1"
V4 = bytes.fromhex("c0000201c0000202")
V6 = bytes.fromhex("20010db8000000000000000000000001 20010db8000000000000000000000002".replace(" ", ""))


def udp(payload: bytes = PAYLOAD, source: int = 50000, destination: int = 1812) -> bytes:
    """A UDP datagram (RFC 768)."""
    return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def ip4(datagram: bytes, protocol: int = 17) -> bytes:
    """An IPv4 packet (RFC 791)."""
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(datagram), 1, 0, 64, protocol, 0) + V4 + datagram


def ip6(datagram: bytes) -> bytes:
    """An IPv6 packet (RFC 8200)."""
    return struct.pack("!IHBB", 6 << 28, len(datagram), 17, 64) + V6 + datagram


def ethernet(kind: int, packet: bytes, *tags: tuple[int, int]) -> bytes:
    """An Ethernet frame, padded to 60 octets, with VLAN tags (type, tag)."""
    frame = bytes(12) + b"".join(struct.pack("!HH", tpid, tag) for tpid, tag in tags) + struct.pack("!H", kind) + packet
    return frame.ljust(60, b"\0")


def pcap(path: Path, link: int, *frames: bytes) -> Path:
    """A classic capture in this machine's byte order."""
    records = b"".join(struct.pack("=IIII", 1, 0, len(frame), len(frame)) + frame for frame in frames)
    path.write_bytes(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link) + records)
    return path
