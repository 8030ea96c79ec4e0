"""MACs inside ND and ARP."""

from __future__ import annotations

import struct

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.nd import HOST, IS_ROUTER, OTHER_HOST, OVERRIDE, ROUTER, SOLICITED, answers, asks, local, na, ns, ra
from tests.diagnose.stage import Stage, advertisement, ethernet, ip4, ip6, link_layer

LINK = Fault.LINK_ADDRESS
COOKED = 113


def test_a_rewritten_source_is_told_with_what_named_which() -> None:
    """ND and ARP of one device from another Ethernet source are one fault of that device."""
    stage = Stage()
    first = stage.frame(asks(HOST, "10.0.0.7", "10.0.0.1", frame=OTHER_HOST))
    second = stage.frame(ns(OTHER_HOST, "2001:db8::1", named=HOST), 1)
    (found,) = stage.faults(LINK)

    assert (HOST, (first, second), Severity.WARNING) == (found.subject, found.packets, found.severity)
    assert f"1 ARP, 1 NS from {OTHER_HOST} name {HOST}" == found.detail


def test_devices_that_name_their_own_source_are_fine() -> None:
    """RA, NS, NA, ARP as every device sends them."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    stage.frame(ns(HOST, local(ROUTER)), 1)
    stage.frame(na(ROUTER, local(ROUTER), IS_ROUTER | SOLICITED | OVERRIDE, to=local(HOST)), 2)
    stage.frame(asks(HOST, "10.0.0.7", "10.0.0.1"), 3)
    stage.frame(answers(ROUTER, "10.0.0.1", HOST, "10.0.0.7"), 4)

    assert [] == stage.faults(LINK)


@pytest.mark.parametrize(
    "virtual", ["00:00:5e:00:02:0a", "00:05:73:a0:00:01", "00:07:b4:00:01:02", "03:bf:0a:00:00:01"]
)
def test_a_virtual_mac_from_a_real_one_is_normal(virtual: str) -> None:
    """VRRP (RFC 5798), HSRP, GLBP and load balancers name their virtual MAC."""
    stage = Stage()
    stage.frame(na(ROUTER, "2001:db8::1", SOLICITED | OVERRIDE, named=virtual))
    stage.frame(asks(virtual, "10.0.0.1", "10.0.0.1", frame=ROUTER), 1)
    stage.frame(ns(virtual, "2001:db8::7", named=ROUTER), 2)

    assert [] == stage.faults(LINK)


def test_a_proxy_names_itself() -> None:
    """Proxy ND and proxy ARP answer for others with their own MAC, inside and outside."""
    stage = Stage()
    stage.frame(na(ROUTER, "2001:db8::7", SOLICITED, to=local(HOST)))
    stage.frame(answers(ROUTER, "10.0.0.9", HOST, "10.0.0.7"), 1)

    assert [] == stage.faults(LINK)


def test_a_routers_other_mac_is_a_notice() -> None:
    """An anycast gateway's MAC may be anything: of a router it is told, and not accused."""
    stage = Stage()
    message = advertisement(1800, link_layer(1, "02:00:00:00:00:99"))
    stage.frame(ethernet(ROUTER, "33:33:00:00:00:01", 0x86DD, ip6(local(ROUTER), "ff02::1", 58, message)))
    stage.frame(ns(ROUTER, "2001:db8::7", named="02:00:00:00:00:99"), 1)

    assert [Severity.NOTICE] == [found.severity for found in stage.faults(LINK)]


def test_arp_alone_is_a_notice() -> None:
    """Gateways that share a MAC in IPv4 look so; what breaks IPv6 is told as it is seen in ND."""
    stage = Stage()
    stage.frame(answers("02:00:00:00:00:99", "10.0.0.1", HOST, "10.0.0.7", frame=ROUTER))

    assert [Severity.NOTICE] == [found.severity for found in stage.faults(LINK)]


def test_a_cooked_link_is_compared_by_its_source() -> None:
    """A capture of all interfaces has no destination, and the source it says."""
    head = bytes.fromhex("000000010006") + bytes.fromhex("3ca62f00000a") + bytes(2) + b"\x86\xdd"
    stage = Stage()
    stage.frame(head + ns(HOST, "2001:db8::1")[14:], link=COOKED)
    assert [] == stage.faults(LINK)
    last = stage.frame(head + ns(OTHER_HOST, "2001:db8::1")[14:], 1, link=COOKED)

    assert [(OTHER_HOST, (last,))] == [(found.subject, found.packets) for found in stage.faults(LINK)]


def test_loopback_has_no_macs_to_compare() -> None:
    """A cooked frame of the loopback interface says six zeros."""
    head = bytes.fromhex("000003040006") + bytes(8) + b"\x86\xdd"
    stage = Stage()
    stage.frame(head + ns(HOST, "2001:db8::1")[14:], link=COOKED)

    assert [] == stage.faults(LINK)


def test_a_cut_message_names_nothing() -> None:
    """The capture left the option out: nothing differs."""
    whole = ns(OTHER_HOST, "2001:db8::1", named=HOST)
    stage = Stage()
    stage.frame(whole[:80], length=len(whole))

    assert [] == stage.faults(LINK)


def test_links_without_macs_have_nothing_to_compare() -> None:
    """In a PPPoE session and in 6in4 the Ethernet source is that of the tunnel's end."""
    message = ns(OTHER_HOST, "2001:db8::1", named=HOST)[14:]
    session = struct.pack("!BBHHH", 0x11, 0, 7, len(message) + 2, 0x0057) + message
    stage = Stage()
    stage.frame(ethernet(OTHER_HOST, ROUTER, 0x8864, session))
    stage.frame(ethernet(OTHER_HOST, ROUTER, 0x0800, ip4("192.0.2.1", "192.0.2.2", 41, message)), 1)

    assert [] == stage.faults(LINK)
