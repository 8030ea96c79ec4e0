"""What a packet process hears from the web process, through the store: commands, trace rules; and what it says back.

Nothing here is on the way of a request. While the store is away nothing is heard, and traces end when their time is
over; all else goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import secrets
import socket
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, Protocol

import structlog

from bngcorr.errors import StoreError
from bngcorr.model.vocabulary import Admin, CommandKind
from bngcorr.proxy.tracing import Tracer
from bngcorr.store.commands import Answer, Command, CommandStore
from bngcorr.store.contract import Clock
from bngcorr.store.processes import TOLD_EVERY_S, ProcessRow, ProcessStore, TraceState
from bngcorr.store.traces import TraceRule, TraceStore, packed_request
from bngcorr.web.problem import Problem

POLL_EVERY_S: Final = 0.2
POLL_AGAIN_S: Final = 1.0  # while the store is away
MOST_AT_ONCE: Final = 32  # requests to BNGs that are under way
MOST_KEPT_AT_ONCE: Final = 64  # traced requests in one call
LEAVE_WITHIN_S: Final = 0.5

Json = dict[str, Any]
Act = Callable[[Json], Awaitable[Json]]

log = structlog.get_logger()


class Commanded(Protocol):
    """What can be asked of a packet process."""

    def row(self, process: str, now_ms: int, started_ms: int, traces: tuple[TraceState, ...]) -> ProcessRow:
        """How it is."""
        ...

    def set_admin(self, name: str, admin: Admin) -> bool:
        """Switch an AAA server; False if there is none of that name."""
        ...

    def serves(self, domain: str) -> bool:
        """Whether BNGs of that correlation domain are configured here."""
        ...


def process_id() -> str:
    """Host, process id, and a random part: containers have the same of both."""
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:63] or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(2)}"


class CommandLoop:
    """Takes commands one after another, and carries them out side by side."""

    def __init__(
        self, process: Commanded, tracer: Tracer, clock: Clock, *, commands: CommandStore, processes: ProcessStore,
        traces: TraceStore, disconnect: Act, coa: Act,
    ) -> None:  # fmt: skip
        """`disconnect` and `coa` raise Problem."""
        self.id = process_id()
        self._process = process
        self._tracer = tracer
        self._clock = clock
        self._commands = commands
        self._processes = processes
        self._traces = traces
        self._acts = {CommandKind.DISCONNECT: disconnect, CommandKind.COA: coa}
        self._started_ms = 0
        self._cursor: str | None = None
        self._rules: tuple[TraceRule, ...] = ()
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._resting = False

    async def run(self) -> None:
        """Until cancelled."""
        tell_at = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            pause_s = POLL_EVERY_S
            try:
                if clock() >= tell_at and not self._resting:
                    await self._tell()
                    tell_at = clock() + TOLD_EVERY_S
                if not self._resting:
                    await self._poll()
                await self._keep()
            except StoreError:
                pause_s = POLL_AGAIN_S
                self._trace_by(self._rules)
            await asyncio.sleep(pause_s)

    def rest(self) -> None:
        """Take nothing new; what is under way goes on."""
        self._resting = True

    async def close(self) -> None:
        """Carry out nothing more, and say so if the store is there."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._cursor is not None:
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(LEAVE_WITHIN_S):
                    await self._processes.leave(self.id)

    # ---- what is said

    async def _tell(self) -> None:
        """Raises StoreError."""
        now_ms = self._clock.now_ms()
        self._started_ms = self._started_ms or now_ms
        traces = tuple(TraceState(id=one.id, requests=one.requests, full=one.full) for one in self._tracer.rules)
        await self._processes.tell(self._process.row(self.id, now_ms, self._started_ms, traces))

    async def _keep(self) -> None:
        """Put traced requests into the store. Raises StoreError: they are lost then."""
        taken = self._tracer.take()
        for at in range(0, len(taken), MOST_KEPT_AT_ONCE):
            rows = [
                (trace, packed)
                for traces, row in taken[at : at + MOST_KEPT_AT_ONCE]
                for packed in [packed_request(self.id, row)]
                for trace in traces
            ]
            await self._traces.keep(rows)

    # ---- what is heard

    async def _poll(self) -> None:
        """Raises StoreError."""
        if self._cursor is None:
            self._cursor = await self._commands.begin()
        polled = await self._commands.poll(self._cursor)
        self._cursor, self._rules = polled.cursor, polled.rules
        self._trace_by(polled.rules)
        for command in polled.commands:
            if command.deadline_ms > self._clock.now_ms():
                self._begin(self._carry_out(command))

    def _trace_by(self, rules: tuple[TraceRule, ...]) -> None:
        now_ms = self._clock.now_ms()
        self._tracer.use([(rule.id, rule.by, rule.value) for rule in rules if rule.holds(now_ms)])

    def _begin(self, coroutine: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _carry_out(self, command: Command) -> None:
        """It is answered, whatever happens; but one that nobody can answer because the store is away is not told."""
        try:
            if command.for_one and not await self._is_ours(command):
                return
            ok, said, body = await self._done(command)
            log.info("command carried out", command=str(command.kind), by=command.by, id=command.id, ok=ok, said=said)
            answer = Answer(process=self.id, ok=ok, said=said, body=body)
            await self._commands.answer(command.id, answer)
        except StoreError as error:
            log.warning("command not answered", command=str(command.kind), id=command.id, error=str(error))

    async def _is_ours(self, command: Command) -> bool:
        """Processes at one store may serve different BNGs. Raises StoreError."""
        domain, _, _ = str(command.arguments.get("session", "")).partition("/")
        return self._process.serves(domain) and await self._commands.claim(command.id, self.id)

    async def _done(self, command: Command) -> tuple[bool, str, Json]:
        try:
            match command.kind:
                case CommandKind.UPSTREAM:
                    return await self._switch(str(command.arguments["name"]), Admin(command.arguments["admin"]))
                case CommandKind.TRACE:
                    return True, f"{len(self._tracer.rules)} running", {}
                case CommandKind.DISCONNECT | CommandKind.COA:
                    return await self._act(self._acts[command.kind], command.arguments)
        except Problem as problem:
            return False, problem.detail, {}
        except Exception:
            log.exception("internal error, command not carried out", command=str(command.kind), id=command.id)
            return False, "internal error, see the log of the process", {}

    async def _act(self, act: Act, arguments: Json) -> tuple[bool, str, Json]:
        """It may take 20 s if a BNG is silent."""
        if self._under_way >= MOST_AT_ONCE:
            return False, f"{MOST_AT_ONCE} requests to BNGs are under way here; try again", {}
        self._under_way += 1
        try:
            body = await act(arguments)
        finally:
            self._under_way -= 1
        return body["outcome"] in ("done", "shown"), str(body["outcome"]), body

    async def _switch(self, name: str, admin: Admin) -> tuple[bool, str, Json]:
        if not self._process.set_admin(name, admin):
            return False, "nothing", {}
        with contextlib.suppress(StoreError):  # it is told again soon
            await self._tell()
        return True, str(admin), {}
