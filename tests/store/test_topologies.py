"""The road to the store over each topology, with nodes that die, hang, step down and hand over slots."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import quote

import pytest
import pytest_asyncio

from bngcorr.errors import StoreError
from bngcorr.model.vocabulary import ActKind, ActOutcome, CommandKind
from bngcorr.store.audit_trail import Asked, Ended
from bngcorr.store.commands import Answer
from bngcorr.store.lane import CONNECT_BUDGET_S, Lane, Reply, open_lane
from bngcorr.store.lane.commands import Command
from bngcorr.store.traces import packed_request
from bngcorr.store.valkey_acts import Commands, Processes, Traces, Trail

from .acting import PROCESS, REQUEST, rule
from .servers.certificates import make_certificates
from .servers.cluster import Cluster, cluster, tls_cluster
from .servers.sentinel import Sentinels, sentinels, tls_sentinels
from .servers.server import temporary_folder
from .servers.single import PASSWORD, USER, Single, acl_valkey, single_redis, single_valkey, tls_redis
from .test_lane import observation

pytestmark = pytest.mark.asyncio

BUDGET_S = 0.05
SLACK_S = 0.5  # two cores, and many processes on them
BACK_WITHIN_S = 15.0


@pytest.fixture(scope="module")
def valkey_sentinels() -> Iterator[Sentinels]:
    """A master, a replica, three Sentinels."""
    with sentinels() as topology:
        yield topology


@pytest.fixture(scope="module")
def valkey_cluster() -> Iterator[Cluster]:
    """Three masters, three replicas."""
    with cluster() as topology:
        yield topology


@pytest.fixture(scope="module")
def redis_with_tls() -> Iterator[Single]:
    """One Redis that speaks TLS only."""
    with tls_redis() as one:
        yield one


@pytest.fixture(scope="module")
def valkey_with_users() -> Iterator[Single]:
    """One Valkey that lets in one user only."""
    with acl_valkey() as one:
        yield one


@pytest_asyncio.fixture
async def guarded(valkey_sentinels: Sentinels) -> AsyncIterator[Lane]:
    """A lane to the master that the Sentinels name, with a connection already."""
    valkey_sentinels.settled()
    async with _lane(valkey_sentinels.url) as lane:
        await lane.run([("SET", "a", "before")], 5.0)
        yield lane


@pytest_asyncio.fixture
async def spread(valkey_cluster: Cluster) -> AsyncIterator[Lane]:
    """A lane into the Cluster, with connections to all masters."""
    valkey_cluster.settled()
    async with _lane(valkey_cluster.url) as lane:
        await lane.run([("SET", valkey_cluster.key_on(node), "before") for node in valkey_cluster.masters], 5.0)
        yield lane


@asynccontextmanager
async def _lane(url: str) -> AsyncIterator[Lane]:
    lane = open_lane(url)
    try:
        yield lane
    finally:
        await lane.close()


async def _back(lane: Lane, command: Command) -> Reply:
    """The first reply that is none of trouble; each try keeps its budget, or the test fails."""
    deadline = time.monotonic() + BACK_WITHIN_S
    while True:
        started = time.monotonic()
        (reply,) = await lane.run_each([command], BUDGET_S)
        assert time.monotonic() - started < BUDGET_S + CONNECT_BUDGET_S + SLACK_S
        if not isinstance(reply, Exception):
            return reply
        assert isinstance(reply, StoreError)
        assert time.monotonic() < deadline, f"not back after {BACK_WITHIN_S} s: {reply}"
        await asyncio.sleep(0.01)


# ---- one server


async def test_redis_7_0_is_spoken_to_like_valkey() -> None:
    """The oldest server that is supported answers, and is sent scripts that it has not seen."""
    with single_redis() as one:
        async with _lane(one.url) as lane:
            replies = await lane.run([("SET", "a", 1), ("GET", "a")], 5.0)

    assert [b"OK", b"1"] == replies


async def test_tls_with_the_right_authority(redis_with_tls: Single) -> None:
    """A server whose certificate our authority signed is trusted."""
    async with _lane(redis_with_tls.url) as lane:
        assert [b"PONG"] == await lane.run([("PING",)], 5.0)


async def test_tls_with_another_authority_is_refused(redis_with_tls: Single) -> None:
    """A certificate that somebody else signed ends the call before anything is sent."""
    with temporary_folder() as folder:
        other = make_certificates(folder)
        async with _lane(f"rediss://{redis_with_tls.server.address}/0?ssl_ca_certs={other.authority}") as lane:
            with pytest.raises(StoreError, match=r"(?i)certificate"):
                await lane.run([("PING",)], 5.0)


async def test_tls_without_an_authority_is_refused(redis_with_tls: Single) -> None:
    """The system's authorities do not know ours; only who says so in the URL goes without a check."""
    address = redis_with_tls.server.address
    async with _lane(f"rediss://{address}/0") as lane:
        with pytest.raises(StoreError, match=r"(?i)certificate"):
            await lane.run([("PING",)], 5.0)
    async with _lane(f"rediss://{address}/0?ssl_cert_reqs=none") as lane:
        assert [b"PONG"] == await lane.run([("PING",)], 5.0)


