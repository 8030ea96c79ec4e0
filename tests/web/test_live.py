"""Live events: who hears what, who resumes where, and what a slow one loses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, cast

import pytest

from bngcorr.bng_profiles import costs_of
from bngcorr.model.vocabulary import Finding, Outcome
from bngcorr.store.contract import QueryStore
from bngcorr.web.models.correlation import Correlation, EventsQuery, Gap
from bngcorr.web.models.finding import Finding as FindingShown
from bngcorr.web.problem import Problem
from bngcorr.web.query import read_query
from bngcorr.web.resources import live as module
from bngcorr.web.resources.estate import Estate
from bngcorr.web.resources.live import Event, Live
from bngcorr.wire.attributes import Code
from tests.web.stage import CONFIG
from tests.web.streams import LINE, T0, Stream, finding, request


def hub(stream: Stream) -> Live:
    """Of one process."""
    return Live(cast(QueryStore, stream), Estate(CONFIG, costs_of(CONFIG)))


def asked(**filters: str) -> EventsQuery:
    """A question as it comes."""
    return read_query(EventsQuery, "", filters.items())


async def take(events: AsyncGenerator[Event | None], count: int) -> list[Event | None]:
    """The next ones."""
    async with asyncio.timeout(5):
        return [await anext(events) for _ in range(count)]


def told(live: Live, query: EventsQuery, count: int, meanwhile: Callable[[], None]) -> list[Event | None]:
    """What is heard after something happens."""

    async def listen() -> list[Event | None]:
        async with aclosing(live.follow(query, "noc")) as events:
            hearing = asyncio.create_task(take(events, count))
            await asyncio.sleep(0.05)
            meanwhile()
            return await hearing

    return asyncio.run(listen())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store is asked more often."""
    monkeypatch.setattr(module, "EVERY_S", 0.01)
    monkeypatch.setattr(module, "FINDINGS_EVERY_S", 0.02)


def test_only_what_comes_from_now_on_is_told() -> None:
    """What was there before is for the lists."""
    stream = Stream()
    stream.requests = [request(1)]
    (event,) = told(hub(stream), asked(), 1, lambda: stream.requests.append(request(2)))

    assert isinstance(event, Correlation)
    assert (f"{T0 + 2}-0", T0 + 2000) == (event.id, event.at_ms)


@pytest.mark.parametrize(
    "filters",
    [
        {"bng": "bng2"}, {"outcome": "own"}, {"mac": "00:00:0e:8f:00:02"}, {"line": f"bng1~{'0' * 24}"},
        {"kind": "accounting"},
    ],
)  # fmt: skip
def test_a_filter_holds_back_all_else(filters: dict[str, str]) -> None:
    """The first request fits nothing that is asked for, the second one everything."""
    other: dict[str, Any] = {
        "bng": "bng2", "verdict": Outcome.OWN, "mac": bytes.fromhex("00000e8f0002"), "line": "0" * 24,
        "code": Code.ACCOUNTING_REQUEST,
    }  # fmt: skip
    stream = Stream()
    (event,) = told(hub(stream), asked(**filters), 1, lambda: stream.requests.extend([request(1), request(2, **other)]))

    assert isinstance(event, Correlation)
    assert T0 + 2000 == event.at_ms


def test_a_finding_is_told_when_it_begins_and_when_it_is_over() -> None:
    """Not each time it is seen again."""
    stream = Stream()
    live = hub(stream)

    async def listen() -> list[Event | None]:
        async with aclosing(live.follow(asked(kind="finding", line=f"bng1~{LINE}"), "noc")) as events:
            hearing = asyncio.create_task(take(events, 2))
            for last_ms, over_ms in ((T0 + 1, 0), (T0 + 2, 0), (T0 + 3, T0 + 3)):
                await asyncio.sleep(0.08)
                stream.rows = [finding(Finding.V6_LOST, LINE, first_ms=T0 + 1, over_ms=over_ms)]
                assert last_ms
            return await hearing

    states = [event.state for event in asyncio.run(listen()) if isinstance(event, FindingShown)]

    assert ["open", "over"] == states


