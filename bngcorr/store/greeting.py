"""What a store says of itself when it is first met, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from bngcorr.errors import StoreError
from bngcorr.store.lane import Command, Reply

OLDEST_REDIS: Final = (7, 0)
OLDEST_TEXT: Final = "Redis 7.0 or newer, or any Valkey"
NO_EVICTION: Final = "noeviction"
SLOTS: Final = 16384

_QUESTIONS: Final[tuple[Command, ...]] = (
    ("INFO",),
    ("HELLO",),  # tells name and version to users who may not ask for INFO
    ("CONFIG", "GET", "save"),
    ("CONFIG", "GET", "cluster-require-full-coverage"),
)


class Role(StrEnum):
    """What a server is to others."""

    MASTER = "master"
    REPLICA = "replica"


class Severity(StrEnum):
    """What a fault means for us."""

    REFUSE = "refuse"  # the store is of no use
    WARN = "warn"  # it works until it does harm
    INFO = "info"  # a choice that the operator may have made


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGreeting:
    """One node. None is what it did not tell, or may not tell us."""

    node: str  # its name, host:port; "" for the only one
    silent: str = ""  # why it has not answered at all
    server: str = ""  # redis, valkey; "" if unknown
    version: str = ""  # as it tells it
    maxmemory: int | None = None  # octets, 0 for no limit
    maxmemory_policy: str | None = None
    role: Role | None = None
    persistent: bool | None = None  # writes a file that outlives it
    full_coverage: bool | None = None  # of a Cluster: refuses everything while one slot has no master


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """All nodes that serve keys."""

    nodes: tuple[NodeGreeting, ...]
    uncovered: int = 0  # slots of a Cluster that no node serves

    @property
    def version(self) -> str:
        """Name and version of what answered, each once: "valkey 9.1.2"."""
        return ", ".join(dict.fromkeys(f"{node.server} {node.version}" for node in self.nodes if not node.silent))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong: what, where, and what to do about it, in a sentence."""

    severity: Severity
    node: str
    text: str


class Nodes(Protocol):
    """What can ask every node of a store."""

    @property
    def uncovered(self) -> int:
        """Slots that no node serves."""
        ...

    async def ask_nodes(self, commands: tuple[Command, ...], budget_s: float, /) -> Mapping[str, list[Reply]]:
        """Replies by node name; errors stand in their places. Raises StoreError."""
        ...


async def greet(lane: Nodes, budget_s: float) -> Greeting:
    """Ask every node that serves keys. Raises StoreError if none answers."""
    answers = await lane.ask_nodes(_QUESTIONS, budget_s)
    nodes = tuple(read_node(name, replies) for name, replies in answers.items())
    if all(node.silent for node in nodes):
        raise StoreError(nodes[0].silent if nodes else "no node of the store serves anything")
    return Greeting(nodes=nodes, uncovered=lane.uncovered)


def read_node(name: str, replies: list[Reply]) -> NodeGreeting:
    """A node's replies to the questions, as values."""
    info, hello, save, coverage = replies
    if isinstance(info, StoreError) and isinstance(hello, StoreError):
        return NodeGreeting(node=name, silent=str(hello))
    told = {} if isinstance(info, Exception) else _lines(info)
    greeted = {} if isinstance(hello, Exception) else _pairs(hello)
    is_valkey = "valkey_version" in told or greeted.get("server") == "valkey"
    saves = _setting(save)
    cluster = told.get("cluster_enabled") == "1"
    return NodeGreeting(
        node=name,
        server="valkey" if is_valkey else told.get("server_name") or ("redis" if told else greeted.get("server", "")),
        version=told.get("valkey_version") or told.get("redis_version") or greeted.get("version", ""),
        maxmemory=int(told["maxmemory"]) if "maxmemory" in told else None,
        maxmemory_policy=told.get("maxmemory_policy"),
        role=_role(told.get("role") or greeted.get("role")),
        persistent=_any(told.get("aof_enabled") == "1" if told else None, None if saves is None else bool(saves)),
        full_coverage=_setting(coverage) == "yes" if cluster and _setting(coverage) is not None else None,
    )


def faults(greeting: Greeting) -> tuple[Fault, ...]:
    """What is wrong with a store, the worst first."""
    found = [fault for node in greeting.nodes for fault in _node_faults(node)]
    if greeting.uncovered:
        text = (
            f"{greeting.uncovered} of {SLOTS} slots are served by no node: the BNGs in them are not correlated; "
            "assign them, or bring their master back"
        )
        found.append(Fault(severity=Severity.WARN, node="", text=text))
    order = list(Severity)
    return tuple(sorted(found, key=lambda fault: order.index(fault.severity)))


def _node_faults(node: NodeGreeting) -> list[Fault]:
    here = f"the store's node {node.node}" if node.node else "the store"
    found: list[Fault] = []

    def fault(severity: Severity, text: str) -> None:
        found.append(Fault(severity=severity, node=node.node, text=f"{here} {text}"))

    if node.silent:
        fault(Severity.WARN, f"does not answer ({node.silent}): what it holds is not correlated until it is back")
        return found
    if not node.version:
        fault(Severity.WARN, f"does not tell its version: allow +info to our user; it has to be {OLDEST_TEXT}")
    elif node.server != "valkey" and _number(node.version) < OLDEST_REDIS:
        fault(Severity.REFUSE, f"is {node.server} {node.version}, which is too old: use {OLDEST_TEXT}")
    if node.maxmemory_policy not in (None, NO_EVICTION):
        when = "once maxmemory is set and reached" if node.maxmemory == 0 else "when it is full"
        fault(
            Severity.WARN,
            f"has maxmemory-policy {node.maxmemory_policy}: {when}, it throws away sessions, lines and usage unseen, so"
            f" that customers go unmatched and host resources are counted short; set it to {NO_EVICTION}",
        )
    if node.role is Role.REPLICA:
        fault(
            Severity.WARN,
            "is a replica and takes no writes: name the master in store.url, or its Sentinels (redis+sentinel://)",
        )
    if node.full_coverage:
        fault(
            Severity.WARN,
            "has cluster-require-full-coverage yes: one master away stops all of the Cluster; set it to no",
        )
    if node.persistent is False:
        fault(
            Severity.INFO,
            "writes no file (appendonly no, no save): after a restart without a replica, sessions are known again only"
            " as their Interims come in",
        )
    return found


def _number(version: str) -> tuple[int, ...]:
    """7, 0 of 7.0.15; 0 for what is no number."""
    parts = version.split(".")[:2]
    return tuple(int(part) if part.isdecimal() else 0 for part in parts)


def _role(word: str | None) -> Role | None:
    if word is None:
        return None
    return Role.MASTER if word == "master" else Role.REPLICA


def _any(first: bool | None, second: bool | None) -> bool | None:
    """One is true; None if neither is and one is unknown."""
    if first or second:
        return True
    return None if first is None or second is None else False


def _setting(reply: Reply) -> str | None:
    """A CONFIG GET of one setting; None if it may not be asked for or is unknown."""
    return None if isinstance(reply, Exception) else next(iter(_pairs(reply).values()), None)


def _lines(reply: Reply) -> dict[str, str]:
    return dict(line.split(":", 1) for line in _text(reply).splitlines() if ":" in line)


def _pairs(reply: Reply) -> dict[str, str]:
    return {_text(name): _text(value) for name, value in zip(reply[::2], reply[1::2], strict=True)}


def _text(value: Reply) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
