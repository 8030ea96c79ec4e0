"""Duplicate addresses."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.nd import EVERYBODY, HOST, OTHER_HOST, OVERRIDE, ROUTER, SOLICITED, answers, asks, local, na, probe
from tests.diagnose.stage import Stage, ethernet, ip4, ip6, message4, message6, option4, option6, told, udp

DUPLICATE = Fault.DUPLICATE_ADDRESS
ADDRESS = "2001:db8::1000"
NONCE = bytes.fromhex("0e01010203040506")


def _decline4(address: str = "10.0.0.100", relay: str = "0.0.0.0") -> bytes:
    octets = bytes(int(part) for part in address.split("."))
    message = message4(4, HOST, option4(50, octets), relay=relay)
    return ethernet(HOST, EVERYBODY, 0x0800, ip4("0.0.0.0", "255.255.255.255", 17, udp(68, 67, message)))


def test_a_probe_that_is_answered_is_a_duplicate() -> None:
    """The NA to all nodes of who has the address; each answered probe counts."""
    stage = Stage()
    numbers = []
    for second in (0, 4):
        numbers.append(stage.frame(probe(HOST, ADDRESS), second))
        numbers.append(stage.frame(na(OTHER_HOST, ADDRESS, OVERRIDE), second + 0.0002))
    (found,) = stage.faults(DUPLICATE)

    assert (tuple(numbers), 2, Severity.WARNING) == (found.packets, found.count, found.severity)
    assert f"{HOST} probes it, {OTHER_HOST} has it" == found.detail


def test_a_link_local_duplicate_is_critical() -> None:
    """Without its link-local address the interface has no IPv6 at all (RFC 4862 §5.4.5)."""
    stage = Stage()
    stage.frame(probe(HOST, local(HOST)))
    stage.frame(na(OTHER_HOST, local(HOST), OVERRIDE), 0.001)

    assert [Severity.CRITICAL] == [found.severity for found in stage.faults(DUPLICATE)]


def test_an_answer_from_the_probers_own_mac_is_a_cloned_mac() -> None:
    """It comes at once: an announcement of the prober's own waits for answers first."""
    stage = Stage()
    first = stage.frame(probe(HOST, local(HOST)))
    last = stage.frame(na(HOST, local(HOST), OVERRIDE), 0.00002)

    assert {(DUPLICATE, local(HOST), (first, last))} == told(stage.faults(DUPLICATE))


def test_a_prober_that_nobody_answers_and_then_announces_itself_is_fine() -> None:
    """Probe, again a probe, and a second later the unsolicited NA of the same host (RFC 9131)."""
    stage = Stage()
    stage.frame(probe(HOST, ADDRESS))
    stage.frame(probe(HOST, ADDRESS), 1)
    stage.frame(na(HOST, ADDRESS, OVERRIDE), 2.001)
    stage.frame(na(HOST, ADDRESS, OVERRIDE), 3)

    assert [] == stage.faults(DUPLICATE)


def test_an_optimistic_host_announces_at_once_without_override() -> None:
    """Optimistic addresses are advertised while they are probed, with Override off (RFC 4429 §3.3)."""
    stage = Stage()
    stage.frame(probe(HOST, ADDRESS))
    stage.frame(na(HOST, ADDRESS, 0), 0.00002)

    assert [] == stage.faults(DUPLICATE)


def test_an_echo_of_the_own_probe_is_no_second_prober() -> None:
    """A loop brings it back from the same MAC; with a nonce (RFC 7527) as a bridge rewrote it even later."""
    stage = Stage()
    stage.frame(probe(HOST, ADDRESS, NONCE))
    stage.frame(probe(HOST, ADDRESS, NONCE), 0.3)
    stage.frame(probe(OTHER_HOST, ADDRESS, NONCE), 0.6)

    assert [] == stage.faults(DUPLICATE)


