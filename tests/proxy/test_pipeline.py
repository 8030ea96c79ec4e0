"""The pipeline between a BNG and two AAA servers on the loop of the test."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Callable, Sequence
from functools import partial
from ipaddress import ip_network
from math import inf
from typing import Any, cast

import msgpack
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from bngcorr.model.line import LineIds
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import Condition, DropReason, Outcome, Rung
from bngcorr.proxy.brake import LONGEST_S
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
from bngcorr.proxy.upstream.server import Server
from bngcorr.proxy.upstream.settings import Settings
from bngcorr.store.lesson import Distances, Event, SessionChange
from bngcorr.wire import attributes as a
from tests.lab_parts import SECRET, nas
from tests.service.radius import (
    ACCESS_ACCEPT,
    ACCESS_REQUEST,
    ACCOUNTING_RESPONSE,
    ACCT_SESSION_ID,
    ACCT_STATUS_TYPE,
    PROXY_STATE,
    START,
    USER_NAME,
    Packet,
    access_request,
    accounting_request,
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
    """Knows nobody, or whom it is told to know."""

    def __init__(self) -> None:
        self.verdict = UNMATCHED

    def ask(self, requests: list[Request], then: Callable[[list[Request], list[Verdict]], None]) -> None:
        """At once."""
        then(requests, [self.verdict] * len(requests))


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
        self.twice = False  # each answer, with something else between
        self.adds = b""  # attributes of its answers
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
            code = ACCESS_ACCEPT if packet.code == ACCESS_REQUEST else ACCOUNTING_RESPONSE
            reply = reply_to(packet, code, self.adds, self.secret)
            for octets in (reply, b"no reply", reply) if self.twice else (reply,):
                self._transport.sendto(octets, addr)
        self._kept.clear()

    def close(self) -> None:
        """No longer listening."""
        assert self._transport is not None
        self._transport.close()


class Bench:
    """All of it."""

    def __init__(self, host: str = "127.0.0.1", code: a.Code = a.Code.ACCESS_REQUEST) -> None:
        """`host`: where BNGs are listened to; `code`: of what they send."""
        self.host = host
        self.code = code
        self.room = 1  # lessons that the store has room for
        self.judge = Judge()
        self.lessons: list[Any] = []
        self.learn: Callable[[Any], None] = self.lessons.append

    async def start(self) -> None:
        """Open everything."""
        loop = asyncio.get_running_loop()
        self.aaa = [Aaa(secret) for secret in SECRETS]
        for one in self.aaa:
            await loop.create_datagram_endpoint(partial(_same, one), local_addr=("127.0.0.1", 0))
        meters = self.meters = Meters(CollectorRegistry())
        bng = nas("bng1", profile(NOKIA), domain="d1", hold_s=0.0)
        self.pipeline = Pipeline(
            table=NasTable([(ip_network("127.0.0.1"), bng)]), numbers=Numbers(), hidden=dictionary().hidden,
            judge=self.judge, notes=Notes(self.learn, Clock(), meters, 1000), clock=Clock(), meters=meters,
            in_flight_s=10.0, noise=Noise(), room=lambda: self.room,
        )  # fmt: skip
        self.fleet: Fleet[Request] = Fleet(self.code, self.pipeline.dispatch, meters.upstream, Noise())
        self.take(SECRETS)
        self.socket = NasSocket(self.host, 0, receive_buffer=1 << 20, number=0)
        self.socket.start(lambda one, vector: self.pipeline.carry(one, vector, self.code))
        self.bng = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if self.host == "127.0.0.1":
            self.bng.connect((self.host, self.socket.port))
        self.bng.setblocking(False)

    def take(self, secrets: Sequence[bytes]) -> None:
        """A configuration with these secrets."""
        servers = [
            Settings(pool="auth", name=f"aaa{place}", address=("127.0.0.1", one.port), secret=secret)
            for place, (one, secret) in enumerate(zip(self.aaa, secrets, strict=True))
        ]
        routing = Routing(PoolSettings("auth", servers, Patience(response_within_s=5.0)))
        self.pipeline.dispatch.send_by({int(self.code): self.fleet.take(routing, self.fleet.open(routing))})

    def server(self, place: int) -> Server[Request]:
        """One of the AAA servers, as the proxy sees it."""
        return self.fleet._pools["auth"].servers[place]

    async def receive(self) -> Packet:
        """The next reply."""
        async with asyncio.timeout(4):
            return Packet(await asyncio.get_running_loop().sock_recv(self.bng, 4097))

    def dropped(self, reason: DropReason) -> float | None:
        """How many datagrams, for that reason."""
        return self.meters.registry.get_sample_value("bngcorr_radius_discards_total", {"reason": str(reason)})

    def under_way(self) -> list[Request]:
        """Requests that are being worked on."""
        known = self.pipeline.dispatch.exchanges._known.values()
        return [exchange.request for exchange in known if exchange.request is not None]

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


def _so_many(found: list[Any], number: int) -> bool:
    return len(found) == number


def _same(one: Aaa) -> Aaa:
    return one


def request(number: int) -> Packet:
    """An Access-Request of a line, with a Proxy-State of somebody else's."""
    return request_of(f"u{number}", number % 256)