async def test_tls_with_a_certificate_of_our_own() -> None:
    """A server that wants to know its clients gets the certificate that the URL names; without it, nobody gets in."""
    with tls_redis(["--tls-auth-clients", "yes"]) as one:
        files = one.certificates
        async with _lane(f"{one.url}&ssl_certfile={files.user}&ssl_keyfile={files.user_key}") as lane:
            assert [b"PONG"] == await lane.run([("PING",)], 5.0)
        async with _lane(one.url) as lane:
            with pytest.raises(StoreError):
                await lane.run([("PING",)], 5.0)


async def test_a_file_of_authorities_that_is_missing_is_told_at_once() -> None:
    """Nothing has to be contacted to see that a file of the URL is not there."""
    with pytest.raises(StoreError, match=r"ssl_ca_certs '/nowhere/ca\.crt'"):
        open_lane("rediss://127.0.0.1/0?ssl_ca_certs=/nowhere/ca.crt")


async def test_a_user_with_the_right_password(valkey_with_users: Single) -> None:
    """User and password of the URL are taken apart and decoded, whatever signs they have."""
    login = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}"
    async with _lane(f"redis://{login}@{valkey_with_users.server.address}/0") as lane:
        assert [USER.encode()] == await lane.run([("ACL", "WHOAMI")], 5.0)


@pytest.mark.parametrize("password", ["wr0ng", ""])
async def test_a_user_with_a_wrong_password_is_told_without_it(valkey_with_users: Single, password: str) -> None:
    """The call fails as the store's trouble, and the password is not in the message."""
    async with _lane(f"redis://{USER}:{password}@{valkey_with_users.server.address}/0") as lane:
        (reply,) = await lane.run_each([("PING",)], 5.0)

    assert isinstance(reply, StoreError)
    assert "wr0ng" not in str(reply)


async def test_what_a_user_may_not_do_is_the_stores_trouble(valkey_with_users: Single) -> None:
    """An operator can mend an ACL: what it forbids today is worth another try, and other commands are answered."""
    login = f"{USER}:{quote(PASSWORD, safe='')}"
    async with _lane(f"redis://{login}@{valkey_with_users.server.address}/0") as lane:
        allowed, forbidden = await lane.run_each([("PING",), ("CONFIG", "GET", "save")], 5.0)

    assert b"PONG" == allowed
    assert isinstance(forbidden, StoreError)


async def test_a_cluster_behind_a_url_for_one_server_is_told(valkey_cluster: Cluster) -> None:
    """Somebody names a node of a Cluster with redis://: the error says which URL is needed."""
    valkey_cluster.settled()
    node, other = valkey_cluster.masters[:2]
    async with _lane(f"redis://{node.address}/0") as lane:
        with pytest.raises(StoreError, match=r"redis\+cluster://"):
            await lane.run([("GET", valkey_cluster.key_on(other))], 5.0)


# ---- Sentinel


async def test_the_master_is_asked_from_the_sentinels(valkey_sentinels: Sentinels, guarded: Lane) -> None:
    """Calls go to the master, wherever it is; the lane has one node without a name."""
    (role, _) = await guarded.run([("ROLE",), ("SET", "a", "1")], 5.0)

    assert b"master" == role[0]
    assert b"1" == str(valkey_sentinels.master.ask("GET", "a")).encode()
    assert "" == guarded.where("a")


