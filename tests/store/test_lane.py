"""Packed commands: every caller gets its own answer or a StoreError, in time, whatever happened to the last one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bngcorr.errors import StoreError
from bngcorr.store.clock import StoreClock
from bngcorr.store.contract import Recall
from bngcorr.store.lane import Lane
from bngcorr.store.valkey import ValkeyStore

from .scene import Scene

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def lane(valkey_url: str) -> AsyncIterator[Lane]:
    """A lane to the server."""
    one = Lane(valkey_url)
    yield one
    await one.close()


async def _echo(lane: Lane, text: str, budget_s: float = 5.0) -> list[bytes]:
    return await lane.run([("ECHO", text), ("ECHO", text + text)], budget_s)


async def test_replies_come_in_the_order_of_the_commands(lane: Lane) -> None:
    """One round trip brings as many replies as there were commands."""
    calls = lane.calls
    replies = await lane.run([("ECHO", f"{number}") for number in range(500)], 5.0)

    assert [b"%d" % number for number in range(500)] == replies
    assert calls + 1 == lane.calls


async def test_an_overrun_is_a_store_error_within_the_budget(lane: Lane) -> None:
    """A server that is silent beyond the budget is given up in time, not when it answers."""
    await _echo(lane, "warm")
    started = time.monotonic()
    with pytest.raises(StoreError, match="no answer within 50 ms"):
        await lane.run([("DEBUG", "SLEEP", "1"), ("ECHO", "late")], 0.05)

    assert time.monotonic() - started < 0.8


async def test_after_an_overrun_the_next_call_gets_its_own_answer(lane: Lane) -> None:
    """The reply that came too late never meets the next caller."""
    for number in range(3):
        with pytest.raises(StoreError):
            await lane.run([("ECHO", f"late{number}"), ("DEBUG", "SLEEP", "0.1")], 0.02)
        assert [b"own", b"ownown"] == await _echo(lane, "own")


async def test_cancelled_calls_leave_no_stray_reply(lane: Lane) -> None:
    """Callers that were cancelled in the middle of a call leave clean connections behind."""
    for wait_s in (0.0, 0.001, 0.01):
        slow = [asyncio.create_task(lane.run([("ECHO", "stray"), ("DEBUG", "SLEEP", "0.05")], 5.0)) for _ in range(4)]
        await asyncio.sleep(wait_s)
        for task in slow:
            task.cancel()
        assert {asyncio.CancelledError} == {type(end) for end in await asyncio.gather(*slow, return_exceptions=True)}
        answers = await asyncio.gather(*(_echo(lane, f"own{number}") for number in range(8)))
        assert [[b"own%d" % n, b"own%down%d" % (n, n)] for n in range(8)] == answers


async def test_many_calls_at_once_do_not_mix(lane: Lane) -> None:
    """Fifty calls in flight get fifty answers, each its own."""
    answers = await asyncio.gather(*(_echo(lane, f"<{number}>") for number in range(50)))

    assert [[b"<%d>" % n, b"<%d><%d>" % (n, n)] for n in range(50)] == answers


async def test_more_calls_than_connections_wait_their_turn(lane: Lane) -> None:
    """Two hundred calls at once share a few connections: all are answered, each with its own replies."""
    answers = await asyncio.gather(*(_echo(lane, f"<{n}>") for n in range(200)))
    (clients,) = await lane.run([("CLIENT", "LIST")], 5.0)

    assert [[b"<%d>" % n, b"<%d><%d>" % (n, n)] for n in range(200)] == answers
    assert len(clients.splitlines()) < 64


async def test_an_error_among_the_replies_is_raised_and_the_rest_read(lane: Lane) -> None:
    """A command that the server refuses makes the call a StoreError and does not shift later answers."""
    with pytest.raises(StoreError, match="ResponseError"):
        await lane.run([("ECHO", "a"), ("NO-SUCH-COMMAND",), ("ECHO", "b")], 5.0)

    assert [b"own", b"ownown"] == await _echo(lane, "own")


async def test_an_error_of_one_command_may_stand_in_its_place(lane: Lane) -> None:
    """Asked command by command, what one of them did wrong leaves the replies of the others readable."""
    before, wrong, after = await lane.run_each([("ECHO", "a"), ("NO-SUCH-COMMAND",), ("ECHO", "b")], 5.0)

    assert (b"a", b"b") == (before, after)
    assert isinstance(wrong, Exception)
    assert [b"own", b"ownown"] == await _echo(lane, "own")


async def test_a_server_without_memory_is_a_store_error(lane: Lane) -> None:
    """An error that says something of the server, not of the command, is raised: the write is worth another try."""
    await lane.run([("CONFIG", "SET", "maxmemory", "1")], 5.0)
    try:
        with pytest.raises(StoreError, match="OutOfMemoryError"):
            await lane.run_each([("ECHO", "a"), ("SET", "k", "v")], 5.0)
    finally:
        await lane.run([("CONFIG", "SET", "maxmemory", "0")], 5.0)


async def test_scripts_are_loaded_when_the_server_has_forgotten_them(scene: Scene) -> None:
    """After a SCRIPT FLUSH, as after a failover, the next call works without anybody's help."""
    await scene.write(scene.sighting(1, keys=["k"]))
    await scene.raw(("SCRIPT", "FLUSH"))

    assert 1 == len((await scene.record("k")).candidates)
    await scene.raw(("SCRIPT", "FLUSH"))
    assert ["ok", "ok"] == await scene.write(scene.sighting(2, keys=["k"]), scene.sighting(3, keys=["k"]))


