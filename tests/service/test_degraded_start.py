"""What is wrong with a store is said at the start: one that is away, a replica, one that forgets, one too old."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.service.aaa import Aaa, wait_until
from tests.service.bystanders import AT_ONCE_S, Bystanders, someone
from tests.service.nursery import Nursery
from tests.service.process import Service, Settings, Valkey
from tests.service.settings import one_bng
from tests.service.slow_road import SlowRoad
from tests.store.servers import programs
from tests.store.servers.server import Server, running, temporary_folder
from tests.store.servers.single import Single, single_redis

BACK_WITHIN_S = 10.0
ENDS_WITHIN_S = 20.0


@pytest.fixture
def replica() -> Iterator[Server]:
    """Of a master that is not there; it throws away what is old when it is full."""
    with temporary_folder() as folder:
        options = ["--replicaof", "127.0.0.1 1", "--maxmemory-policy", "allkeys-lru", "--maxmemory", "100mb"]
        server = Server(programs.valkey(), folder, options)
        with running([server]):
            yield server


@pytest.fixture
def old_redis() -> Iterator[SlowRoad]:
    """The road to a Redis that says on the way that it is an older one."""

    def older(octets: bytes) -> bytes:
        return octets.replace(b"redis_version:7.0.", b"redis_version:6.2.")

    with single_redis() as one:
        road = _road(one)
        road.altered = older
        yield road
        road.close()


def _road(one: Single) -> SlowRoad:
    return SlowRoad(one.server.port)


def test_a_replica_that_evicts(aaa: Aaa, replica: Server, start_service: Callable[[Settings], Service]) -> None:
    """Both are told at the start; verdicts come, writes are kept until it is made a master."""
    service = start_service({**one_bng(aaa), "store": {"url": f"redis://{replica.address}/0"}})
    faults = [str(line["fault"]) for line in service.events(event="store", level="warning")]
    bystanders = Bystanders(service, aaa)
    cpe = someone()
    bystanders.seen(cpe)
    told = bystanders.bare(cpe)
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 1, BACK_WITHIN_S, "writes are refused")

    assert any("has maxmemory-policy allkeys-lru" in fault for fault in faults), faults
    assert any("is a replica and takes no writes" in fault for fault in faults), faults
    assert [cpe.remote_id] == told.remote_ids  # the sighting waits to be written, and counts already
    assert told.took_s < AT_ONCE_S
    assert 0 == service.metric("bngcorr_correlations_total", outcome="unknown")
    replica.ask("REPLICAOF", "NO", "ONE")
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, BACK_WITHIN_S, "writes are taken")
    service.written()
    assert [cpe.remote_id] == bystanders.bare(cpe).remote_ids


def test_a_store_that_is_too_old(aaa: Aaa, old_redis: SlowRoad, nursery: Nursery, tmp_path: Path) -> None:
    """The start ends with exit code 1 and one sentence that says what to use."""
    service = Service(tmp_path, {**one_bng(aaa), "store": {"url": old_redis.url}})
    try:
        service.config.write_text(yaml.safe_dump(service.settings), encoding="utf-8")
        ended = nursery.run(["serve", "-c", str(service.config)], ENDS_WITHIN_S)
    finally:
        service.close()
    (sentence,) = [line for line in ended.stderr.splitlines() if line.startswith("bngcorr: ")]

    assert 1 == ended.returncode
    assert sentence.startswith("bngcorr: the store is redis 6.2.")
    assert sentence.endswith("which is too old: use Redis 7.0 or newer, or any Valkey")


def test_a_store_that_is_away_at_the_start(
    aaa: Aaa, start_valkey: Callable[[], Valkey], start_service: Callable[[Settings], Service]
) -> None:
    """v4 needs no store, so neither does the start; what was learnt before it came is there when it comes."""
    valkey = start_valkey()
    valkey.kill()
    service = start_service({**one_bng(aaa), "store": {"url": valkey.url}})
    bystanders = Bystanders(service, aaa)
    cpe = someone()
    bystanders.seen(cpe)
    told = bystanders.bare(cpe)

    assert [] == told.remote_ids
    assert [] != service.events(event="store does not answer, going on without correlation until it does")
    valkey.start()
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, BACK_WITHIN_S, "store is well")
    service.written()
    assert [cpe.remote_id] == bystanders.bare(cpe).remote_ids
