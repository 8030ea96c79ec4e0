"""Commands to packet processes: what is asked of them, and what each of them answers. Pure.

A command's id is that of its entry in the stream, which begins with the instant at which the store took it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import msgpack

from bngcorr.model.vocabulary import CommandKind
from bngcorr.store.traces import TraceRule

MOST_COMMANDS: Final = 1_000  # kept in the stream; beyond it the oldest go
MOST_OCTETS: Final = 65_536  # of a command, and of an answer
ANSWER_MS: Final = 600_000  # an answer is kept so long, and who carries out what is for one
NONE_YET: Final = "0-0"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Something that packet processes are to do."""

    id: str  # "milliseconds-number"
    kind: CommandKind
    arguments: Json
    by: str  # who asks: name of a token
    within_ms: int  # whoever finds it later than that leaves it alone

    @property
    def at_ms(self) -> int:
        """When it was put, by the store's clock."""
        return instant_of(self.id)

    @property
    def deadline_ms(self) -> int:
        """Until when it holds, by the store's clock."""
        return self.at_ms + self.within_ms

    @property
    def for_one(self) -> bool:
        """Whether the first process to claim it carries it out; else every process does."""
        return self.kind in FOR_ONE


FOR_ONE: Final = frozenset((CommandKind.DISCONNECT, CommandKind.COA))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one process says to a command."""

    process: str
    ok: bool
    said: str  # in a few words: an outcome, or why not
    body: Json  # as the control socket would answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """One look at what is wanted."""

    commands: tuple[Command, ...]
    cursor: str  # behind them
    rules: tuple[TraceRule, ...]  # that hold now


class CommandStore(Protocol):
    """Commands, from both ends. Raises StoreError."""

    async def put(self, kind: CommandKind, arguments: Mapping[str, Any], *, by: str, within_ms: int) -> Command:
        """Ask the packet processes that run."""
        ...

    async def answers(self, command: str) -> list[Answer]:
        """What they said so far."""
        ...

    async def begin(self) -> str:
        """The cursor behind all that was asked up to now."""
        ...

    async def poll(self, cursor: str) -> Polled:
        """What was asked since, and the trace rules, in one round trip."""
        ...

    async def claim(self, command: str, process: str) -> bool:
        """Whether this process is the one to carry it out."""
        ...

    async def answer(self, command: str, answer: Answer) -> None:
        """Say what came of it."""
        ...


def instant_of(entry: str) -> int:
    """Epoch milliseconds of a stream's entry."""
    return int(entry.partition("-")[0])


def packed_command(kind: CommandKind, arguments: Mapping[str, Any], by: str, within_ms: int) -> bytes:
    """The field of an entry. Raises ValueError if it is too long."""
    octets: bytes = msgpack.packb([str(kind), dict(arguments), by, within_ms])
    if len(octets) > MOST_OCTETS:
        raise ValueError(f"a command of {len(octets)} octets; at most {MOST_OCTETS}")
    return octets


def read_command(entry: str, octets: bytes) -> Command | None:
    """None for one that this version can't read."""
    try:
        kind, arguments, by, within_ms = msgpack.unpackb(octets)
        return Command(
            id=entry, kind=CommandKind(kind), arguments=dict(arguments), by=str(by), within_ms=int(within_ms)
        )
    except (ValueError, TypeError, msgpack.UnpackException):
        return None


def packed_answer(answer: Answer) -> bytes:
    """One that is too long is told without its body."""
    octets: bytes = msgpack.packb([answer.ok, answer.said, answer.body])
    if len(octets) > MOST_OCTETS:
        octets = msgpack.packb([answer.ok, answer.said[:1024], {}])
    return octets


def read_answer(process: str, octets: bytes) -> Answer | None:
    """None for one that this version can't read."""
    try:
        ok, said, body = msgpack.unpackb(octets)
        return Answer(process=process, ok=bool(ok), said=str(said), body=dict(body))
    except (ValueError, TypeError, msgpack.UnpackException):
        return None
