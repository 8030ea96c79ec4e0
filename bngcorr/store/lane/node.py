"""One server's connections: packed commands out in one write, as many replies back; a connection in doubt is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from bngcorr.errors import StoreError
from bngcorr.store.lane.commands import Command, Reply, pack

MOST_AT_ONCE: Final = 16  # calls to one node under way; further ones wait their turn
LATE_S: Final = 0.002  # a loop that comes this late to a deadline was busy
CONNECT_BUDGET_S: Final = 0.2  # for a turn and a connection: some round trips with TLS and authentication


class _Patience:
    """A timeout that does not hold against the server what the event loop spent elsewhere. Raises TimeoutError.

    A loop that comes late to a deadline has not read yet what arrived while it was busy, and would give up answers that
    are there. It gets as much time again as it is late, once.
    """

    __slots__ = ("_forgiven", "_handle", "_latest", "_limit", "_loop")

    def __init__(self, latest: float) -> None:
        """`latest` is an instant of the loop's clock."""
        self._loop = asyncio.get_running_loop()
        self._limit = asyncio.timeout(None)
        self._latest = latest
        self._forgiven = False
        self._handle: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> _Patience:
        await self._limit.__aenter__()
        self.until(self._latest)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._handle is not None:
            self._handle.cancel()
        await self._limit.__aexit__(kind, error, at)

    def until(self, deadline: float) -> None:
        """Another deadline."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_at(deadline, self._over, deadline)

    def _over(self, deadline: float) -> None:
        now = self._loop.time()
        late = now - deadline
        if late > LATE_S and not self._forgiven:
            self._forgiven = True
            self.until(now + late)
        else:
            self._limit.reschedule(now)


class Node:
    """A server as calls see it. Its trouble stays its own: calls to other nodes wait for other turns."""

    def __init__(self, name: str, connect: Callable[[], Awaitable[AbstractConnection]]) -> None:
        """`name` stands in front of errors, "" for none. `connect` gives a connection that is up, or raises."""
        self.name = name
        self._connect = connect
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)
        self._idle: list[AbstractConnection] = []
        self._generation = 0  # connections of an earlier one are closed, not kept

    async def exchange(self, commands: Sequence[Command], budget_s: float) -> list[Reply]:
        """All commands in one write, a reply for each: what was parsed, a ResponseError, or a StoreError if none came.

        A call that fails or overruns closes its connection, so that no late reply meets the next caller, and those that
        lie idle, for what happened to one may have happened to all. The budget is for the round trip; waiting for a
        turn and a connection has `CONNECT_BUDGET_S` on top.
        """
        replies: list[Reply] = []
        try:
            await self._exchange(commands, replies, budget_s)
        except TimeoutError:
            trouble = StoreError(self._told(f"no answer within {budget_s * 1000:.0f} ms"))
        except StoreError as error:
            trouble = error
        except (RedisError, OSError) as error:
            trouble = StoreError(self._told(f"{type(error).__name__}: {error}"))
        else:
            return replies
        await self._drop_idle()
        return replies + [trouble] * (len(commands) - len(replies))

    async def _exchange(self, commands: Sequence[Command], replies: list[Reply], budget_s: float) -> None:
        now = asyncio.get_running_loop().time
        latest = now() + CONNECT_BUDGET_S + budget_s
        async with _Patience(latest) as patience, self._turns:
            connection = await self._take()
            generation = self._generation  # now: to bring a connection up may have begun a new one
            clean = False
            patience.until(min(now() + budget_s, latest))
            try:
                await connection.send_packed_command([b"".join(map(pack, commands))])
                for _ in commands:
                    try:
                        replies.append(await connection.read_response())
                    except ReadOnlyError as error:
                        # a demoted master would keep its connections for ever, though its name leads elsewhere by now
                        replies.append(error)
                        self._generation += 1
                    except ResponseError as error:
                        replies.append(error)
                clean = generation == self._generation
            finally:
                if clean:
                    self._idle.append(connection)
                else:
                    await connection.disconnect(nowait=True)
        if generation != self._generation:
            await self._drop_idle()

    async def _take(self) -> AbstractConnection:
        """A connection that is up: one that lies idle if the server has not closed it, else a new one."""
        while self._idle:
            connection = self._idle.pop()
            try:
                if connection.is_connected and not await connection.can_read():
                    return connection
            except (RedisError, OSError):
                pass  # closed below as well
            await connection.disconnect(nowait=True)
        return await self._connect()

    async def renew(self) -> None:
        """Keep no connection that exists now; those in use are closed after their call."""
        self._generation += 1
        await self._drop_idle()

    async def _drop_idle(self) -> None:
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.disconnect(nowait=True)

    def _told(self, trouble: str) -> str:
        return f"{self.name}: {trouble}" if self.name else trouble
