"""Line ids that differ between the families, are shared by very many, or name the node."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.cpe import CPE, DISCOVER, LINE, OTHER, REQUEST4, SOLICIT, option37, option82, v4, v6
from tests.diagnose.stage import REAL, Stage, faults_of, option6, told


def pair(relay4: bytes, relay6: bytes, apart_s: float = 1.0) -> Stage:
    """A DISCOVER and a SOLICIT with these ids."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, relay4), 0.0)
    stage.frame(v6(SOLICIT, CPE, relay=relay6), apart_s)
    return stage


@pytest.mark.parametrize(
    ("relay4", "relay6", "severity"),
    [
        pytest.param(option82(b"", b"LINE-1"), option37(b"LINE-2"), Severity.WARNING, id="one form, another line"),
        pytest.param(option82(b"", b"LINE-1"), option37(b"\0\1\2\3\4\5"), Severity.NOTICE, id="another form"),
        pytest.param(option82(b"eth 0/1"), option6(18, b"eth 0/2"), Severity.WARNING, id="ports of one form"),
    ],
)
def test_ids_that_differ_are_told(relay4: bytes, relay6: bytes, severity: Severity) -> None:
    """Another number in the same form is another line; another form only costs an alias."""
    (found,) = pair(relay4, relay6).faults(Fault.IDS_DIFFER)

    assert (CPE, (1, 2), severity) == (found.subject, found.packets, found.severity)


@pytest.mark.parametrize(
    ("relay4", "relay6", "apart_s"),
    [
        pytest.param(LINE, option37(b"LINE-1"), 1.0, id="equal behind the number"),
        pytest.param(LINE, option37(b"LINE-1") + option6(18, b"\1\0\0\0"), 1.0, id="an Option 18 of another form"),
        pytest.param(option82(b"lag-1-207"), option6(18, b"\1\0\0\0"), 1.0, id="a kernel's interface index"),
        pytest.param(option82(b"eth 0/1"), option37(b"LINE-1"), 1.0, id="nothing to compare"),
        pytest.param(option82(b"", b"LINE-1"), option37(b"LINE-2"), 31.0, id="moved between"),
    ],
)
def test_ids_that_agree_or_cannot_be_compared_are_no_fault(relay4: bytes, relay6: bytes, apart_s: float) -> None:
    """Forms that many networks mix."""
    assert [] == pair(relay4, relay6, apart_s).faults(Fault.IDS_DIFFER, Fault.REMOTE_ID_WITHOUT_NUMBER)


def test_option_37_without_its_number_is_told() -> None:
    """The relay forgot the enterprise number: a strip would cost four octets of the id."""
    found = pair(LINE, option6(37, b"LINE-1")).faults()

    assert {(Fault.REMOTE_ID_WITHOUT_NUMBER, CPE, (1, 2))} == told(found)


def test_ids_that_differ_are_told_once() -> None:
    """Renewals say the same again and again."""
    stage = pair(LINE, option37(b"LINE-2"))
    for at_s in (2, 3, 4):
        stage.frame(v4(REQUEST4, CPE, LINE), at_s)

    assert [1] == [one.count for one in stage.faults(Fault.IDS_DIFFER)]


@pytest.mark.parametrize(("cpes", "faults"), [(32, 0), (33, 1)])
def test_more_cpes_than_a_household_has_on_one_line_id(cpes: int, faults: int) -> None:
    """33 MACs behind one pair of ids: the id names no line."""
    stage = Stage()
    for number in range(cpes):
        stage.frame(v4(DISCOVER, f"3c:a6:2f:00:02:{number:02x}", LINE), number)
    found = stage.faults(Fault.LINE_ID_SHARED)

    assert faults * [("Circuit-Id olt7 1/2/3, Remote-Id LINE-1", 33)] == [(one.subject, one.count) for one in found]


def test_one_remote_id_from_two_ports_names_the_node() -> None:
    """Two subscribers' ports, one Remote-Id."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, option82(b"port 1", b"dslam-9")), 0)
    stage.frame(v4(DISCOVER, OTHER, option82(b"port 2", b"dslam-9")), 1)

    assert {(Fault.REMOTE_ID_TWICE, "dslam-9", (1, 2))} == told(stage.faults())


def test_a_cpe_that_was_moved_brings_its_remote_id_along() -> None:
    """One CPE behind two ports is no second line."""
    stage = Stage()
    stage.frame(v4(DISCOVER, CPE, option82(b"port 1", b"LINE-1")), 0)
    stage.frame(v4(DISCOVER, CPE, option82(b"port 2", b"LINE-1")), 60)

    assert [] == stage.faults()


def test_the_relay_that_names_itself_is_told_once_for_both_interfaces() -> None:
    """dibbler puts one Remote-Id on both ports; the capture holds each message before and behind the outer relay."""
    two = faults_of(REAL / "04b-v6-two-relays-agg-2if.pcapng")
    server = faults_of(REAL / "04b-v6-two-relays-server.pcap")

    assert {(Fault.REMOTE_ID_TWICE, "DSLAM-9/LINE-77", (1, 9))} == told(two, Fault.REMOTE_ID_TWICE)
    assert {(Fault.REMOTE_ID_TWICE, "DSLAM-9/LINE-77", (1, 5))} == told(server, Fault.REMOTE_ID_TWICE)
