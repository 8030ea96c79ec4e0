"""What other windows would have found, and how far apart requests and sightings were."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from bngcorr.model.vocabulary import Outcome, VlanModel
from bngcorr.replay import svg
from bngcorr.replay.windows import BUCKETS, Distances, bucket_of
from bngcorr.store.lesson import DISTANCE_BUCKETS_MS

from .stage import bngs, discover, pcap, play, solicit

VLANS = (100, 20)


def test_each_window_is_what_a_replay_with_it_alone_finds(tmp_path: Path) -> None:
    """Distances of 1 to 12 s under windows of 2, 5, 10 and 30 s, in one pass."""
    frames = []
    for number in range(12):
        cpe, at = f"3c:a6:2f:01:02:{number:02x}", number * 100.0
        frames += [(at, discover(cpe, xid=number, circuit=b"c%d" % number, vlans=(100, number)))]
        frames += [(at + number + 1, solicit(cpe, xid=number, vlans=(100, number)))]
    path = pcap(tmp_path / "a.pcap", *frames)
    windows = play(path, windows_s=(30, 2, 5, 10)).replay.windows

    assert windows is not None
    assert (2000, 5000, 10_000, 30_000) == windows.windows_ms
    assert [2, 5, 10, 12] == [found[Outcome.MATCHED] for found in windows.alone]
    assert [2, 5, 10, 12] == [found[Outcome.MATCHED] for found in windows.full]
    assert 12 == windows.asked
    assert 12 == sum(windows.distances.before)


def test_other_rungs_find_what_a_narrow_window_misses(tmp_path: Path) -> None:
    """Where a VLAN pair is a line, the CPE is remembered: only the window alone misses it."""
    path = pcap(tmp_path / "a.pcap", (0, discover(circuit=b"c", vlans=VLANS)), (8, solicit(vlans=VLANS)))
    windows = play(path, of=bngs(vlan_model=VlanModel.PER_LINE), windows_s=(2, 10)).replay.windows

    assert windows is not None
    assert [1, 1] == [found[Outcome.MATCHED] for found in windows.full]
    assert [0, 1] == [found[Outcome.MATCHED] for found in windows.alone]


def test_requests_that_name_their_line_are_no_trial(tmp_path: Path) -> None:
    """Nor is a sight in front of the relay, once that behind it is there."""
    path = pcap(
        tmp_path / "a.pcap", (0, discover(vlans=VLANS)), (0.01, discover(circuit=b"c", relayed=True)),
        (1, solicit(vlans=VLANS)),
    )  # fmt: skip
    windows = play(path, windows_s=(5,)).replay.windows

    assert windows is not None
    assert 1 == windows.asked


def test_buckets_are_those_of_the_histogram_that_the_service_keeps() -> None:
    """Each bound is in its own bucket, whatever the sign; beyond the last is open."""
    assert list(range(BUCKETS - 1)) == [bucket_of(bound) for bound in DISTANCE_BUCKETS_MS]
    assert [0, 1, BUCKETS - 1] == [bucket_of(-1), bucket_of(-11), bucket_of(10**9)]


def test_the_picture_is_one_svg_that_stands_for_itself() -> None:
    """It names every column that holds anything, marks the windows, and escapes what it is given."""
    distances = Distances()
    for distance_ms in (-3551, -4000, 30):
        distances.add(distance_ms)
    distances.late[bucket_of(900)] += 7
    drawn = svg.histogram(distances, (2000, 5000), "a <b> & c")
    root = ET.fromstring(drawn)  # noqa: S314  # our own
    titles = [one.text for one in root.iter("{http://www.w3.org/2000/svg}title")]
    words = [one.text for one in root.iter("{http://www.w3.org/2000/svg}text")]

    assert ["a <b> & c", "−≤ 5 s: 2", "+≤ 50 ms: 1", "+≤ 1 s: 7 too late"] == titles
    assert 2 == words.count("2 s") == words.count("5 s")
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")


def test_an_empty_histogram_is_drawn_too() -> None:
    """Without a column nothing divides by nothing."""
    assert "svg" in ET.fromstring(svg.histogram(Distances(), (), "none")).tag  # noqa: S314  # our own