async def test_a_connection_to_the_master_is_kept(valkey_sentinels: Sentinels) -> None:
    """One call after the other uses the same connection, from the first one on."""
    valkey_sentinels.settled()
    async with _lane(valkey_sentinels.url) as lane:
        numbers = [(await lane.run([("CLIENT", "ID")], 5.0))[0] for _ in range(4)]

    assert 1 == len(set(numbers))


async def test_sentinels_that_are_away_or_hang_are_done_without(valkey_sentinels: Sentinels) -> None:
    """One Sentinel is not there, one hangs: the others name the master, in time."""
    valkey_sentinels.settled()
    hanging, *rest = valkey_sentinels.sentinels
    hosts = ",".join(["127.0.0.1:1", hanging.address, *(sentinel.address for sentinel in rest)])
    hanging.stop()
    try:
        async with _lane(f"redis+sentinel://{hosts}/bngcorr") as lane:
            started = time.monotonic()
            await lane.run([("SET", "a", "1")], BUDGET_S)
            took = time.monotonic() - started
    finally:
        hanging.cont()

    assert took < BUDGET_S + CONNECT_BUDGET_S + SLACK_S


async def test_a_master_that_no_sentinel_knows_is_told(valkey_sentinels: Sentinels) -> None:
    """A mistyped name of the master is in the error, with what the Sentinels said."""
    async with _lane(valkey_sentinels.url.replace("/bngcorr/", "/bngcor/")) as lane:
        with pytest.raises(StoreError, match=r"no master 'bngcor' is up: .*No such master"):
            await lane.run([("PING",)], 5.0)


async def test_a_forced_fail_over_is_noticed_within_a_second_or_two(valkey_sentinels: Sentinels, guarded: Lane) -> None:
    """The former master takes writes for ten seconds more, which would be lost: we leave it though nothing fails."""
    former = await asyncio.to_thread(valkey_sentinels.demote)
    deadline = time.monotonic() + 3.0
    number = 0
    while valkey_sentinels.master.ask("GET", "number") is None:
        assert time.monotonic() < deadline, "writes still go to the former master"
        number += 1
        await guarded.run_each([("SET", "number", number)], BUDGET_S)
        await asyncio.sleep(0.05)

    assert former is not valkey_sentinels.master
    valkey_sentinels.master.ask("DEL", "number")


async def test_a_demoted_master_that_refuses_writes_is_left(valkey_sentinels: Sentinels, guarded: Lane) -> None:
    """The first write that is told READONLY fails as the store's trouble; then the master is found."""
    former = await asyncio.to_thread(valkey_sentinels.demote)
    former.ask("REPLICAOF", "127.0.0.1", valkey_sentinels.master.port)

    assert b"OK" == await _back(guarded, ("SET", "a", "after"))
    assert "after" == valkey_sentinels.master.ask("GET", "a")


async def test_a_killed_master_is_replaced(valkey_sentinels: Sentinels, guarded: Lane) -> None:
    """The master dies: calls fail at once until a replica has taken over, and then go there."""
    killed = valkey_sentinels.kill_master()

    assert b"OK" == await _back(guarded, ("SET", "a", "after"))
    await asyncio.to_thread(valkey_sentinels.failed_over, killed)  # one Sentinel knew it first


async def test_a_hanging_master_is_replaced(valkey_sentinels: Sentinels, guarded: Lane) -> None:
    """The master hangs: calls overrun their budget and no more, until a replica has taken over; then they go there."""
    stopped = valkey_sentinels.stop_node()
    try:
        assert b"OK" == await _back(guarded, ("SET", "a", "after"))
        await asyncio.to_thread(valkey_sentinels.failed_over, stopped)
        master = valkey_sentinels.master
    finally:
        valkey_sentinels.cont(stopped)

    assert master is not stopped
    # it wakes up as a master of the past: nothing of ours goes there any more
    for number in range(20):
        await guarded.run([("SET", "b", number)], 5.0)
        assert f"{number}" == master.ask("GET", "b")


async def test_sentinels_over_tls() -> None:
    """Master and Sentinels speak TLS only: both are reached with the authority of the URL."""
    with tls_sentinels() as topology:
        async with _lane(topology.url) as lane:
            assert [b"OK", b"1"] == await lane.run([("SET", "a", 1), ("GET", "a")], 5.0)


