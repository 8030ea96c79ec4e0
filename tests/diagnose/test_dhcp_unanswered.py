"""DHCP messages that nobody answers."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.asked import Pace
from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.flow import DUID, GATEWAY, HOST, THIRD, client4, client6, server4, server6
from tests.diagnose.nd import ra
from tests.diagnose.stage import (
    SECOND,
    START_NS,
    Stage,
    ethernet,
    ip4,
    ip6,
    message4,
    message6,
    option4,
    option6,
    relayed6,
    told,
    udp,
)  # fmt: skip

KINDS = (
    Fault.DISCOVER_UNANSWERED, Fault.SOLICIT_UNANSWERED, Fault.LEASE4_UNANSWERED, Fault.LEASE6_UNANSWERED,
    Fault.ANSWERS_NOT_SEEN,
)  # fmt: skip
OTHER_DUID = b"\0\4" + bytes(16)
LATER = ra(GATEWAY, 1800)  # something else: the capture goes on


def test_a_discover_sent_three_times_without_an_offer_is_told() -> None:
    """With another transaction id each time, as some clients have it."""
    stage = Stage()
    numbers = tuple(stage.frame(client4(1, xid=at), 4.0 * at) for at in range(3))
    stage.frame(LATER, 20)
    (found,) = stage.faults(*KINDS)

    assert (Fault.DISCOVER_UNANSWERED, HOST, numbers, 3) == (found.fault, found.subject, found.packets, found.count)
    assert "3 times in 8.0 s, no OFFER" in found.detail


@pytest.mark.parametrize(("second", "expected"), [(8.0, 1), (4.0, 0)])
def test_two_solicits_are_enough_over_seven_seconds(second: float, expected: int) -> None:
    """Clients that wait long between tries are found by time."""
    stage = Stage()
    stage.frame(client6(1))
    stage.frame(client6(1), second)
    stage.frame(LATER, second + 1.5)

    assert expected == len(stage.faults(Fault.SOLICIT_UNANSWERED))


def test_an_answer_right_after_the_capture_ends_is_possible() -> None:
    """Nothing is unanswered within a second of the end."""
    stage = Stage()
    for at in (0, 1, 3):
        stage.frame(client6(1), at)

    assert [] == stage.faults(*KINDS)


def test_a_late_answer_is_told_as_over() -> None:
    """A deferred SOLICIT that is answered in the end was three without an answer, and is none any more."""
    stage = Stage()
    for at in (0, 1, 3, 7):
        stage.frame(client6(1), at)
    answer = stage.frame(server6(2), 7.01)
    (found,) = stage.faults(*KINDS)

    assert (Fault.SOLICIT_UNANSWERED, 3, answer) == (found.fault, found.count, found.cleared)


def test_an_exchange_that_takes_two_tries_is_no_fault() -> None:
    """A lost packet is made good by the next one."""
    stage = Stage()
    for at, frame in (
        (0.0, client4(1)), (4.0, client4(1)), (4.1, server4(2)), (4.2, client4(3)), (4.3, server4(5)),
        (5.0, client6(1)), (6.1, client6(1)), (6.2, server6(2)), (7.0, client6(3)), (7.1, server6(7)),
    ):  # fmt: skip
        stage.frame(frame, at)
    stage.frame(LATER, 60)

    assert [] == stage.faults(*KINDS)


def test_the_same_solicit_before_and_behind_the_relay_is_one_transmission() -> None:
    """A capture of all interfaces holds both, and the answer twice."""
    stage = Stage()
    inner = message6(1, option6(1, DUID))
    relayed = ethernet(GATEWAY, THIRD, 0x86DD, ip6(
        "2001:db8::1", "2001:db8::2", 17, udp(547, 547, relayed6(12, "::", "fe80::77", option6(9, inner)))
    ))  # fmt: skip
    for at in (0.0, 1.0):
        stage.frame(client6(1), at)
        stage.frame(relayed, at + 0.002)
    stage.frame(LATER, 5)

    assert [] == stage.faults(*KINDS)


@pytest.mark.parametrize(("v6", "fault"), [(False, Fault.LEASE4_UNANSWERED), (True, Fault.LEASE6_UNANSWERED)])
def test_a_renewal_that_nobody_answers_is_told_apart(v6: bool, fault: Fault) -> None:
    """REQUESTs, and RENEWs that go over to REBIND; a new start does not make it undone."""
    stage = Stage()
    for at in (0, 10, 20, 30):
        stage.frame(client6(5 if at < 30 else 6, xid=at) if v6 else client4(3, xid=at), at)
    stage.frame(client6(1, xid=99) if v6 else client4(1, xid=99), 40)
    stage.frame(server6(2, xid=99) if v6 else server4(2, xid=99), 40.1)

    assert {(fault, HOST, 4)} == {(found.fault, found.subject, found.count) for found in stage.faults(*KINDS)}


def test_not_one_answer_to_many_clients_is_said_once() -> None:
    """Forty clients are not accused one by one: the servers are dead, or the capture is one-sided."""
    stage = Stage()
    for at in (0, 4, 12):
        for client in range(40):
            stage.frame(client4(1, client=f"02:00:00:00:01:{client:02x}"), at + client / 1000)
    stage.frame(LATER, 30)
    (found,) = stage.faults(*KINDS)

    assert (Fault.ANSWERS_NOT_SEEN, "DHCPv4", 120, Severity.CRITICAL) == (
        found.fault, found.subject, found.count, found.severity,
    )  # fmt: skip


def test_an_answer_to_anybody_lets_each_silent_line_be_told() -> None:
    """The server lives, so each client without an answer is a fault of its own line."""
    stage = Stage()
    stage.frame(server6(2, duid=OTHER_DUID, xid=77))
    for at in (0, 1, 3, 7):
        stage.frame(client6(1), at)
        stage.frame(client6(1, duid=OTHER_DUID[:-1] + b"x", client=THIRD, xid=9), at)
    stage.frame(LATER, 30)

    assert {(Fault.SOLICIT_UNANSWERED, HOST), (Fault.SOLICIT_UNANSWERED, THIRD)} == {
        (found.fault, found.subject) for found in stage.faults(*KINDS)
    }


def test_clients_that_go_on_without_a_visible_answer_show_a_one_sided_capture() -> None:
    """DISCOVER, REQUEST, and no OFFER between: that is a fault of the capture, and no line's."""
    stage = Stage()
    for client in range(5):
        mac = f"02:00:00:00:02:{client:02x}"
        stage.frame(client4(1, client=mac), client)
        stage.frame(client4(3, client=mac), client + 0.01)
    stage.frame(LATER, 60)
    (found,) = stage.faults(*KINDS)

    assert (Fault.ANSWERS_NOT_SEEN, Severity.NOTICE) == (found.fault, found.severity)


