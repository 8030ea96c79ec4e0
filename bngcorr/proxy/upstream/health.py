"""How an AAA server is, told from its answers and its silence. Pure: `now` is an argument, in monotonic seconds.

    alive ──overdue, refused──► suspect ──silent──► dead
      ▲                           │  ▲                │
      └────────────proven─────────┘  └─────good───────┘

A server that once was suspected has to answer several times before it is trusted again (hysteresis), and only answers
to what it was sent since then count.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from math import inf
from typing import Final

from bngcorr.model.vocabulary import Condition


class Stimulus(Enum):
    """What happened."""

    GOOD = auto()  # an authentic answer to a request or a probe
    PROVEN = auto()  # the last of several of them in a row
    OVERDUE = auto()  # nothing heard for `response_within_s` after something was sent
    SILENT = auto()  # nothing heard for `dead_after_s` after something was sent
    REFUSED = auto()  # the socket says that nobody is there


_ALIVE: Final = Condition.ALIVE
_SUSPECT: Final = Condition.SUSPECT
_DEAD: Final = Condition.DEAD

NEXT: Final[Mapping[tuple[Condition, Stimulus], Condition]] = {
    (Condition.ALIVE, Stimulus.GOOD): Condition.ALIVE,
    (Condition.ALIVE, Stimulus.PROVEN): Condition.ALIVE,
    (Condition.ALIVE, Stimulus.OVERDUE): Condition.SUSPECT,
    (Condition.ALIVE, Stimulus.SILENT): Condition.DEAD,
    (Condition.ALIVE, Stimulus.REFUSED): Condition.SUSPECT,
    (Condition.SUSPECT, Stimulus.GOOD): Condition.SUSPECT,
    (Condition.SUSPECT, Stimulus.PROVEN): Condition.ALIVE,
    (Condition.SUSPECT, Stimulus.OVERDUE): Condition.SUSPECT,
    (Condition.SUSPECT, Stimulus.SILENT): Condition.DEAD,
    (Condition.SUSPECT, Stimulus.REFUSED): Condition.SUSPECT,
    (Condition.DEAD, Stimulus.GOOD): Condition.SUSPECT,
    (Condition.DEAD, Stimulus.PROVEN): Condition.ALIVE,
    (Condition.DEAD, Stimulus.OVERDUE): Condition.DEAD,
    (Condition.DEAD, Stimulus.SILENT): Condition.DEAD,
    (Condition.DEAD, Stimulus.REFUSED): Condition.DEAD,
}


class Patience:
    """How long and how often; durations in seconds, more than 0."""

    __slots__ = ("alive_after", "dead_after_s", "probe_alive_s", "probe_dead_s", "probe_suspect_s", "probing",
                 "response_within_s", "revive_s")  # fmt: skip

    def __init__(
        self,
        *,
        response_within_s: float = 1.5,
        dead_after_s: float = 10.0,
        alive_after: int = 3,
        revive_s: float = 30.0,
        probing: bool = False,
        probe_suspect_s: float = 2.0,
        probe_dead_s: float = 10.0,
        probe_alive_s: float = 30.0,
    ) -> None:
        """`alive_after`: good answers in a row, 1 or more. `revive_s`: pause between requests that try a dead server
        where nothing probes it. `probe_…_s`: pause between probes of a server in that condition; one that is alive is
        probed only if it was not heard of for so long.
        """
        self.response_within_s = response_within_s
        self.dead_after_s = dead_after_s
        self.alive_after = alive_after
        self.revive_s = revive_s
        self.probing = probing
        self.probe_suspect_s = probe_suspect_s
        self.probe_dead_s = probe_dead_s
        self.probe_alive_s = probe_alive_s


class Health:
    """Of one server. Methods that may change its condition return whether they did."""

    __slots__ = ("condition", "good", "heard_at", "patience", "probe_at", "since", "trial_at", "waiting_since")

    def __init__(self, patience: Patience, now: float) -> None:
        self.patience = patience
        self.condition: Condition = _ALIVE
        self.since = now  # of the condition
        self.heard_at = -inf  # last authentic answer
        self.waiting_since = inf  # when the first thing was sent since then
        self.good = 0  # answers in a row that count towards being trusted again
        self.trial_at = inf  # when a request may try it although it is suspected; never while probes do
        self.probe_at = now + patience.probe_alive_s if patience.probing else inf

    def sent(self, now: float) -> None:
        """Something that deserves an answer went out."""
        if self.waiting_since == inf:
            self.waiting_since = now

    def heard(self, sent_at: float, now: float) -> bool:
        """An authentic answer came, to what was sent at `sent_at`."""
        self.heard_at = now
        self.waiting_since = inf
        if self.condition is _ALIVE:
            return False
        if sent_at >= self.since:
            self.good += 1
        if self.good >= self.patience.alive_after:
            return self._meet(Stimulus.PROVEN, now)
        if self.trial_at != inf:
            self.trial_at = now  # one more answer like this, and one more, and it is trusted
        return self._meet(Stimulus.GOOD, now)

    def refused(self, now: float) -> bool:
        """The socket says that nobody listens, or that there is no way."""
        self.good = 0
        return self._meet(Stimulus.REFUSED, now)

    def look(self, now: float) -> bool:
        """Nothing happened: has it been silent for too long?"""
        silence_s = now - self.waiting_since
        if silence_s < self.patience.response_within_s:
            return False
        self.good = 0
        if silence_s >= self.patience.dead_after_s:
            return self._meet(Stimulus.SILENT, now)
        return self._meet(Stimulus.OVERDUE, now)

    def tried(self, now: float) -> None:
        """A request tries it: the next one only after a pause, unless this one is answered."""
        self.trial_at = now + self._trial_pause_s()

    def probed(self, now: float) -> None:
        """A probe went out."""
        self.probe_at = now + self._probe_pause_s()
        self.sent(now)

    def probe_due(self, now: float) -> bool:
        """Whether to probe it now."""
        if now < self.probe_at:
            return False
        if self.condition is _ALIVE and now - self.heard_at < self.patience.probe_alive_s:
            self.probe_at = self.heard_at + self.patience.probe_alive_s
            return False
        return True

    def resume(self, now: float) -> None:
        """It is in use again: what it left unanswered before does not count, and it may be tried at once."""
        self.waiting_since = inf
        if self.patience.probing:
            self.probe_at = now
        elif self.condition is not _ALIVE:
            self.trial_at = now

    def change(self, patience: Patience, now: float) -> None:
        """Other durations from now on."""
        self.patience = patience
        self.trial_at = inf if patience.probing or self.condition is _ALIVE else now + self._trial_pause_s()
        self.probe_at = now + self._probe_pause_s() if patience.probing else inf

    def _meet(self, stimulus: Stimulus, now: float) -> bool:
        condition = NEXT[self.condition, stimulus]
        if condition is self.condition:
            return False
        self.condition = condition
        self.since = now
        self.good = self.good if stimulus is Stimulus.GOOD else 0
        if self.patience.probing:
            self.probe_at = now + self._probe_pause_s()
        elif stimulus is not Stimulus.GOOD:
            self.trial_at = inf if condition is _ALIVE else now + self._trial_pause_s()
        return True

    def _trial_pause_s(self) -> float:
        patience = self.patience
        return patience.revive_s if self.condition is _DEAD else patience.response_within_s

    def _probe_pause_s(self) -> float:
        patience = self.patience
        if self.condition is _ALIVE:
            return patience.probe_alive_s
        return patience.probe_dead_s if self.condition is _DEAD else patience.probe_suspect_s
