"""AAAA queries of hosts without a global address."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from tests.diagnose.flow import GATEWAY, HOST, HOST4, LOCAL, asks6, ia, ia_address, ia_prefix, packet6, query, server6
from tests.diagnose.nd import IS_ROUTER, na, ra
from tests.diagnose.stage import Stage, ethernet, ip4, ip6, prefix, udp

UNUSED = Fault.AAAA_UNUSED
A, AAAA = 1, 28


def over4(kind: int, source: str = HOST4) -> bytes:
    """A query over IPv4."""
    return ethernet(HOST, GATEWAY, 0x0800, ip4(source, "198.51.100.53", 17, udp(5000, 53, query(kind))))


def over6(kind: int, source: str = "fd00::77") -> bytes:
    """One over IPv6."""
    return ethernet(HOST, GATEWAY, 0x86DD, ip6(source, "fd00::53", 17, udp(5000, 53, query(kind))))


def test_a_host_with_a_link_local_address_is_counted() -> None:
    """Its probe for that address shows it; the AAAA queries count, the others do not."""
    stage = Stage()
    stage.frame(asks6("fe80::77", address="::"))
    numbers = [stage.frame(over4(kind), at) for at, kind in enumerate((A, AAAA, A, AAAA, AAAA, AAAA))]
    (found,) = stage.faults(UNUSED)

    assert (HOST, 4, tuple(numbers[at] for at in (1, 3, 4, 5))) == (found.subject, found.count, found.packets)


def test_unique_local_addresses_are_of_no_use_either() -> None:
    """A query over IPv6 shows its address itself."""
    stage = Stage()
    for at in range(3):
        stage.frame(over6(AAAA), at)

    assert [3] == [found.count for found in stage.faults(UNUSED)]


@pytest.mark.parametrize(
    "frame",
    [
        packet6("2001:db8:1::77", "2001:db8:99::1", 58, bytes(8)),
        asks6("2001:db8:1::77", address="::"),
        server6(7, ia(3, ia_address())),
        server6(7, ia(25, ia_prefix())),
        ra(GATEWAY, 1800, prefix("2001:db8:1::/64")),
        na(HOST, LOCAL, IS_ROUTER),
    ],
    ids=["sends from one", "probes one", "gets one", "gets a prefix", "the link has one", "is a router"],
)
def test_whoever_has_a_global_address_or_asks_for_others_is_left_alone(frame: bytes) -> None:
    """Before or after its queries."""
    stage = Stage()
    stage.frame(asks6("fe80::77", address="::"))
    for at in range(5):
        stage.frame(over4(AAAA), at)
    stage.frame(frame, 9)

    assert [] == stage.faults(UNUSED)


def test_without_any_ipv6_address_seen_nothing_is_said() -> None:
    """The capture may leave IPv6 out."""
    stage = Stage()
    for at in range(5):
        stage.frame(over4(AAAA), at)

    assert [] == stage.faults(UNUSED)


def test_whoever_asks_from_many_addresses_forwards() -> None:
    """A router's MAC carries the queries of all behind it."""
    stage = Stage()
    stage.frame(asks6("fe80::77", address="::"))
    for at in range(9):
        stage.frame(over4(AAAA, f"192.0.2.{at + 1}"), at)

    assert [] == stage.faults(UNUSED)
