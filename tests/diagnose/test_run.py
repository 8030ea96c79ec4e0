"""What holds for all detectors: numbers over files, second copies, bounds, and one that fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bngcorr.capture import reader
from bngcorr.capture.diagnose import run
from bngcorr.capture.diagnose.detector import Concern, Detector
from bngcorr.capture.diagnose.files import fill_examples, read
from bngcorr.capture.diagnose.found import MOST_OCTETS, MOST_PACKETS, MOST_SUBJECTS, Faults, Found, kept
from bngcorr.capture.diagnose.kinds import MEANINGS, Fault, Severity
from bngcorr.capture.diagnose.limits import Limits
from bngcorr.capture.diagnose.memory import Recent, Waiting
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.record import Record
from tests.diagnose.cpe import option37, option82, v4, v6
from tests.diagnose.stage import REAL, SECOND, START_NS, Stage, records_of, told

CPE = "3c:a6:2f:00:00:01"


class Broken:
    """A detector with a bug."""

    concerns = frozenset((Concern.DHCP4,))

    def __init__(self) -> None:
        self.ended = False

    def see(self, seen: Seen) -> None:
        """Fails."""
        raise KeyError(seen.number)

    def end(self) -> None:
        """Does not."""
        self.ended = True


class Counting:
    """A detector that notes what it is shown."""

    def __init__(self, *concerns: Concern) -> None:
        self.concerns = frozenset(concerns)
        self.numbers: list[int] = []

    def see(self, seen: Seen) -> None:
        """Notes it."""
        self.numbers.append(seen.number)

    def end(self) -> None:
        """Nothing waits."""


def only(monkeypatch: pytest.MonkeyPatch, *detectors: Detector) -> None:
    """These detectors, and no others."""
    monkeypatch.setattr(run, "detectors", lambda *_: detectors)


def found(subject: str = "a", *packets: int, fault: Fault = Fault.SOLICIT_FAR) -> Found:
    """A fault of that subject."""
    return Found(fault, subject, "if0", "", packets or (1,), 0)


def test_a_detector_that_fails_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a live tap the others go on, and the diagnosis says which one failed first, and why."""
    other, broken = Counting(Concern.DHCP4), Broken()
    only(monkeypatch, broken, other)
    diagnosis = Diagnosis()
    for number in (1, 2):
        octets = v4(1, CPE, xid=number)
        diagnosis.see(Record(number, START_NS, octets, len(octets), 1, 0))
    diagnosis.end()

    assert [1, 2] == other.numbers
    assert {"Broken": "KeyError at packet 1: 1"} == diagnosis.broken
    assert broken.ended


def test_tests_see_a_detector_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """`strict`, as the stage has it."""
    only(monkeypatch, Broken())
    with pytest.raises(KeyError):
        Stage().frame(v4(1, CPE))


def test_detectors_are_shown_what_concerns_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """One decoding, and each gets its share."""
    four, six = Counting(Concern.DHCP4), Counting(Concern.DHCP6, Concern.ARP)
    only(monkeypatch, four, six)
    stage = Stage()
    stage.frame(v4(1, CPE))
    stage.frame(v6(1, CPE))

    assert ([1], [2]) == (four.numbers, six.numbers)


