"""TCP handshakes in tunnels whose SYN/ACK repeats."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.wire.frame import RAW6
from tests.diagnose.flow import ACK, PEER6, RST, SYN, SYN_ACK, packet6, tunnelled
from tests.diagnose.stage import Stage, ip6, tcp, told

KINDS = (Fault.HANDSHAKE_LOST_BEHIND, Fault.HANDSHAKE_UNFINISHED)
CLIENT = "2001:db8:614::2"
TUNNEL = "6in4 203.0.113.14 – 198.51.100.66"


def client(flags: int, sequence: int = 1, acknowledgement: int = 0, data: bytes = b"") -> bytes:
    """A segment of the client, from the CPE's end."""
    return tunnelled(CLIENT, PEER6, 6, tcp(4000, 80, flags, sequence, acknowledgement) + data)


def server(flags: int = SYN_ACK, sequence: int = 0xFFFFFFFF, data: bytes = b"") -> bytes:
    """One of the server; it begins with the last sequence number there is."""
    return tunnelled(PEER6, CLIENT, 6, tcp(80, 4000, flags, sequence, 2) + data, back=True)


def repeats(stage: Stage, times: int = 3) -> tuple[int, ...]:
    """A SYN/ACK after 0, 1, 3, 7 … s."""
    return tuple(stage.frame(server(), 2**at - 1 + 0.1) for at in range(times))


def test_an_ack_that_passed_here_was_lost_behind_this_point() -> None:
    """Its number is among the packets, and the tunnel is the subject."""
    stage = Stage()
    stage.frame(client(SYN))
    first = stage.frame(server(), 0.1)
    ack = stage.frame(client(ACK, 2), 0.11)
    stage.frame(client(ACK, 2, data=b"GET /"), 0.12)
    second, third = stage.frame(server(), 1.1), stage.frame(server(), 3.1)
    found = stage.faults(*KINDS)

    assert {(Fault.HANDSHAKE_LOST_BEHIND, TUNNEL, (first, ack, second, third))} == told(found)
    assert found[0].detail.endswith("3 times in 3.0 s: the client's ACK passed here and data behind it")


def test_an_ack_that_never_came_was_lost_before() -> None:
    """Nothing of the client is seen behind its SYN."""
    stage = Stage()
    stage.frame(client(SYN))
    numbers = repeats(stage)

    assert {(Fault.HANDSHAKE_UNFINISHED, TUNNEL, numbers)} == told(stage.faults(*KINDS))


def test_a_client_that_repeats_its_syn_did_not_get_the_syn_ack() -> None:
    """The loss is on the way to the client, and the detail says so."""
    stage = Stage()
    stage.frame(client(SYN))
    stage.frame(server(), 0.1)
    stage.frame(client(SYN), 1)
    stage.frame(server(), 1.1)
    stage.frame(client(SYN), 3)
    stage.frame(server(), 3.1)
    (found,) = stage.faults(*KINDS)

    assert "the client repeats its SYN" in found.detail


def test_two_transmissions_are_a_lost_packet() -> None:
    """One repetition happens."""
    stage = Stage()
    stage.frame(client(SYN))
    repeats(stage, 2)

    assert [] == stage.faults(*KINDS)


def test_a_capture_of_the_servers_direction_tells_nothing() -> None:
    """Whether the client answered cannot be seen in it."""
    stage = Stage()
    repeats(stage, 5)

    assert [] == stage.faults(*KINDS)


@pytest.mark.parametrize("last", [client(RST, 2), server(RST)], ids=["client", "server"])
def test_a_refused_connection_is_no_fault(last: bytes) -> None:
    """What comes behind a reset is another connection."""
    stage = Stage()
    stage.frame(client(SYN))
    repeats(stage, 2)
    stage.frame(last, 2)
    stage.frame(client(SYN), 2.5)
    stage.frame(server(), 3.1)

    assert [] == stage.faults(*KINDS)


def test_a_handshake_that_gets_through_in_the_end_is_told_as_over() -> None:
    """The server's first segment without SYN shows that it has the ACK."""
    stage = Stage()
    stage.frame(client(SYN))
    stage.frame(server(), 0.1)
    stage.frame(client(ACK, 2), 0.11)
    stage.frame(server(), 1.1)
    stage.frame(server(), 3.1)
    through = stage.frame(server(ACK, 0, b"HTTP/1.1 200"), 4)

    assert [through] == [found.cleared for found in stage.faults(*KINDS)]


def test_the_same_segment_on_two_interfaces_of_one_capture_is_one() -> None:
    """A capture of all interfaces shows each SYN/ACK twice: three of them are three, and not six."""
    stage = Stage()
    stage.frame(client(SYN))
    for at in (0.1, 1.1):
        stage.frame(server(), at)
        stage.frame(server() + b"\0\0", at + 0.004)

    assert [] == stage.faults(*KINDS)


def inner(stage: Stage, interface: int) -> None:
    """The same connection as the tunnel's end sees it inside: raw IP, no outer header."""
    stage.frame(ip6(CLIENT, PEER6, 6, tcp(4000, 80, SYN, 1)), 0, interface, RAW6)
    for at in (0.1, 1.1, 3.1):
        stage.frame(ip6(PEER6, CLIENT, 6, tcp(80, 4000, SYN_ACK, 7, 2)), at, interface, RAW6)


def test_an_inner_interface_is_told_of_if_the_tunnel_itself_is_not_in_the_capture() -> None:
    """With the tunnel in it, the tunnel's is the only one."""
    alone, both = Stage(), Stage()
    inner(alone, 0)
    inner(both, 1)
    both.frame(client(SYN), 0)
    repeats(both)

    assert [f"{CLIENT} – {PEER6}"] == [found.subject for found in alone.faults(*KINDS)]
    assert [TUNNEL] == [found.subject for found in both.faults(*KINDS)]


def test_outside_of_tunnels_nothing_is_said() -> None:
    """Half-open connections of the Internet are scans and floods."""
    stage = Stage()
    stage.frame(packet6(CLIENT, PEER6, 6, tcp(4000, 80, SYN, 1)))
    for at in (0.1, 1.1, 3.1, 7.1):
        stage.frame(packet6(PEER6, CLIENT, 6, tcp(80, 4000, SYN_ACK, 7, 2)), at)

    assert [] == stage.faults(*KINDS)
