"""ARP and Neighbor Solicitations for a gateway without an answer."""

from __future__ import annotations

import pytest

from bngcorr.capture.diagnose.kinds import Fault, Severity
from tests.diagnose.flow import (
    ALL,
    GATEWAY,
    GATEWAY4,
    GATEWAY6,
    HOST,
    HOST4,
    HOST6,
    THIRD,
    asks4,
    asks6,
    server4,
    tells4,
    tells6,
)  # fmt: skip
from tests.diagnose.nd import ra
from tests.diagnose.stage import Stage, arp, ethernet, ip4, ip6, option4, told

SILENT = Fault.GATEWAY_SILENT


def asking(stage: Stage, frame: bytes, times: int, start: float = 1, step: float = 1.0) -> tuple[int, ...]:
    """The same question again and again; the numbers of its frames."""
    return tuple(stage.frame(frame, start + step * at) for at in range(times))


def test_a_gateway_by_dhcp_that_answers_no_arp_is_critical() -> None:
    """Option 3 of the lease names it; the host asks three times and a fourth, and nobody answers."""
    stage = Stage()
    stage.frame(server4(5, option4(3, bytes((192, 0, 2, 1)))))
    numbers = asking(stage, asks4(), 4)
    (found,) = stage.faults(SILENT)

    assert (GATEWAY4, numbers, 4, Severity.CRITICAL, None) == (
        found.subject, found.packets, found.count, found.severity, found.cleared,
    )  # fmt: skip
    assert found.example is not None


def test_a_router_that_announces_itself_and_answers_no_solicitation_is_critical() -> None:
    """The RA names it; three solicitations and time for an answer are enough."""
    stage = Stage()
    stage.frame(ra(GATEWAY, 1800))
    router = "fe80::bb:ff:fe00:1"
    numbers = asking(stage, asks6(router), 3)
    stage.frame(ra(GATEWAY, 1800), 9)

    assert {(SILENT, router, numbers)} == told(stage.faults(SILENT))


def test_the_last_question_must_have_had_time_for_an_answer() -> None:
    """A capture that ends with the third question proves two."""
    stage = Stage()
    stage.frame(ra(GATEWAY, 1800))
    asking(stage, asks6("fe80::bb:ff:fe00:1"), 3)

    assert [] == stage.faults(SILENT)


@pytest.mark.parametrize(
    ("target", "severity"),
    [(GATEWAY4, Severity.WARNING), ("192.0.2.254", Severity.WARNING), ("192.0.2.37", Severity.NOTICE)],
)
def test_an_address_that_nothing_names_as_gateway_needs_more_questions(target: str, severity: Severity) -> None:
    """Four are too few; with the sixth it is told, the louder if it has the address of a gateway."""
    few, enough = Stage(), Stage()
    asking(few, asks4(target), 4)
    asking(enough, asks4(target), 6)

    assert [] == few.faults(SILENT)
    assert [severity] == [found.severity for found in enough.faults(SILENT)]


def test_a_gateway_that_answers_in_the_end_is_told_as_over() -> None:
    """The verdict changes: the answer's number is there, and the question that got it is not counted."""
    stage = Stage()
    numbers = asking(stage, asks6(), 7)
    answer = stage.frame(tells6(), 7.001)
    (found,) = stage.faults(SILENT)

    assert (GATEWAY6, numbers[:-1], 6, answer) == (found.subject, found.packets, found.count, found.cleared)


def test_an_answer_to_another_host_is_none_to_this_one() -> None:
    """What the gateway tells others does not help a host that hears nothing."""
    stage = Stage()
    for at in range(8):
        stage.frame(asks4(), 1 + at)
        stage.frame(asks4(source=THIRD, sender="192.0.2.78"), 1.1 + at)
        stage.frame(tells4(to=THIRD, target="192.0.2.78"), 1.101 + at)
    (found,) = stage.faults(SILENT)

    assert (True, None) == (found.detail.startswith(HOST), found.cleared)


def test_an_announcement_to_all_answers_everybody() -> None:
    """A gratuitous reply is what every host waited for."""
    stage = Stage()
    asking(stage, asks4(), 4)
    stage.frame(tells4(to=ALL), 4.5)
    asking(stage, asks4(), 4, 10)

    assert [] == stage.faults(SILENT)


@pytest.mark.parametrize(
    "frame",
    [
        asks4(HOST4),
        asks4(sender="0.0.0.0"),
        asks6(HOST6, address="::"),
        ethernet(HOST, ALL, 0x0806, arp(2, HOST, HOST4, ALL, HOST4)),
    ],
    ids=["announcement", "probe", "duplicate address detection", "gratuitous reply"],
)
def test_probes_and_announcements_are_no_questions(frame: bytes) -> None:
    """Nobody is to answer them."""
    stage = Stage()
    asking(stage, frame, 9)

    assert [] == stage.faults(SILENT)


