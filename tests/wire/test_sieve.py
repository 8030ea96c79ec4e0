"""What the sieve holds back is never DHCP or RADIUS."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bngcorr.capture import packets, reader
from bngcorr.capture.packets import DHCP4_PORTS, DHCP6_PORTS, RADIUS_PORTS
from bngcorr.wire import frames
from bngcorr.wire.frame import ETHERNET, RAW4
from bngcorr.wire.sieve import passes
from tests.capture.building import ethernet, ip4, ip6, udp

ROOT = Path(__file__).parents[2]
PORTS = RADIUS_PORTS | DHCP4_PORTS | DHCP6_PORTS
QINQ = ((0x88A8, 100), (0x8100, 200))


def wanted(octets: bytes, link: int = ETHERNET) -> bool:
    """Whether the decoder finds DHCP or RADIUS there."""
    return packets.kind_of(frames.decode(octets, link)) is not None


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "captures").rglob("*.pcap*")), ids=lambda path: path.stem)
def test_nothing_is_missed_in_real_captures(path: Path) -> None:
    """All that the decoder finds passes."""
    missed = [
        record.number for record in reader.records(path)
        if wanted(record.octets, record.link) and not passes(record.octets, record.link, PORTS)
    ]  # fmt: skip

    assert [] == missed


@pytest.mark.parametrize(
    "frame",
    [
        ethernet(0x0800, ip4(udp(destination=53))),
        ethernet(0x86DD, ip6(udp(destination=443)), *QINQ),
        ethernet(0x0800, ip4(udp(), protocol=6), *QINQ),
        ethernet(0x0806, bytes(28)),
    ],
    ids=["DNS", "QUIC with two tags", "TCP", "ARP"],
)
def test_plain_traffic_is_held_back(frame: bytes) -> None:
    """What most frames are is not decoded."""
    assert not passes(frame, ETHERNET, PORTS)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        (ethernet(0x0800, ip4(udp())), ethernet(0x86DD, ip6(udp()), *QINQ), ethernet(0x0800, ip4(udp()), *QINQ))
    ),
    st.lists(st.tuples(st.integers(12, 60), st.integers(0, 255)), max_size=4),
    st.integers(0, 120),
)
@example(ethernet(0x0800, ip4(udp())), [(14, 0x46)], 0)
def test_whatever_the_decoder_reads_as_wanted_passes(frame: bytes, changes: list[tuple[int, int]], less: int) -> None:
    """Octets changed at will, frames cut at will, on Ethernet and read as another link."""
    octets = bytearray(frame)
    for at, octet in changes:
        octets[at % len(octets)] = octet
    seen = bytes(octets[: len(octets) - less]) if less < len(octets) else b""

    for link in (ETHERNET, RAW4):
        assert passes(seen, link, PORTS) or not wanted(seen, link)
