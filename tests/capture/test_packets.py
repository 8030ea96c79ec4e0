"""RADIUS is found in captures of every kind of link, in hexadecimal text and in plain files."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.capture.packets import RADIUS_PORTS, Packet, parse_hex, read
from bngcorr.capture.record import UnreadableCapture

from .building import PAYLOAD, ethernet, ip4, ip6, pcap, udp

FRAMES = {
    "Ethernet, IPv4": (1, ethernet(0x0800, ip4(udp()))),
    "Ethernet, IPv6": (1, ethernet(0x86DD, ip6(udp()))),
    "one VLAN": (1, ethernet(0x0800, ip4(udp()), (0x8100, 100))),
    "two VLANs": (1, ethernet(0x0800, ip4(udp()), (0x88A8, 100), (0x8100, 200))),
    "Linux cooked": (113, struct.pack("!HHH8sH", 0, 1, 6, bytes(8), 0x0800) + ip4(udp())),
    "BSD loopback": (0, struct.pack("=I", 2) + ip4(udp())),
    "raw IPv4": (101, ip4(udp())),
    "raw IPv6": (101, ip6(udp())),
}


@pytest.mark.parametrize(("link", "frame"), FRAMES.values(), ids=FRAMES.keys())
def test_radius_is_found_on_every_link(tmp_path: Path, link: int, frame: bytes) -> None:
    """Ethernet with and without VLANs, cooked, loopback and raw links give the UDP payload and both ends."""
    (packet,) = read(pcap(tmp_path / "one.pcap", link, frame))

    assert PAYLOAD == packet.octets
    assert 1 == packet.number
    assert packet.source in ("192.0.2.1:50000", "2001:db8::1:50000")
    assert packet.destination in ("192.0.2.2:1812", "2001:db8::2:1812")


@pytest.mark.parametrize("port", sorted(RADIUS_PORTS))
def test_a_radius_port_on_either_side_counts(tmp_path: Path, port: int) -> None:
    """Requests to and replies from each port of RADIUS are taken."""
    frames = (ethernet(0x0800, ip4(udp(destination=port))), ethernet(0x0800, ip4(udp(source=port, destination=9))))

    assert [1, 2] == [packet.number for packet in read(pcap(tmp_path / "two.pcap", 1, *frames))]


def test_other_frames_are_passed_over(tmp_path: Path) -> None:
    """Other ports, TCP, ARP, cut and empty frames are no RADIUS; frames keep their numbers."""
    good = ethernet(0x0800, ip4(udp()))
    others = (
        ethernet(0x0800, ip4(udp(destination=53))),
        ethernet(0x0800, ip4(udp(), protocol=6)),
        ethernet(0x0806, bytes(28)),
        good[:30],
        good[:10],
        b"",
    )

    assert [7] == [packet.number for packet in read(pcap(tmp_path / "mixed.pcap", 1, *others, good))]


def test_octets_behind_the_datagram_do_not_count(tmp_path: Path) -> None:
    """UDP's own length bounds the payload, as the kernel would have it."""
    frame = ethernet(0x0800, ip4(udp() + b"trailer"))
    (packet,) = read(pcap(tmp_path / "one.pcap", 1, frame))

    assert PAYLOAD == packet.octets


def test_a_link_that_is_not_known_has_no_packets(tmp_path: Path) -> None:
    """Frames of a link type that is not read give nothing."""
    assert [] == list(read(pcap(tmp_path / "radio.pcap", 127, bytes(60))))


def test_what_stands_before_a_cut_end_is_read(tmp_path: Path) -> None:
    """A capture that breaks off inside a frame gives the frames before it."""
    path = pcap(tmp_path / "cut.pcap", 1, *[ethernet(0x0800, ip4(udp()))] * 2)
    path.write_bytes(path.read_bytes()[:-5])

    assert 1 <= len(_until_unreadable(path)) <= 2


def _until_unreadable(path: Path) -> list[Packet]:
    found = []
    try:
        for packet in read(path):
            found.append(packet)  # noqa: PERF402 - what came before the fault counts
    except UnreadableCapture:
        pass
    return found


@pytest.mark.parametrize(
    "text",
    ["0107", "01 07", "01:07", "0x0107", "  0x01 07  ", "\t01\t07"],
)
def test_hexadecimal_is_read_in_every_notation(text: str) -> None:
    """Blanks, tabs and colons between octets and 0x in front do not matter."""
    assert b"\x01\x07" == parse_hex(text)


@pytest.mark.parametrize("text", ["zz", "0", "01 0", "0x", "01,07", "01-07"])
def test_what_is_no_hexadecimal_is_refused(text: str) -> None:
    """Other characters and half octets are named in the refusal; 0x alone is no octets."""
    if text == "0x":
        assert b"" == parse_hex(text)
        return
    with pytest.raises(UnreadableCapture, match=r"no hexadecimal text"):
        parse_hex(text)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """A file without an octet is neither capture nor packet."""
    path = tmp_path / "empty"
    path.write_bytes(b"")
    with pytest.raises(UnreadableCapture, match="empty"):
        list(read(path))


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=20, max_size=80).map(lambda octets: b"\x01" + octets))
def test_a_packets_octets_are_never_taken_for_text(tmp_path_factory: pytest.TempPathFactory, octets: bytes) -> None:
    """Whatever follows the Code, the octets come back as they are: no Code is a hexadecimal digit."""
    path = tmp_path_factory.getbasetemp() / "payload.bin"
    path.write_bytes(octets)

    assert [(1, octets)] == [(packet.number, packet.octets) for packet in read(path)]
