"""Packed commands to one server: each caller gets its own answer or a StoreError, in time, whatever happened before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from redis.exceptions import ResponseError

from bngcorr.config.store_url import read_store_url
from bngcorr.errors import StoreError
from bngcorr.store.lane import CONNECT_BUDGET_S, MOST_CONNECTIONS, SCRIPTS, Lane, Reply, open_lane
from bngcorr.store.lane.commands import Command, key_of
from bngcorr.store.lane.link import Linker
from bngcorr.store.lane.node import Node
from bngcorr.store.lane.scripts import TEXTS
from bngcorr.store.packing import pack

from .servers.single import Single, unix_valkey

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def single() -> Iterator[Single]:
    """A Valkey on a Unix socket, ended with the module."""
    with unix_valkey() as one:
        yield one


@pytest_asyncio.fixture
async def lane(single: Single) -> AsyncIterator[Lane]:
    """A lane to the server."""
    one = open_lane(single.url)
    yield one
    await one.close()


def observation(lane: Lane, prefix: str, at_ms: int) -> Command:
    """A call of one of our scripts: "ok", or "known" if it was called with a later instant before."""
    return lane.script("observe", [f"{prefix}e"], [pack(["bng1", at_ms, pack([at_ms])])])


async def _echo(lane: Lane, text: str, budget_s: float = 5.0) -> list[bytes]:
    return await lane.run([("ECHO", text), ("ECHO", text + text)], budget_s)


async def test_replies_come_in_the_order_of_the_commands(lane: Lane) -> None:
    """One round trip brings as many replies as there were commands."""
    calls = lane.calls
    replies = await lane.run([("ECHO", f"{number}") for number in range(500)], 5.0)

    assert [b"%d" % number for number in range(500)] == replies
    assert calls + 1 == lane.calls


async def test_no_commands_are_no_round_trip(lane: Lane) -> None:
    """Nothing to ask is answered without the server."""
    assert [] == await lane.run([], 5.0)
    assert 0 == lane.calls


async def test_what_is_made_of_replies_is_made_as_they_come(lane: Lane) -> None:
    """Whoever asks gets what his reading made of them, or its error, which harms no other call on the connection."""
    commands: list[Command] = [("ECHO", "7"), ("ECHO", "8")]
    sums, no_number, after = [
        lane.ask(commands, 5.0, read)
        for read in (lambda some: sum(map(int, some)), lambda _: int("no number"), lambda some: some[1])
    ]  # fmt: skip

    assert 15 == await sums
    with pytest.raises(ValueError, match="no number"):
        await no_number
    assert b"8" == await after


async def test_what_nobody_waits_for_is_not_read(lane: Lane) -> None:
    """A call that was given up keeps its place on the connection, and no more."""
    read: list[list[Reply]] = []
    given_up = lane.ask([("ECHO", "lost")], 5.0, read.append)
    given_up.cancel()

    assert [b"next", b"nextnext"] == await _echo(lane, "next")
    assert [] == read


async def test_who_is_called_back_is_told_once_and_later(lane: Lane) -> None:
    """With the replies of his own call, or the error in their place; an error of his own harms no other call."""
    told: list[list[Reply]] = []
    failures: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))

    def stumbles(_: list[Reply]) -> None:
        raise ValueError("what nobody foresaw")

    async def _until(count: int) -> None:
        async with asyncio.timeout(5):
            while len(told) < count:  # noqa: ASYNC110  # it calls back
                await asyncio.sleep(0.001)

    lane.tell([("ECHO", "lost")], 5.0, stumbles)
    for number in range(3):
        lane.tell([("ECHO", f"{number}"), ("ECHO", "again")], 5.0, told.append)
    assert [] == told
    await _until(3)
    lane.tell([("DEBUG", "SLEEP", "0.1")], 0.02, told.append)
    await _until(4)

    assert [[b"%d" % number, b"again"] for number in range(3)] == sorted(told[:3])
    assert [StoreError] == [type(reply) for reply in told[3]]
    assert ["what nobody foresaw"] == [str(one) for one in failures]
    assert [b"own", b"ownown"] == await _echo(lane, "own")


async def test_who_is_called_back_is_told_of_what_had_to_be_sent_again(lane: Lane) -> None:
    """A server that does not know our scripts is told them first."""
    await lane.run([("SCRIPT", "FLUSH")], 5.0)
    answer: asyncio.Future[list[Reply]] = asyncio.get_running_loop().create_future()
    lane.tell([observation(lane, "bngcorr:{called back}:", 1)], 5.0, answer.set_result)

    assert [b"ok"] == await answer


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
            await lane.run([("ECHO", f"late{number}"), ("DEBUG", "SLEEP", "0.4")], 0.02)
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


async def test_cancellations_overruns_and_reads_mixed_never_cross(lane: Lane) -> None:
    """Hundreds of calls, some cancelled at odd moments and some too slow: no answer is ever another caller's."""

    async def call(number: int) -> None:
        if number % 5 == 0:
            task = asyncio.create_task(_echo(lane, f"cancelled{number}"))
            await asyncio.sleep(number % 7 / 2000)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        elif number % 5 == 1:
            await lane.run_each([("ECHO", f"slow{number}")] * 20, 0.0005)
        else:
            assert [b"<%d>" % number, b"<%d><%d>" % (number, number)] == await _echo(lane, f"<{number}>")

    await asyncio.gather(*(call(number) for number in range(400)))


