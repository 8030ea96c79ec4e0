"""What was asked already: retransmissions and replays are answered from memory, never carried out again.

The Request Authenticator is a digest over the whole packet and the secret, Identifier and Event-Timestamp included
(RFC 5176 §2.3): two requests of one client that share it are one, whatever port they came from. A reply is kept at
least as long as RFC 5080 §2.2.2 asks, and as long as the request's Event-Timestamp would let it pass again. Pure:
`now` is an argument, in monotonic seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum, auto
from typing import Final

KEPT_S: Final = 10.0  # RFC 5080 §2.2.2: more than 5, less than 30 seconds
REPEAT_AFTER_S: Final = 1.0  # a retransmission goes on to the BNG no more often than this
MOST_OPEN: Final = 1_024  # requests that wait for a BNG or the store
MOST_ANSWERED: Final = 20_000  # replies kept; beyond it the oldest go

Key = tuple[str, bytes]  # client, Request Authenticator


class Entry:
    """One request, from first sight until its reply is forgotten."""

    __slots__ = ("expires_at", "key", "repeated_at", "reply")

    def __init__(self, key: Key, now: float) -> None:
        self.key = key
        self.reply: bytes | None = None
        self.repeated_at = now  # last time that it went on to BNGs
        self.expires_at = 0.0  # of the reply


class Admission(Enum):
    """What to do with a request."""

    NEW = auto()
    UNDER_WAY = auto()  # drop this copy
    REPEAT = auto()  # send what BNGs have not answered to them again
    ANSWERED = auto()  # send the kept reply again
    FULL = auto()  # too many at a time: drop


class Asked:
    """All requests of the process, bounded."""

    def __init__(self, *, most_open: int = MOST_OPEN, most_answered: int = MOST_ANSWERED) -> None:
        self._most_open = most_open
        self._most_answered = most_answered
        self._open: dict[Key, Entry] = {}
        self._answered: OrderedDict[Key, Entry] = OrderedDict()

    def __len__(self) -> int:
        """Requests without an answer so far."""
        return len(self._open)

    def admit(self, client: str, authenticator: bytes, now: float) -> tuple[Admission, Entry | None]:
        """Judge one authentic request; NEW comes with its fresh entry, FULL with none."""
        key = (client, authenticator)
        entry = self._open.get(key)
        if entry is not None:
            if now - entry.repeated_at < REPEAT_AFTER_S:
                return Admission.UNDER_WAY, entry
            entry.repeated_at = now
            return Admission.REPEAT, entry
        entry = self._answered.get(key)
        if entry is not None and entry.expires_at > now:
            return Admission.ANSWERED, entry
        if len(self._open) >= self._most_open:
            return Admission.FULL, None
        self._answered.pop(key, None)
        entry = self._open[key] = Entry(key, now)
        return Admission.NEW, entry

    def answer(self, entry: Entry, reply: bytes, now: float, kept_s: float) -> None:
        """Keep the reply for so many seconds, at least `KEPT_S`."""
        if self._open.get(entry.key) is not entry:
            return
        del self._open[entry.key]
        entry.reply = reply
        entry.expires_at = now + max(kept_s, KEPT_S)
        self._answered[entry.key] = entry
        if len(self._answered) > self._most_answered:
            self._answered.popitem(last=False)

    def abandon(self, entry: Entry) -> None:
        """No answer came: a retransmission is a fresh try."""
        if self._open.get(entry.key) is entry:
            del self._open[entry.key]

    def expire(self, now: float) -> None:
        """Forget replies that have run out, the oldest first; one that is kept for longer holds up those behind it."""
        while self._answered:
            key, entry = next(iter(self._answered.items()))
            if entry.expires_at > now:
                return
            del self._answered[key]
