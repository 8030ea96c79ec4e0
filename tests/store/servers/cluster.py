"""A Cluster of three masters, each with a replica."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import redis
from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

from tests.service.ports import free_port

from . import programs
from .certificates import Certificates, make_certificates
from .server import Server, running, temporary_folder, wait_for

MASTERS: Final = 3
NODE_TIMEOUT_MS: Final = 1000
FAIL_OVER_WITHIN_S: Final = 20.0


class ClusterNode(Server):
    """One node. A master that is away fails its own slots only (``cluster-require-full-coverage no``)."""

    def __init__(self, program: Path, folder: Path, certificates: Certificates | None) -> None:
        self.bus = free_port()
        options: tuple[str, ...] = (
            *("--cluster-enabled", "yes", "--cluster-config-file", str(folder / "nodes.conf")),
            *("--cluster-port", str(self.bus), "--cluster-node-timeout", str(NODE_TIMEOUT_MS)),
            *("--cluster-require-full-coverage", "no", "--cluster-replica-validity-factor", "0"),
        )
        if certificates is not None:
            options += ("--tls-cluster", "yes")
        super().__init__(program, folder, options, certificates=certificates)
        self.id = ""

    def ready(self) -> None:
        """Wait until it answers; its id is known then."""
        super().ready()
        self.id = str(self.ask("CLUSTER", "MYID"))


class Cluster:
    """The running topology. `url` names two of the nodes."""

    def __init__(self, nodes: Sequence[ClusterNode]) -> None:
        self.nodes = tuple(nodes)
        certificates = nodes[0].certificates
        hosts = f"{nodes[0].address},{nodes[1].address}"
        self.url = (
            f"redis+cluster://{hosts}"
            if certificates is None
            else f"rediss+cluster://{hosts}?ssl_ca_certs={certificates.authority}"
        )

    def slot(self, key: str) -> int:
        """Hash slot of a key."""
        return key_slot(key.encode())

    def key_on(self, node: ClusterNode) -> str:
        """A key that this master serves now."""
        return next(key for key in (f"key{number}" for number in range(10_000)) if self.master_of(key) is node)

    def master_of(self, key: str) -> ClusterNode:
        """The master of a key's slot, as most of the nodes that answer say."""
        return self._by_port(self._owner(self.slot(key)))

    def replica_of(self, key: str) -> ClusterNode:
        """A replica of that master."""
        master = self.master_of(key)
        ranges = self._ranges()
        port = next(nodes[1] for _, _, nodes in ranges if nodes[0] == master.port and len(nodes) > 1)
        return self._by_port(port)

    @property
    def masters(self) -> tuple[ClusterNode, ...]:
        """The masters that have slots."""
        return tuple(self._by_port(port) for port in sorted({nodes[0] for _, _, nodes in self._ranges()}))

    def kill_node(self, key: str) -> ClusterNode:
        """End the master of a key at once; its replica takes over after some seconds. Returns what was killed."""
        master = self.master_of(key)
        master.kill()
        return master

    def stop_node(self, key: str) -> ClusterNode:
        """SIGSTOP to the master of a key: it hangs. Returns it, for `cont`."""
        master = self.master_of(key)
        master.stop()
        return master

    def cont(self, node: ClusterNode) -> None:
        """SIGCONT; a former master becomes a replica by itself."""
        node.cont()

    def demote(self, key: str) -> ClusterNode:
        """Have a replica take over from a key's master, though nothing is wrong, and wait. Returns the former."""
        former = self.master_of(key)
        self.replica_of(key).ask("CLUSTER", "FAILOVER")
        self.failed_over(key, former)
        return former

    def failed_over(self, key: str, former: ClusterNode) -> None:
        """Wait until every node that answers names another master for the key than `former`."""
        slot = self.slot(key)
        wait_for(lambda: former.port not in set(self._owners(slot)), FAIL_OVER_WITHIN_S)

    def move_slot(self, key: str) -> ClusterNode:
        """Give the slot of a key, with all its keys, to another master. Returns the new one."""
        source = self.master_of(key)
        target = self.begin_move(key)
        slot = self.slot(key)
        while names := source.ask("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.ask("MIGRATE", "127.0.0.1", target.port, "", 0, 2000, "KEYS", *names)
        self.end_move(key, target)
        return target

    def begin_move(self, key: str) -> ClusterNode:
        """Open the slot of a key for a move: the old master answers ASK for keys that it lacks. Returns the new one."""
        source = self.master_of(key)
        target = next(node for node in self.masters if node is not source)
        slot = self.slot(key)
        target.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        return target

    def end_move(self, key: str, target: ClusterNode) -> None:
        """Tell all masters who has the slot now, the new one first."""
        slot = self.slot(key)
        for node in (target, *(node for node in self.masters if node is not target)):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", target.id)
        wait_for(lambda: set(self._owners(slot)) == {target.port}, FAIL_OVER_WITHIN_S)

    def settled(self) -> None:
        """Wait until every node runs, all slots are covered, and every replica follows."""
        for node in self.nodes:
            if not node.alive:
                node.start()
                node.ready()

        def whole() -> bool:
            try:
                states = [str(node.ask("CLUSTER", "INFO")) for node in self.nodes]
                roles = [node.ask("ROLE") for node in self.nodes]
                flags = [str(node.ask("CLUSTER", "NODES")) for node in self.nodes]
            except redis.RedisError:
                return False
            linked = sum(role[0] == "slave" and role[3] == "connected" for role in roles)
            return (
                all("cluster_state:ok" in state and "cluster_slots_ok:16384" in state for state in states)
                and not any("fail" in text or "handshake" in text for text in flags)
                and linked == len(self.nodes) - MASTERS
            )

        wait_for(whole, FAIL_OVER_WITHIN_S)

    def _by_port(self, port: int) -> ClusterNode:
        return next(node for node in self.nodes if node.port == port)

    def _owner(self, slot: int) -> int:
        owners = self._owners(slot)
        return max(owners, key=owners.count)

    def _owners(self, slot: int) -> list[int]:
        """What each node that answers says, as ports."""
        owners: list[int] = []
        for node in self.nodes:
            owners += [nodes[0] for first, last, nodes in _slots(node) if first <= slot <= last]
        return owners

    def _ranges(self) -> list[tuple[int, int, list[int]]]:
        return max((_slots(node) for node in self.nodes), key=len)


def _slots(node: ClusterNode) -> list[tuple[int, int, list[int]]]:
    """First and last slot, ports of the master and its replicas; empty if the node does not answer."""
    if not node.alive or _stopped(node.pid):
        return []
    try:
        reply = node.ask("CLUSTER", "SLOTS")
    except redis.RedisError:
        return []
    return [(int(row[0]), int(row[1]), [int(place[1]) for place in row[2:]]) for row in reply]


def _stopped(pid: int) -> bool:
    """Whether the process was stopped in its tracks: asking it would cost a time-out."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("T")


@contextmanager
def cluster() -> Iterator[Cluster]:
    """Valkey: three masters, three replicas."""
    with temporary_folder() as folder, _cluster(programs.valkey(), folder, None, 2 * MASTERS) as topology:
        yield topology


@contextmanager
def tls_cluster() -> Iterator[Cluster]:
    """Redis 7.0: three masters without replicas, all of it over TLS."""
    with temporary_folder() as folder:
        certificates = make_certificates(folder / "tls")
        with _cluster(programs.redis(), folder, certificates, MASTERS) as topology:
            yield topology


@contextmanager
def _cluster(program: Path, folder: Path, certificates: Certificates | None, size: int) -> Iterator[Cluster]:
    nodes = [ClusterNode(program, folder / str(number), certificates) for number in range(size)]
    with running(nodes):
        masters, replicas = nodes[:MASTERS], nodes[MASTERS:]
        share = -(-REDIS_CLUSTER_HASH_SLOTS // MASTERS)
        for number, node in enumerate(masters):
            last = min((number + 1) * share, REDIS_CLUSTER_HASH_SLOTS) - 1
            node.ask("CLUSTER", "ADDSLOTSRANGE", number * share, last)
        for number, node in enumerate(nodes):
            node.ask("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", node.port, node.bus)

        def met() -> bool:
            return all(len(_known(node)) == size for node in nodes)

        wait_for(met, FAIL_OVER_WITHIN_S)
        for master, replica in zip(masters, replicas, strict=False):
            replica.ask("CLUSTER", "REPLICATE", master.id)
        topology = Cluster(nodes)
        topology.settled()
        yield topology


def _known(node: ClusterNode) -> list[str]:
    return [line for line in str(node.ask("CLUSTER", "NODES")).splitlines() if "handshake" not in line]
