"""Routers that say they are none."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.nd import HOST, IS_ROUTER, OTHER_HOST, OVERRIDE, ROUTER, SOLICITED, local, na, probe, ra
from tests.diagnose.stage import Stage

FLAG = Fault.ROUTER_FLAG


def test_an_advertised_router_without_the_flag_is_critical() -> None:
    """Hosts that get such an NA purge their default route (RFC 4861 §7.2.5); each NA counts."""
    stage = Stage()
    announced = stage.frame(ra(ROUTER, 1800))
    stage.frame(na(ROUTER, local(ROUTER), IS_ROUTER | SOLICITED | OVERRIDE, to=local(HOST)), 1)
    first = stage.frame(na(ROUTER, local(ROUTER), SOLICITED | OVERRIDE, to=local(HOST)), 2)
    second = stage.frame(na(ROUTER, local(ROUTER), SOLICITED | OVERRIDE, to=local(HOST)), 3)
    (found,) = stage.faults(FLAG)

    assert (Severity.CRITICAL, (announced, first, second)) == (found.severity, found.packets)


def test_a_router_by_flag_alone_is_a_notice() -> None:
    """No RA of it was seen: it may be a CPE that starts anew, by which nobody routes."""
    stage = Stage()
    stage.frame(na(ROUTER, local(ROUTER), IS_ROUTER | SOLICITED, to=local(HOST)))
    stage.frame(na(ROUTER, local(ROUTER), SOLICITED, to=local(HOST)), 1)

    assert [Severity.NOTICE] == [found.severity for found in stage.faults(FLAG)]


def test_a_cpe_that_probes_its_address_anew_is_up_again_and_not_yet_a_router() -> None:
    """A reboot: it forwards later than it answers."""
    stage = Stage()
    stage.frame(na(HOST, local(HOST), IS_ROUTER | SOLICITED, to=local(ROUTER)))
    stage.frame(probe(HOST, local(HOST)), 60)
    stage.frame(na(HOST, local(HOST), SOLICITED, to=local(ROUTER)), 62)

    assert [] == stage.faults(FLAG)


def test_hosts_have_no_flag_to_lose() -> None:
    """NAs of hosts never have it, whoever else is a router."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    stage.frame(na(HOST, local(HOST), SOLICITED, to=local(ROUTER)), 1)
    stage.frame(na(HOST, "2001:db8::a", OVERRIDE), 2)

    assert [] == stage.faults(FLAG)


def test_a_router_that_withdrew_may_say_so() -> None:
    """After its RA with lifetime 0 no host routes by it: the NA changes nothing."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    stage.frame(ra(ROUTER, 0), 1)
    stage.frame(na(ROUTER, local(ROUTER), SOLICITED | OVERRIDE, to=local(HOST)), 2)

    assert [] == stage.faults(FLAG)


def test_a_router_whose_lifetime_is_over_may_say_so() -> None:
    """Hosts have dropped it by themselves."""
    stage = Stage()
    stage.frame(ra(ROUTER, 30))
    stage.frame(na(ROUTER, local(ROUTER), SOLICITED | OVERRIDE, to=local(HOST)), 31)

    assert [] == stage.faults(FLAG)


def test_another_mac_without_override_does_not_count() -> None:
    """Hosts ignore an NA that names another MAC without Override, the flag included."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    stage.frame(na(OTHER_HOST, local(ROUTER), SOLICITED, to=local(HOST)), 1)
    assert [] == stage.faults(FLAG)
    stage.frame(na(OTHER_HOST, local(ROUTER), SOLICITED | OVERRIDE, to=local(HOST)), 2)

    assert 1 == len(stage.faults(FLAG))


@pytest.mark.parametrize("again", ["flag", "ra"])
def test_the_flag_or_an_ra_clears_it(again: str) -> None:
    """With either, hosts know it as a router again."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800))
    stage.frame(na(ROUTER, local(ROUTER), SOLICITED | OVERRIDE, to=local(HOST)), 1)
    frame = (
        na(ROUTER, local(ROUTER), IS_ROUTER | SOLICITED | OVERRIDE, to=local(HOST))
        if again == "flag"
        else ra(ROUTER, 1800)
    )
    last = stage.frame(frame, 2)

    assert [last] == [found.cleared for found in stage.faults(FLAG)]


def test_the_same_address_on_another_vlan_is_another_device() -> None:
    """fe80::1 is a router on one VLAN and a host on the next."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800, vlans=(101,)))
    stage.frame(na(HOST, local(ROUTER), SOLICITED | OVERRIDE, vlans=(102,)), 1)

    assert [] == stage.faults(FLAG)


def test_an_na_from_before_the_ra_tells_nothing_of_it() -> None:
    """Frames out of order: the router was none yet."""
    stage = Stage()
    stage.frame(ra(ROUTER, 1800), 5)
    stage.frame(na(ROUTER, local(ROUTER), SOLICITED | OVERRIDE, to=local(HOST)), 4)

    assert [] == stage.faults(FLAG)
