"""The pipeline between a BNG and two AAA servers on the loop of the test."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable
from functools import partial
from ipaddress import ip_network
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.proxy.exchange import Exchanges
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.nas import NasTable
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.notes import Notes
from bngcorr.proxy.pipeline import Pipeline
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.proxy.sockets import NasSocket
from bngcorr.proxy.upstream.fleet import Fleet
from bngcorr.proxy.upstream.health import Patience
from bngcorr.proxy.upstream.routing import PoolSettings, Routing
from bngcorr.proxy.upstream.settings import Settings
from bngcorr.wire import attributes as a
from tests.lab_parts import SECRET, nas
from tests.service.radius import (
    ACCESS_ACCEPT,
    PROXY_STATE,
    USER_NAME,
    Packet,
    access_request,
    attribute,
    cpe,
    line,
    message_authenticator_fits,
    reply_fits,
    reply_to,
)

from .families import NOKIA, dictionary, profile

pytestmark = pytest.mark.asyncio

SECRETS = (b"between-proxy-and-one", b"between-proxy-and-two")


class Judge:
    """Knows nobody."""

    def ask(self, requests: list[Request], then: Callable[[Request, Verdict], None]) -> None:
        """At once."""
        for request in requests:
            then(request, UNMATCHED)


class Clock:
    """Of the store."""

    def now_ms(self) -> int:
        """Always the same."""
        return 1_800_000_000_000


class Aaa(asyncio.DatagramProtocol):
    """Accepts, unless it is silent."""

    def __init__(self, secret: bytes) -> None:
        self.secret = secret
        self.silent = False
        self.seen: list[Packet] = []
        self._kept: list[tuple[Packet, tuple[str, int]]] = []
        self._transport: asyncio.DatagramTransport | None = None
        self.port = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Listening."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A request."""
        self.seen.append(Packet(data))
        self._kept.append((Packet(data), addr))
        if not self.silent:
            self.answer()

    def answer(self) -> None:
        """Everything that is not answered."""
        assert self._transport is not None
        for packet, addr in self._kept:
            self._transport.sendto(reply_to(packet, ACCESS_ACCEPT, b"", self.secret), addr)
        self._kept.clear()

    def close(self) -> None:
        """No longer listening."""
        assert self._transport is not None
        self._transport.close()


class Bench:
    """All of it."""

    async def start(self) -> None:
        """Open everything."""
        loop = asyncio.get_running_loop()
        self.aaa = [Aaa(secret) for secret in SECRETS]
        for one in self.aaa:
            await loop.create_datagram_endpoint(partial(_same, one), local_addr=("127.0.0.1", 0))
        self.lessons: list[Any] = []
        meters = self.meters = Meters(CollectorRegistry())
        bng = nas("bng1", profile(NOKIA), domain="d1", hold_s=0.0)
        self.pipeline = Pipeline(
            table=NasTable([(ip_network("127.0.0.1"), bng)]), numbers=Numbers(), hidden=dictionary().hidden,
            judge=Judge(), notes=Notes(self.lessons.append, Clock(), meters, 1000), clock=Clock(), meters=meters,
            in_flight_s=10.0, noise=Noise(),
        )  # fmt: skip
        servers = [
            Settings(pool="auth", name=f"aaa{place}", address=("127.0.0.1", one.port), secret=one.secret)
            for place, one in enumerate(self.aaa)
        ]
        routing = Routing(PoolSettings("auth", servers, Patience(response_within_s=5.0)))
        self.fleet: Fleet[Request] = Fleet(a.Code.ACCESS_REQUEST, self.pipeline.dispatch, meters.upstream, Noise())
        self.pipeline.dispatch.send_by({1: self.fleet.take(routing, self.fleet.open(routing))})
        self.socket = NasSocket("127.0.0.1", 0, receive_buffer=1 << 20, number=0)
        self.socket.start(lambda one, vector: self.pipeline.carry(one, vector, a.Code.ACCESS_REQUEST))
        self.bng = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.bng.connect((self.socket.host, self.socket.port))
        self.bng.setblocking(False)

    async def receive(self) -> Packet:
        """The next reply."""
        async with asyncio.timeout(4):
            return Packet(await asyncio.get_running_loop().sock_recv(self.bng, 4097))

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until it is so."""
        async with asyncio.timeout(4):
            while not true():  # noqa: ASYNC110 -- many things may have to happen
                await asyncio.sleep(0.002)

    async def stop(self) -> None:
        """Close everything."""
        await self.socket.stop()
        self.socket.close()
        self.fleet.close()
        self.bng.close()
        for one in self.aaa:
            one.close()


def _same(one: Aaa) -> Aaa:
    return one


def request(number: int) -> Packet:
    """An Access-Request of a line, with a Proxy-State of somebody else's."""
    body = attribute(USER_NAME, f"u{number}") + cpe(f"02:00:00:00:00:{number % 256:02x}", "1/1/4:7")
    return Packet(access_request(number % 256, body + line(b"olt7/12") + attribute(PROXY_STATE, b"theirs"), SECRET))


async def test_a_second_transmission_is_a_request_of_its_own_to_the_next_server() -> None:
    """Other Identifier, authenticator, secret and Proxy-State, the same request otherwise; the BNG gets one answer, and
    what the first server says later changes nothing.
    """
    bench = Bench()
    await bench.start()
    bench.aaa[0].silent = True
    asked = request(1)
    bench.bng.send(asked.octets)
    await bench.until(lambda: len(bench.aaa[0].seen) == 1)
    await asyncio.sleep(Exchanges.RESEND_AFTER_S + 0.05)
    bench.bng.send(asked.octets)
    reply = await bench.receive()
    bench.aaa[0].answer()
    late = partial(bench.meters.registry.get_sample_value, "bngcorr_upstream_late_replies_total")
    await bench.until(lambda: late({"pool": "auth", "server": "aaa0"}) == 1)
    bench.bng.send(asked.octets)
    again = await bench.receive()
    first, second = bench.aaa[0].seen[0], bench.aaa[1].seen[0]
    in_flight = bench.pipeline.in_flight
    await bench.stop()

    assert reply_fits(reply, asked, SECRET)
    assert message_authenticator_fits(second, second.authenticator, SECRETS[1])
    assert first.authenticator != second.authenticator
    assert [b"theirs"] == first.all(PROXY_STATE)[:1] == second.all(PROXY_STATE)[:1] == reply.all(PROXY_STATE)
    assert first.all(PROXY_STATE)[1:] != second.all(PROXY_STATE)[1:]
    assert [kind for kind, _ in first.attributes()] == [kind for kind, _ in second.attributes()]
    assert (reply.octets, 0, [1, 1]) == (again.octets, in_flight, [len(one.seen) for one in bench.aaa])


async def test_an_answered_request_leaves_nothing_for_the_collector_of_cycles() -> None:
    """At thousands a second the collector would cost more than the requests."""
    bench = Bench()
    await bench.start()
    for number in range(20):
        bench.bng.send(request(number).octets)
        await bench.receive()
    gc.collect()
    gc.disable()
    try:
        for number in range(20, 120):
            bench.bng.send(request(number).octets)
            await bench.receive()
        found = gc.collect()
    finally:
        gc.enable()
    await bench.stop()

    assert found < 10
