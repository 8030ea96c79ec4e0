"""A replay from the first packet to the last."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from bngcorr.capture.packets import Kind
from bngcorr.replay.bngs import Bngs
from bngcorr.replay.clock import Clock
from bngcorr.replay.dhcp import Dhcp
from bngcorr.replay.feed import Feed
from bngcorr.replay.heard import Heard
from bngcorr.replay.judge import Judge
from bngcorr.replay.knowledge import MOST_LINES, Knowledge
from bngcorr.replay.radius import Radius
from bngcorr.replay.row import Row, Rows
from bngcorr.replay.windows import Windows

LOOK_MS: Final = 1000  # of the capture's time, between two looks at what has run out
FLUSH_EVERY: Final = 4096  # packets


class DhcpIs(StrEnum):
    """What DHCP in a capture is taken for."""

    REQUESTS = "requests"  # each DISCOVER and SOLICIT is decided, as a BNG would ask on it
    SIGHTINGS = "sightings"  # it helps the requests of RADIUS, as a live tap does
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is replayed, and how."""

    captures: Sequence[Path]
    bngs: Bngs
    windows_ms: Sequence[int] = ()  # to be compared
    dhcp: DhcpIs | None = None  # None: requests unless there is RADIUS
    port: str | None = None  # of the BNG, that DHCP was captured at
    most_lines: int = MOST_LINES
    rows: Callable[[Row], None] | None = None  # gets each request, in the order of the capture
    read: Callable[[int], None] = field(default=lambda _: None)  # is told how many octets more were read


class Replay:
    """Everything of one replay; `play` once."""

    def __init__(self, options: Options) -> None:
        self.options: Final = options
        self.feed: Final = Feed(options.captures, options.read)
        self.clock: Final = Clock()
        self.knowledge: Final = Knowledge(options.most_lines)
        self.windows: Final = Windows(options.windows_ms) if options.windows_ms else None
        self.judge: Final = Judge(self.clock, self.knowledge, self.windows)
        self._rows: Final = None if options.rows is None else Rows(options.rows)
        self.radius: Final = Radius(self.clock, options.bngs, self.knowledge, self.judge, self._rows)
        self.dhcp: Dhcp | None = None  # once it is known what it is taken for
        self.dhcp_is = options.dhcp or DhcpIs.REQUESTS
        self._looked_ms = 0
        self.packets: Final = dict.fromkeys(Kind, 0)
        self.why_not: str | None = None  # why DHCP helps no request of RADIUS

    def play(self) -> None:
        """To the end of the captures. What can't be read is in the feed's faults."""
        for turn, heard in enumerate(self.feed):
            if not turn:
                self._begin()
            self._take(heard)
            if self._rows is not None and turn % FLUSH_EVERY == 0:
                self._rows.flush()
        self.judge.close()
        self.radius.close()
        if self.dhcp is not None:
            self.dhcp.close()
        if self._rows is not None:
            self._rows.close()

    def _begin(self) -> None:
        """What was read ahead tells whether RADIUS is there, whose it is, and whether it is answered."""
        feed, options = self.feed, self.options
        self.radius.answers_are_there = feed.answers
        if options.dhcp is None and feed.sources:
            self.dhcp_is = DhcpIs.SIGHTINGS
        host = feed.source
        if self.dhcp_is is DhcpIs.SIGHTINGS and host is None and options.bngs.named is None and options.dhcp is None:
            self.dhcp_is = DhcpIs.REQUESTS
            self.why_not = (
                f"RADIUS comes from {len(feed.sources)} sources, and nothing tells whose customers' DHCP it is"
            )
        if self.dhcp_is is not DhcpIs.IGNORED:
            nas = options.bngs.dhcp(host if self.dhcp_is is DhcpIs.SIGHTINGS else None)
            self.dhcp = Dhcp(
                self.clock, options.bngs, self.knowledge, self.judge, self._rows, nas=nas, host=host,
                port=options.port, decides=self.dhcp_is is DhcpIs.REQUESTS,
            )  # fmt: skip

    def _take(self, heard: Heard) -> None:
        self.clock.advance(heard.at_ms)
        self.judge.elapsed()  # first: whoever is forgotten below has its verdict by then
        if self.clock.now_ms - self._looked_ms >= LOOK_MS:
            self._looked_ms = self.clock.now_ms
            self._elapsed()
        self.packets[heard.kind] += 1
        if heard.kind is Kind.RADIUS:
            self.radius.take(heard)
        elif self.dhcp is not None:
            self.dhcp.take(heard)

    def _elapsed(self) -> None:
        self.radius.elapsed()
        if self.dhcp is not None:
            self.dhcp.elapsed()
        if self._rows is not None:
            self._rows.flush()
        self.knowledge.elapsed(self.clock.now_ms)
