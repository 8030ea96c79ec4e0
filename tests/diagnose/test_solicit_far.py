"""How far SOLICITs are from DISCOVERs, and when that is too far."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from bngcorr.capture.diagnose.limits import Limits
from tests.diagnose.cpe import ACK, CPE, DISCOVER, LEASE, LINE, OTHER, SOLICIT, option37, v4, v6
from tests.diagnose.stage import Stage


def boot(distance_s: float, *, v4_first: bool = True, lease: bool = False, limits: Limits | None = None) -> Stage:
    """A DISCOVER and a SOLICIT so far apart."""
    stage = Stage(limits)
    solicit = (v6(SOLICIT, CPE), distance_s if v4_first else 0.0)
    discover = (v4(DISCOVER, CPE), 0.0 if v4_first else distance_s)
    frames = [discover, solicit] if v4_first else [solicit, discover]
    if lease:
        frames.insert(1, (v4(ACK, CPE, LEASE), 0.5))
    for octets, at_s in frames:
        stage.frame(octets, at_s)
    return stage


@pytest.mark.parametrize("v4_first", [True, False])
@pytest.mark.parametrize(("distance_s", "faults"), [(0.03, 0), (3.551, 0), (5.0, 0), (5.001, 1), (17.165, 1)])
def test_only_what_is_beyond_the_window_is_a_fault(distance_s: float, faults: int, v4_first: bool) -> None:
    """5 s either way, as the correlator has it."""
    found = boot(distance_s, v4_first=v4_first).faults(Fault.SOLICIT_FAR)

    assert faults == len(found)
    assert all((CPE, (1, 2), Severity.WARNING) == (one.subject, one.packets, one.severity) for one in found)
    assert all(f"{distance_s:.3f} s {'after' if v4_first else 'before'}" in one.detail for one in found)


def test_the_window_is_a_threshold() -> None:
    """A BNG that waits 30 s joins them."""
    assert [] == boot(17.165, limits=Limits(window_s=30)).faults(Fault.SOLICIT_FAR)


def test_a_valid_lease_makes_it_a_notice() -> None:
    """The line is found by its live session."""
    (found,) = boot(17.165, lease=True).faults(Fault.SOLICIT_FAR)

    assert Severity.NOTICE == found.severity
    assert "live session" in found.detail


def test_retransmissions_count_by_the_nearest() -> None:
    """The SOLICIT that is sent again 15 s later comes 2 s ahead of the DISCOVER: the BNG joins that one."""
    stage = Stage()
    for at_s in (0.0, 1.0, 3.1, 7.0, 15.2):
        stage.frame(v6(SOLICIT, CPE), at_s)
    stage.frame(v4(DISCOVER, CPE), 17.2)

    assert [] == stage.faults(Fault.SOLICIT_FAR)
    assert [0, 0, 0, 1, 0, 0, 0, 0, 0, 0] == stage.diagnosis.distances.before


def test_a_solicit_that_names_the_line_of_the_discover_needs_no_window() -> None:
    """Option 37 behind its enterprise number is sub-option 2 of Option 82."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, LINE), 0.0)
    stage.frame(v6(SOLICIT, CPE, relay=option37(b"LINE-1")), 60)

    assert [] == stage.faults(Fault.SOLICIT_FAR)
    assert 1 == len(stage.diagnosis.distances)


def test_a_solicit_without_any_discover_is_no_fault() -> None:
    """The capture began later, or the CPE speaks IPv6 only."""
    stage = Stage()
    stage.frame(v6(SOLICIT, CPE), 0.0)
    stage.frame(v4(DISCOVER, OTHER), 60)

    assert [] == stage.faults(Fault.SOLICIT_FAR)


def test_the_same_mac_on_another_vlan_is_another_cpe() -> None:
    """A cloned MAC: each line has its own boot, 60 s apart, and both are in time."""
    stage = Stage()
    for at_s, vlans in ((0.0, (2048, 101)), (60.0, (2048, 102))):
        stage.frame(v4(DISCOVER, CPE, vlans=vlans), at_s)
        stage.frame(v6(SOLICIT, CPE, vlans=vlans), at_s + 1)

    assert [] == stage.faults(Fault.SOLICIT_FAR)
    assert 2 == len(stage.diagnosis.distances)


def test_a_day_later_is_another_story() -> None:
    """What is further apart than a day is not set in relation."""
    stage = boot(86_401)

    assert [] == stage.faults(Fault.SOLICIT_FAR)
    assert 0 == len(stage.diagnosis.distances)


def test_the_same_boot_at_two_interfaces_is_told_once() -> None:
    """In blocks: all of interface 0, then all of interface 1."""
    stage = Stage()
    for interface in (0, 1):
        stage.frame(v4(DISCOVER, CPE), 0.0 + interface / 5000, interface)
        stage.frame(v6(SOLICIT, CPE), 17.0 + interface / 5000, interface)

    assert 1 == len(stage.faults(Fault.SOLICIT_FAR))
    assert 1 == len(stage.diagnosis.distances)


def test_a_live_tap_tells_when_the_window_is_over() -> None:
    """Nothing else comes: time alone decides."""
    stage = boot(17.165)
    start_ns = stage.diagnosis.faults.last_ns[0]
    stage.diagnosis.elapsed(start_ns + 4_900_000_000)
    assert 0 == len(stage.diagnosis.faults)
    stage.diagnosis.elapsed(start_ns + 5_000_000_000)
    assert 1 == len(stage.diagnosis.faults)
