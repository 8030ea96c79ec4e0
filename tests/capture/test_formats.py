"""Captures of every format give the frames, instants, lengths and links that were put into them."""

from __future__ import annotations

import csv
import gzip
import io
import struct
import sys
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.capture import reader
from bngcorr.capture.record import CutCapture, Record, UnreadableCapture
from bngcorr.capture.source import source_of

HOSTILE = Path(__file__).parents[1] / "wire" / "hostile.tsv"
FRAME = bytes(range(60))


def pcap(order: str, magic: int, *rows: tuple[int, int, bytes, int], link: int = 1) -> bytes:
    """A classic capture of rows of seconds, fraction, octets, original length."""
    records = b"".join(
        struct.pack(order + "IIII", at, part, len(octets), size) + octets for at, part, octets, size in rows
    )
    return struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link) + records


def block(order: str, kind: int, body: bytes) -> bytes:
    """One block of pcapng."""
    body += bytes(-len(body) % 4)
    size = len(body) + 12
    return struct.pack(order + "II", kind, size) + body + struct.pack(order + "I", size)


def section(order: str) -> bytes:
    """A section header of unknown length."""
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str, link: int, *options: tuple[int, bytes], snaplen: int = 0) -> bytes:
    """An interface block."""
    body = struct.pack(order + "HHI", link, 0, snaplen)
    for code, value in options:
        body += struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)
    return block(order, 1, body + bytes(4))


def enhanced(order: str, which: int, units: int, octets: bytes, length: int) -> bytes:
    """A packet of an interface."""
    head = struct.pack(order + "IIIII", which, units >> 32, units & 0xFFFFFFFF, len(octets), length)
    return block(order, 6, head + octets + bytes(-len(octets) % 4) + struct.pack(order + "HH", 0, 0))


def read(octets: bytes) -> list[Record]:
    """Every frame of a capture in memory."""
    source = source_of(io.BytesIO(octets))
    assert reader.is_capture(source)
    return list(reader.of(source))


def until_refused(octets: bytes) -> tuple[int, UnreadableCapture | None]:
    """How many frames there are, and the refusal behind them."""
    number = 0
    try:
        for record in reader.of(source_of(io.BytesIO(octets))):
            number += 1
            assert number == record.number
    except UnreadableCapture as refusal:
        return number, refusal
    return number, None


def shown(records: list[Record]) -> list[tuple[int, int | None, bytes, int, int, int]]:
    """What a record holds."""
    return [(r.number, r.at_ns, r.octets, r.length, r.link, r.interface) for r in records]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("magic", "unit"), [(0xA1B2C3D4, 1000), (0xA1B23C4D, 1)])
def test_a_classic_capture_is_read_in_each_order_and_resolution(order: str, magic: int, unit: int) -> None:
    """Microseconds and nanoseconds, big and little endian; times that go back; a snaplen that cut a frame."""
    octets = pcap(order, magic, (9, 5, FRAME, 60), (8, 999, FRAME[:20], 1500), link=113)

    assert [
        (1, 9_000_000_000 + 5 * unit, FRAME, 60, 113, 0),
        (2, 8_000_000_000 + 999 * unit, FRAME[:20], 1500, 113, 0),
    ] == shown(read(octets))


@pytest.mark.parametrize("order", ["<", ">"])
def test_each_interface_has_its_own_link_resolution_and_offset(order: str) -> None:
    """pcapng: decimal and binary resolutions, an offset in seconds, packets of the interfaces in any order."""
    octets = (
        section(order)
        + interface(order, 1)
        + interface(order, 276, (2, b"eth1"), (9, b"\x09"), (14, struct.pack(order + "q", 100)))
        + interface(order, 101, (9, b"\x8a"))
        + enhanced(order, 1, 7_000_000_001, FRAME, 60)
        + enhanced(order, 0, 3_000_001, FRAME[:33], 1500)
        + enhanced(order, 2, 1024 + 512, FRAME, 60)
    )

    assert [
        (1, 107_000_000_001, FRAME, 60, 276, 1),
        (2, 3_000_001_000, FRAME[:33], 1500, 1, 0),
        (3, 1_500_000_000, FRAME, 60, 101, 2),
    ] == shown(read(octets))


def test_sections_begin_anew_and_unknown_blocks_are_passed_over() -> None:
    """A second section may have the other byte order and its own interfaces; simple and old packets are read."""
    old = struct.pack(">HHIIII", 0, 0, 0, 2_000_000, 60, 60) + FRAME
    octets = (
        section("<") + interface("<", 1, snaplen=40) + block("<", 3, struct.pack("<I", 60) + FRAME[:40])
        + block("<", 0x7FFF0001, bytes(70_000)) + section(">") + interface(">", 228) + block(">", 2, old)
    )  # fmt: skip

    assert [(1, None, FRAME[:40], 60, 1, 0), (2, 2_000_000_000, FRAME, 60, 228, 1)] == shown(read(octets))


