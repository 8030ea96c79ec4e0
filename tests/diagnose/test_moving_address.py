"""Addresses that several devices announce."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.nd import HOST, OTHER_HOST, OVERRIDE, ROUTER, SOLICITED, asks, local, na, probe
from tests.diagnose.stage import Stage

MOVING = Fault.MOVING_ADDRESS
FLOATING = "2001:db8::f"


def test_there_and_back_is_two_that_claim_one_address() -> None:
    """Override NAs of two MACs in turn; the number of moves is told."""
    stage = Stage()
    numbers = [
        stage.frame(na(mac, FLOATING, OVERRIDE), 20 * at) for at, mac in enumerate((HOST, OTHER_HOST, HOST, OTHER_HOST))
    ]
    (found,) = stage.faults(MOVING)

    assert (FLOATING, tuple(numbers), Severity.WARNING) == (found.subject, found.packets, found.severity)
    assert f"{FLOATING} moves from {HOST} to {OTHER_HOST}, there and back: 3 moves" == found.detail


def test_gratuitous_arp_moves_an_address_alike() -> None:
    """One defends what the other claims (RFC 5227 §2.4)."""
    stage = Stage()
    for at, mac in enumerate((HOST, OTHER_HOST, HOST)):
        stage.frame(asks(mac, "10.0.0.7", "10.0.0.7"), at)

    assert [("10.0.0.7", Severity.WARNING)] == [(found.subject, found.severity) for found in stage.faults(MOVING)]


def test_a_single_move_is_no_fault() -> None:
    """A failover: it stays where it went."""
    stage = Stage()
    stage.frame(na(HOST, FLOATING, OVERRIDE))
    stage.frame(na(OTHER_HOST, FLOATING, OVERRIDE), 30)
    stage.frame(na(OTHER_HOST, FLOATING, OVERRIDE), 31)

    assert [] == stage.faults(MOVING)


def test_a_failover_and_its_end_are_a_notice() -> None:
    """The first router is back after minutes; if it moves once more within such a time, it is no failover."""
    stage = Stage()
    numbers = [stage.frame(na(mac, FLOATING, OVERRIDE), 150 * at) for at, mac in enumerate((HOST, OTHER_HOST, HOST))]
    (notice,) = stage.faults(MOVING)
    told = (notice.severity, notice.packets)
    stage.frame(na(OTHER_HOST, FLOATING, OVERRIDE), 450)

    assert (Severity.NOTICE, tuple(numbers)) == told
    assert [Severity.WARNING] == [found.severity for found in stage.faults(MOVING)]


def test_a_lease_that_went_to_another_device_is_no_move() -> None:
    """The first one was not heard for long."""
    stage = Stage()
    stage.frame(na(HOST, FLOATING, OVERRIDE))
    stage.frame(na(OTHER_HOST, FLOATING, OVERRIDE), 3_600)

    assert [] == stage.faults(MOVING)


@pytest.mark.parametrize("flags", [0, SOLICITED, SOLICITED | OVERRIDE])
def test_only_announcements_with_override_move_an_address(flags: int) -> None:
    """A proxy leaves Override off, and an answer to a neighbour's question is no announcement."""
    stage = Stage()
    for at, mac in enumerate((HOST, ROUTER, HOST)):
        stage.frame(na(mac, FLOATING, flags, to=local(OTHER_HOST)), at)
        stage.frame(na(mac, FLOATING, flags), at + 0.5)

    assert [] == stage.faults(MOVING)


def test_an_answer_to_a_probe_on_behalf_of_the_holder_is_no_move() -> None:
    """A BNG that keeps the hosts of a VLAN apart answers probes for them (RFC 6957)."""
    stage = Stage()
    stage.frame(na(HOST, FLOATING, OVERRIDE))
    stage.frame(probe(OTHER_HOST, FLOATING), 10)
    stage.frame(na(ROUTER, FLOATING, OVERRIDE), 10.001)
    stage.frame(na(HOST, FLOATING, OVERRIDE), 20)

    assert [] == stage.faults(MOVING)


def test_virtual_macs_share_an_address_on_purpose() -> None:
    """GLBP's gateways name several."""
    stage = Stage()
    for at in range(4):
        stage.frame(na(ROUTER, FLOATING, OVERRIDE, named=f"00:07:b4:00:01:0{at % 2}"), at)

    assert [] == stage.faults(MOVING)


def test_one_mac_behind_a_rewriting_bridge_does_not_move() -> None:
    """What counts is the MAC that neighbours are to use."""
    stage = Stage()
    stage.frame(na(HOST, FLOATING, OVERRIDE))
    stage.frame(na(OTHER_HOST, FLOATING, OVERRIDE, named=HOST), 1)
    stage.frame(na(HOST, FLOATING, OVERRIDE), 2)

    assert [] == stage.faults(MOVING)


def test_a_cut_announcement_does_not_say_who_has_it() -> None:
    """The option is not in the capture, and the frame's source may be a bridge's."""
    whole = na(OTHER_HOST, FLOATING, OVERRIDE, named=HOST)
    stage = Stage()
    stage.frame(na(HOST, FLOATING, OVERRIDE))
    stage.frame(whole[:80], 1, length=len(whole))

    assert [] == stage.faults(MOVING)


def test_the_same_address_on_two_vlans_is_two_addresses() -> None:
    """Each line announces its own."""
    stage = Stage()
    for at in range(4):
        stage.frame(na((HOST, OTHER_HOST)[at % 2], "fe80::1", OVERRIDE, vlans=(100 + at % 2,)), at)

    assert [] == stage.faults(MOVING)


def test_back_after_long_is_no_struggle() -> None:
    """A failover, and the repaired device takes the address back an hour later."""
    stage = Stage()
    stage.frame(na(HOST, FLOATING, OVERRIDE))
    stage.frame(na(OTHER_HOST, FLOATING, OVERRIDE), 30)
    stage.frame(na(HOST, FLOATING, OVERRIDE), 3_600)

    assert [] == stage.faults(MOVING)


def test_an_older_announcement_behind_a_newer_one_is_no_move() -> None:
    """Frames out of order: the first holder spoke before the second one took over."""
    stage = Stage()
    stage.frame(na(HOST, FLOATING, OVERRIDE))
    stage.frame(na(OTHER_HOST, FLOATING, OVERRIDE), 5)
    stage.frame(na(HOST, FLOATING, OVERRIDE), 4)

    assert [] == stage.faults(MOVING)