# ---- Cluster


async def test_commands_for_many_slots_in_one_call(valkey_cluster: Cluster, spread: Lane) -> None:
    """Three hundred keys go to three masters in three writes; replies come back in the order of the commands."""
    calls = spread.calls
    await spread.run([("SET", f"k{number}", number) for number in range(300)], 5.0)
    replies = await spread.run([("GET", f"k{number}") for number in range(300)], 5.0)

    assert [b"%d" % number for number in range(300)] == replies
    assert calls + 6 == spread.calls
    assert {node.address for node in valkey_cluster.masters} == {spread.where(f"k{number}") for number in range(300)}


async def test_each_key_is_served_where_the_cluster_says(valkey_cluster: Cluster, spread: Lane) -> None:
    """The name of a key's node is its address."""
    for node in valkey_cluster.masters:
        assert node.address == spread.where(valkey_cluster.key_on(node))


async def test_every_node_can_be_asked(valkey_cluster: Cluster, spread: Lane) -> None:
    """A question without a key goes to each master, and each answers under its name."""
    answers = await spread.ask_nodes([("CLUSTER", "MYID")], 5.0)

    assert {node.address: [node.id.encode()] for node in valkey_cluster.masters} == answers


async def test_a_slot_that_has_moved_is_followed_without_a_failure(valkey_cluster: Cluster, spread: Lane) -> None:
    """MOVED is followed within the call, and the next call goes straight to the new node."""
    key = "{moving}a"
    await spread.run([("SET", key, "1"), ("SET", "{moving}b", "2")], 5.0)
    target = valkey_cluster.move_slot(key)
    replies = await spread.run([("GET", key), ("GET", "{moving}b"), ("GET", "other")], 5.0)
    where = spread.where(key)
    calls = spread.calls
    await spread.run([("GET", key)], 5.0)

    assert [b"1", b"2"] == replies[:2]
    assert target.address == where
    assert calls + 1 == spread.calls


async def test_a_slot_on_its_way_is_asked_for_where_its_keys_are(valkey_cluster: Cluster, spread: Lane) -> None:
    """While a slot moves, keys that are not at the old node any more are asked for at the new one, for this once."""
    key = "{halfway}a"
    await spread.run([("SET", key, "1")], 5.0)
    source = valkey_cluster.master_of(key)
    target = valkey_cluster.begin_move(key)
    try:
        new = await spread.run([("SET", "{halfway}b", "2"), ("GET", key), ("GET", "{halfway}b")], 5.0)
        where = spread.where(key)
    finally:
        source.ask("MIGRATE", "127.0.0.1", target.port, key, 0, 2000)
        valkey_cluster.end_move(key, target)

    assert [b"OK", b"1", b"2"] == new
    assert source.address == where
    assert [b"1", b"2"] == await spread.run([("GET", key), ("GET", "{halfway}b")], 5.0)


async def test_scripts_are_loaded_on_the_node_that_lacks_them(valkey_cluster: Cluster, spread: Lane) -> None:
    """One node has forgotten a script and another has not: both commands of the call are answered."""
    prefixes = [f"{{{valkey_cluster.key_on(node)}}}" for node in valkey_cluster.masters]
    await spread.run([observation(spread, prefix, 1) for prefix in prefixes], 5.0)
    for node in valkey_cluster.masters[1:]:
        node.ask("SCRIPT", "FLUSH")
    replies = await spread.run([observation(spread, prefix, 2) for prefix in prefixes], 5.0)

    assert [b"ok"] * len(prefixes) == replies


async def test_a_killed_node_fails_its_own_slots_only_and_they_come_back(valkey_cluster: Cluster, spread: Lane) -> None:
    """One master dies: the other slots are answered all the while, its own again once its replica has taken over."""
    away, *others = valkey_cluster.masters
    lost, kept = valkey_cluster.key_on(away), [valkey_cluster.key_on(node) for node in others]
    valkey_cluster.kill_node(lost)
    first, *rest = await spread.run_each([("SET", lost, "x"), *(("SET", key, "x") for key in kept)], BUDGET_S)

    async def others_answer() -> int:
        answered = 0
        while True:
            for key in kept:
                await spread.run([("SET", key, "y")], 2.0)
                answered += 1
            await asyncio.sleep(0.01)

    meanwhile = asyncio.create_task(others_answer())
    back = await _back(spread, ("SET", lost, "z"))

    assert isinstance(first, StoreError)
    assert [b"OK", b"OK"] == rest
    assert not meanwhile.done()
    assert b"OK" == back
    assert spread.where(lost) not in ("", away.address)
    meanwhile.cancel()


