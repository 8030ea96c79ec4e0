"""Sockets towards the BNGs: vectors, the way back, and the end of one that shares its port."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from bngcorr.proxy.datagrams import MOST
from bngcorr.proxy.sockets import LEAST, MOST_PEERS, TURN_S, Datagram, NasSocket
from tests.service.ports import has_ipv6

ROOM = 4_194_304  # octets asked of the kernel
HOSTS = ["127.0.0.1", "0.0.0.0", *(["::1", "::"] if has_ipv6() else [])]
LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}

Vector = list[Datagram]


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    """Whatever a test opens is closed with it."""
    with ExitStack() as stack:
        yield stack


def listening(
    ends: ExitStack, host: str = "127.0.0.1", port: int = 0, *, room: int = ROOM, shared: bool = False
) -> NasSocket:
    """A socket of ours."""
    opened = NasSocket(host, port, receive_buffer=room, number=0, reuse_port=shared)
    ends.callback(opened.close)
    return opened


def bng(ends: ExitStack, to: NasSocket) -> socket.socket:
    """A BNG's socket, connected to ours, so that it takes answers from there only."""
    opened = ends.enter_context(socket.socket(to.family, socket.SOCK_DGRAM))
    opened.connect((LOOPBACK.get(to.host, to.host), to.port))
    opened.settimeout(2.0)
    return opened


async def until(true: Callable[[], bool]) -> None:
    """Let the loop turn until it holds, at most 5 s."""
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 -- sockets tell nobody
            await asyncio.sleep(0.001)


@pytest.mark.asyncio
async def test_a_burst_is_read_whole_in_bounded_vectors(ends: ExitStack) -> None:
    """2,000 datagrams at once: none is lost, none is read twice, no vector is longer than the most."""
    ours, vectors = listening(ends), list[Vector]()
    sender = bng(ends, ours)
    for number in range(2_000):
        sender.send(number.to_bytes(2, "big"))
    ours.start(lambda _, vector: vectors.append(vector))
    await until(lambda: sum(map(len, vectors)) >= 2_000)
    await ours.stop()

    assert list(range(2_000)) == [int.from_bytes(one.octets, "big") for vector in vectors for one in vector]
    assert MOST == max(map(len, vectors))


@pytest.mark.asyncio
async def test_vectors_get_short_while_carrying_them_takes_long(ends: ExitStack) -> None:
    """The store and AAA get their turn: what takes too long is carried in smaller parts, and in larger ones again."""
    ours, lengths = listening(ends), list[int]()
    sender = bng(ends, ours)

    def slow_at_first(_: NasSocket, vector: Vector) -> None:
        if sum(lengths) < 500:
            time.sleep(TURN_S * 1.5)
        lengths.append(len(vector))

    for _ in range(1_000):
        sender.send(b"x")
    ours.start(slow_at_first)
    await until(lambda: sum(lengths) >= 1_000)
    await ours.stop()

    assert {LEAST} == set(lengths[: 500 // LEAST])
    assert MOST == max(lengths)


@pytest.mark.asyncio
@pytest.mark.parametrize("host", HOSTS)
async def test_a_shared_port_is_left_without_a_loss(ends: ExitStack, host: str) -> None:
    """What waits in the socket that leaves is carried and answered from the same address; what comes later is the
    other's.
    """
    leaving = listening(ends, host, shared=True)
    staying = listening(ends, host, leaving.port, shared=True)
    senders = [bng(ends, leaving) for _ in range(32)]
    carried: dict[NasSocket, int] = {leaving: 0, staying: 0}

    def answer(to: NasSocket, vector: Vector) -> None:
        carried[to] += len(vector)
        assert all(to.send(one.octets, one.peer) for one in vector)

    for sender in senders:
        sender.send(b"1")
    for each in (leaving, staying):
        each.start(answer)
    await leaving.stop()
    left_at = carried[leaving]
    for sender in senders:
        sender.send(b"2")
    await until(lambda: sum(carried.values()) == 2 * len(senders))
    leaving.close()

    assert 0 < left_at == carried[leaving] < len(senders)
    assert [{b"1", b"2"}] * len(senders) == [{sender.recv(1), sender.recv(1)} for sender in senders]


@pytest.mark.asyncio
async def test_a_reply_leaves_from_the_address_that_was_asked(ends: ExitStack) -> None:
    """A BNG that asks one of our addresses gets its answer from there, not from where routing would send it."""
    ours, vectors = listening(ends, "0.0.0.0"), list[Vector]()
    sender = ends.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    sender.settimeout(2.0)
    sender.sendto(b"asked", ("127.0.0.9", ours.port))
    ours.start(lambda _, vector: vectors.append(vector))
    await until(lambda: bool(vectors))
    ((datagram,),) = vectors

    assert ours.send(b"answer", datagram.peer)
    assert (b"answer", ("127.0.0.9", ours.port)) == sender.recvfrom(16)


def test_an_address_is_shared_by_those_only_who_all_want_to(ends: ExitStack) -> None:
    """One that was not told to share keeps its port to itself, and is let into no other's."""
    alone = listening(ends)
    with pytest.raises(OSError, match="in use"):
        listening(ends, port=alone.port, shared=True)
    shared = listening(ends, shared=True)
    with pytest.raises(OSError, match="in use"):
        listening(ends, port=shared.port)


@pytest.mark.asyncio
async def test_what_the_kernel_drops_is_told_once(ends: ExitStack) -> None:
    """A buffer that overflows: sent is read and dropped together, and the drops are counted once."""
    ours, read = listening(ends, room=65_536), list[Vector]()
    sender = bng(ends, ours)
    for _ in range(1_000):
        sender.send(bytes(300))
    dropped = ours.queue.more_drops()
    ours.start(lambda _, vector: read.append(vector))
    await ours.stop()

    assert (65_536, 65_536) == (ours.queue.requested, ours.queue.granted)
    assert 0 < dropped == 1_000 - sum(map(len, read))
    assert 0 == ours.queue.more_drops()


@pytest.mark.asyncio
async def test_made_up_sources_take_no_more_memory(ends: ExitStack) -> None:
    """Sources are remembered to be cheap the next time, a bounded number of them."""
    ours, vectors = listening(ends), list[Vector]()
    for number in range(MOST_PEERS):
        ours._peer(number, ("192.0.2.1", number), ("192.0.2.1", number), [])
    bng(ends, ours).send(b"one more")
    ours.start(lambda _, vector: vectors.append(vector))
    await until(lambda: bool(vectors))

    assert 1 == len(ours._peers)


@pytest.mark.asyncio
async def test_a_reply_that_the_kernel_does_not_take_is_no_more_than_that(ends: ExitStack) -> None:
    """It is told by the return value; the socket is read on."""
    ours, vectors = listening(ends), list[Vector]()
    sender = bng(ends, ours)
    ours.start(lambda _, vector: vectors.append(vector))
    sender.send(b"first")
    await until(lambda: bool(vectors))

    assert not ours.send(bytes(70_000), vectors[0][0].peer)
    sender.send(b"second")
    await until(lambda: len(vectors) == 2)
    assert b"second" == vectors[1][0].octets