def test_a_mirror_ports_second_copy_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same octets within a millisecond on one interface; later, or elsewhere, it is a frame of its own."""
    counting = Counting(Concern.DHCP4)
    only(monkeypatch, counting)
    stage = Stage()
    stage.frame(v4(1, CPE), 0.0)
    stage.frame(v4(1, CPE), 0.0009)
    stage.frame(v4(1, CPE), 0.0009, interface=1)
    stage.frame(v4(1, CPE), 4.0)

    assert [1, 3, 4] == counting.numbers
    assert (4, 1) == (stage.diagnosis.frames, stage.diagnosis.twins)


def test_every_fault_has_its_meaning() -> None:
    """Nothing can be found that nobody explains."""
    assert set(Fault) == set(MEANINGS)
    assert all(
        meaning.title and meaning.means.endswith(".") and meaning.todo.endswith(".") and meaning.source
        for meaning in MEANINGS.values()
    )


def test_a_fault_seen_again_keeps_its_first_packets_and_its_worst_severity() -> None:
    """A thousand times the same is one fault with a count, ten numbers, and the last detail."""
    faults = Faults()
    faults.add(Found(Fault.SOLICIT_FAR, "a", "if0", "first", (1,), 10, Severity.NOTICE))
    for number in range(2, 1001):
        faults.add(Found(Fault.SOLICIT_FAR, "a", "if0", "later", (number,), number * 10, Severity.WARNING))
    (one,) = faults

    assert (1000, tuple(range(1, 11)), "later", Severity.WARNING) == (one.count, one.packets, one.detail, one.severity)
    assert (10, 10_000) == (one.first_ns, one.last_ns)
    assert MOST_PACKETS == len(one.packets)


def test_subjects_beyond_the_most_are_counted() -> None:
    """A flood of spoofed MACs costs no more than a thousand faults; other kinds have their own share."""
    faults = Faults()
    for number in range(MOST_SUBJECTS + 5):
        faults.add(found(f"{number}"))
    faults.add(found(fault=Fault.IDS_DIFFER))

    assert MOST_SUBJECTS + 1 == len(faults)
    assert {Fault.SOLICIT_FAR: 5} == faults.left_out


def test_what_is_over_is_told_as_over_until_it_comes_back() -> None:
    """A cleared fault that is seen again is not over."""
    faults = Faults()
    faults.add(found())
    faults.clear(Fault.SOLICIT_FAR, "a", "if0", 7)
    assert [7] == [one.cleared for one in faults]
    faults.add(found("a", 9))
    assert [None] == [one.cleared for one in faults]


def test_a_live_tap_forgets_what_was_long_ago() -> None:
    """The subject may be found anew, and does not count against the most."""
    faults = Faults()
    faults.add(Found(Fault.SOLICIT_FAR, "old", "if0", "", (1,), 10))
    faults.add(Found(Fault.SOLICIT_FAR, "new", "if0", "", (2,), 20))
    faults.forget(20)

    assert ["new"] == [one.subject for one in faults]


def test_an_example_is_kept_without_what_is_too_long() -> None:
    """A jumbo frame is cut: the diagnosis of a big file stays small."""
    record = kept(Record(1, 0, bytes(9000), 9000, 1, 0))

    assert (MOST_OCTETS, 9000) == (len(record.octets), record.length)


def test_recent_forgets_what_was_not_touched_for_longest() -> None:
    """Looking at an entry is touching it."""
    recent: Recent[str, int] = Recent(2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert 1 == recent.get("a")
    recent.put("c", 3)

    assert [("a", 1), ("c", 3)] == list(recent.items())
    assert 1 == recent.forgot


def test_waiting_goes_by_the_clock_of_each_interface() -> None:
    """Interface 1 is a block of earlier frames behind interface 0: its clock decides nothing of interface 0's."""
    waiting: Waiting[str] = Waiting()
    waiting.add(0, 100, "a")
    waiting.add(1, 50, "b")
    waiting.add(0, 200, "c")

    assert ["b"] == waiting.due(1, 150)
    assert ["a"] == waiting.due(0, 150)
    assert ["c"] == waiting.all()


def test_slices_of_a_capture_go_on_where_the_one_before_ended(tmp_path: Path) -> None:
    """The DISCOVER is in the first file, the SOLICIT in the second: one CPE, and packet 1 of each file."""
    diagnosis = Diagnosis(strict=True)
    paths = slices(tmp_path, (v4(1, CPE), 0), (v6(1, CPE), 17))
    summary = read(paths, diagnosis)
    (fault,) = diagnosis.faults

    assert (Fault.SOLICIT_FAR, (1, 2)) == (fault.fault, fault.packets)
    assert [(0, 1), (0, 1)] == [(file.first_interface, file.interfaces) for file in summary.files]
    assert [("0.pcap", 1), ("1.pcap", 1)] == [
        (Path(place[0].name).name, place[1]) for one in fault.packets if (place := summary.file_of(one))
    ]