async def test_a_hanging_node_holds_up_its_own_commands_only(valkey_cluster: Cluster, spread: Lane) -> None:
    """One master hangs: a call with commands for it and others keeps the budget, and the others' replies are there."""
    hung, *others = valkey_cluster.masters
    lost, kept = valkey_cluster.key_on(hung), [valkey_cluster.key_on(node) for node in others]
    valkey_cluster.stop_node(lost)
    try:
        started = time.monotonic()
        first, *rest = await spread.run_each([("SET", lost, "x"), *(("SET", key, "x") for key in kept)], BUDGET_S)
        took = time.monotonic() - started
        slowest = 0.0
        for _ in range(100):  # the map is looked at meanwhile, which nobody is to feel
            started = time.monotonic()
            await spread.run([("SET", key, "x") for key in kept], 1.0)
            slowest = max(slowest, time.monotonic() - started)
            await asyncio.sleep(0.005)
        back = await _back(spread, ("SET", lost, "z"))
    finally:
        valkey_cluster.cont(hung)

    assert isinstance(first, StoreError)
    assert [b"OK", b"OK"] == rest
    assert took < BUDGET_S + SLACK_S
    assert slowest < SLACK_S
    assert b"OK" == back


async def test_a_forced_fail_over_of_a_node_costs_nothing(valkey_cluster: Cluster, spread: Lane) -> None:
    """A replica takes over in good order: the former master points to it, and no call fails."""
    key = valkey_cluster.key_on(valkey_cluster.masters[0])
    former = await asyncio.to_thread(valkey_cluster.demote, key)

    assert [b"OK"] == await spread.run([("SET", key, "after")], 5.0)
    assert spread.where(key) not in ("", former.address)


async def test_a_successor_is_found_though_nobody_calls(valkey_cluster: Cluster, spread: Lane) -> None:
    """After one failed call the map is looked at until the dead master's successor is known; the next call succeeds."""
    key = valkey_cluster.key_on(valkey_cluster.masters[0])
    killed = valkey_cluster.kill_node(key)
    await spread.run_each([("SET", key, "x")], BUDGET_S)
    await asyncio.to_thread(valkey_cluster.failed_over, key, killed)
    await asyncio.sleep(1.5)

    assert spread.where(key) not in ("", killed.address)
    assert [b"OK"] == await spread.run([("SET", key, "x")], 1.0)


async def test_what_has_no_key_goes_to_a_node_that_answers(valkey_cluster: Cluster, spread: Lane) -> None:
    """The node that was asked for the time dies: after one failure another one is asked."""
    (mine,) = await spread.run([("CLUSTER", "MYID")], 5.0)
    node = next(node for node in valkey_cluster.nodes if node.id == mine.decode())
    node.kill()
    await spread.run_each([("TIME",)], BUDGET_S)

    assert 2 == len((await spread.run([("TIME",)], 1.0))[0])


async def test_cancelled_calls_over_many_nodes_leave_no_stray_reply(valkey_cluster: Cluster, spread: Lane) -> None:
    """Calls to all masters at once, cancelled at odd moments: later callers get their own answers."""
    keys = [valkey_cluster.key_on(node) for node in valkey_cluster.masters]
    await spread.run([("SET", key, key) for key in keys], 5.0)

    async def call(number: int) -> None:
        stray = asyncio.create_task(spread.run([("APPEND", f"stray{n}", "x" * 1000) for n in range(30)], 5.0))
        await asyncio.sleep(number % 9 / 3000)
        stray.cancel()
        await asyncio.gather(stray, return_exceptions=True)
        assert [key.encode() for key in keys] == await spread.run([("GET", key) for key in keys], 5.0)

    await asyncio.gather(*(call(number) for number in range(60)))


