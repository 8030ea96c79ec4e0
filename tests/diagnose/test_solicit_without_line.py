"""SOLICITs that name no line: counted where DISCOVERs do, and nowhere else."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault
from tests.diagnose.cpe import CPE, DISCOVER, LINE, OTHER, SOLICIT, option37, v4, v6
from tests.diagnose.stage import REAL, Stage, faults_of, option6, told


def test_solicits_without_a_line_id_are_counted_where_discovers_carry_one() -> None:
    """Two CPEs behind an access node that fills Option 82 and knows no LDRA: one fault for the place, two SOLICITs."""
    stage = Stage()
    for at, cpe in enumerate((CPE, OTHER)):
        stage.frame(v4(DISCOVER, cpe, LINE), 0.1 + at)
        stage.frame(v6(SOLICIT, cpe), 0.2 + at)
    (found,) = stage.faults(Fault.SOLICIT_WITHOUT_LINE)

    assert ("if0", (2, 4), 2) == (found.subject, found.packets, found.count)
    assert found.detail.startswith("2 of 2 SOLICITs")
    assert "2 of 2 DISCOVERs" in found.detail


def test_a_solicit_ahead_of_its_discover_is_counted_too() -> None:
    """30 ms of a head start, as CPEs that start both at once have it."""
    stage = Stage()
    first = stage.frame(v6(SOLICIT, CPE), 0.0)
    stage.frame(v4(DISCOVER, CPE, LINE), 0.03)

    assert {(Fault.SOLICIT_WITHOUT_LINE, "if0", (first,))} == told(stage.faults(Fault.SOLICIT_WITHOUT_LINE))


def test_discovers_that_come_much_later_still_say_what_is_usual() -> None:
    """Ten SOLICITs waited: they are told at once when the first DISCOVER with a line id shows that ids are inserted."""
    stage = Stage()
    for number in range(12):
        stage.frame(v6(SOLICIT, f"3c:a6:2f:00:01:{number:02x}"), number)
    stage.frame(v4(DISCOVER, CPE, LINE), 60)
    (found,) = stage.faults(Fault.SOLICIT_WITHOUT_LINE)

    assert tuple(range(1, 11)) == found.packets
    assert 12 == found.count
    assert found.detail.startswith("12 of 12 SOLICITs")


def test_retransmissions_are_one_solicit() -> None:
    """1 s, 2 s and 4 s later the same exchange is sent again."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, LINE), 0.0)
    for at in (0.1, 1.1, 3.2, 7.1):
        stage.frame(v6(SOLICIT, CPE), at)
    (found,) = stage.faults(Fault.SOLICIT_WITHOUT_LINE)

    assert (1, (2,)) == (found.count, found.packets)
    assert found.detail.startswith("1 of 1 SOLICITs")


@pytest.mark.parametrize("relay", [option6(18, b"eth 0/1"), option37(b"LINE-1"), option6(38, b"sub-1")])
def test_solicits_with_an_id_are_no_fault(relay: bytes) -> None:
    """Any of Options 18, 37 and 38 of a relay names the line."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, LINE), 0.0)
    stage.frame(v6(SOLICIT, CPE, relay=relay), 0.1)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_ids_that_the_customer_wrote_are_no_line() -> None:
    """Option 37 in the client's own message is not the network's."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, LINE), 0.0)
    stage.frame(v6(SOLICIT, CPE, option37(b"LINE-1")), 0.1)

    assert 1 == len(stage.faults(Fault.SOLICIT_WITHOUT_LINE))


def test_the_capture_before_the_access_node_is_no_fault() -> None:
    """Neither has an id there."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE), 0.0)
    stage.frame(v6(SOLICIT, CPE), 0.1)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_a_cpe_whose_discover_names_no_line_is_not_accused_for_its_solicit() -> None:
    """Another CPE of the place has ids in both; this one has them in neither."""
    stage = Stage()
    stage.frame(v4(DISCOVER, OTHER, LINE), 0.0)
    stage.frame(v6(SOLICIT, OTHER, relay=option37(b"LINE-1")), 0.1)
    stage.frame(v4(DISCOVER, CPE), 0.2)
    stage.frame(v6(SOLICIT, CPE), 0.3)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_both_sides_of_an_access_node_in_one_capture_are_one_solicit() -> None:
    """The plain SOLICIT and what LDRA made of it, on one interface (``-i any``): the line is named."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE), 0.0)
    stage.frame(v4(DISCOVER, CPE, LINE), 0.001)
    stage.frame(v6(SOLICIT, CPE), 0.1)
    stage.frame(v6(SOLICIT, CPE, relay=option6(18, b"eth 0/1")), 0.101)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_a_cut_discover_proves_nothing() -> None:
    """A snaplen of 96 leaves no options: whether there was a line id is not known."""
    stage = Stage()
    frame = v4(DISCOVER, CPE, LINE)
    stage.frame(frame[:96], 0.0, length=len(frame))
    stage.frame(v6(SOLICIT, CPE), 0.1)

    assert [] == stage.faults(Fault.SOLICIT_WITHOUT_LINE)


def test_the_storm_names_its_place() -> None:
    """perfdhcp: 120 DISCOVERs with Option 82, 120 relayed SOLICITs without any id, all of them on one line id."""
    found = faults_of(REAL / "19-storm-perfdhcp.pcap.gz")

    assert {Fault.SOLICIT_WITHOUT_LINE, Fault.LINE_ID_SHARED} == {one.fault for one in found}
    assert {120} == {one.count for one in found}
