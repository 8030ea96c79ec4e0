"""What all requests come to. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Final

from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, Outcome, Rung, Trigger
from bngcorr.replay.why import Why
from bngcorr.replay.windows import Distances

_MATCHED: Final = Outcome.MATCHED
_WINDOW: Final = Rung.WINDOW


class Part:
    """Requests of one sort."""

    def __init__(self) -> None:
        self.requests = 0
        self.outcomes: Final[Counter[Outcome]] = Counter()
        self.unmatched: Final[Counter[Why]] = Counter()
        self.triggers: Final[Counter[Trigger]] = Counter()
        self.rungs: Final[Counter[Rung]] = Counter()
        self.keys: Final[Counter[Key]] = Counter()
        self.held = 0  # those that waited for their sighting
        self.held_matched = 0  # and found it
        self.rewritten = 0  # those in which something would be changed
        self.answers: Final[Counter[str]] = Counter()
        self.answer_ms = 0  # sum
        self.slowest_ms = 0
        self.copies = 0
        self.retransmissions = 0
        self.distances: Final = Distances()  # of matches within the configured window

    def decided(self, trigger: Trigger, verdict: Verdict, why: Why | None) -> None:
        """Count a verdict; `why`: of one that is unmatched."""
        self.requests += 1
        self.outcomes[verdict.outcome] += 1
        self.triggers[trigger] += 1
        if why is not None:
            self.unmatched[why] += 1
        if verdict.held_ms:
            self.held += 1
            self.held_matched += verdict.outcome is _MATCHED
        if verdict.outcome is _MATCHED:
            if verdict.rung is not None:
                self.rungs[verdict.rung] += 1
            if verdict.key is not None:
                self.keys[verdict.key] += 1
            if verdict.rung is _WINDOW and verdict.distance_ms is not None:
                self.distances.add(verdict.distance_ms)

    def answered(self, what: str, took_ms: int) -> None:
        """Count an answer."""
        self.answers[what] += 1
        self.answer_ms += took_ms
        self.slowest_ms = max(self.slowest_ms, took_ms)

    @property
    def asked(self) -> int:
        """Requests that did not name their line, nor contradict themselves."""
        return sum(self.outcomes[one] for one in (Outcome.MATCHED, Outcome.AMBIGUOUS, Outcome.UNMATCHED))
