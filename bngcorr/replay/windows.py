"""What other windows would have found: each question is asked again with each of them, in the same pass. Pure.

What one window finds changes nothing for the others: a match teaches nothing. What accounting tells of a session whose
line was inherited is as the configured window has it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from bngcorr.correlator.evidence import BUCKETS, bucket_of
from bngcorr.correlator.ladder import climb
from bngcorr.correlator.question import Question, Rules
from bngcorr.model.vocabulary import Outcome, Rung
from bngcorr.store.recollection import Recollection

_ALONE: Final = frozenset((Rung.WINDOW,))
_UNMATCHED: Final = Outcome.UNMATCHED
_MATCHED: Final = Outcome.MATCHED


class Distances:
    """How far apart request and sighting were, as counts for each bucket."""

    __slots__ = ("after", "before", "late")

    def __init__(self) -> None:
        self.before: Final = [0] * BUCKETS  # the sighting came first
        self.after: Final = [0] * BUCKETS  # the request came first, and was held
        self.late: Final = [0] * BUCKETS  # the request came first, and had gone on without identity

    def add(self, distance_ms: int) -> None:
        """Of a match."""
        (self.after if distance_ms > 0 else self.before)[bucket_of(distance_ms)] += 1

    @property
    def any(self) -> bool:
        """Whether anything was counted."""
        return any(self.before) or any(self.after) or any(self.late)


class Trial:
    """One question under other windows."""

    __slots__ = ("alone", "distance_ms", "full", "late_ms", "questions")

    def __init__(self, questions: tuple[tuple[Question, Question], ...]) -> None:
        self.questions = questions  # for each window: with all rungs, and with that of the window alone
        self.full: list[Outcome] = [_UNMATCHED] * len(questions)
        self.alone: list[Outcome] = [_UNMATCHED] * len(questions)
        self.distance_ms: int | None = None  # of the match within the widest window
        self.late_ms: int | None = None  # its sighting came so long after it, too late

    def restart(self, question: Question, windows: Windows) -> None:
        """It is asked on other keys."""
        self.questions = windows.questions(question)
        self.full = [_UNMATCHED] * len(self.questions)
        self.alone = [_UNMATCHED] * len(self.questions)
        self.distance_ms = None

    def climb(self, recalled: Recollection, now_ms: int) -> None:
        """Once more for those windows that have found nothing yet."""
        for at, (full, alone) in enumerate(self.questions):
            if self.full[at] is _UNMATCHED:
                self.full[at] = climb(full, recalled, now_ms).outcome
            if self.alone[at] is _UNMATCHED:
                verdict = climb(alone, recalled, now_ms)
                self.alone[at] = verdict.outcome
                if at == len(self.questions) - 1:
                    self.distance_ms = verdict.distance_ms

    def look_late(self, recalled: Recollection, now_ms: int) -> None:
        """The hold is over: would it have been matched, had it waited?"""
        if self.late_ms is None and self.alone[-1] is _UNMATCHED:
            self.late_ms = climb(self.questions[-1][1], recalled, now_ms).distance_ms


class Windows:
    """Windows that are compared, and what each of them found."""

    def __init__(self, windows_ms: Sequence[int]) -> None:
        """One or more; they are taken in rising order."""
        self.windows_ms: Final = tuple(sorted(set(windows_ms)))
        self.asked = 0
        self.full: Final[list[Counter[Outcome]]] = [Counter() for _ in self.windows_ms]
        self.alone: Final[list[Counter[Outcome]]] = [Counter() for _ in self.windows_ms]
        self.distances: Final = Distances()  # of the widest
        self._rules: Final[dict[Rules, tuple[tuple[Rules, Rules], ...]]] = {}

    @property
    def widest_ms(self) -> int:
        """The widest of them."""
        return self.windows_ms[-1]

    def trial(self, question: Question) -> Trial | None:
        """Of a question without a line id."""
        return None if question.own is not None or question.accounting else Trial(self.questions(question))

    def questions(self, question: Question) -> tuple[tuple[Question, Question], ...]:
        """A question under each window: as configured, and with the window's rung alone."""
        rules = self._rules.get(question.rules)
        if rules is None:
            rules = self._rules[question.rules] = tuple(_under(question.rules, ms) for ms in self.windows_ms)
        return tuple([(_asked(question, full), _asked(question, alone)) for full, alone in rules])

    def ended(self, trial: Trial) -> None:
        """Count it."""
        self.asked += 1
        for at, outcome in enumerate(trial.full):
            self.full[at][outcome] += 1
        for at, outcome in enumerate(trial.alone):
            self.alone[at][outcome] += 1
        if trial.distance_ms is not None:
            self.distances.add(trial.distance_ms)
        elif trial.late_ms is not None:
            self.distances.late[bucket_of(trial.late_ms)] += 1


def _under(rules: Rules, window_ms: int) -> tuple[Rules, Rules]:
    given = {"remembered_ms": rules.remembered_ms, "fresh_ms": rules.fresh_ms}
    return (
        Rules(window_ms=window_ms, rungs=rules.rungs | _ALONE, line_id=rules.line_id, **given),
        Rules(window_ms=window_ms, rungs=_ALONE, line_id=rules.line_id, **given),
    )


def _asked(question: Question, rules: Rules) -> Question:
    return Question(
        domain=question.domain,
        keyring=question.keyring,
        rules=rules,
        session=question.session,
        at_ms=question.at_ms,
        match_v6=question.match_v6,
        accounting=question.accounting,
        begins=question.begins,
    )


__all__ = ["BUCKETS", "Distances", "Trial", "Windows", "bucket_of"]