def test_gzip_and_zstd_are_undone(tmp_path: Path) -> None:
    """A compressed capture is read by what it is, not by its name; several members in a row too."""
    whole = pcap("<", 0xA1B2C3D4, *[(at, 0, FRAME, 60) for at in range(500)])
    zstd = zstandard.ZstdCompressor()
    for octets in (gzip.compress(whole), gzip.compress(whole[:999]) + gzip.compress(whole[999:]),
                   zstd.compress(whole), zstd.compress(whole[:999]) + zstd.compress(whole[999:])):  # fmt: skip
        path = tmp_path / "capture"
        path.write_bytes(octets)

        assert 500 == sum(1 for _ in reader.records(path))


@pytest.mark.parametrize("form", ["gzip", "zstd"])
def test_broken_compression_is_named(form: str) -> None:
    """What stands before the fault is read, then the refusal says that the compression is broken or breaks off."""
    whole = pcap("<", 0xA1B2C3D4, *[(at, 0, bytes([at % 251]) * 60, 60) for at in range(5000)])
    packed = gzip.compress(whole) if form == "gzip" else zstandard.ZstdCompressor().compress(whole)
    broken = packed[:-200]

    number, refusal = until_refused(broken)
    assert refusal is not None
    assert 0 < number < 5000


def test_a_capture_that_breaks_off_says_so() -> None:
    """Frames before the end are given, then CutCapture: in a header, in a record, in a block."""
    classic = pcap("<", 0xA1B2C3D4, (1, 0, FRAME, 60), (2, 0, FRAME, 60))
    modern = section("<") + interface("<", 1) + enhanced("<", 0, 1, FRAME, 60) * 2
    for octets, less in ((classic, 5), (classic, 70), (modern, 5), (modern, 92)):
        number, refusal = until_refused(octets[:-less])
        assert isinstance(refusal, CutCapture)
        assert 1 == number


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` is standard input."""

    class _Input:
        buffer = io.BytesIO(pcap("<", 0xA1B2C3D4, (1, 0, FRAME, 60)))

    monkeypatch.setattr(sys, "stdin", _Input())

    assert [FRAME] == [record.octets for record in reader.records(Path("-"))]


@pytest.mark.parametrize(("octets", "reason"), [(b"", "empty"), (b"GIF89a" * 9, "no capture")])
def test_other_files_are_refused(tmp_path: Path, octets: bytes, reason: str) -> None:
    """A file that is no capture, or empty, is named as such."""
    path = tmp_path / "file"
    path.write_bytes(octets)

    with pytest.raises(UnreadableCapture, match=reason):
        list(reader.records(path))


OUTCOMES = {  # of hostile.tsv: frames that are given, and whether a refusal follows
    "cap-01-empty-file": (0, True), "cap-03-caplen-4g": (0, True), "cap-05-cut-record-header": (1, True),
    "cap-07-caplen-gt-len": (1, False), "cap-09-linktype-fcs-bits": (1, False), "cap-11-ng-block-len-0": (0, True),
    "cap-13-ng-epb-no-idb": (0, True), "cap-15-ng-tsresol-255": (1, False),
    "cap-17-ng-second-section-big-endian": (1, False), "cap-19-ng-unknown-block": (1, False),
}  # fmt: skip


def test_hostile_captures_are_read_or_refused(tmp_path: Path) -> None:
    """Every row of hostile.tsv that is a capture gives the frames it should, and a refusal where it should."""
    with HOSTILE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["protocol"] == "capfile"]
    found = {}
    for row in rows:
        path = tmp_path / "capture"
        path.write_bytes(bytes.fromhex(row["hex"]))
        number, refused = 0, False
        try:
            for record in reader.records(path):
                number += 1
                assert record.link == 1
        except UnreadableCapture:
            refused = True
        found[row["name"]] = (number, refused)

    assert OUTCOMES == found


_GOOD = st.sampled_from((
    pcap("<", 0xA1B2C3D4, (1, 0, FRAME, 60), (2, 0, FRAME, 60)),
    section("<") + interface("<", 1, (9, b"\x09")) + enhanced("<", 0, 5, FRAME, 60) * 2,
))  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(_GOOD, st.lists(st.tuples(st.integers(4, 199), st.integers(0, 255)), max_size=4), st.integers(8, 400))
def test_damaged_captures_are_frames_or_a_refusal(good: bytes, changes: list[tuple[int, int]], size: int) -> None:
    """Whatever stands behind the magic, reading ends with frames or UnreadableCapture, and with nothing else."""
    octets = bytearray(good[:size])
    for at, value in changes:
        if at < len(octets):
            octets[at] = value
    try:
        for record in reader.of(source_of(io.BytesIO(bytes(octets)))):
            assert len(record.octets) <= record.length
    except UnreadableCapture:
        pass