def test_a_mirror_on_both_sides_of_a_rewriting_bridge_shows_one_host() -> None:
    """The probe and the announcement come from two MACs, microseconds apart: not two hosts."""
    stage = Stage()
    stage.frame(probe(HOST, ADDRESS))
    stage.frame(probe(OTHER_HOST, ADDRESS), 0.00005)
    stage.frame(na(HOST, ADDRESS, OVERRIDE), 1.1)
    stage.frame(na(OTHER_HOST, ADDRESS, OVERRIDE, named=HOST), 1.10005)

    assert [] == stage.faults(DUPLICATE)


def test_two_macs_that_probe_one_address_at_once_are_both_without_it() -> None:
    """Neither has it, so neither answers (RFC 4862 §5.4.3)."""
    stage = Stage()
    first = stage.frame(probe(HOST, ADDRESS))
    last = stage.frame(probe(OTHER_HOST, ADDRESS), 0.4)
    stage.frame(na(HOST, ADDRESS, OVERRIDE), 0.41)

    assert {(DUPLICATE, ADDRESS, (first, last))} == told(stage.faults(DUPLICATE))


def test_a_lease_that_went_to_another_device_is_no_conflict() -> None:
    """The second one probes long after the first one did, and nobody answers."""
    stage = Stage()
    stage.frame(probe(HOST, ADDRESS))
    stage.frame(probe(OTHER_HOST, ADDRESS), 30)

    assert [] == stage.faults(DUPLICATE)


def test_the_same_address_on_two_vlans_is_no_conflict() -> None:
    """Each line has an fe80::1 of its own, and neither hears the other."""
    stage = Stage()
    stage.frame(probe(HOST, "fe80::1", vlans=(2048, 101)))
    stage.frame(probe(OTHER_HOST, "fe80::1", vlans=(2048, 102)), 0.1)
    stage.frame(na(OTHER_HOST, "fe80::1", OVERRIDE, vlans=(2048, 103)), 0.2)

    assert [] == stage.faults(DUPLICATE)


def test_answers_to_others_are_no_answers_to_a_probe() -> None:
    """An NA to one host answers that host; and one of another address, or long after, answers nobody."""
    stage = Stage()
    stage.frame(probe(HOST, ADDRESS))
    stage.frame(na(OTHER_HOST, ADDRESS, SOLICITED, to=local(ROUTER)), 0.1)
    stage.frame(na(OTHER_HOST, "2001:db8::2000", OVERRIDE), 0.2)
    stage.frame(na(OTHER_HOST, ADDRESS, OVERRIDE), 60)

    assert [] == stage.faults(DUPLICATE)


def test_a_conflict_captured_on_two_interfaces_is_told_once() -> None:
    """In blocks: all of one interface, then all of the other."""
    stage = Stage()
    for interface in (0, 1):
        stage.frame(probe(HOST, ADDRESS), interface * 0.0001, interface)
        stage.frame(na(OTHER_HOST, ADDRESS, OVERRIDE), 0.001 + interface * 0.0001, interface)

    assert [("if0", 1)] == [(found.where, found.count) for found in stage.faults(DUPLICATE)]


@pytest.mark.parametrize("relayed", [False, True])
def test_an_arp_probe_that_is_answered_and_declined_is_one_conflict(relayed: bool) -> None:
    """Probe, answer, DECLINE, and the relay's copy of that: one conflict with all its packets of this place."""
    stage = Stage()
    numbers = [
        stage.frame(asks(HOST, "0.0.0.0", "10.0.0.100")),
        stage.frame(answers(OTHER_HOST, "10.0.0.100", HOST, "0.0.0.0"), 0.0001),
        stage.frame(_decline4(), 0.01),
    ]
    if relayed:
        numbers.append(stage.frame(_decline4(relay="10.0.0.1"), 0.02, interface=1))

    assert [(1, tuple(numbers))] == [(found.count, found.packets) for found in stage.faults(DUPLICATE)]


