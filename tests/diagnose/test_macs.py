"""One CPE, two MACs."""

from __future__ import annotations

import struct

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.nd import EVERYBODY, HOST, OTHER_HOST, ROUTER, local
from tests.diagnose.stage import (
    Stage,
    ethernet,
    ip4,
    ip6,
    mac,
    message4,
    message6,
    option4,
    option6,
    relayed6,
    udp,
)

DIFFER, OF_OTHER = Fault.MACS_DIFFER, Fault.DUID_OF_OTHER


def four(kind: int, client: str, *options: bytes, relay: str = "0.0.0.0", vlans: tuple[int, ...] = ()) -> bytes:
    """A client's DHCPv4 message, broadcast, or as a relay sends it on."""
    source = "0.0.0.0" if relay == "0.0.0.0" else relay
    packet = ip4(source, "255.255.255.255", 17, udp(68, 67, message4(kind, client, *options, relay=relay)))
    return ethernet(client if relay == "0.0.0.0" else ROUTER, EVERYBODY, 0x0800, packet, *vlans)


def duid(of: str) -> bytes:
    """A DUID-LL (RFC 8415 §11.4)."""
    return b"\0\3\0\1" + mac(of)


def six(kind: int, client: str, identity: bytes, vlans: tuple[int, ...] = ()) -> bytes:
    """A client's DHCPv6 message to all servers."""
    packet = ip6(local(client), "ff02::1:2", 17, udp(546, 547, message6(kind, option6(1, identity))), 1)
    return ethernet(client, "33:33:00:01:00:02", 0x86DD, packet, *vlans)


def relayed(kind: int, client: str, identity: bytes, *options: bytes) -> bytes:
    """The same as a relay sends it on, with its options."""
    inner = option6(9, message6(kind, option6(1, identity)))
    message = relayed6(12, "2001:db8::1", local(client), *options, inner)
    return ethernet(ROUTER, OTHER_HOST, 0x86DD, ip6("2001:db8::1", "2001:db8::2", 17, udp(547, 547, message)))


def _boot(stage: Stage, first: bytes, second: bytes, third: bytes, fourth: bytes) -> tuple[int, ...]:
    return tuple(stage.frame(frame, second) for second, frame in enumerate((first, second, third, fourth)))


def test_a_duid_that_names_the_mac_of_dhcpv4_from_another_mac_is_one_cpe() -> None:
    """DHCPv4 of one MAC, DHCPv6 from another whose DUID names the first: told after two messages of each."""
    stage = Stage()
    numbers = _boot(stage, four(1, HOST), four(3, HOST), six(1, OTHER_HOST, duid(HOST)), six(3, OTHER_HOST, duid(HOST)))
    (found,) = stage.faults(DIFFER, OF_OTHER)

    assert (DIFFER, HOST, Severity.WARNING) == (found.fault, found.subject, found.severity)
    assert (numbers[0], numbers[2], numbers[3]) == found.packets
    assert f"DHCPv4 of {HOST}, DHCPv6 from {OTHER_HOST}: the DUID names the MAC of DHCPv4" == found.detail


def test_one_duid_in_both_client_identifiers_is_one_cpe() -> None:
    """RFC 4361 §6.1: DHCPv4's client identifier holds the DUID; here a relay saw DHCPv6's MAC (RFC 6939)."""
    identity = bytes.fromhex("0004") + bytes(range(16))
    client = option4(61, b"\xff" + bytes(4) + identity)
    seen = option6(79, b"\0\1" + mac(OTHER_HOST))
    stage = Stage()
    _boot(
        stage, four(1, HOST, client), four(3, HOST, client),
        relayed(1, HOST, identity, seen), relayed(3, HOST, identity, seen),
    )  # fmt: skip

    assert [(DIFFER, HOST, Severity.WARNING)] == [
        (found.fault, found.subject, found.severity) for found in stage.faults(DIFFER, OF_OTHER)
    ]


def test_one_line_id_is_probably_one_cpe() -> None:
    """Both ids of option 82 and of options 18 and 37 agree: a notice, for a line may have two devices."""
    option82 = option4(82, option4(1, b"lag-1-207") + option4(2, b"olt7/12"))
    ids = (option6(18, b"lag-1-207"), option6(37, struct.pack("!I", 3561) + b"olt7/12"))
    seen = option6(79, b"\0\1" + mac(OTHER_HOST))
    stage = Stage()
    _boot(
        stage, four(1, HOST, option82, relay="10.0.0.1"), four(3, HOST, option82, relay="10.0.0.1"),
        relayed(1, OTHER_HOST, duid(OTHER_HOST), *ids, seen), relayed(3, OTHER_HOST, duid(OTHER_HOST), *ids, seen),
    )  # fmt: skip

    assert [(DIFFER, HOST, Severity.NOTICE)] == [
        (found.fault, found.subject, found.severity) for found in stage.faults(DIFFER, OF_OTHER)
    ]


