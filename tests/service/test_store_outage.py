"""The store is killed, hangs and comes back: requests that name their line notice nothing, correlation returns."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import count

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.process import Service, Settings, Valkey, is_running, settle
from tests.service.radius import ACCOUNTING_RESPONSE, START, Bng
from tests.service.settings import SECRET, Cpe, one_bng

AT_ONCE_S = 0.1
WITHIN_BUDGET_S = 0.2  # the default budget is 50 ms
LONG_BUDGET_S = 1.0  # so that waiting for the store could not be taken for anything else

numbers = count(1)


@pytest.fixture
def valkey(start_valkey: Callable[[], Valkey]) -> Valkey:
    """The store."""
    return start_valkey()


@pytest.fixture
def service(aaa: Aaa, valkey: Valkey, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr on that store."""
    return start_service({**one_bng(aaa), "store": {"url": valkey.url}})


@pytest.fixture
def patient_service(aaa: Aaa, valkey: Valkey, start_service: Callable[[Settings], Service]) -> Service:
    """The same with a budget so long that nobody could overlook a wait for the store."""
    return start_service({**one_bng(aaa), "store": {"url": valkey.url, "budget": f"{LONG_BUDGET_S}s"}})


@pytest.fixture(params=["killed", "hanging"])
def outage(request: pytest.FixtureRequest) -> Callable[[Valkey], None]:
    """What befalls the store."""
    return Valkey.kill if request.param == "killed" else Valkey.freeze


def correlates(service: Service, aaa: Aaa, bng: Bng) -> bool:
    """Whether a request without ids is given the line that was seen on its CPE a moment before."""
    cpe = Cpe(next(numbers))
    serial = f"correlates-{cpe.number}"
    bng.ask(cpe.access(bng, f"{serial}-v4", cpe.line))
    service.written()
    bng.ask(cpe.access(bng, serial))
    return aaa.one(serial).remote_ids == [cpe.remote_id]


def come_back(service: Service, aaa: Aaa, bng: Bng) -> None:
    """The store answers again: within a few seconds so does the correlation, and the metrics say so."""
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, 10, "store is no longer degraded")
    wait_until(lambda: correlates(service, aaa, bng), 10, "correlation is back")
    assert service.alive


def test_requests_that_name_their_line_do_not_wait_for_a_store_that_is_away(
    aaa: Aaa, valkey: Valkey, patient_service: Service, outage: Callable[[Valkey], None]
) -> None:
    """Authentication of named lines, and accounting with ids, goes on at once, from the first request on."""
    bng = patient_service.bng("127.0.0.1", SECRET)
    assert correlates(patient_service, aaa, bng)
    outage(valkey)
    took = []
    for number in range(20):
        cpe = Cpe(next(numbers))
        took.append(bng.timed(cpe.access(bng, f"own-{number}", cpe.line)))
    cpe = Cpe(next(numbers))
    start = bng.account(START, "own-start", cpe.attributes("own-start") + cpe.line)

    assert ACCOUNTING_RESPONSE == bng.ask(start, AT_ONCE_S).code
    assert max(took) < AT_ONCE_S
    wait_until(lambda: patient_service.metric("bngcorr_store_degraded") == 1, 5, "store is told as degraded")
    valkey.kill()
    valkey.start()
    come_back(patient_service, aaa, bng)


def test_requests_without_an_id_go_on_untouched_while_the_store_is_away(
    aaa: Aaa, valkey: Valkey, service: Service, outage: Callable[[Valkey], None]
) -> None:
    """They wait for the store's budget at most, then leave with the verdict `unknown`, unchanged."""
    bng = service.bng("127.0.0.1", SECRET)
    assert correlates(service, aaa, bng)
    outage(valkey)
    took = []
    for _ in range(8):
        cpe = Cpe(next(numbers))
        bng.ask(cpe.access(bng, f"v4-{cpe.number}", cpe.line))
        took.append(bng.timed(cpe.access(bng, f"bare-{cpe.number}")))
        seen = aaa.one(f"bare-{cpe.number}")
        assert ([], []) == (seen.remote_ids, seen.circuit_ids)

    assert max(took) < WITHIN_BUDGET_S
    assert 8 == service.metric("bngcorr_correlations_total", outcome="unknown")
    assert 1 == service.metric("bngcorr_store_degraded")
    valkey.kill()
    valkey.start()
    come_back(service, aaa, bng)


