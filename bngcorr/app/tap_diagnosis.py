"""Faults that a tap shows, as findings: told when they appear, again while they go on, and when they are over."""

from __future__ import annotations

import json
from typing import Final

import structlog

from bngcorr.capture.diagnose.found import Found
from bngcorr.capture.diagnose.kinds import MEANINGS, Fault
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.record import Record
from bngcorr.correlator.dhcp import Place
from bngcorr.model.vocabulary import Finding
from bngcorr.store.lesson import FindingSeen

TELL_AGAIN_NS: Final = 60_000_000_000  # a fault that goes on is told so often
FORGET_NS: Final = 3_600_000_000_000  # one that was not seen for so long is over
MOST_AT_ONCE: Final = 50  # findings at one look; others wait for the next one
MOST_TOLD: Final = 10_000  # faults that are kept in mind; beyond it no new ones are told

log = structlog.get_logger()

_Key = tuple[Fault, str, str]


class _Told:
    """What was said of a fault last."""

    __slots__ = ("at_ns", "count", "over")

    def __init__(self) -> None:
        self.at_ns = 0
        self.count = 0  # how many times it had been seen; 0: nothing was said
        self.over = False


class TapDiagnosis:
    """The detectors behind one tap."""

    def __init__(self, interface: str) -> None:
        self._interface: Final = interface
        self._diagnosis = Diagnosis(interfaces=(interface,))
        self._told: Final[dict[_Key, _Told]] = {}
        self._broken: Final[set[str]] = set()

    def see(self, record: Record) -> Seen | None:
        """The next frame; None if it is a mirror's second copy."""
        return self._diagnosis.see(record)

    def missed(self) -> None:
        """Frames were lost: begin anew, for what was not seen may have been there."""
        self._diagnosis = Diagnosis(interfaces=(self._interface,))

    def look(self, now_ns: int, place: Place, at_ms: int) -> list[FindingSeen]:
        """What is to be told now; for every second or so. `at_ms` is that instant by the store's clock."""
        self._diagnosis.elapsed(now_ns)
        for detector, error in self._diagnosis.broken.items():
            if detector not in self._broken:
                self._broken.add(detector)
                log.error("internal error, detector fails", detector=detector, error=error)
        self._diagnosis.faults.forget(now_ns - FORGET_NS)
        findings: list[FindingSeen] = []
        there: set[_Key] = set()
        for found in self._diagnosis.faults:
            if len(findings) >= MOST_AT_ONCE:
                return findings
            key = (found.fault, found.subject, found.where)
            there.add(key)
            told = self._told.get(key) or _Told()
            if not told.count and len(self._told) >= MOST_TOLD:
                continue
            if found.count != told.count and (not told.count or now_ns - told.at_ns >= TELL_AGAIN_NS):
                told.count, told.at_ns, told.over = found.count, now_ns, False
                self._told[key] = told
                findings.append(_finding(key, place, at_ms, _detail(found)))
            if found.cleared is not None and told.count and not told.over:
                told.over = True
                findings.append(_finding(key, place, at_ms, None))
        silent = [key for key, told in self._told.items() if key not in there and now_ns - told.at_ns >= FORGET_NS]
        findings += [_finding(key, place, at_ms, None) for key in silent if not self._told.pop(key).over]
        return findings


def _detail(found: Found) -> str:
    meaning = MEANINGS[found.fault]
    return json.dumps(
        {
            "fault": str(found.fault),
            "subject": found.subject,
            "where": found.where,
            "severity": found.severity.name.lower(),
            "seen": found.detail,
            "means": meaning.means,
            "todo": meaning.todo,
            "source": meaning.source,
        }
    )


def _finding(key: _Key, place: Place, at_ms: int, detail: str | None) -> FindingSeen:
    """A fault, or its end if there is nothing more to say of it."""
    fault, subject, where = key
    return FindingSeen(
        domain=place.domain,
        bng=place.bng,
        finding=Finding.WIRE_FAULT,
        subject=f"{fault} {subject} ({where})",
        at_ms=at_ms,
        detail="{}" if detail is None else detail,
        over=detail is None,
    )
