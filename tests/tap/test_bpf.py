"""The filter in the kernel: DHCP and, if asked, ARP and Neighbor Discovery pass; nothing else does."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from bngcorr.capture import bpf, reader
from bngcorr.capture.diagnose.seen import Concern, Seen
from bngcorr.wire.frame import ETHERNET, LATER
from tests.tap.machine import run
from tests.tap.wire import BNG, CPE, ethernet, frame4, frame6, message6

CAPTURES = Path(__file__).parents[1] / "captures" / "real"
WANTED = {Concern.DHCP4, Concern.DHCP6, Concern.ARP, Concern.NEIGHBOUR}
PLAIN, WHOLE = bpf.program(neighbours=False), bpf.program(neighbours=True)
DISCOVER, SOLICIT = frame4(1), frame6(message6(1))
ARP = ethernet(0x0806, bytes(28), CPE, BNG)


def tagged(frame: bytes, *tags: int) -> bytes:
    """With VLAN tags of these types, the outermost first."""
    return frame[:12] + b"".join(struct.pack("!HH", kind, 7) for kind in tags) + frame[12:]


def pppoe(frame: bytes) -> bytes:
    """Its IP packet in a PPPoE session."""
    protocol = b"\x00\x21" if frame[12:14] == b"\x08\x00" else b"\x00\x57"
    head = struct.pack("!BBHH", 0x11, 0, 1, len(frame) - 12)
    return ethernet(0x8864, head + protocol + frame[14:], frame[6:12], frame[:6])


def nd(kind: int) -> bytes:
    """ICMPv6 of that type."""
    ip = struct.pack("!IHBB", 6 << 28, 8, 58, 255) + bytes(32)
    return ethernet(0x86DD, ip + bytes((kind,)) + bytes(7), CPE, BNG)


def changed(frame: bytes, at: int, value: bytes) -> bytes:
    """With other octets there."""
    return frame[:at] + value + frame[at + len(value) :]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (DISCOVER, (True, True)),
        (SOLICIT, (True, True)),
        (frame4(2, to_server=False), (True, True)),
        (frame6(message6(2), to_server=False), (True, True)),
        (tagged(DISCOVER, 0x8100), (True, True)),
        (tagged(SOLICIT, 0x88A8, 0x8100), (True, True)),
        (tagged(DISCOVER, 0x9100, 0x9200), (True, True)),
        (tagged(DISCOVER, 0x8100, 0x8100, 0x8100), (False, False)),
        (pppoe(DISCOVER), (True, True)),
        (tagged(pppoe(SOLICIT), 0x88A8, 0x8100), (True, True)),
        (changed(DISCOVER, 14, b"\x46"), (False, False)),  # options of IPv4: the ports stand elsewhere
        (changed(DISCOVER, 14, b"\x46")[:34] + bytes(4) + DISCOVER[34:], (True, True)),
        (changed(DISCOVER, 20, b"\x20\x00"), (True, True)),  # the first fragment
        (changed(DISCOVER, 20, b"\x00\x01"), (False, False)),  # a later one
        (changed(DISCOVER, 23, b"\x06"), (False, False)),  # TCP
        (changed(DISCOVER, 34, b"\x00\x35\x00\x35"), (False, False)),  # DNS
        (changed(SOLICIT, 54, b"\x00\x35\x00\x35"), (False, False)),
        (ARP, (False, True)),
        (tagged(ARP, 0x8100), (False, True)),
        (nd(132), (False, False)),
        (nd(133), (False, True)),
        (nd(136), (False, True)),
        (nd(137), (False, False)),
        (tagged(nd(134), 0x8100), (False, True)),
        (ethernet(0x8863, bytes(20), CPE, BNG), (False, False)),
        (DISCOVER[:30], (False, False)),
        (b"", (False, False)),
    ],
    ids=lambda value: f"{len(value)} octets" if isinstance(value, bytes) else "",
)
def test_dhcp_passes_behind_tags_and_in_pppoe(frame: bytes, expected: tuple[bool, bool]) -> None:
    """What the filter without and the one with ARP and Neighbor Discovery let through."""
    assert expected == (run(PLAIN, frame) > 0, run(WHOLE, frame) > 0)


def test_the_filter_and_the_decoders_agree_on_real_frames() -> None:
    """All frames of Ethernet in our captures: those that the tap would make something of pass, and no others."""
    wrong, passed = [], 0
    for path in sorted(CAPTURES.glob("*.pcap*")):
        for record in reader.records(path):
            if record.link != ETHERNET or len(record.octets) < record.length:
                continue
            seen = Seen(record)
            wanted = seen.concern in WANTED and seen.frame.fragment != LATER and seen.frame.fault is None
            passes = run(WHOLE, record.octets) > 0
            passed += passes
            if wanted != passes and not seen.frame.outer:
                wrong.append((path.name, record.number))

    assert [] == wrong
    assert 1000 < passed


def test_the_kernel_takes_programs_of_that_length() -> None:
    """Each instruction is eight octets, each jump within the program."""
    for program in (PLAIN, WHOLE):
        assert 8 * len(program) == len(bpf.packed(program))
        for at, (code, true, false, k) in enumerate(program):
            jumps = (k,) if code == bpf.JUMP else (true, false) if code & 7 == 5 else ()
            assert all(at + 1 + jump < len(program) for jump in jumps)
            assert all(jump <= 255 for jump in (true, false))