def test_what_is_learnt_while_the_store_is_away_is_written_when_it_is_back(
    aaa: Aaa, valkey: Valkey, service: Service
) -> None:
    """Writes are kept and told again in order: a line seen during the outage matches after it."""
    bng = service.bng("127.0.0.1", SECRET)
    assert correlates(service, aaa, bng)
    valkey.kill()
    cpe = Cpe(next(numbers))
    bng.ask(cpe.access(bng, "meanwhile-v4", cpe.line))
    bng.ask(cpe.access(bng, "meanwhile-bare"))
    bng.ask(bng.account(START, "meanwhile", cpe.attributes("meanwhile-start") + cpe.line))
    settle(0.6)  # time for more than one vain attempt
    assert 0 < service.metric("bngcorr_store_backlog")
    valkey.start()
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, 10, "store is no longer degraded")
    service.written()
    bng.ask(cpe.access(bng, "meanwhile-after"))
    service.start_web()

    assert [] == aaa.one("meanwhile-bare").remote_ids
    assert [cpe.remote_id] == aaa.one("meanwhile-after").remote_ids
    assert ["meanwhile"] == [item["session_id"] for item in service.items(f"/v1/sessions?mac={cpe.mac}&state=up")]


def test_serve_starts_without_its_store(aaa: Aaa, valkey: Valkey, start_service: Callable[[Settings], Service]) -> None:
    """v4 needs no store, so neither does the start; once it is there, correlation begins."""
    valkey.kill()
    service = start_service({**one_bng(aaa), "store": {"url": valkey.url}})
    bng = service.bng("127.0.0.1", SECRET)
    cpe = Cpe(next(numbers))
    bng.ask(cpe.access(bng, "no-store", cpe.line))
    bng.ask(cpe.access(bng, "no-store-bare"))

    assert [] == aaa.one("no-store-bare").remote_ids
    valkey.start()
    come_back(service, aaa, bng)


def test_an_embedded_store_that_is_killed_is_started_again(
    aaa: Aaa, start_service: Callable[[Settings], Service]
) -> None:
    """`serve` looks after its own store: another process, the same sessions, correlation again."""
    service = start_service(one_bng(aaa, window="1s"))
    bng = service.bng("127.0.0.1", SECRET)
    cpe = Cpe(next(numbers))
    bng.ask(bng.account(START, "kept", cpe.attributes("kept-start") + cpe.line))
    service.written()
    assert correlates(service, aaa, bng)
    killed = service.store_pid()
    os.kill(killed, signal.SIGKILL)
    bng.ask(cpe.access(bng, "embedded-away", cpe.line))
    wait_until(lambda: service.store_pid() != killed, 10, "another store runs")

    come_back(service, aaa, bng)
    bng.ask(cpe.access(bng, "embedded-live"))
    assert [cpe.remote_id] == aaa.one("embedded-live").remote_ids


def test_an_embedded_store_that_outlived_its_serve_is_taken_over(
    aaa: Aaa, start_service: Callable[[Settings], Service]
) -> None:
    """After a crash of `serve` the next one finds the store running and looks after it from then on."""
    service = start_service(one_bng(aaa, window="200ms"))
    bng = service.bng("127.0.0.1", SECRET)
    cpe = Cpe(next(numbers))
    bng.ask(bng.account(START, "crash", cpe.attributes("crash-start") + cpe.line))
    service.written()
    pid = service.store_pid()
    service.kill()
    assert is_running(pid)
    service.start()
    assert pid == service.store_pid()
    bng.ask(cpe.access(bng, "crash-live"))
    assert [cpe.remote_id] == aaa.one("crash-live").remote_ids

    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: service.store_pid() != pid, 10, "another store runs")
    come_back(service, aaa, bng)
