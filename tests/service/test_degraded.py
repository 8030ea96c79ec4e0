"""A store that hangs, is gone, takes no writes: what is forwarded when, what is kept, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.bystanders import AT_ONCE_S, BURST, Bystanders, someone
from tests.service.process import Service, Settings, get
from tests.service.settings import one_bng
from tests.store.servers import programs
from tests.store.servers.server import Server, running, temporary_folder

BUDGET_S = 0.8  # so long that nobody could overlook a wait for the store
CONNECT_S = 0.2  # what a connection may take on top
SLACK_S = 0.2
BACK_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What befalls the store, and what the contract promises."""

    begin: Callable[[Server], None]
    end: Callable[[Server], None]
    answers: bool  # whether verdicts come
    first_s: float = AT_ONCE_S  # what the first request that needs one may take
    least_first_s: float = 0.0
    reason: str  # in the log


def hang(store: Server) -> None:
    """SIGSTOP: connections stay open."""
    store.stop()


def wake(store: Server) -> None:
    """SIGCONT."""
    store.cont()


def kill(store: Server) -> None:
    """SIGKILL: connections are refused."""
    store.kill()


def start(store: Server) -> None:
    """The same server with what its append-only file holds."""
    store.start()
    store.ready()


def demote(store: Server) -> None:
    """Somebody makes it a replica, of a master that is not there: it keeps its data and takes no writes."""
    store.ask("REPLICAOF", "127.0.0.1", 1)


def promote(store: Server) -> None:
    """It is a master again."""
    store.ask("REPLICAOF", "NO", "ONE")


def fill(store: Server) -> None:
    """What it holds is all that it may."""
    store.ask("CONFIG", "SET", "maxmemory", int(store.info("memory")["used_memory"]) // 2)


def widen(store: Server) -> None:
    """It has room again."""
    store.ask("CONFIG", "SET", "maxmemory", 0)


STATES = {
    "hung": State(
        begin=hang, end=wake, answers=False, first_s=BUDGET_S + CONNECT_S + SLACK_S, least_first_s=BUDGET_S,
        reason="no answer within",
    ),
    "gone": State(begin=kill, end=start, answers=False, reason="Error 111 connecting"),
    "read-only": State(begin=demote, end=promote, answers=True, reason="ReadOnlyError"),
    "out-of-memory": State(begin=fill, end=widen, answers=True, reason="OutOfMemoryError"),
}  # fmt: skip


@pytest.fixture(scope="module")
def store() -> Iterator[Server]:
    """A Valkey that knows everything again after it was killed."""
    with temporary_folder() as folder:
        server = Server(programs.valkey(), folder, ["--appendonly", "yes"])
        with running([server]):
            yield server


@pytest.fixture(scope="module")
def bystanders(aaa: Aaa, store: Server, start_service: Callable[[Settings], Service]) -> Bystanders:
    """Subscribers of a bngcorr on that store."""
    url = f"redis://{store.address}/0"
    service = start_service({**one_bng(aaa), "store": {"url": url, "budget": f"{round(BUDGET_S * 1000)}ms"}})
    service.start_web()
    return Bystanders(service, aaa)


def readiness(service: Service) -> dict[str, object]:
    """What /readyz says, and how."""
    answer = get(f"http://127.0.0.1:{service.health_port}/readyz")
    return {"status_code": answer.status, **answer.body}


READY = {"status_code": 200, "status": "ready", "store": "ok", "upstream.auth": "ok", "upstream.acct": "ok"}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES.keys())
def test_a_store_that(bystanders: Bystanders, store: Server, aaa: Aaa, state: State) -> None:
    """Named lines go on at once, the others as the row says; what is learnt meanwhile is there afterwards, once."""
    service = bystanders.service
    before, hosts_before = someone(), bystanders.hosts()
    bystanders.seen(before)
    assert bystanders.correlates()
    told_before = len(service.log())
    discards, unknown = service.metric("bngcorr_radius_discards_total"), unknown_of(service)

    state.begin(store)
    try:
        first = bystanders.own_while_bare(before)
        later = [bystanders.bare(before) for _ in range(4)]
        of_v6 = someone()
        v6 = bystanders.own_v6(of_v6)
        during = someone()
        bystanders.seen(during)
        live, over = bystanders.live_and_over()
        answered = bystanders.burst()
        wait_until(lambda: "store takes no writes" in service.log()[told_before:], 5, "the log tells of kept writes")

        assert BURST == answered
        expected = [before.remote_id] if state.answers else []
        assert [expected] * 5 == [told.remote_ids for told in (first, *later)]
        assert state.least_first_s <= first.took_s < state.first_s
        assert max(told.took_s for told in later) < AT_ONCE_S
        assert [of_v6.remote_id] == v6.remote_ids
        assert v6.took_s < AT_ONCE_S
        assert {**READY, "store": "degraded"} == readiness(service)
        assert 1 == service.metric("bngcorr_store_degraded")
        assert (0 if state.answers else 1) == service.metric("bngcorr_store_domains_away")
        assert (0 if state.answers else 5) == unknown_of(service) - unknown
        assert 0 < service.metric("bngcorr_store_backlog")
        assert state.reason in service.log()[told_before:]
    finally:
        state.end(store)
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, BACK_WITHIN_S, "store is well again")
    service.written()

    assert [during.remote_id] == bystanders.bare(during).remote_ids
    assert [of_v6.remote_id] == bystanders.bare(of_v6).remote_ids
    assert bystanders.correlates()
    assert [(live.remote_id.decode(), "up")] == bystanders.sessions(live)
    assert [(over.remote_id.decode(), "stopped")] == bystanders.sessions(over)
    assert hosts_before + 1 == bystanders.hosts()
    assert READY == readiness(service)
    assert discards == service.metric("bngcorr_radius_discards_total")
    assert (0, 0) == (service.metric("bngcorr_store_lost_writes"), service.metric("bngcorr_store_failed_writes_total"))
    told = service.log()[told_before:]
    assert "store takes writes again" in told
    assert state.answers != ("store answers again" in told)


def unknown_of(service: Service) -> float:
    """Verdicts that nobody could give."""
    return service.metric("bngcorr_correlations_total", outcome="unknown")
