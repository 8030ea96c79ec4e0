"""Frames of a capture, whichever format it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bngcorr.capture import pcap, pcapng
from bngcorr.capture.record import Record, UnreadableCapture
from bngcorr.capture.source import Source, opened


def records(path: Path) -> Iterator[Record]:
    """Every frame of a capture file (``-``: standard input), in its order; what stands before a fault is given.

    pcap and pcapng, plain, gzip or zstd. Raises UnreadableCapture, of it CutCapture if the file breaks off, OSError.
    """
    with opened(path) as source:
        if not is_capture(source):
            raise UnreadableCapture(
                "it is no capture: pcap or pcapng, plain, gzip or zstd" if source.peek(1) else "it is empty"
            )
        yield from of(source)


def is_capture(source: Source) -> bool:
    """Whether a capture begins there."""
    head = source.peek(4)[:4]
    return head in pcap.MAGICS or head == pcapng.MAGIC


def of(source: Source) -> Iterator[Record]:
    """Frames of a source for which `is_capture` holds."""
    yield from pcapng.records(source) if source.peek(4)[:4] == pcapng.MAGIC else pcap.records(source)