def request_of(user: str, identifier: int) -> Packet:
    """The same, of that user."""
    body = attribute(USER_NAME, user) + cpe(f"02:00:00:00:00:{identifier:02x}", "1/1/4:7")
    return Packet(access_request(identifier, body + line(b"olt7/12") + attribute(PROXY_STATE, b"theirs"), SECRET))


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


async def test_a_request_is_told_of_once_it_is_over() -> None:
    """Who answered it, what, and how soon; or who was asked last, and why there is no answer. Each request once."""
    bench = Bench()
    await bench.start()
    bench.bng.send(request(1).octets)
    await bench.receive()
    bench.aaa[0].silent = bench.aaa[1].silent = True
    bench.bng.send(request(2).octets)
    await bench.until(lambda: bool(bench.pipeline.in_flight))
    (asked,) = bench.under_way()
    before = [msgpack.unpackb(one.moment)[6:9] for one in bench.lessons if isinstance(one, Event)]
    for _ in range(2):
        bench.pipeline.dispatch.abandon(asked, DropReason.NO_REPLY)
    await bench.stop()
    (*_, lost) = (msgpack.unpackb(one.moment)[6:9] for one in bench.lessons if isinstance(one, Event))

    ((upstream, answer, took),) = before
    assert ("aaa0", 2, True) == (upstream, answer, isinstance(took, int) and 0 <= took < 4000)
    assert ["aaa0", DropReason.NO_REPLY, None] == lost
    assert 2 == sum(isinstance(one, Event) for one in bench.lessons)


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


async def test_a_bng_that_asks_two_of_our_addresses_numbers_requests_for_each() -> None:
    """Two servers in its eyes: the same Identifier from the same port is another request, and the answer comes from the
    address that was asked.
    """
    bench = Bench("0.0.0.0")
    await bench.start()
    bench.aaa[0].silent = True
    loop = asyncio.get_running_loop()
    asked = {f"127.0.0.{n}": request_of(f"u{n}", 7) for n in (1, 2)}
    for host, one in asked.items():
        bench.bng.sendto(one.octets, (host, bench.socket.port))
    await bench.until(lambda: len(bench.aaa[0].seen) == 2)
    bench.aaa[0].answer()
    answered: dict[str, list[bool]] = {}
    async with asyncio.timeout(4):
        for _ in range(4):
            octets, (host, _) = await loop.sock_recvfrom(bench.bng, 4097)
            answered.setdefault(host, []).append(reply_fits(Packet(octets), asked[host], SECRET))
            if len(answered[host]) == 1:
                bench.bng.sendto(asked[host].octets, (host, bench.socket.port))
    await bench.stop()

    assert {"127.0.0.1": [True, True], "127.0.0.2": [True, True]} == answered
    assert 2 == len(bench.aaa[0].seen)


