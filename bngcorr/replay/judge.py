"""Questions and their verdicts, in the capture's time: the climb, the hold, and what other windows would have found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Final

from bngcorr.correlator.hold import HoldPays
from bngcorr.correlator.judge import recall_of
from bngcorr.correlator.ladder import climb
from bngcorr.correlator.limits import AskGuard
from bngcorr.correlator.question import Question
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.replay.clock import Clock
from bngcorr.replay.knowledge import Knowledge
from bngcorr.replay.why import Why, unmatched
from bngcorr.replay.windows import Trial, Windows
from bngcorr.store.lesson import Lesson, Sighting

MOST_WAITING: Final = 65_536  # requests that wait for their sighting
_UNMATCHED: Final = Outcome.UNMATCHED
_MATCHED: Final = Outcome.MATCHED

Then = Callable[[Verdict, Why | None], None]  # why: of one that is unmatched


def _told(_: Verdict, __: Why | None) -> None:
    """Nobody waits for a verdict any more."""


class Asked:
    """One question under way. `then` is called once, with its verdict."""

    __slots__ = (
        "at_ms", "bng", "decided", "hold_ms", "keys", "least_ms", "question", "then", "trial", "verdict", "why",
    )  # fmt: skip

    def __init__(
        self, question: Question, hold_ms: int, least_ms: int, bng: str, trial: Trial | None, then: Then
    ) -> None:
        self.question = question
        self.at_ms: Final = question.at_ms
        self.hold_ms = hold_ms  # how long it may wait for its sighting
        self.least_ms: Final = least_ms  # how long the verdict is kept back in any case
        self.bng: Final = bng
        self.trial = trial  # what other windows make of it; None: nobody wants to know
        self.then = then
        self.verdict = UNMATCHED
        self.why = Why.NOTHING_SEEN  # if it is unmatched
        self.decided = False
        self.keys: tuple[str, ...] = ()  # on which it waits


class Judge:
    """Asks what is known; what is over is told by `elapsed`."""

    def __init__(self, clock: Clock, knowledge: Knowledge, windows: Windows | None) -> None:
        """`windows`: what others are to be compared; None for none."""
        self._clock: Final = clock
        self._knowledge: Final = knowledge
        self._windows: Final = windows
        self._late_ms: Final = windows.widest_ms if windows is not None else 0
        self._guard: Final = AskGuard()
        self._pays: Final[dict[str, HoldPays]] = {}
        self._waiting: Final[dict[str, list[Asked]]] = {}  # by key
        self._agenda: Final[list[tuple[int, int, Asked]]] = []  # when each of them ends
        self._turn = 0
        self._closing = False
        self.limited = 0  # questions of ports that asked too much
        self.unheld = 0  # requests that were not held, for too many were

    def may_ask(self, question: Question) -> bool:
        """Whether the port has not asked about too many requests without a line id."""
        if (
            question.accounting
            or question.own is not None
            or self._guard.allows(question.keyring, question.at_ms / 1000)
        ):
            return True
        self.limited += 1
        return False

    def ask(
        self, question: Question, *, hold_ms: int, least_ms: int, bng: str, tried: bool, then: Then
    ) -> Asked:  # fmt: skip
        """Climb; the verdict is told at once, or when the hold or `least_ms` is over.

        `tried`: other windows are to be compared on it.
        """
        trial = self._windows.trial(question) if tried and self._windows is not None else None
        asked = Asked(question, hold_ms, least_ms, bng, trial, then)
        self._climb(asked)
        unmatched = asked.verdict.outcome is _UNMATCHED
        if hold_ms and unmatched:
            pays = self._pays.get(bng)
            if pays is None:
                pays = self._pays[bng] = HoldPays()
            if not pays.holds(asked.at_ms / 1000):
                asked.hold_ms = 0
        ends_ms = max(asked.hold_ms if unmatched else 0, least_ms)
        if (ends_ms or trial is not None) and len(self._agenda) >= MOST_WAITING:
            self.unheld += 1
            self._decide(asked)
            self._tried(asked)
            return asked
        if not ends_ms:
            self._decide(asked)
            if trial is None:
                return asked
            ends_ms = max(asked.hold_ms, self._late_ms)  # it waits for the trial's sake
        self._note(asked, ends_ms)
        self._wait(asked)
        return asked

    def _note(self, asked: Asked, ends_ms: int) -> None:
        self._turn += 1
        heappush(self._agenda, (asked.at_ms + ends_ms, self._turn, asked))

    def ask_anew(self, asked: Asked, question: Question) -> None:
        """The same request is known better: climb on other keys. Not once it is decided."""
        if asked.decided:
            return
        self._forget(asked)
        asked.question = question
        if asked.trial is not None and self._windows is not None:
            asked.trial.restart(question, self._windows)
        self._climb(asked)
        self._wait(asked)

    def settle(self, asked: Asked, verdict: Verdict) -> None:
        """Another way was found to tell it: decide it now, unless that was done. It is no question then."""
        if not asked.decided:
            asked.verdict = verdict
            asked.trial = None
            self._forget(asked)
            self._decide(asked)

    def sighted(self, lessons: Sequence[Lesson]) -> None:
        """Look again for whoever waits for what has just become known."""
        if not self._waiting:
            return
        for lesson in lessons:
            if not isinstance(lesson, Sighting):
                continue
            for key in lesson.keys:
                for asked in tuple(self._waiting.get(key, ())):
                    self._again(asked)

    def elapsed(self) -> None:
        """End what is over."""
        agenda, now_ms = self._agenda, self._clock.now_ms
        while agenda and agenda[0][0] <= now_ms:
            self._end(heappop(agenda)[2])

    def close(self) -> None:
        """The capture is over: whoever waits gets its verdict."""
        self._closing = True
        while self._agenda:
            self._end(heappop(self._agenda)[2])

    # ---- one question

    def _climb(self, asked: Asked) -> None:
        question, now_ms = asked.question, self._clock.now_ms
        recalled = self._knowledge.recall(recall_of(question), now_ms)
        asked.verdict = climb(question, recalled, now_ms)
        if asked.verdict.outcome is _UNMATCHED:
            asked.why = unmatched(question, recalled)
        if asked.trial is not None:
            asked.trial.climb(recalled, now_ms)

    def _again(self, asked: Asked) -> None:
        now_ms = self._clock.now_ms
        waited = now_ms - asked.at_ms
        question, trial = asked.question, asked.trial
        open_ = not asked.decided and asked.verdict.outcome is _UNMATCHED and waited <= asked.hold_ms
        if trial is None and not open_:
            return
        recalled = self._knowledge.recall(recall_of(question), now_ms)
        if trial is not None:
            if waited <= asked.hold_ms:
                trial.climb(recalled, now_ms)
            else:
                trial.look_late(recalled, now_ms)
        if not open_:
            return
        verdict = climb(question, recalled, now_ms)
        if verdict.outcome is _UNMATCHED:
            asked.why = unmatched(question, recalled)
            return
        asked.verdict = verdict.with_held(max(waited, 0))
        self._held(asked)
        if waited >= asked.least_ms:
            self._decide(asked)

    def _held(self, asked: Asked) -> None:
        pays = self._pays.get(asked.bng)
        if pays is not None:
            pays.ended(asked.verdict.outcome is _MATCHED, asked.at_ms / 1000)

    def _end(self, asked: Asked) -> None:
        if not asked.decided:
            if asked.hold_ms and asked.verdict.outcome is _UNMATCHED:
                self._held(asked)
                asked.verdict = asked.verdict.with_held(asked.hold_ms)
            self._decide(asked)
            if asked.trial is not None and not self._closing:
                self._note(asked, max(asked.hold_ms, self._late_ms))
                return
        self._forget(asked)
        self._tried(asked)

    def _tried(self, asked: Asked) -> None:
        if asked.trial is not None and self._windows is not None:
            self._windows.ended(asked.trial)
            asked.trial = None

    def _decide(self, asked: Asked) -> None:
        asked.decided = True
        then, asked.then = asked.then, _told  # whoever asked may hold on to it: no cycle is left behind
        then(asked.verdict, asked.why if asked.verdict.outcome is _UNMATCHED else None)

    def _wait(self, asked: Asked) -> None:
        asked.keys = asked.question.keyring.hashes
        for key in asked.keys:
            waiting = self._waiting.get(key)
            if waiting is None:
                self._waiting[key] = [asked]
            else:
                waiting.append(asked)

    def _forget(self, asked: Asked) -> None:
        for key in asked.keys:
            waiting = self._waiting.get(key)
            if waiting is not None and asked in waiting:
                waiting.remove(asked)
                if not waiting:
                    del self._waiting[key]
        asked.keys = ()
