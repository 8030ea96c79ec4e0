"""The store fails over while BNGs ask: Sentinel's master and a master of a Cluster, killed and hanging."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.bystanders import AT_ONCE_S, BURST, Bystanders, someone
from tests.service.process import Service, Settings, upstream
from tests.service.settings import SECRET, one_bng
from tests.store.servers.cluster import Cluster, cluster
from tests.store.servers.sentinel import MASTER_NAME, Sentinels, sentinels
from tests.store.servers.server import Server

BUDGET_S = 0.5  # so long that nobody could overlook a wait for the store
FIRST_WITHIN_S = BUDGET_S + 0.2 + 0.2  # a connection may take 0.2 s more; and slack
BACK_WITHIN_S = 20.0
PATIENCE_MS = 2000  # of the servers with a master that says nothing: time enough to look at what happens meanwhile
STORE = {"budget": f"{round(BUDGET_S * 1000)}ms"}


@pytest.fixture(params=["killed", "hanging"])
def befalls(request: pytest.FixtureRequest) -> Callable[[Server], None]:
    """What befalls a master."""
    return Server.kill if request.param == "killed" else Server.stop


# ---- Sentinel


@pytest.fixture(scope="module")
def guarded() -> Iterator[Sentinels]:
    """A master, a replica, three Sentinels."""
    with sentinels() as topology:
        for one in topology.sentinels:
            one.ask("SENTINEL", "SET", MASTER_NAME, "down-after-milliseconds", PATIENCE_MS)
        yield topology


@pytest.fixture(scope="module")
def subscribers(aaa: Aaa, guarded: Sentinels, start_service: Callable[[Settings], Service]) -> Bystanders:
    """Of a bngcorr that asks those Sentinels."""
    service = start_service({**one_bng(aaa), "store": {"url": guarded.url, **STORE}})
    service.start_web()
    return Bystanders(service, aaa)


def test_a_sentinel_fail_over(guarded: Sentinels, subscribers: Bystanders, befalls: Callable[[Server], None]) -> None:
    """Correlation is back without a restart, and so is what was learnt before and meanwhile."""
    guarded.settled()
    service = subscribers.service
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, BACK_WITHIN_S, "store is well")
    before = someone()
    subscribers.seen(before)
    assert subscribers.correlates()
    hosts_before = subscribers.hosts()
    former = guarded.master

    befalls(former)
    try:
        first = subscribers.own_while_bare(before)
        later = subscribers.bare(before)
        degraded = service.metric("bngcorr_store_degraded")
        during = someone()
        subscribers.seen(during)
        live, over = subscribers.live_and_over()
        answered = subscribers.burst()
        guarded.failed_over(former)
        wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, BACK_WITHIN_S, "store is well again")
        service.written()

        assert BURST == answered
        assert ([], []) == (first.remote_ids, later.remote_ids)
        assert first.took_s < FIRST_WITHIN_S
        assert later.took_s < AT_ONCE_S
        assert 1 == degraded
        assert [during.remote_id] == subscribers.bare(during).remote_ids
        assert [before.remote_id] == subscribers.bare(before).remote_ids
        assert subscribers.correlates()
        assert [(live.remote_id.decode(), "up")] == subscribers.sessions(live)
        assert [(over.remote_id.decode(), "stopped")] == subscribers.sessions(over)
        assert hosts_before + 1 == subscribers.hosts()
    finally:
        if former.alive:
            former.cont()


# ---- Cluster


@pytest.fixture(scope="module")
def spread() -> Iterator[Cluster]:
    """Three masters, three replicas."""
    with cluster() as topology:
        for node in topology.nodes:
            node.ask("CONFIG", "SET", "cluster-node-timeout", PATIENCE_MS)
        yield topology


@pytest.fixture(scope="module")
def two_bngs(aaa: Aaa, spread: Cluster, start_service: Callable[[Settings], Service]) -> tuple[Bystanders, Bystanders]:
    """Two BNGs whose domains different masters keep, and their subscribers."""
    names = ["bng1"]
    while len(names) < 2 or spread.master_of(f"{{{names[1]}}}") is spread.master_of("{bng1}"):
        names[1:] = [f"bng{int(names[-1][3:]) + 1}"]
    bngs = [
        {"name": name, "address": f"127.0.0.{host}", "secret": SECRET.decode(), "hold": "0s"}
        for host, name in enumerate(names, 1)
    ]
    service = start_service({"upstream": upstream(aaa), "bngs": bngs, "store": {"url": spread.url, **STORE}})
    service.start_web()
    return Bystanders(service, aaa), Bystanders(service, aaa, "127.0.0.2")


def test_a_master_of_a_cluster(
    spread: Cluster, two_bngs: tuple[Bystanders, Bystanders], befalls: Callable[[Server], None]
) -> None:
    """Its BNG's id-less requests go on untouched until its replica has taken over; another one's BNG never notices."""
    spread.settled()
    struck, spared = two_bngs
    service = struck.service
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, BACK_WITHIN_S, "store is well")
    before = someone()
    struck.seen(before)
    assert struck.correlates()
    assert spared.correlates()
    hosts_before = struck.hosts()
    former = spread.master_of("{bng1}")

    befalls(former)
    try:
        first = struck.own_while_bare(before)
        later = struck.bare(before)
        degraded, away = service.metric("bngcorr_store_degraded"), service.metric("bngcorr_store_domains_away")
        during = someone()
        struck.seen(during)
        live, over = struck.live_and_over()
        answered = struck.burst()
        noticed = []
        end = time.monotonic() + BACK_WITHIN_S
        while service.metric("bngcorr_store_degraded") and time.monotonic() < end:
            noticed.append(spared.notices_nothing())
        service.written()

        assert BURST == answered
        assert ([], []) == (first.remote_ids, later.remote_ids)
        assert first.took_s < FIRST_WITHIN_S
        assert later.took_s < AT_ONCE_S
        assert (1, 1) == (degraded, away)
        assert [] != noticed
        assert all(noticed), noticed
        assert [during.remote_id] == struck.bare(during).remote_ids
        assert [before.remote_id] == struck.bare(before).remote_ids
        assert struck.correlates()
        assert [(live.remote_id.decode(), "up")] == struck.sessions(live)
        assert [(over.remote_id.decode(), "stopped")] == struck.sessions(over)
        assert hosts_before + 1 == struck.hosts()
    finally:
        if former.alive:
            former.cont()