@pytest.mark.parametrize(("vlans", "kinds"), [((2048, 101), [DIFFER]), ((101,), []), ((), [])])
def test_only_a_vlan_of_two_tags_is_a_lines_own(vlans: tuple[int, ...], kinds: list[Fault]) -> None:
    """On a VLAN that many lines share, one CPE may have IPv4 only and the next one IPv6 only."""
    stage = Stage()
    _boot(
        stage, four(1, HOST, vlans=vlans), four(3, HOST, vlans=vlans),
        six(1, OTHER_HOST, duid(OTHER_HOST), vlans), six(3, OTHER_HOST, duid(OTHER_HOST), vlans),
    )  # fmt: skip

    assert kinds == [found.fault for found in stage.faults(DIFFER, OF_OTHER)]


def test_a_cpe_with_one_mac_is_fine() -> None:
    """DHCPv4, DHCPv6 and the DUID agree, on a VLAN of its own."""
    stage = Stage()
    vlans = (2048, 101)
    _boot(
        stage, four(1, HOST, vlans=vlans), four(3, HOST, vlans=vlans),
        six(1, HOST, duid(HOST), vlans), six(3, HOST, duid(HOST), vlans),
    )  # fmt: skip

    assert [] == stage.faults(DIFFER, OF_OTHER)


def test_two_devices_on_a_line_are_not_accused() -> None:
    """Each has both stacks with its own MAC: the line has two MACs in either family."""
    stage = Stage()
    vlans = (2048, 101)
    for kind in (1, 3):
        for device in (HOST, OTHER_HOST):
            stage.frame(four(kind, device, vlans=vlans), kind)
            stage.frame(six(kind, device, duid(device), vlans), kind + 0.5)

    assert [] == stage.faults(DIFFER, OF_OTHER)


def test_a_second_card_with_both_stacks_is_not_accused() -> None:
    """A host has one DUID for all its cards (RFC 8415 §11): this one's names the other card."""
    stage = Stage()
    for kind in (1, 3):
        stage.frame(four(kind, HOST), kind)
        stage.frame(four(kind, OTHER_HOST), kind)
        stage.frame(six(kind, HOST, duid(HOST)), kind)
        stage.frame(six(kind, OTHER_HOST, duid(HOST)), kind)

    assert [] == stage.faults(DIFFER, OF_OTHER)


def test_a_duid_that_names_neither_is_a_notice() -> None:
    """Both stacks use one MAC; the DUID names a third, and is told once."""
    stage = Stage()
    _boot(stage, four(1, HOST), four(3, HOST), six(1, HOST, duid(OTHER_HOST)), six(3, HOST, duid(OTHER_HOST)))

    assert [(OF_OTHER, HOST, Severity.NOTICE, 1)] == [
        (found.fault, found.subject, found.severity, found.count) for found in stage.faults(DIFFER, OF_OTHER)
    ]


def test_a_relay_without_option_79_proves_nothing() -> None:
    """The Ethernet source is the relay's, and the peer address is the customer's claim."""
    stage = Stage()
    _boot(
        stage, four(1, HOST), four(3, HOST), relayed(1, OTHER_HOST, duid(HOST)), relayed(3, OTHER_HOST, duid(HOST)),
    )  # fmt: skip

    assert [] == stage.faults(DIFFER, OF_OTHER)


def test_a_duid_of_a_device_without_ipv4_is_nothing_to_tell() -> None:
    """No DHCPv4 session is to be found, by whatever MAC."""
    stage = Stage()
    stage.frame(six(1, HOST, duid(OTHER_HOST)))
    stage.frame(six(3, HOST, duid(OTHER_HOST)), 1)

    assert [] == stage.faults(DIFFER, OF_OTHER)


def test_relayed_clients_are_not_joined_by_the_relays_vlan() -> None:
    """Behind a relay every line comes by its two tags."""
    stage = Stage()
    vlans = (2048, 101)
    _boot(
        stage, four(1, HOST, relay="10.0.0.1", vlans=vlans), four(3, HOST, relay="10.0.0.1", vlans=vlans),
        six(1, OTHER_HOST, duid(OTHER_HOST), vlans), six(3, OTHER_HOST, duid(OTHER_HOST), vlans),
    )  # fmt: skip

    assert [] == stage.faults(DIFFER, OF_OTHER)
