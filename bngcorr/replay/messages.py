"""DHCP messages under way: what is the same one, seen at several places or sent again. Bounded, expiring.

A message is known by family, kind, transaction and client. Its sight in front of a relay tells where the CPE is, that
behind the relay which line it is: together they are one event.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Final

from bngcorr.correlator.dhcp import Told
from bngcorr.correlator.sighting import sighting_of
from bngcorr.model.verdict import CONFLICT, Verdict
from bngcorr.model.vocabulary import MacSource, Outcome, Strength, Trigger
from bngcorr.replay.judge import Asked
from bngcorr.replay.row import Row
from bngcorr.replay.why import Why
from bngcorr.store.lesson import Sighting

KEPT_MS: Final = 60_000
NO_ADDRESS: Final = bytes(16)
COPY_MS: Final = 200  # a message that comes again so soon is the same one, seen elsewhere
MOST: Final = 16_384

Name = tuple[Trigger, int, bytes, bytes]  # family, kind, transaction, client


def name_of(told: Told) -> Name:
    """What a message is known by."""
    return told.trigger, told.type, told.exchange[1], told.client


def speaks_of_line(told: Told) -> bool:
    """Whether it names its line, or contradicts itself about it."""
    return told.contradictory or told.line is not None


class Message:
    """One message of a client, however often it was seen."""

    __slots__ = (
        "answered", "asked", "at_ms", "best", "name", "named", "namer", "rank", "row", "sent_ms",
        "taught", "untaught",
    )  # fmt: skip

    def __init__(self, name: Name, at_ms: int, told: Told, rank: tuple[int, ...]) -> None:
        self.name: Final = name
        self.at_ms: Final = at_ms
        self.sent_ms = at_ms  # the last time that it was
        self.best = told  # the sight that tells most of the CPE and its place
        self.rank = rank
        self.namer: Told | None = told if speaks_of_line(told) else None  # the sight that names the line
        self.asked: Asked | None = None
        self.named = self.namer is not None
        self.answered = False
        self.row: Row | None = None
        self.taught = False  # which line its CPE is on
        self.untaught: Why | None = None  # else, why not

    def take(self, told: Told, rank: tuple[int, ...]) -> bool:
        """Another sight of it; whether it tells more of the CPE and its place."""
        if self.namer is None and speaks_of_line(told):
            self.namer = told
        if rank <= self.rank:
            return False
        self.best, self.rank = told, rank
        return True

    def remains(self, why: Why | None, counts: Counter[Why]) -> None:
        """Count why it has taught nothing so far; a later sight may tell what an earlier one did not."""
        if why is self.untaught:
            return
        if self.untaught is not None:
            counts[self.untaught] -= 1
        if why is not None:
            counts[why] += 1
        self.untaught = why


def rank_of(told: Told, site: int, interface: int) -> tuple[int, ...]:
    """The greater, the more a sight tells of the CPE: who it is, its VLANs; then, that it be always the same, where."""
    tags = 0
    if told.attachment is not None:
        tags = 1 + (told.attachment.outer is not None) + (told.attachment.inner is not None)
    return (told.mac_source is MacSource.SEEN, tags, -site, -interface)


def verdict_of(told: Told) -> Verdict:
    """On a request that names its line, or contradicts itself about it."""
    return CONFLICT if told.contradictory or told.line is None else Verdict(outcome=Outcome.OWN, line=told.line)


def sighting_of_both(namer: Told, best: Told, at_ms: int, remember_ms: int) -> Sighting | None:
    """What one message teaches that was seen at two places: here which line it is, there whose it is."""
    if namer is best:
        return namer.sighting(at_ms, remember_ms)
    if best.keyring.bare or namer.line is None:
        return None
    return sighting_of(
        domain=best.place.domain,
        bng=best.place.bng,
        ring=best.keyring,
        line=namer.line,
        ids=namer.ids,
        trigger=namer.trigger,
        strength=Strength.PROOF,
        port=best.attachment,
        mac=best.mac,
        mac_source=best.mac_source,
        at_ms=at_ms,
        remember_ms=remember_ms,
    )


class Messages:
    """All of them."""

    def __init__(self) -> None:
        self._known: Final[dict[Name, Message]] = {}
        self._order: Final[deque[Message]] = deque()

    def __len__(self) -> int:
        return len(self._known)

    def find(self, name: Name) -> Message | None:
        """One that was seen lately."""
        return self._known.get(name)

    def begin(self, name: Name, at_ms: int, told: Told, rank: tuple[int, ...]) -> Message:
        """One that was not."""
        message = self._known[name] = Message(name, at_ms, told, rank)
        self._order.append(message)
        if len(self._order) > MOST:
            self._drop(self._order.popleft())
        return message

    def expire(self, now_ms: int) -> list[Message]:
        """Those whose time is over."""
        gone: list[Message] = []
        order = self._order
        while order and order[0].at_ms + KEPT_MS <= now_ms:
            message = order.popleft()
            self._drop(message)
            gone.append(message)
        return gone

    def close(self) -> list[Message]:
        """All that are left."""
        gone = list(self._order)
        self._order.clear()
        return gone

    def _drop(self, message: Message) -> None:
        if self._known.get(message.name) is message:
            del self._known[message.name]
