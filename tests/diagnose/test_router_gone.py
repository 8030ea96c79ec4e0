"""Routers that withdraw."""

from __future__ import annotations

import struct

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.nd import HOST, OTHER_ROUTER, ROUTER, data, local, ra
from tests.diagnose.stage import Stage, ethernet, ip6, prefix, told
from tests.diagnose.stage import advertisement as message

GONE = Fault.ROUTER_GONE
LAN = "2001:db8:1::/64"


def test_the_last_default_router_that_withdraws_is_critical() -> None:
    """Lifetime 0 from the router that hosts route by, without another one: the stack is dead."""
    stage = Stage()
    first = stage.frame(ra(ROUTER, 1800))
    last = stage.frame(ra(ROUTER, 0), 10)
    (found,) = stage.faults(GONE)

    assert (local(ROUTER), (first, last), Severity.CRITICAL) == (found.subject, found.packets, found.severity)


def test_an_end_that_another_device_announces_is_told_as_such() -> None:
    """Its MAC is not the one that the router's RAs came from."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    stage.frame(ethernet(HOST, "33:33:00:00:00:01", 0x86DD, ip6(local(ROUTER), "ff02::1", 58, message(0))), 10)
    (found,) = stage.faults(GONE)

    assert found.detail.startswith(f"{local(ROUTER)} ({HOST}) was a default router")
    assert f"its RAs came from {ROUTER}, and this one from another device" in found.detail


def test_another_default_router_that_remains_makes_it_a_warning() -> None:
    """Hosts go on by the other one; when that withdraws as well, it is critical."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    stage.frame(ra(OTHER_ROUTER, 1800), 1)
    stage.frame(ra(ROUTER, 0), 10)
    stage.frame(ra(OTHER_ROUTER, 0), 20)

    assert {local(ROUTER): Severity.WARNING, local(OTHER_ROUTER): Severity.CRITICAL} == {
        found.subject: found.severity for found in stage.faults(GONE)
    }


def test_another_router_whose_lifetime_is_over_does_not_remain() -> None:
    """An RA of long ago keeps no route alive."""
    stage = Stage()
    stage.frame(ra(OTHER_ROUTER, 9))
    stage.frame(ra(ROUTER, 1800))
    stage.frame(ra(ROUTER, 0), 10)

    assert [Severity.CRITICAL] == [found.severity for found in stage.faults(GONE)]


def test_a_router_that_comes_back_clears_it() -> None:
    """It is told as over by the RA that announces the router again."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    stage.frame(ra(ROUTER, 0), 10)
    back = stage.frame(ra(ROUTER, 1800), 20)

    assert [back] == [found.cleared for found in stage.faults(GONE)]


def test_a_router_that_never_was_a_default_router_is_no_fault() -> None:
    """Lifetime 0 from the start, with a ULA prefix: that is how a router announces prefixes only."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    for second in range(3):
        stage.frame(ra(OTHER_ROUTER, 0, prefix("fd00:1::/64")), second)
    stage.frame(data(HOST, OTHER_ROUTER, "fd00:1::a", "fd00:2::b"), 4)

    assert [] == stage.faults(GONE)


def test_hosts_that_still_send_through_it_show_that_it_was_one() -> None:
    """The capture began too late for its last RA with a lifetime: a host of its prefix still routes by it."""
    stage = Stage()
    said = stage.frame(ra(ROUTER, 0, prefix(LAN)))
    stage.frame(data(HOST, ROUTER, "2001:db8:1::a", "2001:db8:1::b"), 1)
    used = stage.frame(data(HOST, ROUTER, "2001:db8:1::a", "2001:db8:2::b"), 2)
    stage.frame(data(HOST, ROUTER, "2001:db8:1::a", "2001:db8:2::b"), 3)

    assert {(GONE, local(ROUTER), (said, used))} == told(stage.faults(GONE))


def test_a_router_that_announces_routes_is_sent_through_rightly() -> None:
    """Route Information makes hosts send through a router with lifetime 0 (RFC 4191 §3.1)."""
    route = struct.pack("!BBBBI", 24, 2, 32, 0, 600) + bytes.fromhex("20010db800000000")
    stage = Stage()
    stage.frame(ra(ROUTER, 0, prefix(LAN), route))
    stage.frame(data(HOST, ROUTER, "2001:db8:1::a", "2001:db8:2::b"), 2)

    assert [] == stage.faults(GONE)


