"""What a store says of itself, and what of that is told to the operator."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

import pytest
from redis.exceptions import ResponseError

from bngcorr.errors import StoreError
from bngcorr.store.greeting import Fault, Greeting, NodeGreeting, Role, Severity, faults, greet, read_node
from bngcorr.store.lane import open_lane

from .servers.cluster import cluster
from .servers.single import PASSWORD, USER, acl_valkey, single_redis, single_valkey

REFUSE, WARN, INFO = Severity.REFUSE, Severity.WARN, Severity.INFO
GOOD = NodeGreeting(
    node="", server="redis", version="7.0.15", maxmemory=1 << 30, maxmemory_policy="noeviction", role=Role.MASTER,
    persistent=True,
)  # fmt: skip
DENIED = StoreError("NoPermissionError: this user has no permissions")
HELLO = [b"server", b"redis", b"version", b"7.2.4", b"proto", 2, b"mode", b"standalone", b"role", b"master"]


def _faults(node: NodeGreeting) -> tuple[Fault, ...]:
    return faults(Greeting(nodes=(node,)))


@pytest.mark.parametrize("version", ["7.0.0", "7.0.15", "7.4", "8.2.1", "10.0"])
def test_a_store_as_it_should_be_has_no_faults(version: str) -> None:
    """Nothing is said of Redis 7.0 or newer that evicts nothing, is a master and writes a file."""
    assert () == _faults(replace(GOOD, version=version))


@pytest.mark.parametrize("version", ["7.2.4", "8.0.0", "9.1.2"])
def test_any_valkey_is_new_enough(version: str) -> None:
    """Valkey began with what Redis 7.2 had."""
    assert () == _faults(replace(GOOD, server="valkey", version=version))


@pytest.mark.parametrize("version", ["6.2.14", "5.0", "2.8.19", "unstable"])
def test_an_old_redis_is_refused(version: str) -> None:
    """Before 7.0 commands are missing that the store is built on."""
    (fault,) = _faults(replace(GOOD, version=version))

    assert REFUSE is fault.severity
    assert f"redis {version}" in fault.text
    assert "7.0" in fault.text


@pytest.mark.parametrize(
    ("changed", "severity", "words"),
    [
        ({"maxmemory_policy": "allkeys-lru"}, WARN, ("allkeys-lru", "noeviction", "when it is full", "unmatched")),
        ({"maxmemory_policy": "volatile-ttl", "maxmemory": 0}, WARN, ("volatile-ttl", "once maxmemory is set")),
        ({"role": Role.REPLICA}, WARN, ("replica", "redis+sentinel://")),
        ({"full_coverage": True}, WARN, ("cluster-require-full-coverage",)),
        ({"persistent": False}, INFO, ("appendonly", "save")),
        ({"version": "", "server": ""}, WARN, ("version", "+info")),
        ({"silent": "no answer within 50 ms"}, WARN, ("does not answer", "no answer within 50 ms")),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(
    changed: dict[str, object], severity: Severity, words: tuple[str, ...]
) -> None:
    """One fault each, with the node, the setting and the remedy in one sentence."""
    (fault,) = _faults(replace(GOOD, node="192.0.2.1:7000", **changed))  # type: ignore[arg-type]

    assert (severity, "192.0.2.1:7000") == (fault.severity, fault.node)
    assert "192.0.2.1:7000" in fault.text
    assert [] == [word for word in words if word not in fault.text]


def test_slots_that_nobody_serves_are_told() -> None:
    """A Cluster with holes loses the BNGs whose domains fall into them."""
    (fault,) = faults(Greeting(nodes=(GOOD,), uncovered=5461))

    assert WARN is fault.severity
    assert "5461 of 16384" in fault.text


def test_the_worst_comes_first() -> None:
    """A reason to refuse the store stands before warnings, and these before remarks."""
    node = replace(GOOD, version="6.0.0", maxmemory_policy="allkeys-lru", persistent=False)

    assert [REFUSE, WARN, INFO] == [fault.severity for fault in _faults(node)]


def test_what_may_not_be_asked_is_unknown_and_no_fault() -> None:
    """A user without INFO and CONFIG still learns name, version and role, and nothing is made up about the rest."""
    node = read_node("", [DENIED, HELLO, DENIED, DENIED])

    assert NodeGreeting(node="", server="redis", version="7.2.4", role=Role.MASTER) == node
    assert () == _faults(node)


def test_a_server_without_config_is_greeted_all_the_same() -> None:
    """Some services rename CONFIG away: whether it saves is unknown then, unless it appends to a file."""
    absent = ResponseError("unknown command 'CONFIG'")
    info = b"redis_version:7.2.4\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\nrole:slave\r\naof_enabled:%d\r\n"

    without = read_node("", [info % 0, HELLO, absent, absent])
    with_file = read_node("", [info % 1, HELLO, absent, absent])

    assert (None, True) == (without.persistent, with_file.persistent)
    assert Role.REPLICA is without.role
    assert "noeviction" == without.maxmemory_policy


def test_a_node_that_is_silent_is_told_among_others() -> None:
    """One of three nodes does not answer: the version of the others is known, its own trouble is a fault."""
    silent = read_node("c:1", [StoreError("c:1: no answer within 50 ms")] * 4)
    greeting = Greeting(nodes=(replace(GOOD, node="a:1"), replace(GOOD, node="b:1"), silent))

    assert "redis 7.0.15" == greeting.version
    assert ["c:1"] == [fault.node for fault in faults(greeting)]


@pytest.mark.asyncio
async def test_a_real_valkey_greets() -> None:
    """The server of the tests writes no file on purpose, which is all there is to say."""
    with single_valkey() as one:
        one.server.ask("CONFIG", "SET", "maxmemory", 123_456_789)
        lane = open_lane(one.url)
        greeting = await greet(lane, 5.0)
        await lane.close()

    (node,) = greeting.nodes
    assert ("valkey", Role.MASTER, False) == (node.server, node.role, node.persistent)
    assert (123_456_789, "noeviction") == (node.maxmemory, node.maxmemory_policy)
    assert greeting.version.startswith("valkey ")
    assert [INFO] == [fault.severity for fault in faults(greeting)]


@pytest.mark.asyncio
async def test_a_real_redis_greets() -> None:
    """Redis 7.0 is new enough; that it evicts and saves is seen."""
    with single_redis() as one:
        one.server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        one.server.ask("CONFIG", "SET", "save", "3600 1")
        lane = open_lane(one.url)
        greeting = await greet(lane, 5.0)
        await lane.close()

    (node,) = greeting.nodes
    assert ("redis", "allkeys-lru", True) == (node.server, node.maxmemory_policy, node.persistent)
    assert node.version.startswith("7.")
    assert [WARN] == [fault.severity for fault in faults(greeting)]


@pytest.mark.asyncio
async def test_a_user_who_may_not_ask_for_settings_is_greeted() -> None:
    """CONFIG is forbidden by the ACL of this server: what INFO tells is enough, the rest is unknown."""
    with acl_valkey() as one:
        lane = open_lane(f"redis://{USER}:{quote(PASSWORD, safe='')}@{one.server.address}/0")
        greeting = await greet(lane, 5.0)
        await lane.close()

    (node,) = greeting.nodes
    assert ("valkey", "noeviction", None) == (node.server, node.maxmemory_policy, node.persistent)
    assert () == faults(greeting)


@pytest.mark.asyncio
async def test_a_store_that_is_away_does_not_greet() -> None:
    """Nobody answers: that is the store's trouble, not a greeting."""
    lane = open_lane("redis://127.0.0.1:1/0")
    with pytest.raises(StoreError, match="127"):
        await greet(lane, 0.5)
    await lane.close()


@pytest.mark.asyncio
async def test_every_master_of_a_cluster_greets() -> None:
    """Each master is greeted under its own name; one that hangs is told and does not spoil the rest."""
    with cluster() as topology:
        lane = open_lane(topology.url)
        first = await greet(lane, 5.0)
        hung = topology.masters[0]
        topology.stop_node(topology.key_on(hung))
        second = await greet(lane, 0.1)
        topology.cont(hung)
        await lane.close()
        names = sorted(node.address for node in topology.nodes[:3])

    assert names == sorted(node.node for node in first.nodes)
    assert {INFO} == {fault.severity for fault in faults(first)}
    assert [hung.address] == [fault.node for fault in faults(second) if fault.severity is WARN]