async def test_an_answer_that_cannot_be_carried_on_is_another_servers_chance() -> None:
    """Refused by name; the server is there all the same, and the retransmission goes to the next one."""
    bench = Bench()
    await bench.start()
    bench.aaa[0].adds = attribute(PROXY_STATE, b"foreign")
    asked = request(1)
    bench.bng.send(asked.octets)
    refused = partial(bench.meters.registry.get_sample_value, "bngcorr_radius_discards_total")
    await bench.until(lambda: refused({"reason": "foreign-proxy-state"}) == 1)
    owed = bench.fleet.rows()[0].state, bench.server(0).health.waiting_since
    await asyncio.sleep(Exchanges.RESEND_AFTER_S + 0.05)
    bench.bng.send(asked.octets)
    reply = await bench.receive()
    await bench.stop()

    assert (Condition.ALIVE, inf) == owed
    assert reply_fits(reply, asked, SECRET)
    assert [1, 1] == [len(one.seen) for one in bench.aaa]


async def test_an_error_in_what_is_done_now_and_then_does_not_end_it() -> None:
    """Requests are still forgotten in time, and what was gathered is still written down."""
    bench = Bench()
    tried: list[Any] = []

    def learn(lesson: Any) -> None:
        if isinstance(lesson, Distances):
            tried.append(lesson)
            raise OSError("a bug")

    bench.learn = learn
    bench.judge.verdict = Verdict(
        outcome=Outcome.MATCHED, line="1" * 24, ids=LineIds(b"olt7/99"), rung=Rung.WINDOW, distance_ms=5
    )
    await bench.start()
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    bench.pipeline.start()
    for number in (1, 2):
        body = attribute(USER_NAME, f"u{number}") + cpe(f"02:00:00:00:00:{number:02x}", "1/1/4:7")
        bench.bng.send(access_request(number, body, SECRET))
        await bench.receive()
        await bench.until(partial(_so_many, tried, number))
    bench.pipeline.close()
    await bench.stop()

    assert 2 == len(tried)


async def test_what_is_gathered_of_a_bng_is_told_together() -> None:
    """One lesson on all of its matches since the last one, and none if there were none."""
    bench = Bench()
    bench.judge.verdict = Verdict(
        outcome=Outcome.MATCHED, line="1" * 24, ids=LineIds(b"olt7/99"), rung=Rung.WINDOW, distance_ms=5
    )
    await bench.start()
    for number in range(1, 6):
        bench.bng.send(access_request(number, cpe(f"02:00:00:00:00:{number:02x}", "1/1/4:7"), SECRET))
        await bench.receive()
    bench.pipeline.tell()
    bench.pipeline.tell()
    await bench.stop()

    assert [Distances(domain="d1", bng="bng1", counts=((0, 5),))] == [
        lesson for lesson in bench.lessons if isinstance(lesson, Distances)
    ]


async def test_an_answer_is_held_against_the_secret_that_its_request_was_sent_with() -> None:
    """A secret is rolled over while a request is under way; the next one is signed with the new secret."""
    bench = Bench()
    await bench.start()
    bench.aaa[0].silent = True
    asked = request(1)
    bench.bng.send(asked.octets)
    await bench.until(lambda: len(bench.aaa[0].seen) == 1)
    bench.take((b"the next secret", SECRETS[1]))
    bench.aaa[0].answer()
    reply = await bench.receive()
    later = request(2)
    bench.bng.send(later.octets)
    await bench.until(lambda: len(bench.aaa[0].seen) == 2)
    second = bench.aaa[0].seen[1]
    await bench.stop()

    assert reply_fits(reply, asked, SECRET)
    assert message_authenticator_fits(second, second.authenticator, b"the next secret")


