"""Faults that a tap shows, as findings: told when they appear, again while they go on, and when they are over."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Final

import structlog

from bngcorr.capture.diagnose.found import Faults, Found
from bngcorr.capture.diagnose.kinds import MEANINGS, Fault
from bngcorr.capture.diagnose.run import Diagnosis
from bngcorr.capture.diagnose.seen import Seen
from bngcorr.capture.record import Record
from bngcorr.correlator.place import Place
from bngcorr.model.vocabulary import Finding
from bngcorr.store.lesson import FindingSeen

TELL_AGAIN_NS: Final = 60_000_000_000  # a fault that goes on is told so often
FORGET_NS: Final = 3_600_000_000_000  # one that was not seen for so long is over
MOST_AT_ONCE: Final = 10  # new findings, and others, at one look; what is more waits for the next one
MOST_TOLD: Final = 256  # that are not over; beyond it no new ones are told: there is room for those of others
MOST_SUBJECTS: Final = 128  # of one fault
MOST_AT_ONE: Final = 16  # of one fault at one place: who makes faults up on his VLANs hides nobody else's
REMEMBERED: Final = 1_024  # of one sort, by one detector
MOST_LETTERS: Final = 160  # of a subject, which may hold what a customer has sent; of a detail four times as many

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
        self._diagnosis = self._anew()
        self._full = False  # more faults than are told
        self._told: Final[dict[_Key, _Told]] = {}
        self._broken: Final[set[str]] = set()

    def see(self, record: Record) -> Seen | None:
        """The next frame; None if it is a mirror's second copy."""
        return self._diagnosis.see(record)

    def missed(self) -> None:
        """Frames were lost: begin anew, for what was not seen may have been there."""
        self._diagnosis = self._anew()

    def _anew(self) -> Diagnosis:
        faults = Faults(MOST_SUBJECTS, most_at_one=MOST_AT_ONE, examples=False)
        return Diagnosis(interfaces=(self._interface,), faults=faults, most=REMEMBERED)

    def look(self, now_ns: int, place: Place, at_ms: int) -> list[FindingSeen]:
        """What is to be told now; for every second or so. `at_ms` is that instant by the store's clock."""
        self._diagnosis.elapsed(now_ns)
        for detector, error in self._diagnosis.broken.items():
            if detector not in self._broken:
                self._broken.add(detector)
                log.error("internal error, detector fails", detector=detector, error=error)
        self._diagnosis.faults.forget(now_ns - FORGET_NS)
        new: list[FindingSeen] = []
        more: list[FindingSeen] = []
        there: set[_Key] = set()
        left_out = bool(self._diagnosis.faults.left_out)
        for found in self._diagnosis.faults:
            key = (found.fault, found.subject, found.where)
            there.add(key)
            told = self._told.get(key)
            if told is None:
                left_out = left_out or len(self._told) >= MOST_TOLD
                if len(new) == MOST_AT_ONCE or len(self._told) >= MOST_TOLD:
                    continue
                told = self._told[key] = _Told()
                told.count, told.at_ns = found.count, now_ns
                new.append(_finding(key, place, at_ms, _detail(found)))
            elif found.count != told.count and abs(now_ns - told.at_ns) >= TELL_AGAIN_NS and len(more) < MOST_AT_ONCE:
                told.count, told.at_ns, told.over = found.count, now_ns, False
                more.append(_finding(key, place, at_ms, _detail(found)))
            if found.cleared is not None and not told.over:
                told.over = True
                new.append(_finding(key, place, at_ms, None))
        silent = [key for key, told in self._told.items() if key not in there and abs(now_ns - told.at_ns) >= FORGET_NS]
        ended = [_finding(key, place, at_ms, None) for key in silent if not self._told.pop(key).over]
        self._tell_of_more(left_out)
        return [*new, *more, *ended]

    def _tell_of_more(self, left_out: bool) -> None:
        """Once each time that it begins."""
        if left_out and not self._full:
            log.warning("more faults on the wire than are told", interface=self._interface, told=len(self._told))
        self._full = left_out


def _detail(found: Found) -> str:
    meaning = MEANINGS[found.fault]
    return json.dumps(
        {
            "fault": str(found.fault),
            "subject": _short(found.subject, MOST_LETTERS),
            "where": found.where,
            "severity": found.severity.name.lower(),
            "seen": _short(found.detail, 4 * MOST_LETTERS),
            "means": meaning.means,
            "todo": meaning.todo,
            "source": meaning.source,
        }
    )


def _short(text: str, most: int) -> str:
    """What is longer ends with what tells it from others that begin alike."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… {blake2b(text.encode(), digest_size=4).hexdigest()}"


def _finding(key: _Key, place: Place, at_ms: int, detail: str | None) -> FindingSeen:
    """A fault, or its end if there is nothing more to say of it."""
    fault, subject, where = key
    return FindingSeen(
        domain=place.domain,
        bng=place.bng,
        finding=Finding.WIRE_FAULT,
        subject=f"{fault} {_short(subject, MOST_LETTERS)} ({where})",
        at_ms=at_ms,
        detail="{}" if detail is None else detail,
        over=detail is None,
    )