def test_other_vlans_keep_their_router() -> None:
    """A segment is a link of its own: what withdraws on one was never announced on the other."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800, vlans=(2048, 101)))
    stage.frame(ra(ROUTER, 0, vlans=(2048, 102)), 1)

    assert [] == stage.faults(GONE)


def test_each_vlan_that_loses_its_router_is_told() -> None:
    """One RA a line at the same instant, with the same octets behind the tags: three lines, not one."""
    stage = Stage()
    for vlan in (101, 102, 103):
        stage.frame(ra(ROUTER, 1800, vlans=(2048, vlan)))
    for vlan in (101, 102, 103):
        stage.frame(ra(ROUTER, 0, vlans=(2048, vlan)), 1)

    assert ["if0 2048.101", "if0 2048.102", "if0 2048.103"] == sorted(found.where for found in stage.faults(GONE))


def test_a_packet_captured_on_two_interfaces_is_told_once() -> None:
    """In blocks, either interface first, behind VLAN tags on one of them: there was one RA each time."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800), 0, interface=0)
    stage.frame(ra(ROUTER, 0), 10, interface=0)
    stage.frame(ra(ROUTER, 1800, vlans=(101,)), 0.0001, interface=1)
    stage.frame(ra(ROUTER, 0, vlans=(101,)), 10.0001, interface=1)
    stage.frame(ra(ROUTER, 0, vlans=(101,)), 13.0001, interface=1)
    stage.frame(ra(ROUTER, 0), 13, interface=0)

    assert [("if0", 2)] == [(found.where, found.count) for found in stage.faults(GONE)]


def test_a_long_series_captured_on_two_interfaces_is_told_once() -> None:
    """All of one interface, then all of the other: the copies come thousands of frames later."""
    stage = Stage()
    for interface in (0, 1):
        stage.frame(ra(ROUTER, 1800), 0.0002 * interface, interface)
        for second in range(1, 301):
            stage.frame(ra(ROUTER, 0), second + 0.0002 * interface, interface)

    assert [("if0", 300)] == [(found.where, found.count) for found in stage.faults(GONE)]


def test_an_older_ra_behind_a_newer_one_changes_nothing() -> None:
    """Frames out of order: the RA with a lifetime was on the wire before the one without."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    stage.frame(ra(ROUTER, 0), 10)
    stage.frame(ra(ROUTER, 1800), 9)

    assert [None] == [found.cleared for found in stage.faults(GONE)]


def test_pppoe_sessions_of_one_bng_are_links_of_their_own() -> None:
    """A BNG withdraws in one session as that ends; in the others it stays the router."""

    def session(number: int, lifetime: int) -> bytes:
        packet = ip6(local(ROUTER), "ff02::1", 58, message(lifetime))
        head = struct.pack("!BBHHH", 0x11, 0, number, len(packet) + 2, 0x0057)
        return ethernet(ROUTER, HOST, 0x8864, head + packet)

    stage = Stage()
    stage.frame(session(1, 1800))
    stage.frame(session(2, 0), 1)
    assert [] == stage.faults(GONE)
    stage.frame(session(1, 0), 2)

    assert ["if0 session 1"] == [found.where for found in stage.faults(GONE)]


@pytest.mark.parametrize(
    ("source", "destination"),
    [
        pytest.param("2001:db8:3::a", "2001:db8:2::b", id="of another network, so another router sends it"),
        pytest.param("2001:db8:1::a", "fd00:2::b", id="to a site's own address, for which a route may be set"),
        pytest.param("fe80::a", "2001:db8:2::b", id="of the link itself"),
    ],
)
def test_what_is_no_hosts_way_to_the_internet_shows_nothing(source: str, destination: str) -> None:
    """Frames to the MAC of a router that announces prefixes only."""
    stage = Stage()
    stage.frame(ra(ROUTER, 0, prefix(LAN)))
    stage.frame(data(HOST, ROUTER, source, destination), 1)

    assert [] == stage.faults(GONE)


def test_two_lines_that_lose_the_same_router_at_different_times_are_two() -> None:
    """The same octets on two interfaces, a second apart: no copy takes that long."""
    stage = Stage()
    for interface in (0, 1):
        stage.frame(ra(ROUTER, 1800), interface, interface)
        stage.frame(ra(ROUTER, 0), 10 + interface, interface)

    assert ["if0", "if1"] == [found.where for found in stage.faults(GONE)]
