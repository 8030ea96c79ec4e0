"""The audit trail: who did what, when, from where, and what became of it. Pure.

An act has its id from the stream of all acts, the newest last; what became of it is noted beside that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgpack

from bngcorr.model.vocabulary import ActKind, ActOutcome
from bngcorr.store.commands import Json, instant_of

MOST_ACTS: Final = 10_000  # kept; beyond it the oldest go
MOST_OCTETS: Final = 65_536  # of what became of one


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody asked for."""

    kind: ActKind
    subject: str  # session, line, AAA server, domain or trace
    arguments: Json
    who: str  # name of the token
    origin: str  # address that it came from
    expected: tuple[str, ...] = ()  # packet processes that are to answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What became of it, so far."""

    outcome: ActOutcome
    at_ms: int
    said: str  # in a few words
    body: Json  # answers of packet processes, counters that differed, …


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    """One act."""

    id: str  # "milliseconds-number"
    asked: Asked
    ended: Ended | None  # None: nothing is known yet, or whoever carried it out has died

    @property
    def at_ms(self) -> int:
        """When it was asked for, by the store's clock."""
        return instant_of(self.id)


class AuditTrail(Protocol):
    """Who did what. Raises StoreError."""

    async def begin(self, asked: Asked) -> str:
        """Write it down, before it is done; its id."""
        ...

    async def end(self, act: str, ended: Ended) -> None:
        """Write down what became of it; again, if that is more by now."""
        ...

    async def acts(self, before: str, limit: int) -> tuple[list[ActRow], str | None]:
        """The newest first, older than the cursor; and the cursor of the next page."""
        ...

    async def act(self, act: str) -> ActRow | None:
        """The one of that id."""
        ...


def packed_asked(asked: Asked) -> bytes:
    """The field of an entry."""
    octets: bytes = msgpack.packb(
        [str(asked.kind), asked.subject, asked.arguments, asked.who, asked.origin, list(asked.expected)]
    )
    return octets


def packed_ended(ended: Ended) -> bytes:
    """One that is too long is told without its body."""
    octets: bytes = msgpack.packb([str(ended.outcome), ended.at_ms, ended.said, ended.body])
    if len(octets) > MOST_OCTETS:
        octets = msgpack.packb([str(ended.outcome), ended.at_ms, ended.said[:1024], {}])
    return octets


def read_act(act: str, asked: bytes, ended: Any) -> ActRow | None:
    """None for one that this version can't read. `ended`: octets, or None."""
    try:
        kind, subject, arguments, who, origin, expected = msgpack.unpackb(asked)
        begun = Asked(
            kind=ActKind(kind), subject=str(subject), arguments=dict(arguments), who=str(who), origin=str(origin),
            expected=tuple(map(str, expected)),
        )  # fmt: skip
        if ended is None:
            return ActRow(id=act, asked=begun, ended=None)
        outcome, at_ms, said, body = msgpack.unpackb(ended)
        over = Ended(outcome=ActOutcome(outcome), at_ms=int(at_ms), said=str(said), body=dict(body))
        return ActRow(id=act, asked=begun, ended=over)
    except (ValueError, TypeError, msgpack.UnpackException):
        return None