def test_one_who_resumes_misses_nothing_and_hears_nothing_twice() -> None:
    """Behind the cursor that it had, then on with what comes."""
    stream = Stream()
    stream.requests = [request(number) for number in (1, 2, 3)]
    events = told(hub(stream), asked(after=f"{T0 + 1}-0"), 3, lambda: stream.requests.append(request(4)))

    assert [T0 + 2000, T0 + 3000, T0 + 4000] == [event.at_ms for event in events if isinstance(event, Correlation)]


def test_one_who_reads_too_slowly_is_told_how_many_were_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go; memory does not grow."""
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    stream = Stream()
    live = hub(stream)

    async def listen() -> list[Event | None]:
        async with aclosing(live.follow(asked(), "noc")) as events:
            first = asyncio.create_task(take(events, 1))
            await asyncio.sleep(0.05)
            stream.requests.append(request(1))
            await first
            stream.requests += [request(number) for number in range(2, 12)]
            await asyncio.sleep(0.1)
            return await take(events, 4)

    gap, *rest = asyncio.run(listen())

    assert Gap(lost=7) == gap
    assert [T0 + 9000, T0 + 10_000, T0 + 11_000] == [event.at_ms for event in rest if isinstance(event, Correlation)]


def test_many_listeners_are_served_by_one_reader() -> None:
    """The store is not asked once for each of them."""
    stream = Stream()
    live = hub(stream)

    async def listen() -> int:
        async def one() -> None:
            async with aclosing(live.follow(asked(), "noc")) as events:
                await take(events, 1)

        async with asyncio.TaskGroup() as group:
            for _ in range(20):
                group.create_task(one())
            await asyncio.sleep(0.05)
            before = stream.readings
            await asyncio.sleep(0.1)
            asked_meanwhile = stream.readings - before
            stream.requests.append(request(1))
        return asked_meanwhile

    assert asyncio.run(listen()) <= 12


def test_a_store_that_comes_back_goes_on_where_it_was() -> None:
    """Listeners stay, and hear what was written meanwhile."""
    stream = Stream()
    live = hub(stream)

    async def listen() -> list[Event | None]:
        async with aclosing(live.follow(asked(), "noc")) as events:
            hearing = asyncio.create_task(take(events, 1))
            await asyncio.sleep(0.05)
            stream.away = True
            stream.requests.append(request(1))
            await asyncio.sleep(0.05)
            stream.away = False
            return await hearing

    (event,) = asyncio.run(listen())

    assert isinstance(event, Correlation)


def test_a_part_of_the_store_that_is_away_keeps_back_its_own_findings_only() -> None:
    """Requests, and findings of the other parts, are told as ever."""
    stream = Stream()
    stream.silent = {"bng2"}

    def happen() -> None:
        stream.requests.append(request(1))
        stream.rows = [finding(Finding.V6_LOST, LINE, first_ms=T0)]

    assert {"request", "finding"} == {
        event.kind for event in told(hub(stream), asked(), 2, happen) if event is not None
    }


def test_silence_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nothing between here and the browser takes the connection for dead."""
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.05)

    assert [None] == told(hub(Stream()), asked(), 1, lambda: None)


def test_nobody_keeps_all_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller has so many streams at most, and another one still gets his."""
    monkeypatch.setattr(module, "MOST_OF_ONE", 1)
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.01)
    live = hub(Stream())

    async def listen() -> None:
        async with aclosing(live.follow(asked(), "script")) as events:
            await take(events, 1)
            with pytest.raises(Problem, match="of this caller"):
                live.follow(asked(), "script")
            async with aclosing(live.follow(asked(), "noc")) as others:
                await take(others, 1)

    asyncio.run(listen())


def test_only_so_many_may_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is refused at once; when one has left there is room again."""
    monkeypatch.setattr(module, "MOST_LISTENERS", 1)
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.01)
    live = hub(Stream())

    async def listen() -> None:
        async with aclosing(live.follow(asked(), "noc")) as events:
            await take(events, 1)
            with pytest.raises(Problem, match="streams are open"):
                live.follow(asked(), "noc")
        async with aclosing(live.follow(asked(), "noc")) as events:
            await take(events, 1)

    asyncio.run(listen())
