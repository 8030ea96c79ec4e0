"""Where a CPE answers."""

from __future__ import annotations

from ipaddress import IPv6Address, IPv6Network

import pytest

from bngcorr.accountant.reach import Origin, Reach, reach

ONE = IPv6Address("::1")
V4, SLAAC = ("v4", "203.0.113.9"), ("slaac", "2001:db8:2::/64")
NA, PD, ROUTE = ("ia_na", "2001:db8::9"), ("ia_pd", "2001:db8:1::/56"), ("pd_route", "2001:db8:3::/56")


@pytest.mark.parametrize(
    ("hosts", "answer"),
    [
        ((V4, NA, PD), Reach("2001:db8::9", Origin.IA_NA)),
        ((PD, NA), Reach("2001:db8::9", Origin.IA_NA)),
        ((V4, PD), Reach("2001:db8:1::1", Origin.DELEGATED_PREFIX)),
        ((SLAAC, ROUTE), Reach("2001:db8:3::1", Origin.DELEGATED_PREFIX)),
        ((ROUTE, PD), Reach("2001:db8:3::1", Origin.DELEGATED_PREFIX)),
        ((V4, SLAAC), None),  # which address it took within the prefix, nobody knows
        ((), None),
    ],
)
def test_a_cpe_answers_at_its_wan_address_or_within_its_prefix(
    hosts: tuple[tuple[str, str], ...], answer: Reach | None
) -> None:
    """An IA_NA is its address; without one it takes ::1 of its delegated prefix; a SLAAC prefix tells nothing."""
    assert answer == reach(hosts, ONE)


def test_what_it_takes_within_its_prefix_is_the_operators_knowledge() -> None:
    """Other lower bits as configured; none where the operator says so, which leaves the IA_NA."""
    assert Reach("2001:db8:1::c0:1", Origin.DELEGATED_PREFIX) == reach([PD], IPv6Address("::c0:1"))
    assert None is reach([PD], None)
    assert Reach("2001:db8::9", Origin.IA_NA) == reach([NA, PD], None)


@pytest.mark.parametrize(("prefix", "interface_id", "fits"), [
    ("2001:db8:1::/64", "::ffff:ffff:ffff:ffff", True),
    ("2001:db8:1::/96", "::1", True),
    ("2001:db8:1::/96", "::1:0:1", False),
    ("2001:db8:1::1/128", "::1", False),
])  # fmt: skip
def test_no_address_outside_the_prefix_is_made_up(prefix: str, interface_id: str, fits: bool) -> None:
    """Lower bits that do not fit into what a long prefix leaves would be another customer's address."""
    found = reach([("ia_pd", prefix)], IPv6Address(interface_id))

    assert fits is (found is not None)


@pytest.mark.parametrize("prefix", [
    "2001:db8:0:17::/64", "2001:db8:1::/56", "2001:db8::/32", "2001:0:0:1::/64", "2001::1:0:0:0/80", "::5:0:0:0:0/64",
    "1:0:0:2:3::/80", "::/64",
])  # fmt: skip
@pytest.mark.parametrize("lower", [0, 1, 0xFFFF, 0xC0_0001])
def test_the_address_is_written_as_everybody_writes_it(prefix: str, lower: int) -> None:
    """The longest run of zeros is left out and no other (RFC 5952), so that texts can be compared."""
    found = reach([("ia_pd", prefix)], IPv6Address(lower))

    assert found is not None
    assert str(IPv6Network(prefix).network_address + lower) == found.address