def test_a_decline_alone_tells_the_conflict() -> None:
    """The capture is behind a relay: ARP is not seen there."""
    stage = Stage()
    number = stage.frame(_decline4())

    assert {(DUPLICATE, "10.0.0.100", (number,))} == told(stage.faults(DUPLICATE))


def test_a_dhcpv6_decline_tells_the_conflict() -> None:
    """IA_NA with the address that the client may not use (RFC 8415 §18.2.8)."""
    address = bytes.fromhex("20010db8000000000000000000001000")
    identity = option6(3, bytes(12) + option6(5, address + bytes(8)))
    message = message6(9, option6(1, bytes.fromhex("00030001") + bytes.fromhex(HOST.replace(":", ""))), identity)
    stage = Stage()
    packet = ip6(local(HOST), "ff02::1:2", 17, udp(546, 547, message), 1)
    number = stage.frame(ethernet(HOST, "33:33:00:01:00:02", 0x86DD, packet))

    assert {(DUPLICATE, ADDRESS, (number,))} == told(stage.faults(DUPLICATE))


def test_a_client_that_probes_its_lease_in_peace_is_fine() -> None:
    """Three probes, two announcements (RFC 5227 §2.3), nobody else."""
    stage = Stage()
    for second in (0, 1.9, 3.1):
        stage.frame(asks(HOST, "0.0.0.0", "10.0.0.101"), second)
    for second in (5.1, 7.1):
        stage.frame(asks(HOST, "10.0.0.101", "10.0.0.101"), second)

    assert [] == stage.faults(DUPLICATE)


def test_who_asked_for_a_neighbour_does_not_want_its_address() -> None:
    """A person who looks with a probe whether the gateway is there gets an answer, and has no conflict."""
    stage = Stage()
    stage.frame(asks(HOST, "10.0.0.7", "10.0.0.1"))
    stage.frame(answers(ROUTER, "10.0.0.1", HOST, "10.0.0.7"), 0.001)
    stage.frame(asks(HOST, "0.0.0.0", "10.0.0.1"), 1)
    stage.frame(answers(ROUTER, "10.0.0.1", HOST, "0.0.0.0"), 1.001)

    assert [] == stage.faults(DUPLICATE)


def test_a_switch_that_asks_a_single_mac_whether_it_is_there_probes_nothing() -> None:
    """Device tracking sends ARP from 0.0.0.0 to one MAC, which answers."""
    stage = Stage()
    stage.frame(asks(ROUTER, "0.0.0.0", "10.0.0.7", to=HOST))
    stage.frame(answers(HOST, "10.0.0.7", ROUTER, "0.0.0.0"), 0.001)

    assert [] == stage.faults(DUPLICATE)


def test_an_arp_answer_to_nobody_from_the_probers_mac_is_a_cloned_mac() -> None:
    """It goes to 0.0.0.0, so it answers a probe."""
    stage = Stage()
    stage.frame(asks(HOST, "0.0.0.0", "10.0.0.7"))
    stage.frame(answers(HOST, "10.0.0.7", HOST, "0.0.0.0"), 0.0001)

    assert ["10.0.0.7"] == [found.subject for found in stage.faults(DUPLICATE)]


def test_an_announcement_behind_a_rewriting_bridge_is_no_answer() -> None:
    """The probe was seen before the bridge only, and the NA behind it: it names the prober."""
    stage = Stage()
    stage.frame(probe(HOST, ADDRESS))
    stage.frame(na(OTHER_HOST, ADDRESS, OVERRIDE, named=HOST), 1.1)

    assert [] == stage.faults(DUPLICATE)


def test_a_client_that_announces_its_lease_without_waiting_is_fine() -> None:
    """It asks for its own address as its own: no reply to the probe."""
    stage = Stage()
    stage.frame(asks(HOST, "0.0.0.0", "10.0.0.101"))
    stage.frame(asks(HOST, "10.0.0.101", "10.0.0.101"), 0.05)

    assert [] == stage.faults(DUPLICATE)
