"""What a packet process does with commands, and while nobody can give it any."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bngcorr.app.commands import MOST_AT_ONCE, CommandLoop
from bngcorr.errors import StoreError
from bngcorr.model.vocabulary import Admin, CommandKind
from bngcorr.proxy.tracing import Tracer
from bngcorr.store.commands import Answer, Command, Json, Polled
from bngcorr.store.processes import ProcessRow, TraceState
from bngcorr.store.traces import TracedRequest, TraceRule
from bngcorr.web.problem import Problem
from tests.store.acting import NOW_MS, PROCESS, rule

pytestmark = pytest.mark.asyncio


class Store:
    """Commands, processes and traces, as far as one process sees them."""

    def __init__(self) -> None:
        self.away = False
        self.waiting: list[Command] = []
        self.held: list[TraceRule] = []
        self.claimed: set[str] = set()
        self.answered: dict[str, Answer] = {}
        self.told: list[ProcessRow] = []
        self.left: list[str] = []
        self.kept_rows: list[tuple[str, bytes]] = []

    def _there(self) -> None:
        if self.away:
            raise StoreError("away")

    def ask(self, kind: CommandKind, at_ms: int = NOW_MS, **arguments: object) -> str:
        """Somebody wants that."""
        put = Command(id=f"{at_ms}-{len(self.waiting)}", kind=kind, arguments=arguments, by="noc", within_ms=5000)
        self.waiting.append(put)
        return put.id

    async def put(self, kind: CommandKind, arguments: Mapping[str, Any], *, by: str, within_ms: int) -> Command:
        """Not from here."""
        raise NotImplementedError

    async def answers(self, command: str) -> list[Answer]:
        """Not from here."""
        raise NotImplementedError

    async def begin(self) -> str:
        """From the start."""
        self._there()
        return "0-0"

    async def poll(self, cursor: str) -> Polled:
        """All at once."""
        self._there()
        taken, self.waiting = tuple(self.waiting), []
        return Polled(commands=taken, cursor=cursor, rules=tuple(self.held))

    async def claim(self, command: str, _: str) -> bool:
        """Unless somebody else has it."""
        free = command not in self.claimed
        self.claimed.add(command)
        return free

    async def answer(self, command: str, answer: Answer) -> None:
        """Noted."""
        self._there()
        self.answered[command] = answer

    async def tell(self, row: ProcessRow) -> None:
        """Noted."""
        self._there()
        self.told.append(row)

    async def leave(self, process: str) -> None:
        """Noted."""
        self.left.append(process)

    async def all(self) -> list[ProcessRow]:
        """Not from here."""
        raise NotImplementedError

    async def start(self, rule: TraceRule) -> bool:
        """Not from here."""
        raise NotImplementedError

    async def end(self, trace: str) -> bool:
        """Not from here."""
        raise NotImplementedError

    async def rules(self) -> list[TraceRule]:
        """Not from here."""
        raise NotImplementedError

    async def kept(self, trace: str, after: str, limit: int) -> list[tuple[str, TracedRequest]]:
        """Not from here."""
        raise NotImplementedError

    async def counts(self, traces: Sequence[str]) -> list[int]:
        """Not from here."""
        raise NotImplementedError

    async def keep(self, rows: Sequence[tuple[str, bytes]]) -> None:
        """Noted."""
        self._there()
        self.kept_rows += rows


class Process:
    """With one AAA server, which it switches when it is told to."""

    def __init__(self) -> None:
        self.admin = Admin.UP
        self.now_at_ms = NOW_MS
        self.release = asyncio.Event()

    def now_ms(self) -> int:
        """The store's clock."""
        return self.now_at_ms

    def row(self, process: str, now_ms: int, started_ms: int, traces: tuple[TraceState, ...]) -> ProcessRow:
        """How it is."""
        return dataclasses.replace(PROCESS, id=process, told_ms=now_ms, started_ms=started_ms, traces=traces)

    def set_admin(self, name: str, admin: Admin) -> bool:
        """Its only server; one name is a bug."""
        if name == "bug":
            raise RuntimeError("a bug")
        if name == "aaa1":
            self.admin = admin
        return name == "aaa1"

    def serves(self, domain: str) -> bool:
        """Only these."""
        return domain in ("", "bng1")

    async def disconnect(self, asked: Json) -> Json:
        """Takes as long as the test wants."""
        if asked.get("session") == "bng1/bad":
            raise Problem(400, "Bad value", "session: bad")
        await self.release.wait()
        return {"outcome": "done", "sessions": []}