async def test_a_cluster_without_any_node_is_a_store_error_in_time() -> None:
    """Nobody of the URL is there: each call fails soon, and the next one tries again."""
    async with _lane("redis+cluster://127.0.0.1:1,127.0.0.1:2") as lane:
        for _ in range(2):
            started = time.monotonic()
            (reply,) = await lane.run_each([("GET", "a")], BUDGET_S)
            assert isinstance(reply, StoreError)
            assert time.monotonic() - started < BUDGET_S + CONNECT_BUDGET_S + SLACK_S
        assert "" == lane.where("a")


async def test_a_cluster_is_learnt_from_whichever_node_answers(valkey_cluster: Cluster) -> None:
    """Of the nodes in the URL one is gone: the map is learnt from the other."""
    valkey_cluster.settled()
    async with _lane(f"redis+cluster://127.0.0.1:1,{valkey_cluster.nodes[-1].address}") as lane:
        assert [b"OK", b"OK", b"OK"] == await lane.run([("SET", name, 1) for name in ("a", "b", "c")], 5.0)


async def test_acts_travel_through_a_cluster(spread: Lane) -> None:
    """Commands, answers, processes, traces and the trail lie in one slot, so that scripts may take them together."""
    commands, processes, kept, trail = Commands(spread), Processes(spread), Traces(spread), Trail(spread)
    cursor = await commands.begin()
    put = await commands.put(CommandKind.COA, {}, by="noc", within_ms=1000)
    now_ms = put.at_ms
    held = rule("t1", at_ms=now_ms, until_ms=now_ms + 60_000)

    assert await kept.start(held)
    polled = await commands.poll(cursor)
    assert ((put,), (held,)) == (polled.commands, polled.rules)
    assert [True, False] == [await commands.claim(put.id, process) for process in ("p1", "p2")]
    await commands.answer(put.id, Answer(process="p1", ok=True, said="done", body={}))
    assert ["p1"] == [one.process for one in await commands.answers(put.id)]
    await processes.tell(replace(PROCESS, told_ms=now_ms))
    assert [PROCESS.id] == [row.id for row in await processes.all()]
    await kept.keep([("t1", packed_request("p1", REQUEST)), ("t2", packed_request("p1", REQUEST))])
    assert [1, 1] == await kept.counts(["t1", "t2"])
    act = await trail.begin(Asked(kind=ActKind.COA, subject="s", arguments={}, who="noc", origin="192.0.2.1"))
    await trail.end(act, Ended(outcome=ActOutcome.DONE, at_ms=now_ms, said="", body={}))
    assert [ActOutcome.DONE] == [row.ended.outcome for row in (await trail.acts("", 1))[0] if row.ended is not None]


async def test_a_single_server_behind_a_url_for_a_cluster_is_told() -> None:
    """Somebody names a single server with redis+cluster://: the call fails as the store's trouble."""
    with single_valkey() as one:
        async with _lane(one.url.replace("redis://", "redis+cluster://").removesuffix("/0")) as lane:
            with pytest.raises(StoreError, match="cluster support disabled"):
                await lane.run([("GET", "a")], 1.0)


async def test_slots_that_nobody_serves_fail_alone() -> None:
    """A Cluster that has lost slots for good: their commands fail, the others are answered, and the loss is counted."""
    with cluster() as topology:
        node = topology.masters[0]
        lost, kept = topology.key_on(node), topology.key_on(topology.masters[1])
        slot = topology.slot(lost)
        for one in topology.nodes:
            if one.ask("ROLE")[0] == "master":
                one.ask("CLUSTER", "DELSLOTS", slot)
        async with _lane(f"redis+cluster://{node.address}") as lane:
            reply, other = await lane.run_each([("GET", lost), ("SET", kept, "x")], 1.0)
            uncovered = lane.uncovered

    assert isinstance(reply, StoreError)
    assert b"OK" == other
    assert 1 == uncovered


async def test_a_cluster_over_tls() -> None:
    """All nodes speak TLS only, those that the URL does not name included."""
    with tls_cluster() as topology:
        async with _lane(topology.url) as lane:
            await lane.run([("SET", f"k{number}", number) for number in range(30)], 5.0)
            replies = await lane.run([("GET", f"k{number}") for number in range(30)], 5.0)

    assert [b"%d" % number for number in range(30)] == replies
