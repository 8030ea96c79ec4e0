"""Faults that detectors see on a tap become findings, and end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bngcorr.app.tap_diagnosis import FORGET_NS, MOST_AT_ONCE, TELL_AGAIN_NS, TapDiagnosis
from bngcorr.capture import reader
from bngcorr.capture.diagnose.found import Found
from bngcorr.capture.diagnose.kinds import MEANINGS, Fault
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.record import Record
from bngcorr.correlator.findings import NEXT_STEP
from bngcorr.model.vocabulary import Finding
from bngcorr.store.lesson import FindingSeen
from bngcorr.store.rows import FindingRow
from bngcorr.web.resources.shown import finding_shown
from tests.tap.wire import place

CAPTURE = Path(__file__).parents[1] / "captures" / "real" / "12-ra-lifetime-0.pcap"
SECOND = 1_000_000_000
NOW = 1_800_000_000 * SECOND
SUBJECT = "router_gone fe80::bb:12ff:fe00:1 (eth1)"


def advertisements() -> tuple[bytes, bytes]:
    """A router that is there, and its end."""
    found: dict[bool, bytes] = {}
    for record in reader.records(CAPTURE):
        said = Seen(record).neighbour
        if said is not None and said.type == 134:
            found.setdefault(said.router_lifetime > 0, record.octets)
    return found[True], found[False]


THERE, GONE = advertisements()


class Watch:
    """A tap's diagnosis, with a clock."""

    def __init__(self) -> None:
        self.diagnosis = TapDiagnosis("eth1")
        self.now_ns = NOW
        self.frames = 0

    def see(self, frame: bytes) -> None:
        """A second later."""
        self.now_ns += SECOND
        self.frames += 1
        self.diagnosis.see(Record(self.frames, self.now_ns, frame, len(frame), 1, 0))

    def look(self, after_ns: int = SECOND) -> list[FindingSeen]:
        """What is told so much later."""
        self.now_ns += after_ns
        return self.diagnosis.look(self.now_ns, place(), self.now_ns // 1_000_000)


def test_a_fault_is_told_with_what_it_means() -> None:
    """Once; kind, router and interface are its subject."""
    watch = Watch()
    watch.see(THERE)
    watch.see(GONE)
    (found,), again = watch.look(), watch.look()
    detail = json.loads(found.detail)
    meaning = MEANINGS[Fault.ROUTER_GONE]

    assert [] == again
    assert (Finding.WIRE_FAULT, "d", "bng1", SUBJECT, False) == (
        found.finding, found.domain, found.bng, found.subject, found.over,
    )  # fmt: skip
    assert ("router_gone", meaning.means, meaning.todo) == (detail["fault"], detail["means"], detail["todo"])
    assert "withdraws" in detail["seen"]


def test_a_fault_that_goes_on_is_told_once_a_minute() -> None:
    """However often frames show it."""
    watch = Watch()
    told = []
    for _ in range(3):
        watch.see(THERE)
        watch.see(GONE)
        told.append([one.over for one in watch.look()])
    watch.see(GONE)
    told.append([one.over for one in watch.look(TELL_AGAIN_NS)])

    assert [[False], [], [], [False]] == told


def test_a_fault_that_frames_show_to_be_over_is_over() -> None:
    """Also one that came and went between two looks: it is told, and that it is over."""
    watch = Watch()
    watch.see(THERE)
    watch.see(GONE)
    watch.see(THERE)
    told = watch.look()

    assert [(SUBJECT, False), (SUBJECT, True)] == [(one.subject, one.over) for one in told]
    assert [] == watch.look()


def test_a_fault_that_is_seen_no_more_is_over_after_an_hour() -> None:
    """Nothing is kept of it."""
    watch = Watch()
    watch.see(THERE)
    watch.see(GONE)
    watch.look()

    assert [] == watch.look(FORGET_NS - 10 * SECOND)
    assert [(SUBJECT, True)] == [(one.subject, one.over) for one in watch.look(20 * SECOND)]
    assert {} == watch.diagnosis._told


def test_after_lost_frames_nothing_is_said_to_be_missing() -> None:
    """The detectors begin anew; what was told is neither told again nor over for that."""
    watch = Watch()
    watch.see(THERE)
    watch.see(GONE)
    watch.look()
    watch.diagnosis.missed()
    watch.see(GONE)

    assert [] == watch.look()
    assert 1 == watch.diagnosis._diagnosis.frames


def test_many_faults_at_once_are_told_one_look_after_the_other() -> None:
    """The store has other things to do."""
    watch = Watch()
    for number in range(MOST_AT_ONCE + 5):
        watch.diagnosis._diagnosis.faults.add(
            Found(Fault.ROUTER_GONE, f"router {number}", "eth1", "withdraws", (number,), watch.now_ns)
        )

    assert [MOST_AT_ONCE, 5, 0] == [len(watch.look()) for _ in range(3)]


@pytest.mark.parametrize("told", [True, False])
def test_people_are_told_the_next_step_of_the_fault(told: bool) -> None:
    """In place of the sentence for all of its kind, which stands in where a finding has none of its own."""
    watch = Watch()
    watch.see(THERE)
    watch.see(GONE)
    (found,) = watch.look()
    row = FindingRow(
        domain="d", bng="bng1", finding=found.finding, subject=found.subject, first_ms=1, last_ms=1, count=1, over_ms=0,
        detail=found.detail if told else "{}",
    )  # fmt: skip

    expected = MEANINGS[Fault.ROUTER_GONE].todo if told else NEXT_STEP[Finding.WIRE_FAULT]
    assert expected == finding_shown(row).next_step