@asynccontextmanager
async def running(store: Store) -> AsyncIterator[tuple[Process, CommandLoop, Tracer]]:
    """The loop of a process, until the test is over."""
    process = Process()
    tracer = Tracer(process)
    loop = CommandLoop(
        process, tracer, process, commands=store, processes=store, traces=store, disconnect=process.disconnect,
        coa=process.disconnect,
    )  # fmt: skip
    task = asyncio.create_task(loop.run())
    yield process, loop, tracer
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await loop.close()


async def until(true: Any) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(4):
        while not true():  # noqa: ASYNC110 -- many things may have to happen
            await asyncio.sleep(0.005)


async def test_each_command_is_answered_whatever_comes_of_it() -> None:
    """Done, unknown, refused, and a bug of ours: nobody waits for nothing. What is found too late is left alone."""
    store = Store()
    late = store.ask(CommandKind.UPSTREAM, NOW_MS - 5000, name="aaa1", admin="down")
    done = store.ask(CommandKind.UPSTREAM, name="aaa1", admin="drain")
    unknown = store.ask(CommandKind.UPSTREAM, name="aaa9", admin="drain")
    wrong = store.ask(CommandKind.UPSTREAM, name="aaa1", admin="sideways")
    bug = store.ask(CommandKind.UPSTREAM, name="bug", admin="drain")
    refused = store.ask(CommandKind.DISCONNECT, session="bng1/bad")
    async with running(store) as (process, loop, _):
        await until(lambda: len(store.answered) == 5)

        said = {name: (one.ok, one.said) for name, one in store.answered.items()}
        internal = (False, "internal error, see the log of the process")
        assert {
            done: (True, "drain"), unknown: (False, "nothing"), wrong: internal, bug: internal,
            refused: (False, "session: bad"),
        } == said  # fmt: skip
        assert Admin.DRAIN is process.admin
        assert late not in store.answered
        assert [loop.id] * 5 == [one.process for one in store.answered.values()]
    assert [loop.id] == store.left


async def test_what_is_another_processs_to_do_is_left_to_it() -> None:
    """A Disconnect is sent once, by one that knows the BNG; at the end nothing new is taken."""
    store = Store()
    theirs, elsewhere = store.ask(CommandKind.DISCONNECT), store.ask(CommandKind.DISCONNECT, session="bng7/aa")
    ours = store.ask(CommandKind.COA, session="bng1/aa")
    store.claimed.add(theirs)
    async with running(store) as (process, loop, _):
        process.release.set()
        await until(lambda: ours in store.answered)
        loop.rest()
        late = store.ask(CommandKind.UPSTREAM, name="aaa1", admin="drain")
        await asyncio.sleep(0.3)

        assert [ours] == list(store.answered)
        assert elsewhere not in store.claimed
        assert [late] == [one.id for one in store.waiting]


async def test_a_bng_that_is_silent_keeps_nobody_else_waiting() -> None:
    """Requests to BNGs wait side by side, so many at a time; one more is refused in so many words."""
    store = Store()
    asked = [store.ask(CommandKind.DISCONNECT) for _ in range(MOST_AT_ONCE + 1)]
    switched = store.ask(CommandKind.UPSTREAM, name="aaa1", admin="drain")
    async with running(store) as (process, _, _):
        await until(lambda: len(store.answered) == 2)
        refused = [one for one in asked if one in store.answered]
        process.release.set()
        await until(lambda: len(store.answered) == len(asked) + 1)

        assert [asked[-1]] == refused
        assert "try again" in store.answered[asked[-1]].said
        assert store.answered[switched].ok


async def test_traces_end_in_time_though_the_store_is_away() -> None:
    """And nothing else is disturbed: the loop goes on, and takes commands when the store is back."""
    store = Store()
    store.held = [rule("short", until_ms=NOW_MS + 1000), rule("long", until_ms=NOW_MS + 60_000)]
    async with running(store) as (process, loop, tracer):
        await until(lambda: len(tracer.rules) == 2)
        store.away = True
        process.now_at_ms += 2000
        await until(lambda: [one.id for one in tracer.rules] == ["long"])
        store.away = False
        asked = store.ask(CommandKind.TRACE, process.now_at_ms)
        await until(lambda: asked in store.answered)

        assert (True, "1 running") == (store.answered[asked].ok, store.answered[asked].said)
        assert [loop.id] == list({row.id for row in store.told})
