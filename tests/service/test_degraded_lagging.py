"""A store that takes less than BNGs with so many records under way tell: they slow down, and no record is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from bngcorr.proxy.brake import LESSONS, LONGEST_S
from tests.service.aaa import Aaa, wait_until
from tests.service.bystanders import AT_ONCE_S, Bystanders
from tests.service.process import Service, Settings
from tests.service.settings import one_bng
from tests.service.slow_road import SlowRoad, road_to_a_store

BACKLOG = 1000
ROUND_TRIP_S = 0.3  # as the store then takes some 430 lessons a second at most
STARTS = 800
WINDOW = 60  # records under way
WRITTEN_WITHIN_S = 20.0


@pytest.fixture(scope="module")
def road() -> Iterator[SlowRoad]:
    """The way to the store."""
    with road_to_a_store() as road:
        yield road


@pytest.fixture(scope="module")
def bystanders(aaa: Aaa, road: SlowRoad, start_service: Callable[[Settings], Service]) -> Bystanders:
    """Subscribers of a bngcorr at the end of that road, which keeps little."""
    service = start_service({**one_bng(aaa), "store": {"url": road.url, "budget": "900ms", "write_backlog": BACKLOG}})
    service.start_web()
    return Bystanders(service, aaa)


def test_records_come_no_faster_than_the_store_takes_them(bystanders: Bystanders, road: SlowRoad) -> None:
    """Each is answered the first time that it is sent, within a second, and stands in the ledger in the end."""
    service = bystanders.service
    road.slow(ROUND_TRIP_S)
    answered, longest_s = bystanders.starts(STARTS, WINDOW)
    waiting = service.metric("bngcorr_store_backlog")
    held = service.metric("bngcorr_accounting_held_answers_total")
    degraded = service.metric("bngcorr_store_degraded")
    road.slow(0.0)
    wait_until(lambda: service.metric("bngcorr_store_backlog") == 0, WRITTEN_WITHIN_S, "all of it is written")
    service.written()

    assert STARTS == answered
    assert longest_s < LONGEST_S + AT_ONCE_S
    assert 0 < held
    assert 0 == degraded
    assert waiting <= BACKLOG / 2 + LESSONS * WINDOW + STARTS  # the events of all of them wait beside the lessons
    assert 0 == service.metric("bngcorr_radius_discards_total", reason="overload")
    assert 0 == service.metric("bngcorr_store_lost_writes")
    assert STARTS == bystanders.hosts()
