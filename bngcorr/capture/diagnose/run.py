"""Frames through all detectors. Pure: the caller reads, live taps tell the time."""

from __future__ import annotations

from typing import Final

from bngcorr.capture.diagnose.detector import Concern, Detector, Timed
from bngcorr.capture.diagnose.detectors.aaaa_unused import AaaaUnused
from bngcorr.capture.diagnose.detectors.big_packets_lost import BigPacketsLost
from bngcorr.capture.diagnose.detectors.dhcp_circles import DhcpCircles
from bngcorr.capture.diagnose.detectors.dhcp_unanswered import DhcpUnanswered
from bngcorr.capture.diagnose.detectors.duplicate_address import DuplicateAddress
from bngcorr.capture.diagnose.detectors.gateway_silent import GatewaySilent
from bngcorr.capture.diagnose.detectors.ids_differ import IdsDiffer
from bngcorr.capture.diagnose.detectors.line_id_shared import LineIdShared
from bngcorr.capture.diagnose.detectors.link_address import LinkAddress
from bngcorr.capture.diagnose.detectors.macs import Macs
from bngcorr.capture.diagnose.detectors.managed_flag import ManagedFlag
from bngcorr.capture.diagnose.detectors.many_prefixes import ManyPrefixes
from bngcorr.capture.diagnose.detectors.moving_address import MovingAddress
from bngcorr.capture.diagnose.detectors.prefix_elsewhere import PrefixElsewhere
from bngcorr.capture.diagnose.detectors.radius_unanswered import RadiusUnanswered
from bngcorr.capture.diagnose.detectors.receive_path_dead import ReceivePathDead
from bngcorr.capture.diagnose.detectors.remote_id_twice import RemoteIdTwice
from bngcorr.capture.diagnose.detectors.resolver_gap import ResolverGap
from bngcorr.capture.diagnose.detectors.router_flag import RouterFlag
from bngcorr.capture.diagnose.detectors.router_gone import RouterGone
from bngcorr.capture.diagnose.detectors.solicit_far import SolicitFar
from bngcorr.capture.diagnose.detectors.solicit_without_line import SolicitWithoutLine
from bngcorr.capture.diagnose.detectors.tunnel_handshake import TunnelHandshake
from bngcorr.capture.diagnose.detectors.two_delegations import TwoDelegations
from bngcorr.capture.diagnose.distances import Distances
from bngcorr.capture.diagnose.found import Faults
from bngcorr.capture.diagnose.limits import Limits
from bngcorr.capture.diagnose.memory import MOST, Recent, small
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.record import Record

TWIN_NS: Final = 1_000_000  # a frame that a mirror port shows twice comes again within that; no retransmission does
_MOST_TWINS: Final = 4_096


def detectors(faults: Faults, limits: Limits) -> tuple[Detector, ...]:
    """All there are, each with a memory of its own."""
    return (
        RouterGone(faults),
        RouterFlag(faults),
        ManyPrefixes(faults, limits.most_prefixes),
        LinkAddress(faults),
        DuplicateAddress(faults),
        MovingAddress(faults),
        Macs(faults),
        SolicitWithoutLine(faults),
        SolicitFar(faults, limits.window_s),
        IdsDiffer(faults),
        LineIdShared(faults, limits.most_macs),
        RemoteIdTwice(faults),
        TwoDelegations(faults),
        PrefixElsewhere(faults),
        GatewaySilent(faults),
        DhcpUnanswered(faults),
        DhcpCircles(faults),
        RadiusUnanswered(faults),
        ReceivePathDead(faults),
        TunnelHandshake(faults),
        BigPacketsLost(faults),
        ResolverGap(faults),
        ManagedFlag(faults),
        AaaaUnused(faults),
    )


class Diagnosis:
    """All detectors over one sequence of frames: a capture's, those of several captures, or a live tap's.

    Numbers in faults count over all files, from 1: `begin` says where a file's start. A detector that raises is a bug:
    the others go on, and `broken` says which and why; with `strict` it is raised.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        interfaces: tuple[str, ...] = (),
        *,
        strict: bool = False,
        faults: Faults | None = None,
        most: int = MOST,
    ) -> None:
        """`interfaces`: names by number, for people; those beyond are called if0, if1, …. `faults`: where they are
        noted, if not as those of a capture. `most`: how much of one sort a detector remembers.
        """
        self.faults: Final = Faults() if faults is None else faults
        self.broken: Final[dict[str, str]] = {}  # name of the detector: its first error
        self.frames = 0
        self.twins = 0  # frames that were shown twice, and looked at once
        self._strict: Final = strict
        self._names: Final = interfaces
        self._first_number = 0  # of the file that is read, less 1
        self._last_number = 0
        self._first_interface = 0
        self._twins: Final[Recent[tuple[int, int, int], int]] = Recent(_MOST_TWINS)
        with small(most):
            self._all: Final = detectors(self.faults, limits or Limits())
        self._for: Final = tuple(  # by concern
            tuple(one for one in self._all if concern in one.concerns) for concern in Concern
        )

    def begin(self, first_interface: int = 0) -> int:
        """Another file begins: its first frame gets the number that is returned, its interface 0 that one."""
        self._first_number = self._last_number
        self._first_interface = first_interface
        return self._first_number + 1

    def see(self, record: Record) -> Seen | None:
        """The next frame, as the detectors saw it; None if it is a mirror's second copy, which they don't see."""
        self.frames += 1
        number = self._first_number + record.number
        self._last_number = max(self._last_number, number)
        interface = self._first_interface + record.interface
        if self._twin(interface, record):
            self.twins += 1
            return None
        seen = Seen(record, number, interface, self._names[interface] if interface < len(self._names) else "")
        self.faults.now(record, number, interface)
        for detector in self._for[seen.concern]:
            try:
                detector.see(seen)
            except Exception as error:
                self._broke(detector, error, f"packet {number}")
        return seen

    @property
    def distances(self) -> Distances:
        """How far SOLICITs were from DISCOVERs; those that still wait are not in it."""
        for detector in self._all:
            if isinstance(detector, SolicitFar):
                return detector.distances
        return Distances()

    def elapsed(self, now_ns: int) -> None:
        """So late it is: for live taps, every second or so."""
        for detector in self._all:
            if isinstance(detector, Timed):
                try:
                    detector.elapsed(now_ns)
                except Exception as error:
                    self._broke(detector, error, "time")

    def end(self) -> None:
        """No more frames."""
        self.faults.now(None, 0)
        for detector in self._all:
            try:
                detector.end()
            except Exception as error:
                self._broke(detector, error, "the end")

    def _broke(self, detector: Detector, error: Exception, when: str) -> None:
        if self._strict:
            raise error
        self.broken.setdefault(type(detector).__name__, f"{type(error).__name__} at {when}: {error}")

    def _twin(self, interface: int, record: Record) -> bool:
        if record.at_ns is None:
            return False
        key = (interface, len(record.octets), hash(record.octets))  # not the octets: they would be kept
        before = self._twins.get(key)
        self._twins.put(key, record.at_ns)
        return before is not None and abs(record.at_ns - before) <= TWIN_NS
