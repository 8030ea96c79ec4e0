"""What a route is: which node serves which key now, and what becomes of it when a node fails."""

from __future__ import annotations

from typing import Final, Protocol

from redis.exceptions import AskError

from bngcorr.config.store_url import StoreUrl
from bngcorr.errors import StoreError
from bngcorr.store.lane.link import Linker
from bngcorr.store.lane.node import Node

# what a node of a Cluster says to one that took it for a single server, told to the operator
NOT_A_CLUSTER: Final = "the store is a Cluster: store.url has to start with redis+cluster:// or rediss+cluster://"


class Route(Protocol):
    """Where things are in one store."""

    def only(self) -> Node | None:
        """The node that serves all keys; None if there may be several."""
        ...

    async def ready(self, within_s: float, /) -> None:
        """Know where things are; waits only if nothing is known yet. Raises StoreError or TimeoutError."""
        ...

    def node(self, key: bytes | None, /) -> Node:
        """The node that serves a key; any one for None, the same one as long as it answers. Raises StoreError."""
        ...

    def nodes(self) -> tuple[Node, ...]:
        """All nodes that serve keys."""
        ...

    def where(self, key: str, /) -> str:
        """Name of the node that serves a key; "" if there is but one, or none is known yet."""
        ...

    def failed(self, node: Node, /) -> None:
        """Be told that a node did not answer, or that it is no longer what it was."""
        ...

    def elsewhere(self, node: Node, error: AskError, /) -> Node:
        """The node to which a node's MOVED or ASK points. Raises StoreError."""
        ...

    def uncovered(self) -> int:
        """How many slots no node serves."""
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class SingleRoute:
    """One server has it all."""

    def __init__(self, url: StoreUrl) -> None:
        """Raises StoreError if TLS can't be set up."""
        host, port = url.hosts[0] if url.hosts else ("", 0)
        self._node = Node("", Linker(url).to(host, port))

    def only(self) -> Node:
        """The server."""
        return self._node

    async def ready(self, _within_s: float, /) -> None:
        """Nothing to learn."""

    def node(self, _key: bytes | None, /) -> Node:
        """The server."""
        return self._node

    def nodes(self) -> tuple[Node, ...]:
        """The server."""
        return (self._node,)

    def where(self, _key: str, /) -> str:
        """No name is needed."""
        return ""

    def failed(self, _node: Node, /) -> None:
        """There is nobody else."""

    def elsewhere(self, _node: Node, _error: AskError, /) -> Node:
        """There is no elsewhere."""
        raise StoreError(NOT_A_CLUSTER)

    def uncovered(self) -> int:
        """None."""
        return 0

    async def close(self) -> None:
        """Close all connections."""
        self._node.close()