async def test_no_turn_is_lost_to_calls_that_end_badly(lane: Lane) -> None:
    """After more cancelled and overrun calls than there are turns, as many calls as ever are answered at once."""
    for _ in range(2 * MOST_CONNECTIONS):
        task = asyncio.create_task(lane.run([("DEBUG", "SLEEP", "0.002")], 5.0))
        await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await lane.run_each([("DEBUG", "SLEEP", "0.002")], 0.0005)
    answers = await asyncio.gather(*(_echo(lane, f"<{n}>") for n in range(MOST_CONNECTIONS)))

    assert [[b"<%d>" % n, b"<%d><%d>" % (n, n)] for n in range(MOST_CONNECTIONS)] == answers


async def test_more_calls_than_connections_wait_their_turn(lane: Lane) -> None:
    """Two hundred calls at once share a few connections: all are answered, each with its own replies."""
    answers = await asyncio.gather(*(_echo(lane, f"<{n}>") for n in range(200)))
    (clients,) = await lane.run([("CLIENT", "LIST")], 5.0)

    assert [[b"<%d>" % n, b"<%d><%d>" % (n, n)] for n in range(200)] == answers
    assert len(clients.splitlines()) <= MOST_CONNECTIONS


async def test_a_call_that_overruns_takes_only_those_on_its_connection_with_it(lane: Lane) -> None:
    """With all connections busy, calls share them: one in doubt is closed, and no reply on it meets anybody else."""
    slow = [asyncio.create_task(lane.run_each([("DEBUG", "SLEEP", "0.02")], 5.0)) for _ in range(MOST_CONNECTIONS)]
    (slept,) = await slow[0]  # until all of them have a connection of their own
    await asyncio.gather(*slow)
    slow = [asyncio.create_task(lane.run_each([("DEBUG", "SLEEP", "0.1")], 5.0)) for _ in range(MOST_CONNECTIONS)]
    await asyncio.sleep(0)
    (hasty,) = await lane.run_each([("ECHO", "hasty")], 0.01)
    ends = [reply for (reply,) in await asyncio.gather(*slow)]

    assert b"OK" == slept
    assert "no answer within 10 ms" == str(hasty)
    assert MOST_CONNECTIONS - 1 == ends.count(b"OK")
    assert ["the connection was given up, for another call on it had no answer in time"] == [
        str(reply) for reply in ends if reply != b"OK"
    ]
    assert [b"own", b"ownown"] == await _echo(lane, "own")


async def test_connections_to_a_master_of_the_past_keep_nobody_waiting() -> None:
    """All connections hang with what was asked on them, and are done with: the next call has a new one at once."""
    accepted = 0

    async def hang_at_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        hangs = accepted <= MOST_CONNECTIONS
        while await reader.read(1000):
            if not hangs:
                writer.write(b"+PONG\r\n")
        writer.close()

    server = await asyncio.start_server(hang_at_first, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    node = Node("", Linker(read_store_url(f"redis://{host}:{port}/0?client_name=")).to(host, port))
    hung = [node.exchange([("PING",)], 0.5) for _ in range(MOST_CONNECTIONS)]
    async with asyncio.timeout(5.0):
        while accepted < MOST_CONNECTIONS:  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0.001)
    await asyncio.sleep(0.05)
    node.renew()
    (reply,) = await node.exchange([("PING",)], 0.5)
    waiting = [call.done() for call in hung]
    ends = await asyncio.gather(*hung)
    node.close()
    server.close()

    assert b"PONG" == reply
    assert [False] * MOST_CONNECTIONS == waiting
    assert {StoreError} == {type(end) for (end,) in ends}


