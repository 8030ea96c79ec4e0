"""One server's connections: packed commands out in one write, as many replies back; a connection in doubt is closed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from time import monotonic  # the clock of the loop; to ask for the loop is a system call
from typing import Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import InvalidResponse, RedisError

from bngcorr.errors import StoreError
from bngcorr.store.lane.commands import Reply, Sent
from bngcorr.store.lane.pipe import Call, Pipe

MOST_CONNECTIONS: Final = 8  # to one node; more calls than that share them
CONNECT_BUDGET_S: Final = 0.2  # for a connection: some round trips with TLS and authentication
_READ: Final = 65_536  # octets at a time
_NEVER: Final = float("inf")


class _Exchange(Call):
    """One whose replies are waited for."""

    __slots__ = ("answer",)

    def __init__(self, commands: Sequence[Sent], budget_s: float) -> None:
        super().__init__(commands, budget_s)
        self.answer: Final[asyncio.Future[list[Reply]]] = asyncio.get_running_loop().create_future()

    @property
    def wanted(self) -> bool:
        return not self.answer.done()

    def end(self) -> None:
        if not self.answer.done():
            self.answer.set_result(self.replies)


class Node:
    """A server as calls see it. Its trouble stays its own: calls to other nodes have other connections.

    A call has a connection of its own as long as there are enough, so that a short one does not wait behind a long one.
    """

    def __init__(self, name: str, connect: Callable[[], Awaitable[AbstractConnection]]) -> None:
        """`name` stands in front of errors, "" for none. `connect` gives a connection that is up, or raises."""
        self.name = name
        self._connect = connect
        self._buffer = bytearray(_READ)
        self._pipes: list[Pipe] = []
        self._idle: list[Pipe] = []  # those of them without a call, the last one used last
        self._connecting: set[asyncio.Task[None]] = set()
        self._queue: deque[Call] = deque()  # for a connection that is being brought up
        self._timer: asyncio.TimerHandle | None = None  # for the earliest deadline
        self._timer_at = _NEVER
        self._closed = False

    def exchange(self, commands: Sequence[Sent], budget_s: float) -> asyncio.Future[list[Reply]]:
        """All commands in one write, a reply for each: what was parsed, a ResponseError, or a StoreError if none came.

        A call that overruns closes its connection, so that no late reply meets another call, and those that lie idle,
        for what happened to one may have happened to all. Other calls on that connection fail with it. The budget is
        for the round trip; waiting for a connection has `CONNECT_BUDGET_S` on top.
        """
        call = _Exchange(commands, budget_s)
        self.send(call, monotonic())
        return call.answer

    def send(self, call: Call, now: float) -> None:
        """As `exchange`; the call is ended with its replies, not before this returns."""
        budget_s = call.budget_s
        call.deadline = now + budget_s
        pipe = self._take()
        if pipe is not None:
            pipe.send(call)
        else:
            call.deadline += CONNECT_BUDGET_S
            self._queue.append(call)
            self._bring_up(budget_s)
        if call.deadline < self._timer_at:
            self._watch(call.deadline)

    def renew(self) -> None:
        """Keep no connection that exists now; those in use are closed after their calls."""
        for pipe in self._pipes:
            pipe.stale = True
        self._drop_idle()

    def close(self) -> None:
        """Keep no connection at all."""
        self._closed = True
        self._give_up_connecting()
        self.renew()
        self._refused(StoreError(self._told("the connection was closed")))

    # ---- connections

    def _take(self) -> Pipe | None:
        """An idle connection; the least busy one if there are enough of them; None to wait for a new one."""
        idle = self._idle
        while idle:
            pipe = idle.pop()
            if not pipe.closed:
                return pipe
        if self._has_room():
            return None
        least: Pipe | None = None
        for pipe in self._pipes:
            if not pipe.stale and not pipe.closed and (least is None or pipe.load < least.load):
                least = pipe
        return least

    def _has_room(self) -> bool:
        """Whether there may be another connection. Those that are closed after their calls do not count: they may hang
        with a master of the past.
        """
        count = len(self._connecting)
        for pipe in self._pipes:
            if not pipe.stale:
                count += 1
        return count < MOST_CONNECTIONS

    def _bring_up(self, budget_s: float) -> None:
        """One connection more, if there may be."""
        if self._has_room():
            task = asyncio.get_running_loop().create_task(self._open(2 * (CONNECT_BUDGET_S + budget_s)))
            self._connecting.add(task)
            task.add_done_callback(self._opened)

    async def _open(self, within_s: float) -> None:
        """A connection for whoever waits. The limit is for connections that hang; calls have shorter ones."""
        try:
            async with asyncio.timeout(within_s):
                connection = await self._connect()
                await _check_silent(connection)
            pipe = Pipe(connection, self._buffer, self._free, self._lost, self.renew)
        except TimeoutError:
            self._refused(StoreError(self._told(f"no connection within {within_s * 1000:.0f} ms")))
        except StoreError as trouble:
            self._refused(trouble)
        except (RedisError, OSError) as error:
            self._refused(StoreError(self._told(f"{type(error).__name__}: {error}")))
        else:
            self._pipes.append(pipe)
            self._free(pipe)

    def _opened(self, task: asyncio.Task[None]) -> None:
        """A task that brought up a connection, or tried to, has ended: perhaps for others, which gave up."""
        self._connecting.discard(task)
        if len(self._queue) > len(self._connecting):
            self._bring_up(self._queue[0].budget_s)

    def _give_up_connecting(self) -> None:
        for task in self._connecting:
            task.cancel()

    def _refused(self, trouble: StoreError) -> None:
        """No connection came up: whoever waits for one is told at once."""
        self._drop_idle()
        queue, self._queue = self._queue, deque()
        for call in queue:
            call.give_up(trouble)

    def _free(self, pipe: Pipe) -> None:
        """No call is under way on a connection: the next one that waits is, or it lies idle."""
        queue = self._queue
        if pipe.stale:
            self._forget(pipe)
            if queue:
                self._bring_up(queue[0].budget_s)
            return
        while queue:
            call = queue.popleft()
            if call.wanted:
                call.deadline = min(monotonic() + call.budget_s, call.deadline)
                pipe.send(call)
                if call.deadline < self._timer_at:
                    self._watch(call.deadline)
                return
        if self._closed:
            self._forget(pipe)
        else:
            self._idle.append(pipe)

    def _lost(self, pipe: Pipe, trouble: str, now: float = _NEVER) -> None:
        """Nothing can be expected from a connection any more. Calls that are over at `now` are told so."""
        if pipe not in self._pipes:
            return  # we closed it
        calls = self._forget(pipe)
        self._drop_idle()
        if self._queue:
            self._bring_up(self._queue[0].budget_s)
        for call in calls:
            over = now != _NEVER and call.deadline <= now
            call.give_up(self._overrun(call) if over else StoreError(self._told(trouble)))

    def _forget(self, pipe: Pipe) -> list[Call]:
        self._pipes.remove(pipe)
        if pipe in self._idle:
            self._idle.remove(pipe)
        return pipe.close()

    def _drop_idle(self) -> None:
        for pipe in list(self._idle):
            self._forget(pipe)

    # ---- deadlines

    def _watch(self, deadline: float) -> None:
        """Look again then, and no earlier."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = asyncio.get_running_loop().call_at(deadline, self._look)

    def _look(self) -> None:
        """Give up what is over, and find the next deadline."""
        now = monotonic()
        self._timer = None
        self._timer_at = _NEVER
        hanging = [pipe for pipe in self._pipes if pipe.is_over(now)]
        over = [call for call in self._queue if call.is_over(now)]
        for pipe in hanging:
            self._lost(pipe, "the connection was given up, for another call on it had no answer in time", now)
        if over:
            self._queue = deque([call for call in self._queue if call not in over])
            self._drop_idle()
            if not self._queue:
                self._give_up_connecting()
            for call in over:
                call.give_up(self._overrun(call))
        nearest = self._nearest()
        if nearest < self._timer_at:
            self._watch(nearest)

    def _nearest(self) -> float:
        """The earliest deadline of all calls."""
        nearest = _NEVER
        for call in self._queue:
            nearest = min(nearest, call.deadline)
        for pipe in self._pipes:
            for call in pipe.calls:
                nearest = min(nearest, call.deadline)
        return nearest

    def _overrun(self, call: Call) -> StoreError:
        return StoreError(self._told(f"no answer within {call.budget_s * 1000:.0f} ms"))

    def _told(self, trouble: str) -> str:
        return f"{self.name}: {trouble}" if self.name else trouble


async def _check_silent(connection: AbstractConnection) -> None:
    """Nothing may be left on it that the first call would take for an answer. Raises RedisError."""
    if await connection.can_read():
        await connection.disconnect(nowait=True)
        raise InvalidResponse("more replies than commands")