def test_captures_of_the_same_time_are_other_places(tmp_path: Path) -> None:
    """Access and uplink: what is on one wire is not on the other; nor is what was captured an hour later."""
    diagnosis = Diagnosis(strict=True)
    relayed = v6(1, CPE, relay=option37(b"LINE-2"))
    paths = slices(tmp_path, (v4(1, CPE, option82(b"", b"LINE-1")), 10), (relayed, 9), (relayed, 3600))
    summary = read(paths, diagnosis)

    assert [] == list(diagnosis.faults)
    assert [0, 1, 2] == [file.first_interface for file in summary.files]


def test_examples_of_what_was_told_later_come_from_a_second_look(tmp_path: Path) -> None:
    """The end of the window told of a SOLICIT long gone: its frame is read again."""
    diagnosis = Diagnosis(strict=True)
    paths = slices(tmp_path, (v4(1, CPE), 0), (v6(1, CPE), 17))
    summary = read(paths, diagnosis)
    assert [None] == [fault.example for fault in diagnosis.faults]
    fill_examples(diagnosis.faults, paths, summary)

    assert [v4(1, CPE)] == [fault.example.octets for fault in diagnosis.faults if fault.example is not None]


def test_a_capture_that_breaks_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    """The frames before count; the file is said to be cut, and is no damage."""
    whole = (REAL / "12-ra-lifetime-0.pcap").read_bytes()
    path = tmp_path / "cut.pcap"
    path.write_bytes(whole[:-10])
    diagnosis = Diagnosis(strict=True)
    (file,) = read([path], diagnosis).files

    assert (24, True) == (file.frames, file.whole)
    assert "what is before was read" in file.unread
    assert {Fault.ROUTER_GONE} == {one.fault for one in diagnosis.faults}


def test_an_interrupt_ends_the_reading_and_not_the_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a long capture, or a pipe, is read: what was seen so far is told."""
    records = list(records_of(REAL / "12-ra-lifetime-0.pcap"))

    def interrupted(path: Path) -> Iterator[Record]:
        yield from records[:20]
        raise KeyboardInterrupt

    monkeypatch.setattr(reader, "records", interrupted)
    diagnosis = Diagnosis(strict=True)
    summary = read([Path("a"), Path("b")], diagnosis)

    assert (True, 20, 1) == (summary.interrupted, summary.frames, len(summary.files))
    assert {Fault.ROUTER_GONE} == {one.fault for one in diagnosis.faults}


def test_limits_reach_their_detectors() -> None:
    """Of three CPEs on one line, two are too many."""
    stage = Stage(Limits(most_macs=2))
    for number in range(3):
        stage.frame(v4(1, f"3c:a6:2f:00:00:0{number}", option82(b"port 1")), number)

    assert {(Fault.LINE_ID_SHARED, "Circuit-Id port 1", (3,))} == told(stage.faults())


def slices(folder: Path, *frames: tuple[bytes, float]) -> list[Path]:
    """Captures with one frame each."""
    paths = []
    for number, (octets, at_s) in enumerate(frames):
        path = folder / f"{number}.pcap"
        seconds, rest = divmod(START_NS + round(at_s * SECOND), SECOND)
        head = b"".join(part.to_bytes(4, "little") for part in (seconds, rest // 1000, len(octets), len(octets)))
        path.write_bytes(
            bytes.fromhex("d4c3b2a1 0200 0400") + bytes(8) + (65535).to_bytes(4, "little") + b"\1\0\0\0" + head + octets
        )
        paths.append(path)
    return paths
