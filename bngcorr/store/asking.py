"""Puts the questions of one vector to the store, and tells whoever asked: without a task or a future for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from bngcorr.store.contract import Told
from bngcorr.store.keys import epochs
from bngcorr.store.lane import Lane, Reply
from bngcorr.store.questions import Questions
from bngcorr.store.recollection import Recall


class Asker:
    """Of one store."""

    def __init__(self, lane: Lane, budget_s: float, heard: Callable[[Sequence[str], Reply], None]) -> None:
        """`heard` is told what came back about some domains."""
        self._lane: Final = lane
        self._budget_s: Final = budget_s
        self._heard: Final = heard

    def ask(self, questions: Sequence[Recall], now_ms: int, told: Told) -> None:
        """One script call a node, in a Cluster one a domain."""
        _Asked(questions, now_ms, self._lane, self._heard, told).send(self._budget_s)


class _Asked:
    """A vector's questions on their way."""

    __slots__ = ("_calls", "_heard", "_lane", "_questions", "_told")

    def __init__(
        self,
        questions: Sequence[Recall],
        now_ms: int,
        lane: Lane,
        heard: Callable[[Sequence[str], Reply], None],
        told: Told,
    ) -> None:
        asked = self._questions = Questions(questions, now_ms)
        domains = asked.domains
        self._lane: Final = lane
        self._calls: Final = [domains] if lane.undivided and domains else [[domain] for domain in domains]
        self._heard: Final = heard
        self._told: Final = told

    def send(self, budget_s: float) -> None:
        lane, asked = self._lane, self._questions
        commands = [lane.script("recall", epochs(some), asked.arguments(some)) for some in self._calls]
        lane.tell(commands, budget_s, self._over)

    def _over(self, replies: list[Reply]) -> None:
        try:
            for some, reply in zip(self._calls, replies, strict=True):
                self._heard(some, reply)
                self._questions.take(some, reply)
            answers = self._questions.answers()
        except Exception as error:
            self._told(error)
            return
        self._told(answers)
