"""`serve` restarted knows its sessions; a BNG restarted makes them suspect."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.process import Service, Settings, settle
from tests.service.radius import ACCOUNTING_OFF, ACCOUNTING_ON, INTERIM, START, v4_host
from tests.service.settings import SECRET, Cpe, one_bng

WINDOW_S = 0.2


@pytest.fixture(scope="module")
def service(aaa: Aaa, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr with a window so short that nothing is matched by it here, on its own store."""
    service = start_service(one_bng(aaa, address="127.0.0.0/27", window=f"{round(WINDOW_S * 1000)}ms"))
    service.start_web()
    return service


def test_a_session_outlives_a_restart_of_serve(aaa: Aaa, service: Service) -> None:
    """Start, restart, and long after the window an id-less request of the same CPE is matched by the live session."""
    bng, cpe = service.bng("127.0.0.1", SECRET), Cpe(1)
    bng.ask(bng.account(START, "outlives", cpe.attributes("outlives-start") + cpe.line + v4_host("192.0.2.1")))
    assert 0 == service.stop()
    service.start()
    settle(WINDOW_S)
    bng.ask(cpe.access(bng, "outlives-bare"))
    seen = aaa.one("outlives-bare")

    assert ([cpe.remote_id], [cpe.circuit_id]) == (seen.remote_ids, seen.circuit_ids)
    assert 1 == service.metric("bngcorr_correlations_total", outcome="matched", rung="live")
    assert ["up"] == [item["state"] for item in service.items("/v1/sessions?address=192.0.2.1")]


@pytest.mark.parametrize("status", [ACCOUNTING_ON, ACCOUNTING_OFF])
def test_after_accounting_on_a_session_is_suspect_until_its_next_interim(
    aaa: Aaa, service: Service, status: int
) -> None:
    """Suspect means not counted and not live; the BNG's word on the session makes it live again."""
    bng, cpe = service.bng(f"127.0.0.{10 + status}", SECRET), Cpe(10 + status)
    name, address = f"suspect-{status}", f"192.0.2.{10 + status}"
    body = cpe.line + v4_host(address)

    def states() -> list[str]:
        return [item["state"] for item in service.items(f"/v1/sessions?address={address}")]

    def counted() -> int:
        (item,) = service.items("/v1/bngs")
        return int(item["usage"]["v4"])

    others = counted()
    bng.ask(bng.account(START, name, cpe.attributes(f"{name}-start") + body))
    wait_until(lambda: states() == ["up"], 4, "session is up")
    assert others + 1 == counted()
    settle(WINDOW_S)
    bng.ask(cpe.access(bng, f"{name}-before"))
    bng.ask(bng.account(status, ""))
    wait_until(lambda: states() == ["suspect"], 4, "session is suspect")
    assert others == counted()
    bng.ask(cpe.access(bng, f"{name}-during"))
    bng.ask(bng.account(INTERIM, name, cpe.attributes(f"{name}-interim") + body))
    wait_until(lambda: states() == ["up"], 4, "session is up again")
    assert others + 1 == counted()
    settle(WINDOW_S)
    bng.ask(cpe.access(bng, f"{name}-after"))

    assert [cpe.remote_id] == aaa.one(f"{name}-before").remote_ids
    assert [] == aaa.one(f"{name}-during").remote_ids
    assert [cpe.remote_id] == aaa.one(f"{name}-after").remote_ids


def test_a_restart_of_one_nas_says_nothing_of_another(aaa: Aaa, service: Service) -> None:
    """Two boxes behind one entry of the configuration: Accounting-On counts for the one that sent it."""
    one, other, cpe = service.bng("127.0.0.3", SECRET), service.bng("127.0.0.4", SECRET), Cpe(30)
    one.ask(one.account(START, "two-nas", cpe.attributes("two-nas-start") + cpe.line + v4_host("192.0.2.30")))
    other.ask(other.account(ACCOUNTING_ON, ""))
    service.written()
    settle(WINDOW_S)
    one.ask(cpe.access(one, "two-nas-bare"))

    assert [cpe.remote_id] == aaa.one("two-nas-bare").remote_ids
    assert ["up"] == [item["state"] for item in service.items("/v1/sessions?address=192.0.2.30")]
