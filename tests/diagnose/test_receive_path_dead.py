"""Hosts to which nothing comes back."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from tests.diagnose.flow import ACK, PEER6, SYN, SYN_ACK, echo, packet6, query
from tests.diagnose.stage import Stage, tcp, udp

DEAD = Fault.RECEIVE_PATH_DEAD
HOST, WELL, OTHER = "2001:db8:1::a", "2001:db8:1::b", "2001:db8:99::2"


def others_are_well(stage: Stage, at: float) -> None:
    """Another host's echo and its reply."""
    stage.frame(packet6(WELL, PEER6, 58, echo()), at)
    stage.frame(packet6(PEER6, WELL, 58, echo(129)), at + 0.01)


def test_a_host_that_gets_nothing_while_others_do_is_told() -> None:
    """Echo requests, queries and SYNs leave for two peers; the first and how many are named."""
    stage = Stage()
    first = stage.frame(packet6(HOST, PEER6, 58, echo()), 0)
    for at in range(1, 7):
        stage.frame(packet6(HOST, PEER6, 6, tcp(4000 + at, 443, SYN)), at)
        stage.frame(packet6(HOST, OTHER, 17, udp(5000 + at, 53, query(28))), at + 0.5)
        others_are_well(stage, at)
    (found,) = stage.faults(DEAD)

    assert (HOST, first, 13, None) == (found.subject, found.packets[0], found.count, found.cleared)
    assert "13 packets to 2 addresses in 6.5 s" in found.detail


def test_one_peer_is_enough_if_it_answers_others() -> None:
    """Then it is not the peer that is down."""
    stage = Stage()
    for at in range(12):
        stage.frame(packet6(HOST, PEER6, 58, echo()), at)
        others_are_well(stage, at)

    assert [HOST] == [found.subject for found in stage.faults(DEAD)]


def test_a_peer_that_is_down_is_no_dead_receive_path() -> None:
    """The one peer answers nobody: that says nothing of the host."""
    stage = Stage()
    for at in range(12):
        stage.frame(packet6(HOST, OTHER, 58, echo()), at)
        others_are_well(stage, at)

    assert [] == stage.faults(DEAD)


def test_a_capture_of_one_direction_accuses_nobody() -> None:
    """Nobody gets answers in it."""
    stage = Stage()
    for at in range(12):
        for peer in (PEER6, OTHER):
            stage.frame(packet6(HOST, peer, 6, tcp(4000, 443, ACK)), at)
            stage.frame(packet6(WELL, peer, 6, tcp(4000, 443, ACK)), at)

    assert [] == stage.faults(DEAD)


def test_one_answer_of_any_kind_is_enough() -> None:
    """Even a reset shows that the way back works; what comes after counts from there."""
    stage = Stage()
    for at in range(12):
        for peer in (PEER6, OTHER):
            stage.frame(packet6(HOST, peer, 6, tcp(4000 + at, 443, SYN)), at)
        others_are_well(stage, at)
        if at == 8:
            stage.frame(packet6(OTHER, HOST, 6, tcp(443, 4000, 0x14)), at)

    assert [] == stage.faults(DEAD)


def test_a_path_that_comes_back_is_told_as_over() -> None:
    """On a live tap the clock tells it, and the first packet clears it."""
    stage = Stage()
    for at in range(12):
        stage.frame(packet6(HOST, PEER6, 58, echo()), at)
        others_are_well(stage, at)
    stage.diagnosis.elapsed(0)
    back = stage.frame(packet6(PEER6, HOST, 6, tcp(443, 4000, SYN_ACK)), 13)

    assert [back] == [found.cleared for found in stage.faults(DEAD)]


@pytest.mark.parametrize(
    ("destination", "protocol", "payload"),
    [
        ("ff02::fb", 17, udp(5353, 53, query(28))),
        (PEER6, 17, udp(514, 514, b"<13>log")),
        (PEER6, 17, udp(2055, 4739, b"flow")),
        (PEER6, 58, echo(129)),
        ("fe80::1", 58, echo()),
    ],
    ids=["multicast", "syslog", "flow records", "replies", "link-local"],
)
def test_what_expects_no_answer_does_not_count(destination: str, protocol: int, payload: bytes) -> None:
    """There are protocols of one direction."""
    stage = Stage()
    for at in range(30):
        stage.frame(packet6(HOST, destination, protocol, payload), at)
        others_are_well(stage, at)

    assert [] == stage.faults(DEAD)


def test_a_host_that_hears_by_another_way_is_not_dead() -> None:
    """Asymmetric routing: its TCP acknowledges more and more, its QUIC is past the handshake."""
    stage = Stage()
    for at in range(12):
        stage.frame(packet6(HOST, PEER6, 6, tcp(4000, 443, ACK if at else SYN, 0, 1000 * at)), at)
        stage.frame(packet6(HOST, OTHER, 17, udp(5000, 443, b"\x40" + bytes(30))), at + 0.5)
        others_are_well(stage, at)

    assert [] == stage.faults(DEAD)


def test_a_connection_whose_way_back_dies_is_told() -> None:
    """What it sends comes again with the acknowledgement of before."""
    stage = Stage()
    for at in range(12):
        stage.frame(packet6(HOST, PEER6, 6, tcp(4000, 443, ACK, 0, min(at, 2))), at)
        others_are_well(stage, at)

    assert [HOST] == [found.subject for found in stage.faults(DEAD)]


@pytest.mark.parametrize("addresses", [6, 20])
def test_whoever_looks_for_hosts_is_no_dead_one(addresses: int) -> None:
    """Two SYNs to each address, none of which is there."""
    stage = Stage()
    for at in range(2 * addresses):
        stage.frame(packet6(HOST, f"2001:db8:5::{at % addresses + 1:x}", 6, tcp(4000, 22, SYN)), at)
        others_are_well(stage, at)

    assert [] == stage.faults(DEAD)