def test_a_live_tap_tells_by_time_and_takes_it_back() -> None:
    """No frame comes any more, and the clock decides; the answer clears it."""
    stage = Stage()
    for at in (0, 1, 3):
        number = stage.frame(client6(1), at)
    stage.diagnosis.elapsed(START_NS + 20 * SECOND)
    before = told(stage.diagnosis.faults)
    answer = stage.frame(server6(2), 25)
    (found,) = stage.faults(*KINDS)

    assert {(Fault.SOLICIT_UNANSWERED, HOST, (1, 2, number))} == before
    assert answer == found.cleared


def test_a_live_tap_looks_over_what_waits_every_five_seconds() -> None:
    """Thousands may wait; a clock that was set back does not stop it."""
    stage = Stage()
    for at in (0, 1, 3):
        stage.frame(client6(1), at)
    counts = []
    for now in (3.5, 6, 8.6, 1):
        stage.diagnosis.elapsed(START_NS + round(now * SECOND))
        counts.append(len(stage.diagnosis.faults))
    pace = Pace()

    assert [0, 0, 1, 1] == counts
    assert [True, False, True, True] == [pace.due(now * SECOND) for now in (100, 104, 105, 50)]


def test_a_cut_answer_is_an_answer() -> None:
    """A snaplen that leaves address and transaction of an OFFER leaves enough."""
    stage = Stage()
    answer = server4(2)
    for at in (0, 4, 12):
        stage.frame(client4(1, xid=at), at)
        stage.frame(server4(2, xid=at)[:96], at + 0.1, length=len(answer))
    stage.frame(LATER, 30)

    assert [] == stage.faults(*KINDS)


def test_the_line_of_a_relayed_discover_is_named() -> None:
    """Option 82 of the message says where to look."""
    stage = Stage()
    line = option4(82, option4(2, b"olt7/12"))
    relayed = message4(1, HOST, line, relay="192.0.2.1")
    frame = ethernet(GATEWAY, THIRD, 0x0800, ip4("192.0.2.1", "198.51.100.1", 17, udp(67, 67, relayed)))
    stage.frame(server4(2, client=THIRD))
    for at in range(4):
        stage.frame(frame, 4 * at)
    (found,) = stage.faults(*KINDS)

    assert "(line olt7/12)" in found.detail
