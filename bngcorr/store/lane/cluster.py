"""The route into a Cluster: its map, learnt from the nodes that answer, and looked at again when something is wrong."""

from __future__ import annotations

import asyncio
from typing import Final

from redis.crc import key_slot
from redis.exceptions import AskError, MovedError

from bngcorr.config.store_url import StoreUrl
from bngcorr.errors import StoreError
from bngcorr.store.lane.link import Linker
from bngcorr.store.lane.node import Node
from bngcorr.store.lane.slots import Address, SlotMap, known_host, read_epoch, read_slots

LOOK_EVERY_S: Final = 1.0  # at most
LOOK_BUDGET_S: Final = 0.3  # for each node that is asked
MOST_NAMES: Final = 16_384  # keys of which it is remembered where they are


class ClusterRoute:
    """Masters by slot.

    Nobody waits for a look at the map but the very first calls. A look asks all nodes side by side and keeps the answer
    of the highest epoch: a master that was cut off, or asleep, still believes in the old map. While a master does not
    answer, looks go on once a second, so that its successor is found though nobody calls.
    """

    def __init__(self, url: StoreUrl) -> None:
        """Raises StoreError if TLS can't be set up."""
        self._linker = Linker(url)
        self._seeds = url.hosts
        self._nodes: dict[Address, Node] = {}
        self._map: SlotMap | None = None
        self._told = asyncio.Event()  # the first look has found a map, or nothing
        self._moved: dict[int, Address] = {}  # told by MOVED since the last look
        self._away: set[Address] = set()  # did not answer lately
        self._names: dict[str, str] = {}  # what `where` said of keys, since map and moves last changed
        self._any: Address | None = None  # serves what has no key
        self._look: asyncio.Task[None] | None = None
        self._looked_at = -LOOK_EVERY_S
        self._epoch = -1  # of the map, within one look
        self._trouble = "none serves any"  # why the last node that did not tell did not

    def only(self) -> None:
        """There are several."""

    async def ready(self, within_s: float, /) -> None:
        """Wait for the very first map."""
        if self._map is not None:
            return
        self._look_soon()
        async with asyncio.timeout(within_s):
            await self._told.wait()
        if self._known() is None:
            raise StoreError(f"no node of store.url tells which node of the Cluster serves which slot: {self._trouble}")

    def _known(self) -> SlotMap | None:
        """The map, read anew: compiled, what was known of an attribute in front of an await is believed behind it."""
        return self._map

    def node(self, key: bytes | None, /) -> Node:
        """The master of a key's slot."""
        if self._map is None:
            raise StoreError("the Cluster's map is not known")
        if key is None:
            return self._any_node(self._map)
        address = self._owner(key_slot(key))
        if address is None:
            self._look_soon()
            raise StoreError(f"slot {key_slot(key)} is served by no node of the Cluster")
        return self._node(address)

    def nodes(self) -> tuple[Node, ...]:
        """All masters."""
        owners = () if self._map is None else self._map.owners
        return tuple(self._node(address) for address in sorted({*owners, *self._moved.values()}))

    def where(self, key: str, /) -> str:
        """Name of the master of a key's slot; "" if none is known."""
        name = self._names.get(key)
        if name is None:
            address = self._owner(key_slot(key.encode()))
            name = "" if address is None else _name(address)
            if len(self._names) >= MOST_NAMES:
                self._names.clear()
            self._names[key] = name
        return name

    def failed(self, node: Node, /) -> None:
        """Look at the map soon."""
        self._away.add(_address(node.name))
        self._look_soon()

    def elsewhere(self, node: Node, error: AskError, /) -> Node:
        """The node that was named. After MOVED it serves the slot from now on; ASK is for this once."""
        address = (known_host(error.host, _address(node.name)[0]), error.port)
        if isinstance(error, MovedError):
            self._moved[error.slot_id] = address
            self._names.clear()
            self._look_soon()
        return self._node(address)

    def uncovered(self) -> int:
        """Slots without a master."""
        return 0 if self._map is None else self._map.uncovered

    async def close(self) -> None:
        """Close all connections."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.gather(self._look, return_exceptions=True)
        for node in self._nodes.values():
            node.close()

    def _owner(self, slot: int) -> Address | None:
        moved = self._moved.get(slot)
        return moved if moved is not None or self._map is None else self._map.owner(slot)

    def _any_node(self, slots: SlotMap) -> Node:
        if self._any is None or self._any in self._away or self._any not in slots.owners:
            owners = sorted(set(slots.owners))
            if not owners:
                raise StoreError("no node of the Cluster serves any slot")
            self._any = next((address for address in owners if address not in self._away), owners[0])
        return self._node(self._any)

    def _node(self, address: Address) -> Node:
        node = self._nodes.get(address)
        if node is None:
            node = self._nodes[address] = Node(_name(address), self._linker.to(*address))
        return node

    def _look_soon(self) -> asyncio.Task[None]:
        """The look under way, or a new one, which begins when the last one is long enough ago."""
        if self._look is None or self._look.done():
            self._look = asyncio.create_task(self._look_until_whole())
        return self._look

    async def _look_until_whole(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._looked_at + LOOK_EVERY_S - loop.time())
            self._looked_at = loop.time()
            slots = await self._ask_all()
            if slots is None:
                return  # the next call tries again
            self._forget(slots)
            if self._away.isdisjoint(slots.owners) and not slots.uncovered:
                return

    async def _ask_all(self) -> SlotMap | None:
        """The map, once every node has answered or is given up."""
        known = {*self._seeds, *(() if self._map is None else (*self._map.owners, *self._map.replicas))}
        moved = dict(self._moved)
        self._epoch = -1
        self._told.clear()
        await asyncio.gather(*(self._ask(address) for address in known))
        self._told.set()
        # what was told by MOVED while we asked is newer than the map
        self._moved = {slot: to for slot, to in self._moved.items() if moved.get(slot) != to}
        self._names.clear()
        return self._map

    async def _ask(self, address: Address) -> None:
        info, slots = await self._node(address).exchange([("CLUSTER", "INFO"), ("CLUSTER", "SLOTS")], LOOK_BUDGET_S)
        if isinstance(info, Exception) or isinstance(slots, Exception):
            self._away.add(address)
            self._trouble = str(slots if isinstance(slots, Exception) else info)
            return
        self._away.discard(address)
        if (epoch := read_epoch(info)) > self._epoch and slots:
            self._epoch = epoch
            self._map = read_slots(slots, address[0])
            self._names.clear()
            self._told.set()

    def _forget(self, slots: SlotMap) -> None:
        """Close and drop nodes that are in the map no more."""
        kept = {*slots.owners, *slots.replicas, *self._seeds, *self._moved.values()}
        for address in [address for address in self._nodes if address not in kept]:
            self._nodes.pop(address).close()
        self._away &= kept


def _name(address: Address) -> str:
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _address(name: str) -> Address:
    host, _, port = name.rpartition(":")
    return host.strip("[]"), int(port)
