"""Many commands out, as many replies back: by one write per node, side by side, within one budget."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from time import monotonic  # the clock of the loop; to ask for the loop is a system call
from typing import Any, Final, TypeVar

from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    NoPermissionError,
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    ResponseError,
    TryAgainError,
)

from bngcorr.config.store_url import StoreKind, read_store_url
from bngcorr.errors import StoreError
from bngcorr.store.lane.cluster import ClusterRoute
from bngcorr.store.lane.commands import Argument, Command, Reply, Sent, key_of
from bngcorr.store.lane.master import MasterRoute
from bngcorr.store.lane.node import CONNECT_BUDGET_S, Node
from bngcorr.store.lane.pipe import Call
from bngcorr.store.lane.routes import Route, SingleRoute
from bngcorr.store.lane.scripts import DIGESTS, LOADS, NAMES

_ROUNDS: Final = 3  # as written; again after MOVED, ASK or NOSCRIPT; and NOSCRIPT where MOVED had led
_NOWHERE: Final = -1  # place of a reply that nobody waits for

# Errors that say something of the server, whatever the command was; the others are the command's own for good
_SERVER_ERRORS: Final = (
    AskError, ClusterDownError, NoPermissionError, NoScriptError, OutOfMemoryError, ReadOnlyError, TryAgainError,
)  # fmt: skip
# … and those for which redis-py has no class, or which came out of a script
_SERVER_WORDS: Final = ("BUSY", "MISCONF", "NOREPLICAS", "OOM", "READONLY", "CROSSSLOT")

T = TypeVar("T")
_Work = dict[Node, list[tuple[int, Sent]]]  # by node: the place of the reply, and what to send
_Try = tuple[int, type[ResponseError]]  # place of the reply, and what was wrong the first time


def checked(replies: list[Reply]) -> list[Reply]:
    """The same, as `run_each` gave them. Raises StoreError if one of them is an error."""
    for reply in replies:
        if isinstance(reply, StoreError):
            raise reply
        if isinstance(reply, ResponseError):
            raise StoreError(f"{type(reply).__name__}: {reply}")
    return replies


class _Errand(Call):
    """Commands on their way to the only node, and who is told of their replies."""

    __slots__ = ("_answer", "_commands", "_lane", "_node", "_op", "_started", "_told")

    def __init__(
        self,
        lane: Lane,
        node: Node,
        commands: Sequence[Sent],
        budget_s: float,
        told: Callable[[list[Reply]], None],
        answer: asyncio.Future[Any] | None,
        op: str = "",
    ) -> None:
        """Nobody is told any more when `answer` is done, if there is one. `op` is what it is called, if not by what
        comes first in it.
        """
        super().__init__(commands, budget_s)
        self._lane: Final = lane
        self._node: Final = node
        self._commands: Final = commands
        self._told: Final = told
        self._answer: Final = answer
        self._op: Final = op
        self._started: Final = monotonic()

    def send(self) -> None:
        """On its way."""
        self._node.send(self, self._started)

    @property
    def wanted(self) -> bool:
        answer = self._answer
        return answer is None or not answer.done()

    def end(self) -> None:
        """All replies are there."""
        lane, replies = self._lane, self.replies
        if not self.wanted:
            return
        lane.calls += 1
        if not _any_error(replies):
            self._over(replies)
        else:
            lane.keep(self._again(replies))

    async def _again(self, replies: list[Reply]) -> None:
        """Whatever happens, somebody is told."""
        try:
            work: _Work = {self._node: list(enumerate(self._commands))}
            await self._lane.carry_on(work, replies, self._started + self.budget_s)
        except BaseException as error:
            self._over([StoreError(f"{type(error).__name__}: {error}")] * self.count)
            raise
        self._over(_all_judged(replies))

    def _over(self, replies: list[Reply]) -> None:
        took_s = monotonic() - self._started
        try:
            if self.wanted:
                self._told(replies)
            self._lane.took(self._op or _op(self._commands[0]), took_s, isinstance(replies[-1], Exception))
        except Exception as error:  # it is not the connection's fault
            asyncio.get_running_loop().call_exception_handler({"message": "what a call was for", "exception": error})


class Lane:
    """Pipelined commands to one store, whatever it is made of. Raises StoreError and nothing else."""

    def __init__(self, url: str) -> None:
        """As `open_lane`."""
        try:
            read = read_store_url(url)
        except ValueError as error:
            raise StoreError(f"store.url: expected {error}") from None
        self._route: Route
        match read.kind:
            case StoreKind.SINGLE:
                self._route = SingleRoute(read)
            case StoreKind.SENTINEL:
                self._route = MasterRoute(read)
            case StoreKind.CLUSTER:
                self._route = ClusterRoute(read)
        self.undivided: Final = read.kind is not StoreKind.CLUSTER  # one server keeps all keys: a script may take any
        self.calls = 0  # round trips, for the metrics
        self._errands: set[asyncio.Task[None]] = set()  # that take more than one round trip
        self.took: Callable[[str, float, bool], None] = _untold  # told of each call of `run_each`, as `_untold` says

    def script(self, name: str, keys: Sequence[str], arguments: Sequence[Argument]) -> Command:
        """Command that runs one of our scripts; the first key decides the node."""
        return ("EVALSHA", DIGESTS[name], len(keys), *keys, *arguments)

    async def run(self, commands: Sequence[Command], budget_s: float) -> list[Reply]:
        """All replies. Raises StoreError if one is an error or a node did not answer."""
        return checked(await self.run_each(commands, budget_s))

    async def run_each(self, commands: Sequence[Sent], budget_s: float) -> list[Reply]:
        """A reply for each command; octets of a command are for an undivided store. In its place may stand

        - a ResponseError: what is wrong with this very command, for good;
        - a StoreError: its node did not answer in time, is away, read-only, out of memory, loading, …

        The budget is for round trips, those after MOVED, ASK and NOSCRIPT included; waiting for a turn and a connection
        has `CONNECT_BUDGET_S` on top. What was not answered may have been carried out all the same.
        """
        if not commands:
            return []
        if self.undivided:
            return await self.ask(commands, budget_s, _as_they_are)
        clock = asyncio.get_running_loop().time
        started = clock()
        try:
            await self._ready(budget_s)
        except StoreError as error:
            self.took(_op(commands[0]), clock() - started, True)
            return [error] * len(commands)
        replies: list[Reply] = [None] * len(commands)
        work = self._share(commands, replies)
        if await self._carry(work, replies, budget_s):
            await self.carry_on(work, replies, started + budget_s)
        self.took(_op(commands[0]), clock() - started, isinstance(replies[-1], Exception))
        return _all_judged(replies)

    def ask(
        self, commands: Sequence[Sent], budget_s: float, read: Callable[[list[Reply]], T]
    ) -> asyncio.Future[T]:  # fmt: skip
        """What `read` makes of the replies of `run_each`. No task is needed for those of an undivided store."""
        only = self._route.only()
        if only is None or not commands:
            return asyncio.get_running_loop().create_task(self._ask_each(commands, budget_s, read))
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def told(replies: list[Reply]) -> None:
            try:
                answer.set_result(read(replies))
            except Exception as error:  # whoever waits is told
                answer.set_exception(error)

        _Errand(self, only, commands, budget_s, told, answer).send()
        return answer

    async def _ask_each(
        self, commands: Sequence[Sent], budget_s: float, read: Callable[[list[Reply]], T]
    ) -> T:  # fmt: skip
        return read(await self.run_each(commands, budget_s))

    def tell(
        self, commands: Sequence[Sent], budget_s: float, told: Callable[[list[Reply]], None], op: str = ""
    ) -> None:  # fmt: skip
        """`told` is called with the replies of `run_each`, once and not before this returns: the cheapest way to ask.

        It must not raise. On an undivided store the call is an `op`, if it is not to be told by what comes first in it.
        """
        only = self._route.only()
        if only is None or not commands:
            self.keep(self._tell_each(commands, budget_s, told))
        else:
            _Errand(self, only, commands, budget_s, told, None, op).send()

    async def _tell_each(
        self, commands: Sequence[Sent], budget_s: float, told: Callable[[list[Reply]], None]
    ) -> None:  # fmt: skip
        """Whatever happens, somebody is told."""
        try:
            replies = await self.run_each(commands, budget_s)
        except BaseException as error:
            told([StoreError(f"{type(error).__name__}: {error}")] * len(commands))
            raise
        told(replies)

    def keep(self, errand: Coroutine[Any, Any, None]) -> None:
        """Do it aside; `close` waits for it."""
        task = asyncio.get_running_loop().create_task(errand)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def carry_on(self, work: _Work, replies: list[Reply], end: float) -> None:
        """Send again what is worth it, until then by the loop's clock."""
        clock = asyncio.get_running_loop().time
        tried: set[_Try] = set()
        for _ in range(_ROUNDS - 1):
            work = self._again(work, replies, tried)
            left_s = end - clock()
            if not work or left_s <= 0 or not await self._carry(work, replies, left_s):
                return
        self._again(work, replies, tried)

    async def ask_nodes(self, commands: Sequence[Command], budget_s: float) -> Mapping[str, list[Reply]]:
        """The same commands, without keys, to every node that serves keys: replies as of `run_each`, by node name.

        Raises StoreError if it is not known which nodes there are.
        """
        await self._ready(budget_s)
        nodes = self._route.nodes()
        found = await asyncio.gather(*(node.exchange(commands, budget_s) for node in nodes))
        self.calls += len(nodes)
        return {node.name: _all_judged(replies) for node, replies in zip(nodes, found, strict=True)}

    def where(self, key: str) -> str:
        """Name of the node that serves a key now, host:port; "" for a single server, and where none is known."""
        return self._route.where(key)

    @property
    def uncovered(self) -> int:
        """Slots of a Cluster that no node serves."""
        return self._route.uncovered()

    async def close(self) -> None:
        """Close all connections."""
        await self._route.close()
        if self._errands:
            await asyncio.wait(self._errands)

    def _share(self, commands: Sequence[Sent], replies: list[Reply]) -> _Work:
        """What goes to which node; a StoreError in the place of what can go to none."""
        work: _Work = {}
        for place, command in enumerate(commands):
            if isinstance(command, bytes):
                replies[place] = StoreError("octets of a command do not tell where it belongs")
                continue
            try:
                node = self._route.node(key_of(command))
            except StoreError as error:
                replies[place] = error
            else:
                work.setdefault(node, []).append((place, command))
        return work

    async def _ready(self, budget_s: float) -> None:
        try:
            await self._route.ready(CONNECT_BUDGET_S + budget_s)
        except TimeoutError:
            raise StoreError(f"no node says within {budget_s * 1000:.0f} ms where things are in the store") from None

    async def _carry(self, work: _Work, replies: list[Reply], budget_s: float) -> bool:
        """Send it, fill in the replies, and say whether any of them is an error of the server's."""
        wrong = False
        if len(work) == 1:  # no task is needed for one
            ((node, errands),) = work.items()
            found = [await node.exchange([command for _, command in errands], budget_s)]
        else:
            found = await asyncio.gather(
                *(node.exchange([command for _, command in errands], budget_s) for node, errands in work.items())
            )
        self.calls += len(work)
        for (node, errands), answers in zip(work.items(), found, strict=True):
            for (place, _), answer in zip(errands, answers, strict=True):
                if place != _NOWHERE:
                    replies[place] = answer
                if isinstance(answer, ResponseError):
                    wrong = True
                    if isinstance(answer, ClusterDownError):
                        self._route.failed(node)
            if isinstance(answers[-1], StoreError):
                self._route.failed(node)
        return wrong

    def _again(self, work: _Work, replies: list[Reply], tried: set[_Try]) -> _Work:
        """What is to be sent once more: where MOVED and ASK point, and behind its script after NOSCRIPT."""
        again: _Work = {}
        for node, errands in work.items():
            for place, command in errands:
                error = replies[place] if place != _NOWHERE else None
                if not isinstance(error, AskError | NoScriptError) or (place, type(error)) in tried:
                    continue
                tried.add((place, type(error)))
                target = node
                if isinstance(error, AskError):
                    try:
                        target = self._route.elsewhere(node, error)
                    except StoreError as trouble:
                        replies[place] = trouble
                        continue
                errand = again.setdefault(target, [])
                scripted = command[0] == "EVALSHA" and not isinstance(error, MovedError)
                if scripted and (_NOWHERE, LOADS[0]) not in errand:
                    # all of them: with some there and some not, the next call's commands would be carried out of turn
                    errand.extend((_NOWHERE, load) for load in LOADS)
                if isinstance(error, AskError) and not isinstance(error, MovedError):
                    errand.append((_NOWHERE, ("ASKING",)))  # it counts for one command
                errand.append((place, command))
        return again


