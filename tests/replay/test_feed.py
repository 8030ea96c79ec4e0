"""Packets of captures come in the order of their time, whatever files and interfaces they stand in."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

from bngcorr.replay.feed import Feed

from .stage import discover, pcap, pcapng


def instants(feed: Feed) -> list[float]:
    """Seconds since the beginning of the captures here."""
    return [heard.at_ns / 1e9 - 1_790_000_000 for heard in feed]


def test_blocks_of_interfaces_are_put_in_order(tmp_path: Path) -> None:
    """dumpcap writes what each interface saw for itself."""
    frames = [(at % 3, float(at), discover(xid=at)) for at in range(40)]
    random.Random(1).shuffle(frames)

    assert list(range(40)) == instants(Feed([pcapng(tmp_path / "a.pcapng", *frames)]))


def test_what_comes_later_than_can_be_waited_for_is_given_late(tmp_path: Path) -> None:
    """Only so many packets are read ahead: memory stays bounded."""
    path = pcap(tmp_path / "a.pcap", *[(float(at), discover()) for at in (5, 6, 7, 1)])

    assert [5, 1, 6, 7] == instants(Feed([path], ahead=2))


def test_rotated_files_are_one_site_and_overlapping_ones_several(tmp_path: Path) -> None:
    """In whichever order they are named; interface 0 of two places at a time is not one port."""
    one = pcap(tmp_path / "1.pcap", (0, discover()), (10, discover()))
    two = pcap(tmp_path / "2.pcap", (11, discover()), (20, discover()))
    beside = pcap(tmp_path / "3.pcap", (12, discover()), (19, discover()))

    assert {0} == {heard.site for heard in Feed([two, one])}
    assert 2 == len({heard.site for heard in Feed([two, beside])})
    assert [0, 10, 11, 12, 19, 20] == instants(Feed([beside, two, one]))
    assert [(1, 1), (1, 2), (0, 1), (0, 2)] == [(heard.file, heard.number) for heard in Feed([two, one])]


def test_a_cut_capture_gives_what_is_before_and_leaves_the_others_alone(tmp_path: Path) -> None:
    """The fault names its file."""
    good = pcap(tmp_path / "1.pcap", (0, discover()), (3, discover()))
    cut = tmp_path / "2.pcap"
    cut.write_bytes(pcap(cut, (1, discover()), (2, discover())).read_bytes()[:-5])
    feed = Feed([good, cut, tmp_path / "none.pcap"])

    assert [0, 1, 3] == instants(feed)
    assert [1, 2] == sorted(feed.faults)
    assert "what is before was read" in feed.faults[1]
    assert [2, 1, 0] == feed.packets


def test_progress_is_told_in_octets_and_comes_to_the_file_s_size(tmp_path: Path) -> None:
    """But for the header of the file."""
    path = pcap(tmp_path / "a.pcap", *[(float(at), discover()) for at in range(5000)])
    told: list[int] = []

    assert 5000 == len(instants(Feed([path], told.append)))
    assert path.stat().st_size - 24 == sum(told)
    assert 2 == len(told)


def test_packed_captures_are_read_alike(tmp_path: Path) -> None:
    """gzip here; the readers know zstd too."""
    plain = pcap(tmp_path / "a.pcap", (0, discover()), (1, discover()))
    packed = tmp_path / "a.pcap.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    assert instants(Feed([plain])) == instants(Feed([packed]))
