"""One connection, ours once redis-py has brought it up: calls out in order, their replies back in that order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, cast

from hiredis import Reader
from redis._parsers import BaseParser
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import InvalidResponse, ReadOnlyError, RedisError, ResponseError

from bngcorr.store.lane.commands import Reply, Sent, packed

LATE_S: Final = 0.002  # a loop that comes this late to a deadline was busy
_NOT_YET: Final = object()  # what hiredis says while a reply is not complete
_CLOSED: Final = "ConnectionError: Connection closed by server."


class Call:
    """Commands that wait for their replies. What becomes of these is the matter of those that derive from it."""

    __slots__ = ("_forgiven", "budget_s", "count", "deadline", "octets", "replies")

    def __init__(self, commands: Sequence[Sent], budget_s: float) -> None:
        """The budget is for the round trip."""
        self.octets: Final = packed(commands)
        self.count: Final = len(commands)
        self.budget_s: Final = budget_s
        self.deadline = 0.0  # by the loop's clock
        self.replies: list[Reply] = []
        self._forgiven = False

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits."""
        return True

    def end(self) -> None:
        """Hand over what came, to whoever still waits."""

    def is_over(self, now: float) -> bool:
        """Whether its time is up, for which it is not to blame what the event loop spent elsewhere.

        A loop that comes late to a deadline has not read yet what arrived while it was busy, and would give up answers
        that are there. The call gets as much time again as the loop is late, once.
        """
        late = now - self.deadline
        if late < 0:
            return False
        if late > LATE_S and not self._forgiven:
            self._forgiven = True
            self.deadline = now + late
            return False
        return True

    def give_up(self, trouble: Exception) -> None:
        """End with the replies that came, and the trouble in the place of the others."""
        self.replies += [trouble] * (self.count - len(self.replies))
        self.end()


class Pipe(asyncio.BufferedProtocol):
    """The connection. A call that nobody waits for any more keeps its place, so that its replies meet nobody else."""

    def __init__(
        self,
        connection: AbstractConnection,
        buffer: bytearray,
        free: Callable[[Pipe], None],
        lost: Callable[[Pipe, str], None],
        demoted: Callable[[], None],
    ) -> None:
        """`buffer` is read into, and empty again at once, so that pipes of one loop may share it. `free` is called when
        no call is under way any more, `lost` when nothing can be expected from this connection, `demoted` when the
        server says that it takes no writes.
        """
        self._buffer = buffer
        self._free = free
        self._lost = lost
        self._demoted = demoted
        self._reader = Reader(
            protocolError=InvalidResponse, replyError=BaseParser.parse_error, notEnoughData=_NOT_YET
        )  # fmt: skip
        self.calls: deque[Call] = deque()  # under way, the oldest first
        self.load = 0  # their octets
        self.stale = False  # to be closed when no call is under way
        writer = cast(asyncio.StreamWriter, connection._writer)  # noqa: SLF001  # redis-py has no door for this
        self._writer = writer  # kept, for it closes its transport when it is dropped
        self._transport = writer.transport
        connection._reader = connection._writer = None  # noqa: SLF001
        self._transport.set_protocol(self)

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._transport.is_closing()

    def send(self, call: Call) -> None:
        """Send it now, behind those that are under way."""
        self.calls.append(call)
        self.load += len(call.octets)
        self._transport.write(call.octets)

    def is_over(self, now: float) -> bool:
        """Whether the time of any call is up."""
        over = False
        for call in self.calls:
            over = call.is_over(now) or over
        return over

    def close(self) -> list[Call]:
        """Close at once; the calls that were under way, whose replies will not come."""
        calls = list(self.calls)
        self.calls.clear()
        self._transport.abort()
        return calls

    def get_buffer(self, _sizehint: int) -> bytearray:
        """Where to read to."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came."""
        calls = self.calls
        reader = self._reader
        reader.feed(self._buffer, 0, nbytes)  # type: ignore[arg-type]  # its stub knows bytes only
        while calls:
            call = calls[0]
            try:
                if not self._complete(call):
                    return
            except RedisError as error:
                self._lost(self, f"{type(error).__name__}: {error}")
                return
            calls.popleft()
            self.load -= len(call.octets)
            if not calls and not reader.has_data():
                self._free(self)
            call.end()
        if reader.has_data():
            self._lost(self, "InvalidResponse: more replies than commands")

    def _complete(self, call: Call) -> bool:
        """Whether all replies are there. Raises RedisError if none can be expected from this connection."""
        gets, replies, count = self._reader.gets, call.replies, call.count
        while len(replies) < count:
            reply = gets()
            if reply is _NOT_YET:
                return False
            if isinstance(reply, Exception):
                if not isinstance(reply, ResponseError):
                    raise reply
                if isinstance(reply, ReadOnlyError):
                    self._demoted()
            replies.append(reply)
        return True

    def eof_received(self) -> bool:
        """The server will say no more."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed, by whomever."""
        self._lost(self, _CLOSED if exc is None else f"{type(exc).__name__}: {exc}")