def open_lane(url: str) -> Lane:
    """A lane to the store at this URL; nothing is contacted yet. Raises StoreError, which does not show a bad URL."""
    return Lane(url)


def _any_error(replies: Sequence[Reply]) -> bool:
    for reply in replies:  # noqa: SIM110  # a generator costs as much as all else that a call does
        if isinstance(reply, Exception):
            return True
    return False


def _all_judged(replies: Sequence[Reply]) -> list[Reply]:
    return [_judged(reply) if isinstance(reply, ResponseError) else reply for reply in replies]


def _as_they_are(replies: list[Reply]) -> list[Reply]:
    return replies


def _untold(_op: str, _seconds: float, _failed: bool) -> None:
    """Nobody wants to know what came first in a call, how long the call took, and whether its last command failed."""


def _op(command: Sent) -> str:
    """Name of the script that a command runs, or of the command."""
    if isinstance(command, bytes):
        return command.split(b"\r\n", 3)[2].decode().lower()
    return NAMES.get(str(command[1]), "evalsha") if command[0] == "EVALSHA" else str(command[0]).lower()


def _judged(error: ResponseError) -> ResponseError | StoreError:
    """An error as the caller is to see it: the server's is a StoreError."""
    if isinstance(error, _SERVER_ERRORS) or str(error).startswith(_SERVER_WORDS):
        return StoreError(f"{type(error).__name__}: {error}")
    return error
