"""Prefixes and routes without end."""

from __future__ import annotations

import struct
from ipaddress import ip_address

from bngcorr.capture.diagnose.kinds import Fault
from bngcorr.capture.diagnose.limits import Limits
from tests.diagnose.nd import OTHER_ROUTER, ROUTER, ra
from tests.diagnose.stage import Stage, prefix

MANY = Fault.MANY_PREFIXES
TEN = Limits(most_prefixes=10)


def _lan(number: int, valid: int = 86_400) -> bytes:
    return prefix(f"2001:db8:{number:x}::/64", valid)


def _route(number: int) -> bytes:
    return struct.pack("!BBBBI", 24, 2, 48, 0, 600) + ip_address(f"2001:db8:{number:x}::").packed[:8]


def test_more_than_a_hundred_are_told_by_default() -> None:
    """A hundred are borne, one more is not: the RA that passes the limit is the example."""
    stage = Stage()
    for number in range(100):
        stage.frame(ra(ROUTER, 1800, _lan(number)), number)
    assert [] == stage.faults(MANY)
    last = stage.frame(ra(ROUTER, 1800, _lan(100)), 101)

    assert [("every host", (last,))] == [(found.subject, found.packets) for found in stage.faults(MANY)]


def test_prefixes_and_routes_of_all_routers_count_together() -> None:
    """A host hears them all."""
    stage = Stage(TEN)
    stage.frame(ra(ROUTER, 1800, *(_lan(number) for number in range(6))))
    stage.frame(ra(OTHER_ROUTER, 0, *(_route(number) for number in range(5))), 1)

    assert ["every host is told 11 prefixes and routes that are valid at once"] == [
        found.detail for found in stage.faults(MANY)
    ]


def test_the_same_prefix_again_is_the_same() -> None:
    """RAs repeat, and bits behind the length are no other prefix."""
    stage = Stage(TEN)
    for second in range(30):
        stage.frame(ra(ROUTER, 1800, prefix(f"2001:db8:1::{second:x}/64")), second)

    assert [] == stage.faults(MANY)


def test_withdrawn_and_expired_ones_do_not_count() -> None:
    """A new prefix a day is no flood, if the old ones end."""
    stage = Stage(TEN)
    for number in range(20):
        stage.frame(ra(ROUTER, 1800, _lan(number, 0 if number % 2 else 60)), number * 61)
    for number in range(20, 40):
        stage.frame(ra(ROUTER, 1800, _lan(number), _lan(number - 1, 0)), 9_000 + number)

    assert [] == stage.faults(MANY)


def test_a_prefix_for_each_host_is_one_to_a_host() -> None:
    """RAs to single MACs on one VLAN (RFC 8273): each host hears its own."""
    stage = Stage(TEN)
    for number in range(30):
        stage.frame(ra(ROUTER, 1800, _lan(number), to=f"3c:a6:2f:00:01:{number:02x}"), number)

    assert [] == stage.faults(MANY)


def test_what_all_hear_counts_for_a_single_host() -> None:
    """Nine for everybody and two of its own are eleven."""
    stage = Stage(TEN)
    stage.frame(ra(ROUTER, 1800, *(_lan(number) for number in range(9))))
    stage.frame(ra(ROUTER, 1800, _lan(20), _lan(21), to="3c:a6:2f:00:01:01"), 1)

    assert ["3c:a6:2f:00:01:01"] == [found.subject for found in stage.faults(MANY)]


def test_vlans_are_apart() -> None:
    """A trunk shows many lines, each with its few prefixes."""
    stage = Stage(TEN)
    for number in range(30):
        stage.frame(ra(ROUTER, 1800, _lan(number), vlans=(2048, number)), number)

    assert [] == stage.faults(MANY)


def test_a_default_route_and_what_the_same_ra_withdraws_do_not_count() -> None:
    """Ten that are valid, one that ends, and ::/0 (RFC 4191 §2.3)."""
    default = struct.pack("!BBBBI", 24, 1, 0, 0, 600)
    stage = Stage(TEN)
    stage.frame(ra(ROUTER, 1800, *(_lan(number) for number in range(10)), _lan(10, 0), default))

    assert [] == stage.faults(MANY)