async def test_connections_that_the_server_closed_are_replaced(lane: Lane, scene: Scene) -> None:
    """After the server has dropped its clients, at most one call fails and the next is answered."""
    await asyncio.gather(*(_echo(lane, "x") for _ in range(5)))
    await scene.raw(("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "YES"))
    failures = 0
    for _ in range(10):
        try:
            assert [b"own", b"ownown"] == await _echo(lane, "own")
        except StoreError:
            failures += 1

    assert failures <= 5


@pytest.mark.parametrize("url", ["unix:///nowhere/at/all", "redis://127.0.0.1:1/0"])
async def test_a_server_that_is_not_there_is_a_store_error(url: str) -> None:
    """Nothing but StoreError comes out of a call, and soon."""
    lane = Lane(url)
    started = time.monotonic()
    with pytest.raises(StoreError):
        await lane.run([("PING",)], 0.5)

    assert time.monotonic() - started < 2.0
    await lane.close()


async def test_the_store_answers_within_its_budget(valkey_url: str, lane: Lane) -> None:
    """`recall` gives up after the configured budget, although the server would answer later."""
    store = ValkeyStore(valkey_url, budget_s=0.05, events=10)
    question = Recall(domain="any", keys=("0a",), mac=None, session=None)
    assert 1 == len(await store.recall([question], 0))
    await _echo(lane, "warm")
    sleeping = asyncio.create_task(lane.run([("DEBUG", "SLEEP", "1")], 5.0))
    await asyncio.sleep(0.02)
    started = time.monotonic()
    with pytest.raises(StoreError):
        await store.recall([question], 0)
    assert time.monotonic() - started < 0.8
    await sleeping

    assert 1 == len(await store.recall([question], 0))
    await store.close()


async def test_the_server_tells_its_version_and_time(valkey_url: str) -> None:
    """The server names itself, and its clock is the one that the process follows."""
    store = ValkeyStore(valkey_url, budget_s=5.0, events=10)
    clock = StoreClock()

    assert (await store.version()).startswith("valkey ")
    await clock.measure(store)
    assert abs(clock.now_ms() - await store.now_ms()) < 200
    assert abs(clock.offset_ms) < 200  # the same machine
    await store.close()
