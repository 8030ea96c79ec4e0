"""The spool when something around it is not well: AAA away, the store away, the spool full, the disk at its end."""

from __future__ import annotations

import resource
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.process import Service, Settings, Valkey, get, upstream
from tests.service.radius import START, Bng, Packet, v4_host
from tests.service.settings import SECRET, Cpe, one_bng

PROMPT_S = 1.0
MOST = 30
NUMBERS = count()


def settings(aaa: Aaa, folder: Path, max_records: int) -> Settings:
    """bngcorr with a spool."""
    spool = {"enabled": True, "path": str(folder / "spool.db"), "max_records": max_records}
    ways = upstream(aaa, "1s")
    return {**one_bng(aaa), "upstream": {**ways, "acct": {**ways["acct"], "dead_after": "3s"}}, "spool": spool}


@pytest.fixture(scope="module")
def small(aaa: Aaa, tmp_path_factory: pytest.TempPathFactory, start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr with a small spool, on its own store."""
    return start_service(settings(aaa, tmp_path_factory.mktemp("spool"), MOST))


def start(bng: Bng) -> Packet:
    """An Accounting-Start of a line of its own."""
    number = next(NUMBERS)
    cpe, address = Cpe(number), f"10.0.{number // 256}.{number % 256}"
    return bng.account(START, f"s{number}", cpe.attributes(f"n{number}") + cpe.line + v4_host(address))


def emptied(service: Service, within_s: float = 15.0) -> None:
    """Wait until AAA and the store have everything."""
    wait_until(lambda: service.metric("bngcorr_spool_records") == 0, within_s, "the spool is empty")


def test_an_aaa_that_is_away_behind_a_spool(aaa: Aaa, small: Service) -> None:
    """Records are answered at once; /readyz stays 200; AAA is asked gently, and gets all of it when it is back."""
    bng, before = small.bng("127.0.0.1", SECRET), len(aaa.seen())
    aaa.silent = True
    records = [start(bng) for _ in range(12)]
    for record in records:
        bng.ask(record, PROMPT_S)
    ready = f"http://127.0.0.1:{small.health_port}/readyz"
    wait_until(lambda: get(ready).body["upstream.acct"] == "silent", 8, "AAA is known to be silent")
    parts = get(ready)
    asked = len(aaa.seen()) - before
    aaa.silent = False
    emptied(small)

    assert (200, "silent", "ok") == (parts.status, parts.body["upstream.acct"], parts.body["spool"])
    assert asked <= 2 * len(records)
    assert {record.text(77) for record in records} <= {packet.text(77) for packet in aaa.seen()[before:]}


def test_a_store_that_is_away_behind_a_spool(
    aaa: Aaa, tmp_path: Path, start_service: Callable[[Settings], Service], start_valkey: Callable[[], Valkey]
) -> None:
    """More is learnt than the writer may hold: it waits on disk, and the ledger gets it when the store is back."""
    valkey, lines = start_valkey(), 150
    service = start_service({**settings(aaa, tmp_path, 10_000), "store": {"url": valkey.url, "write_backlog": 100}})
    bng = service.bng("127.0.0.1", SECRET)
    valkey.kill()
    for _ in range(lines):
        bng.ask(start(bng), PROMPT_S)
    wait_until(lambda: service.metric("bngcorr_spool_sent_total") == lines, 8, "AAA has all of it")
    waiting, backlog = service.metric("bngcorr_spool_records"), service.metric("bngcorr_store_backlog")
    valkey.start()
    emptied(service)

    assert lines == waiting
    assert backlog < 2 * lines
    assert lines == service.usage("bng1").v4


@pytest.mark.parametrize("case", ["disk", "max_records"])
def test_a_spool_that_takes_no_more(aaa: Aaa, small: Service, case: str) -> None:
    """Nothing is answered that could be lost; the reason is named; authentication goes on; it recovers by itself."""
    bng, cpe = small.bng("127.0.0.1", SECRET), Cpe(1)
    refused = small.metric("bngcorr_radius_discards_total", reason="spool-full")
    sent = small.metric("bngcorr_spool_sent_total")
    assert small.serve is not None
    aaa.silent = True
    if case == "disk":  # a file of this process may grow to no more than this
        resource.prlimit(small.serve.pid, resource.RLIMIT_FSIZE, (65_536, resource.RLIM_INFINITY))
    answered = 0
    while answered <= MOST:
        packet = start(bng)
        bng.send(packet.octets)
        if bng.receive(packet, 0.5) is None:
            break
        answered += 1
    during = get(f"http://127.0.0.1:{small.health_port}/readyz")
    full = small.metric("bngcorr_spool_full")
    resource.prlimit(small.serve.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    aaa.silent = False
    bng.ask(cpe.access(bng, f"meanwhile-{case}", cpe.line))
    emptied(small)
    bng.ask(start(bng), PROMPT_S)
    emptied(small)
    after = get(f"http://127.0.0.1:{small.health_port}/readyz")

    assert answered == MOST if case == "max_records" else answered < MOST
    assert 200 == during.status
    assert during.body["spool"].startswith(
        "failing: SQLITE_" if case == "disk" else f"full: max_records {MOST} reached"
    )
    assert 1 == full
    assert refused + 1 == small.metric("bngcorr_radius_discards_total", reason="spool-full")
    assert 1 == len(small.events(event="spool takes no records, they are not acknowledged"))
    assert sent + answered + 1 == small.metric("bngcorr_spool_sent_total")
    assert (200, "ok") == (after.status, after.body["spool"])
