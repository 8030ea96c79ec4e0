"""Puts the questions of one vector to the store, and tells whoever asked: without a task or a future for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

from bngcorr.errors import StoreError
from bngcorr.store.contract import Told
from bngcorr.store.keys import epochs
from bngcorr.store.lane import Command, Lane, Reply, Sent
from bngcorr.store.plainly import Plainly, Reads
from bngcorr.store.questions import Questions
from bngcorr.store.recollection import Recall

_OP: Final = "recall"
_SLOW: Final = 1 / 3  # of the budget, for one round trip


class Asker:
    """Of one store."""

    def __init__(self, lane: Lane, budget_s: float, heard: Callable[[Sequence[str], Reply], None]) -> None:
        """`heard` is told what came back about some domains."""
        self.lane: Final = lane
        self.budget_s: Final = budget_s
        self.heard: Final = heard
        self.plainly: Final = Plainly(plain=lane.undivided)

    def ask(self, questions: Sequence[Recall], now_ms: int, told: Told) -> None:
        """By plain commands what these can answer, else by one script call a node, in a Cluster one a domain: in one
        round trip, and a second one if the plain commands did not answer all. The budget is for both.
        """
        _Asked(self, questions, now_ms, told).send()


class _Asked:
    """A vector's questions on their way."""

    __slots__ = ("_asker", "_called", "_now_ms", "_questions", "_reads", "_started", "_told")

    def __init__(self, asker: Asker, questions: Sequence[Recall], now_ms: int, told: Told) -> None:
        self._asker: Final = asker
        self._questions: Final = questions
        self._now_ms: Final = now_ms
        self._told: Final = told
        self._reads: Final = Reads(asker.plainly, questions, now_ms)
        self._called: _Called | None = None
        self._started = 0.0

    def send(self) -> None:
        asker = self._asker
        self._started = monotonic()
        commands: list[Sent] = [*self._reads.commands]
        if self._reads.left or not commands:
            commands += self._call(self._reads.left)
        asker.lane.tell(commands, asker.budget_s, self._answered, _OP)

    def _call(self, numbers: Sequence[int]) -> list[Command]:
        """Commands that put these questions to the script."""
        called = self._called = _Called(self._asker.lane, self._questions, numbers, self._now_ms)
        return called.commands()

    def _answered(self, replies: list[Reply]) -> None:
        """The first round trip is over."""
        try:
            asker, reads = self._asker, self._reads
            count = len(reads.commands)
            again: list[int] = []
            took_s = monotonic() - self._started
            asker.plainly.slow = took_s > _SLOW * asker.budget_s
            if count:
                asker.heard(reads.domains, _trouble(replies[count - 1]))
                again = reads.take(replies[:count])
            if count < len(replies):
                self._take(replies[count:])
            if again:
                left_s = asker.budget_s - took_s
                if left_s > 0:
                    asker.lane.tell(self._call(again), left_s, self._answered_again, _OP)
                    return
                domains = list({self._questions[number].domain: None for number in again})
                asker.heard(domains, StoreError(f"no answer within {asker.budget_s * 1000:.0f} ms"))
        except Exception as error:
            self._told(error)
            return
        self._told(reads.answers)

    def _answered_again(self, replies: list[Reply]) -> None:
        """The second one is."""
        try:
            self._take(replies)
        except Exception as error:
            self._told(error)
            return
        self._told(self._reads.answers)

    def _take(self, replies: Sequence[Reply]) -> None:
        """What the script said."""
        called, answers, asker = self._called, self._reads.answers, self._asker
        if called is None:
            return
        for some, reply in zip(called.domains, replies, strict=True):
            asker.heard(some, reply)
            called.questions.take(some, reply)
        for number, answer in zip(called.numbers, called.questions.answers(), strict=True):
            answers[number] = answer
            asker.plainly.learn(self._questions[number], answer)


class _Called:
    """Questions that are put to the script."""

    __slots__ = ("_lane", "domains", "numbers", "questions")

    def __init__(self, lane: Lane, asked: Sequence[Recall], numbers: Sequence[int], now_ms: int) -> None:
        self._lane: Final = lane
        self.numbers: Final = numbers
        self.questions: Final = Questions([asked[number] for number in numbers], now_ms)
        domains = self.questions.domains
        self.domains: Final = [domains] if lane.undivided and domains else [[domain] for domain in domains]  # by call

    def commands(self) -> list[Command]:
        lane = self._lane
        return [lane.script("recall", epochs(some), self.questions.arguments(some)) for some in self.domains]


def _trouble(reply: Reply) -> Reply:
    """What is wrong with the server; None if it answers."""
    return reply if isinstance(reply, StoreError) else None
