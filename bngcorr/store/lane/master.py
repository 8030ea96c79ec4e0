"""The route to a master that Sentinels know: they are asked for every new connection, and once a second in passing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import AskError, ResponseError

from bngcorr.config.store_url import StoreUrl
from bngcorr.errors import StoreError
from bngcorr.store.lane.link import Linker
from bngcorr.store.lane.node import Node
from bngcorr.store.lane.routes import NOT_A_CLUSTER
from bngcorr.store.lane.sentinels import Address, View, majority, newest, read_view

SENTINEL_BUDGET_S: Final = 0.1
ASK_EVERY_S: Final = 1.0


class MasterRoute:
    """The master as a single node that may be somewhere else tomorrow.

    A fail-over shows in one of three ways. The connection is lost, or the master is read-only by now: the next
    connection asks the Sentinels. The master hangs: the call overruns its budget, which closes the connections, and the
    next one asks. The master is cut off, but not from us: one question a second, for which no call waits, finds the new
    one.
    """

    def __init__(self, url: StoreUrl) -> None:
        """Raises StoreError if TLS can't be set up."""
        self._name = url.master
        self._linker = Linker(url)
        sentinels = Linker(replace(url, db=0, username=url.sentinel_username, password=url.sentinel_password))
        self._sentinels = [Node(f"Sentinel {host}:{port}", sentinels.to(host, port)) for host, port in url.hosts]
        self._node = Node("", self._connect)
        self._address: Address | None = None
        self._question: asyncio.Task[Address | str] | None = None
        self._asked_at = -ASK_EVERY_S
        self._late: set[asyncio.Task[View | str]] = set()  # Sentinels whose answer was not waited for

    def only(self) -> Node:
        """The master. In passing the Sentinels are asked, if the last time is a while ago: connections wait for the
        answer, calls do not.
        """
        if asyncio.get_running_loop().time() - self._asked_at >= ASK_EVERY_S:
            self._ask()
        return self._node

    async def ready(self, _within_s: float, /) -> None:
        """It is known whom to ask."""

    def node(self, _key: bytes | None, /) -> Node:
        """The master."""
        return self._node

    def nodes(self) -> tuple[Node, ...]:
        """The master."""
        return (self._node,)

    def where(self, _key: str, /) -> str:
        """No name is needed."""
        return ""

    def failed(self, _node: Node, /) -> None:
        """Its connections are closed already, and the next one asks."""

    def elsewhere(self, _node: Node, _error: AskError, /) -> Node:
        """Sentinels know of no elsewhere."""
        raise StoreError(NOT_A_CLUSTER)

    def uncovered(self) -> int:
        """None."""
        return 0

    async def close(self) -> None:
        """Close all connections."""
        if self._question is not None:
            await asyncio.wait([self._question])
        if self._late:
            await asyncio.wait(self._late)
        for node in (self._node, *self._sentinels):
            node.close()

    async def _connect(self) -> AbstractConnection:
        answer = await asyncio.shield(self._ask())
        if isinstance(answer, str):
            raise StoreError(answer)
        connection = await self._linker.connect(*answer)
        try:
            await self._check_role(connection)
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        return connection

    async def _check_role(self, connection: AbstractConnection) -> None:
        """Sentinels may be behind, and a replica would answer questions, from the past."""
        await connection.send_command("ROLE")
        try:
            role = await connection.read_response()
        except ResponseError:
            return  # we may not ask
        if role[0] != b"master":
            raise StoreError(f"the master {self._name!r} is a replica by now, and its Sentinels name no other yet")

    def _ask(self) -> asyncio.Task[Address | str]:
        """The question under way, or a new one; its answer is an address, or why there is none."""
        if self._question is None or self._question.done():
            self._asked_at = asyncio.get_running_loop().time()
            self._question = asyncio.create_task(self._answer())
        return self._question

    async def _answer(self) -> Address | str:
        views: list[View] = []
        troubles: list[str] = []
        address: Address | None = None
        pending = {asyncio.create_task(self._view(sentinel)) for sentinel in self._sentinels}
        while pending and address is None:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                view = task.result()
                if isinstance(view, str):
                    troubles.append(view)
                else:
                    views.append(view)
            address = majority(views, len(self._sentinels))
        for task in pending:
            self._late.add(task)
            task.add_done_callback(self._late.discard)
        if address is None and (address := newest(views)) is None:
            troubles += [f"{view.address[0]}:{view.address[1]} is down" for view in views]
            return f"no master {self._name!r} is up: {'; '.join(dict.fromkeys(troubles))}"
        if address != self._address:
            self._address = address
            self._node.renew()
        return address

    async def _view(self, sentinel: Node) -> View | str:
        (reply,) = await sentinel.exchange([("SENTINEL", "MASTER", self._name)], SENTINEL_BUDGET_S)
        if isinstance(reply, StoreError):
            return str(reply)
        return f"{sentinel.name}: {reply}" if isinstance(reply, ResponseError) else read_view(reply)
