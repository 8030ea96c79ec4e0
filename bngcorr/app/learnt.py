"""What the store said of lessons, told to whom it concerns: who is on hold, the spool, operations, remedies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import structlog

from bngcorr.correlator import findings
from bngcorr.correlator.judge import Judge
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.request import Request
from bngcorr.proxy.spooling import Spool
from bngcorr.store.lesson import FAILED, NEW, SUPERSEDED, FindingSeen, Lesson

_PLAIN: Final = frozenset(("ok", "applied"))  # the store's words on nearly everything: nothing is to be told of it

log = structlog.get_logger()


class Learnt:
    """The writer's ear. Parts that are made after it are attached before anything is written."""

    def __init__(self, judge: Judge[Request], meters: Meters, noise: Noise) -> None:
        self._judge = judge
        self._meters = meters
        self._noise = noise
        self._put: Callable[[Lesson], None] = _nobody
        self._found: Callable[[FindingSeen], None] = _nobody
        self._spool: Spool | None = None

    def attach(
        self, put: Callable[[Lesson], None], found: Callable[[FindingSeen], None], spool: Spool | None
    ) -> None:  # fmt: skip
        """`put`: where further lessons go. `found`: who remedies findings."""
        self._put, self._found, self._spool = put, found, spool

    def written(self, lessons: Sequence[Lesson], words: Sequence[str]) -> None:
        """The store has these, and said a word on each."""
        if self._judge.held:
            self._judge.sighted([lesson for lesson, word in zip(lessons, words, strict=True) if word != SUPERSEDED])
        if self._spool is not None:
            self._spool.written(lessons)
        if _PLAIN.issuperset(words):
            return
        for lesson, word in zip(lessons, words, strict=True):
            if word in _PLAIN:
                continue
            if word.startswith(FAILED):
                self._meters.failed.inc()
                self._noise.lost_write(type(lesson).__name__, word)
            elif isinstance(lesson, FindingSeen):
                if word == NEW:
                    self._tell(lesson)
            else:
                for finding in findings.of(lesson, word):
                    self._put(finding)

    def lost(self, lessons: Sequence[Lesson]) -> None:
        """The writer gave these up."""
        if self._spool is not None:
            self._spool.lost(lessons)

    def _tell(self, seen: FindingSeen) -> None:
        self._meters.findings.labels(seen.bng, str(seen.finding)).inc()
        log.warning(
            "finding", finding=str(seen.finding), bng=seen.bng, subject=seen.subject,
            hint=findings.NEXT_STEP[seen.finding],
        )  # fmt: skip
        self._found(seen)


def _nobody(_: object) -> None:
    """Not attached yet."""