def test_the_same_question_shown_twice_is_one_transmission() -> None:
    """A capture of all interfaces shows each packet once per interface, milliseconds apart."""
    stage = Stage()
    for at in range(4):
        stage.frame(asks4(), 1.2 * at)
        stage.frame(asks4() + bytes(18), 1.2 * at + 0.05)  # padded on the next interface

    assert [] == stage.faults(SILENT)


def test_a_router_that_looks_for_a_host_that_is_gone_is_no_fault() -> None:
    """It forwards what comes from outside to whoever was there: one has RAs, the other sends from many addresses."""
    announced, forwarding = Stage(), Stage()
    announced.frame(ra(GATEWAY, 1800))
    asking(announced, asks4(HOST4, GATEWAY, GATEWAY4), 9)
    for at in range(4):
        forwarding.frame(ethernet(GATEWAY, THIRD, 0x0800, ip4(f"198.51.100.{at}", "192.0.2.78", 6, bytes(20))))
    asking(forwarding, asks4(HOST4, GATEWAY, GATEWAY4), 9)

    assert ([], []) == (announced.faults(SILENT), forwarding.faults(SILENT))


def test_a_gateway_by_its_address_looks_for_hosts_and_not_for_gateways() -> None:
    """Where nothing but ARP is seen of it, its own address tells; that of another gateway it does need."""
    stage = Stage()
    asking(stage, asks4(HOST4, GATEWAY, GATEWAY4), 9)
    asking(stage, asks4("192.0.2.254", GATEWAY, GATEWAY4), 9)

    assert ["192.0.2.254"] == [found.subject for found in stage.faults(SILENT)]


def test_a_neighbour_that_is_switched_off_is_no_gateway() -> None:
    """The host gets packets from other networks; were it a gateway's address, that would not excuse it."""
    stage = Stage()
    for at in range(9):
        stage.frame(asks4("192.0.2.200"), at)
        stage.frame(asks4("192.0.2.254"), at)
        stage.frame(ethernet(GATEWAY, HOST, 0x0800, ip4("198.51.100.1", HOST4, 6, bytes(20))), at + 0.1)

    assert ["192.0.2.254"] == [found.subject for found in stage.faults(SILENT)]


def test_neighbours_that_talk_prove_no_gateway() -> None:
    """What comes from the same network needs none."""
    stage = Stage()
    for at in range(9):
        stage.frame(asks4("192.0.2.200"), at)
        stage.frame(ethernet(THIRD, HOST, 0x0800, ip4("192.0.2.9", HOST4, 6, bytes(20))), at + 0.1)

    assert ["192.0.2.200"] == [found.subject for found in stage.faults(SILENT)]


def test_a_mirror_port_that_shows_the_tag_of_one_direction_only() -> None:
    """Questions come with the VLAN's tag, answers to the same host without."""
    stage = Stage()
    for at in range(8):
        stage.frame(asks4(GATEWAY4, HOST, HOST4, 100), at)
        stage.frame(tells4(), at + 0.01)

    assert [] == stage.faults(SILENT)


def test_whoever_asks_for_many_addresses_scans() -> None:
    """Five addresses without an answer are no gateway."""
    stage = Stage()
    for at in range(9):
        for target in range(40, 45):
            stage.frame(asks4(f"192.0.2.{target}"), 1 + at + target / 1000)

    assert [] == stage.faults(SILENT)


def test_a_third_station_sees_questions_and_not_the_answers() -> None:
    """Broadcasts of a host every twenty seconds, unicast to it never: the answers are not in this capture."""
    stage = Stage()
    for at in range(9):
        stage.frame(asks4(), 20 * at)
        stage.frame(ethernet(THIRD, GATEWAY, 0x86DD, ip6("2001:db8:1::3", "2001:db8:9::1", 17, bytes(8))), 20 * at + 1)

    assert [] == stage.faults(SILENT)


def test_one_line_silent_behind_a_gateway_that_answers_on_another_vlan() -> None:
    """The same gateway address on two VLANs is two gateways."""
    stage = Stage()
    asking(stage, asks4(GATEWAY4, HOST, HOST4, 2048, 101), 6)
    stage.frame(asks4(GATEWAY4, HOST, HOST4, 2048, 102), 6.1)
    stage.frame(tells4(GATEWAY4, GATEWAY, HOST, HOST4, 2048, 102), 6.2)
    stage.frame(asks4(GATEWAY4, THIRD, "192.0.2.9", 2048, 102), 9)

    assert ["if0 2048.101"] == [found.where for found in stage.faults(SILENT) if found.cleared is None]
