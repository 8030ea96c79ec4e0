"""Big packets that vanish."""

from __future__ import annotations

import struct

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from tests.diagnose.flow import ACK, GATEWAY, HOST, PEER6, packet6, tunnelled
from tests.diagnose.nd import ra
from tests.diagnose.stage import Stage, ethernet, ip4, ip6, tcp, told

LOST = Fault.BIG_PACKETS_LOST
CLIENT = "2001:db8:614::2"
SUBJECT = f"{PEER6} → {CLIENT}"


def segment(octets: int, sequence: int = 1000) -> bytes:
    """A segment of the server that makes an IPv6 packet of so many octets."""
    return tcp(80, 4000, ACK, sequence, 1) + bytes(octets - 60)


def acknowledges(number: int) -> bytes:
    """The client has everything before that number."""
    return packet6(CLIENT, PEER6, 6, tcp(4000, 80, ACK, 1, number))


def sends(stage: Stage, frame: bytes, times: int = 3) -> tuple[int, ...]:
    """The first time and its retransmissions."""
    return tuple(stage.frame(frame, 2.0**at) for at in range(times))


def too_big(mtu: int, source: str = PEER6, destination: str = CLIENT) -> bytes:
    """A router's Packet Too Big about a packet between these."""
    quoted = ip6(source, destination, 6, bytes(100))
    message = struct.pack("!BBHI", 2, 0, 0, mtu) + quoted
    return ethernet(GATEWAY, HOST, 0x86DD, ip6("2001:db8::fe", source, 58, message))


@pytest.mark.parametrize(("octets", "expected"), [(1480, 0), (1481, 1), (1500, 1)])
def test_above_the_mtu_of_a_tunnel_three_transmissions_are_told(octets: int, expected: int) -> None:
    """What fits a tunnel over Ethernet is lost for another reason."""
    stage = Stage()
    numbers = sends(stage, packet6(PEER6, CLIENT, 6, segment(octets)))

    assert [(LOST, SUBJECT, numbers)] * expected == list(told(stage.faults(LOST)))


def test_inside_a_tunnel_anything_above_1280_counts() -> None:
    """Nobody has to carry more; and the tunnel's end that was told and kept it to itself is named."""
    stage = Stage()
    needed = bytes((3, 4, 0, 0, 0, 0)) + struct.pack("!H", 1380) + ip4("198.51.100.66", "203.0.113.14", 41, bytes(8))
    told_end = stage.frame(ethernet(GATEWAY, HOST, 0x0800, ip4("192.0.2.1", "198.51.100.66", 1, needed)))
    numbers = sends(stage, tunnelled(PEER6, CLIENT, 6, segment(1400), back=True))
    (found,) = stage.faults(LOST)

    assert (SUBJECT, (told_end, *numbers)) == (found.subject, found.packets)
    assert "tunnel 198.51.100.66 – 203.0.113.14, whose end was told an MTU of 1380 by ICMP" in found.detail


def test_a_smaller_mtu_that_the_router_announces_is_the_limit() -> None:
    """The MTU option of the RA."""
    stage = Stage()
    stage.frame(ra(GATEWAY, 1800, struct.pack("!BBHI", 5, 1, 0, 1400)))
    sends(stage, packet6(PEER6, CLIENT, 6, segment(1440)))

    assert [SUBJECT] == [found.subject for found in stage.faults(LOST)]


def test_a_packet_too_big_is_how_it_should_be() -> None:
    """The sender was told; and one that comes late clears what was told of it."""
    early, late = Stage(), Stage()
    early.frame(too_big(1480))
    sends(early, packet6(PEER6, CLIENT, 6, segment(1500)))
    sends(late, packet6(PEER6, CLIENT, 6, segment(1500)))
    cleared = late.frame(too_big(1480), 9)

    assert [] == early.faults(LOST)
    assert [cleared] == [found.cleared for found in late.faults(LOST)]


def test_big_packets_that_got_through_before_are_lost_for_another_reason() -> None:
    """A line that breaks in the middle of a transfer is no matter of size."""
    stage = Stage()
    stage.frame(packet6(PEER6, CLIENT, 6, segment(1500)))
    stage.frame(acknowledges(2440), 0.1)
    sends(stage, packet6(PEER6, CLIENT, 6, segment(1500, 2440)))

    assert [] == stage.faults(LOST)


def test_an_acknowledgement_after_two_tries_is_no_fault() -> None:
    """Segments get lost and are sent again."""
    stage = Stage()
    for start in range(0, 40, 10):
        for at in (0, 1):
            stage.frame(packet6(PEER6, CLIENT, 6, segment(1500, start * 1440)), start + at)
        stage.frame(acknowledges(start * 1440 + 1440), start + 1.1)

    assert [] == stage.faults(LOST)


def test_what_the_network_card_is_to_cut_is_measured_by_its_retransmission() -> None:
    """A capture on the sender shows 2,900 octets first, and then what was on the wire."""
    stage = Stage()
    stage.frame(packet6(PEER6, CLIENT, 6, segment(2900)))
    sends(stage, packet6(PEER6, CLIENT, 6, segment(1500)), 4)

    assert ["1500 octets"] == [found.detail[:11] for found in stage.faults(LOST)]