async def test_a_server_that_says_more_than_it_was_asked_is_not_believed_again() -> None:
    """What comes unasked meets no later call: its connection is closed, and the next call has another one."""
    connections = 0

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        own = b"+own%d\r\n" % connections
        while await reader.read(1000):
            writer.write(own + b"+stray\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    lane = open_lane(f"redis://{host}:{port}/0?client_name=")
    replies = [(await lane.run([("GET", "k")], 1.0))[0] for _ in range(3)]
    await lane.close()
    server.close()

    assert [b"own1", b"own2", b"own3"] == replies


async def test_an_error_among_the_replies_is_raised_and_the_rest_read(lane: Lane) -> None:
    """A command that the server refuses makes the call a StoreError and does not shift later answers."""
    with pytest.raises(StoreError, match="ResponseError"):
        await lane.run([("ECHO", "a"), ("NO-SUCH-COMMAND",), ("ECHO", "b")], 5.0)

    assert [b"own", b"ownown"] == await _echo(lane, "own")


async def test_an_error_of_one_command_may_stand_in_its_place(lane: Lane) -> None:
    """Asked command by command, what one of them did wrong leaves the replies of the others readable."""
    before, wrong, after = await lane.run_each([("ECHO", "a"), ("NO-SUCH-COMMAND",), ("ECHO", "b")], 5.0)

    assert (b"a", b"b") == (before, after)
    assert isinstance(wrong, ResponseError)
    assert [b"own", b"ownown"] == await _echo(lane, "own")


async def test_a_server_without_memory_is_a_store_error_for_what_it_refused(lane: Lane) -> None:
    """An error that says something of the server, not of the command, is a StoreError: it is worth another try."""
    await lane.run([("CONFIG", "SET", "maxmemory", "1")], 5.0)
    try:
        read, written = await lane.run_each([("ECHO", "a"), ("SET", "k", "v")], 5.0)
    finally:
        await lane.run([("CONFIG", "SET", "maxmemory", "0")], 5.0)

    assert b"a" == read
    assert isinstance(written, StoreError)
    assert "OutOfMemoryError" in str(written)


async def test_the_servers_errors_are_told_even_when_a_script_had_to_be_loaded(lane: Lane) -> None:
    """A second round trip for a forgotten script changes nothing about how the first one's errors are judged."""
    await lane.run([("SCRIPT", "FLUSH"), ("CONFIG", "SET", "maxmemory", "1")], 5.0)
    try:
        written, ran = await lane.run_each([("SET", "k", "v"), lane.script(SCRIPTS[0], ["{x}e"], [])], 5.0)
    finally:
        await lane.run([("CONFIG", "SET", "maxmemory", "0")], 5.0)

    assert isinstance(written, StoreError)
    assert "NOSCRIPT" not in str(ran)
    assert "NoScript" not in str(ran)


async def test_scripts_are_loaded_when_the_server_has_forgotten_them(lane: Lane) -> None:
    """After a SCRIPT FLUSH, as after a fail-over, the call works without anybody's help, in one more round trip."""
    await lane.run([("SCRIPT", "FLUSH")], 5.0)
    calls = lane.calls
    replies = await lane.run([observation(lane, "{x}", 2), ("ECHO", "between"), observation(lane, "{x}", 1)], 5.0)

    assert [b"ok", b"between", b"known"] == replies
    assert calls + 2 == lane.calls


async def test_a_script_that_is_not_ours_stays_unknown(lane: Lane) -> None:
    """What nobody here knows by its digest can't be loaded: the call ends, with an error."""
    (reply,) = await lane.run_each([("EVALSHA", "0" * 40, 1, "k")], 5.0)

    assert isinstance(reply, StoreError)


async def test_what_scripts_share_stands_in_front_of_each(lane: Lane) -> None:
    """The prelude is no script of its own, and every script compiles behind it."""
    digests = await lane.run([("SCRIPT", "LOAD", text) for text in TEXTS.values()], 5.0)

    assert "prelude" not in SCRIPTS
    assert [lane.script(name, [], [])[1] for name in SCRIPTS] == [digest.decode() for digest in digests]


async def test_connections_that_the_server_closed_are_replaced(lane: Lane, single: Single) -> None:
    """After the server has dropped its clients while they lay idle, the next calls are answered."""
    await asyncio.gather(*(_echo(lane, "x") for _ in range(5)))
    single.server.ask("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "YES")
    await asyncio.sleep(0.02)

    for _ in range(10):
        assert [b"own", b"ownown"] == await _echo(lane, "own")


async def test_a_server_that_comes_back_is_found_by_the_next_call(lane: Lane, single: Single) -> None:
    """While the server is away every call fails at once; when it is back the first one is answered."""
    await _echo(lane, "warm")
    single.kill_master()
    started = time.monotonic()
    for _ in range(20):
        with pytest.raises(StoreError):
            await _echo(lane, "x", 1.0)
    took = time.monotonic() - started
    single.start_again()

    assert [b"own", b"ownown"] == await _echo(lane, "own")
    assert took < 1.0


async def test_a_hanging_server_costs_each_call_its_budget_and_no_more(lane: Lane, single: Single) -> None:
    """Forty calls to a server that is stopped in its tracks are all over soon, waiting for turns included."""
    await asyncio.gather(*(_echo(lane, "warm") for _ in range(4)))
    single.stop_node()
    try:
        started = time.monotonic()
        ends = await asyncio.gather(*(lane.run_each([("ECHO", "x")], 0.05) for _ in range(40)))
        took = time.monotonic() - started
    finally:
        single.cont()

    assert {StoreError} == {type(reply) for (reply,) in ends}
    assert took < 0.05 + CONNECT_BUDGET_S + 0.5
    assert [b"own", b"ownown"] == await _echo(lane, "own")


@pytest.mark.parametrize("url", ["unix:///nowhere/at/all", "redis://127.0.0.1:1/0"])
async def test_a_server_that_is_not_there_is_a_store_error(url: str) -> None:
    """Nothing but StoreError comes out of a call, and soon."""
    lane = open_lane(url)
    started = time.monotonic()
    with pytest.raises(StoreError):
        await lane.run([("PING",)], 0.5)

    assert time.monotonic() - started < 2.0
    await lane.close()


async def test_a_bad_url_is_refused_without_showing_it() -> None:
    """Whoever mistyped the URL is told what was expected; the password in it is not shown."""
    with pytest.raises(StoreError, match="expected") as caught:
        open_lane("redis://user:s3cret@host:port/0")

    assert "s3cret" not in str(caught.value)


async def test_an_answer_that_is_there_counts_however_late_the_loop_comes_to_read_it(lane: Lane) -> None:
    """A process busy with packets for longer than the budget has not lost its store."""
    await _echo(lane, "warm")
    ends = []
    for _ in range(5):
        call = asyncio.create_task(lane.run_each([("PING",)], 0.03))
        await asyncio.sleep(0)  # until it is sent
        time.sleep(0.05)  # noqa: ASYNC251 -- the loop is busy
        ends += await call

    assert [b"PONG"] * 5 == ends


async def test_whoever_wants_to_know_is_told_how_long_calls_take(lane: Lane, single: Single) -> None:
    """What came first in a call, how long it took, and whether it was answered or given up."""
    told: list[tuple[str, float, bool]] = []
    lane.took = lambda *call: told.append(call)
    await lane.run([("PING",), ("PING",)], 5.0)
    single.stop_node()
    try:
        await lane.run_each([("PING",)], 0.05)
    finally:
        single.cont()

    (first, took, failed), (again, waited, given_up) = told
    assert [("ping", False), ("ping", True)] == [(first, failed), (again, given_up)]
    assert 0 < took < 5.0
    assert waited >= 0.05


async def test_a_single_server_needs_no_name(lane: Lane) -> None:
    """Breakers and metrics of a store with one server see one node."""
    assert "" == lane.where("any")
    assert [""] == list(await lane.ask_nodes([("PING",)], 5.0))


@pytest.mark.parametrize(
    ("command", "key"),
    [
        (("GET", "k"), b"k"),
        (("get", b"k"), b"k"),
        (("EVALSHA", "digest", 2, "k", "l", "argument"), b"k"),
        (("EVALSHA", "digest", 0, "argument"), None),
        (("XINFO", "STREAM", "k"), b"k"),
        (("INFO", "memory"), None),
        (("TIME",), None),
        (("SET", 7, "v"), b"7"),
    ],
)
async def test_the_first_key_decides_where_a_command_goes(command: Command, key: bytes | None) -> None:
    """Commands with a key go to its slot's node, those without to any."""
    assert key == key_of(command)
