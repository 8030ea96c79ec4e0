"""A store that is slow: below the budget verdicts are held back by as much, above it there are none; writes go on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.service.aaa import Aaa, wait_until
from tests.service.bystanders import AT_ONCE_S, BURST, Bystanders, p99, someone
from tests.service.process import Service, Settings
from tests.service.settings import one_bng
from tests.service.slow_road import SlowRoad, road_to_a_store

BUDGET_S = 0.6
CONNECT_S = 0.2  # what a connection may take on top
SLACK_S = 0.2
BELOW_S, ABOVE_S = 0.04, 0.8  # round trips
BACK_WITHIN_S = 10.0


@pytest.fixture(scope="module")
def road() -> Iterator[SlowRoad]:
    """The way to the store."""
    with road_to_a_store() as road:
        yield road


@pytest.fixture(scope="module")
def bystanders(aaa: Aaa, road: SlowRoad, start_service: Callable[[Settings], Service]) -> Bystanders:
    """Subscribers of a bngcorr at the end of that road."""
    service = start_service({**one_bng(aaa), "store": {"url": road.url, "budget": f"{round(BUDGET_S * 1000)}ms"}})
    return Bystanders(service, aaa)


@pytest.fixture
def quick(bystanders: Bystanders, road: SlowRoad) -> Iterator[None]:
    """The road is quick before, and afterwards all is well again."""
    assert bystanders.correlates()
    yield
    road.slow(0.0)
    service = bystanders.service
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, BACK_WITHIN_S, "store is well again")


@pytest.mark.usefixtures("quick")
def test_a_store_that_is_slow_below_the_budget(bystanders: Bystanders, road: SlowRoad) -> None:
    """Verdicts come, held back by its round trip; nothing is degraded, and named lines are not held back at all."""
    service, before = bystanders.service, someone()
    bystanders.seen(before)
    service.written()
    unknown = service.metric("bngcorr_correlations_total", outcome="unknown")
    told_before = len(service.log())

    road.slow(BELOW_S)
    own_s = bystanders.owns()
    told = [bystanders.bare(before) for _ in range(5)]
    v6 = bystanders.own_v6(someone())
    answered = bystanders.burst()

    assert own_s[len(own_s) // 2] < BELOW_S
    assert p99(own_s) < AT_ONCE_S
    assert BURST == answered
    assert [[before.remote_id]] * 5 == [one.remote_ids for one in told]
    assert BELOW_S <= min(one.took_s for one in (*told, v6))
    assert max(one.took_s for one in (*told, v6)) < BUDGET_S
    assert bystanders.correlates()
    assert 0 == service.metric("bngcorr_store_degraded")
    assert unknown == service.metric("bngcorr_correlations_total", outcome="unknown")
    assert "store does not answer" not in service.log()[told_before:]


@pytest.mark.usefixtures("quick")
def test_a_store_that_is_slow_above_the_budget(bystanders: Bystanders, road: SlowRoad) -> None:
    """No verdict after one budget, then none at once, while what is learnt is written on; quick again, it is back."""
    service, before = bystanders.service, someone()
    bystanders.seen(before)
    service.written()
    told_before = len(service.log())

    road.slow(ABOVE_S)
    first = bystanders.own_while_bare(before)
    later = [bystanders.bare(before) for _ in range(4)]
    of_v6 = someone()
    v6 = bystanders.own_v6(of_v6)
    during = someone()
    bystanders.seen(during)
    answered = bystanders.burst()
    wait_until(lambda: service.metric("bngcorr_store_backlog") == 0, BACK_WITHIN_S, "all of it is written")
    degraded, away = service.metric("bngcorr_store_degraded"), service.metric("bngcorr_store_domains_away")
    road.slow(0.0)
    wait_until(lambda: service.metric("bngcorr_store_degraded") == 0, BACK_WITHIN_S, "store is well again")

    assert BURST == answered
    assert [[]] * 5 == [one.remote_ids for one in (first, *later)]
    assert BUDGET_S <= first.took_s < BUDGET_S + CONNECT_S + SLACK_S
    assert max(one.took_s for one in (*later, v6)) < AT_ONCE_S
    assert [of_v6.remote_id] == v6.remote_ids
    assert (1, 1) == (degraded, away)
    assert [during.remote_id] == bystanders.bare(during).remote_ids
    assert 0 == service.metric("bngcorr_store_lost_writes")
    told = service.log()[told_before:]
    assert f"no answer within {round(BUDGET_S * 1000)} ms" in told
    assert "store answers again" in told
    assert "takes no writes" not in told