async def test_answers_that_come_together_leave_together_and_before_the_end() -> None:
    """Nothing is sent until all that is at hand has been worked on; whoever ends the pipeline then sends it first."""
    bench = Bench()
    await bench.start()
    bench.aaa[0].silent = True
    for number in range(3):
        bench.bng.send(request(number).octets)
    await bench.until(lambda: bench.pipeline.in_flight == 3)
    waiting = bench.under_way()
    took = partial(bench.meters.registry.get_sample_value, "bngcorr_radius_responses_total")
    labels = {"bng": "bng1", "code": "Access-Accept"}
    for one in waiting:
        bench.pipeline.dispatch.answer(one, ACCESS_ACCEPT, b"reply", asyncio.get_running_loop().time())
    before = took(labels)
    bench.pipeline.close()
    after = took(labels)
    replies = [bench.bng.recv(100) for _ in waiting]
    await bench.stop()

    assert (0, 3, [b"reply"] * 3) == (before or 0, after, replies)


async def test_while_the_store_lags_a_record_is_answered_later_and_once() -> None:
    """What its BNG sends again meanwhile goes to nobody, and is answered as ever afterwards."""
    bench = Bench(code=a.Code.ACCOUNTING_REQUEST)
    await bench.start()
    bench.room = 0
    record = accounting_request(7, attribute(ACCT_STATUS_TYPE, START) + attribute(ACCT_SESSION_ID, "one"), SECRET)
    began = asyncio.get_running_loop().time()
    bench.bng.send(record)
    held = partial(bench.meters.registry.get_sample_value, "bngcorr_accounting_held_answers_total")
    await bench.until(lambda: held() == 1)
    bench.bng.send(record)
    await bench.until(lambda: bench.dropped(DropReason.DUPLICATE_IN_FLIGHT) == 1)
    under_way = bench.pipeline.in_flight
    with pytest.raises(BlockingIOError):
        bench.bng.recv(100)
    reply = await bench.receive()
    took_s = asyncio.get_running_loop().time() - began
    after = bench.pipeline.in_flight
    bench.bng.send(record)
    again = await bench.receive()
    await bench.stop()

    assert (1, 0) == (under_way, after)
    assert LONGEST_S <= took_s
    assert reply_fits(reply, Packet(record), SECRET)
    assert reply.octets == again.octets
    assert 1 == len(bench.aaa[0].seen) + len(bench.aaa[1].seen)


async def test_what_comes_twice_at_once_is_carried_once() -> None:
    """A request and its copy, and an answer and its copy: each pair is there when the proxy wakes up."""
    bench = Bench()
    await bench.start()
    asked = request(1)
    bench.aaa[0].silent = True
    for _ in range(2):
        bench.bng.send(asked.octets)
    await bench.until(lambda: len(bench.aaa[0].seen) == 1)
    bench.aaa[0].twice = True
    with capture_logs() as lines:
        bench.aaa[0].answer()
        reply = await bench.receive()
        await bench.until(lambda: bench.dropped(DropReason.UNEXPECTED_REPLY) == 1)
    late = bench.meters.registry.get_sample_value(
        "bngcorr_upstream_late_replies_total", {"pool": "auth", "server": "aaa0"}
    )
    await bench.stop()

    assert reply_fits(reply, asked, SECRET)
    assert (1, 1, 1, 0) == (
        len(bench.aaa[0].seen), bench.dropped(DropReason.DUPLICATE_IN_FLIGHT), late, bench.pipeline.in_flight,
    )  # fmt: skip
    assert 1 == sum("No outstanding request was found for Access-Accept" in line["event"] for line in lines)
    assert 1 == sum(isinstance(one, SessionChange) for one in bench.lessons)


async def test_a_bng_has_its_answer_whatever_becomes_of_what_it_teaches() -> None:
    """What an Accept teaches comes after it, and a fault there is counted, held against that request alone."""
    bench = Bench()

    def learn(lesson: Any) -> None:
        if type(lesson) is SessionChange:
            raise RuntimeError("a bug")
        bench.lessons.append(lesson)

    bench.learn = learn
    await bench.start()
    answered = []
    for number in range(2):
        asked = request(number)
        bench.bng.send(asked.octets)
        answered.append(reply_fits(await bench.receive(), asked, SECRET))
    dropped = bench.meters.registry.get_sample_value("bngcorr_radius_discards_total", {"reason": "internal-error"})
    await bench.stop()

    assert [True, True] == answered
    assert 2 == dropped
    assert 2 == sum(isinstance(one, Event) for one in bench.lessons)
