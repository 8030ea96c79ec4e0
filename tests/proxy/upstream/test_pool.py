"""Pools, servers, sockets and identifiers, with AAA servers on the loop of the test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

import pytest
from prometheus_client import CollectorRegistry

from bngcorr.errors import IdentifierExhausted, NoUpstream
from bngcorr.model.vocabulary import Admin, Condition, OnNoUpstream, PoolPolicy
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.upstream.fleet import Fleet, UnreachableError
from bngcorr.proxy.upstream.flight import Flight, Lane
from bngcorr.proxy.upstream.health import Patience
from bngcorr.proxy.upstream.meters import UpstreamMeters
from bngcorr.proxy.upstream.pool import Pool
from bngcorr.proxy.upstream.routing import PoolSettings, Routing
from bngcorr.proxy.upstream.server import Server
from bngcorr.proxy.upstream.settings import Settings
from bngcorr.wire import attributes as a
from bngcorr.wire.radius import PacketView, decode
from tests.service.radius import attribute

pytestmark = pytest.mark.asyncio

SECRET = b"between-proxy-and-aaa"
STATE, EAP = 24, 79
QUICK = Patience(response_within_s=0.2, dead_after_s=0.5, alive_after=2, revive_s=0.2)


class Aaa(asyncio.DatagramProtocol):
    """Sends back what it gets, unless it is silent; what it gets is no RADIUS and need not be."""

    def __init__(self) -> None:
        self.silent = False
        self.seen: list[bytes] = []
        self.sources: set[tuple[str, int]] = set()
        self.kept: list[tuple[bytes, tuple[str, int]]] = []
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, port: int = 0) -> Aaa:
        """Listen."""
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", port))
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Listening."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A request."""
        self.seen.append(data)
        self.sources.add(addr)
        self.kept.append((data, addr))
        if not self.silent:
            self.answer()

    def answer(self) -> None:
        """Everything that was not answered so far."""
        assert self._transport is not None
        for data, addr in self.kept:
            self._transport.sendto(data, addr)
        self.kept.clear()

    def close(self) -> None:
        """No longer listening."""
        if self._transport is not None:
            self._transport.close()


@dataclass
class Bench:
    """A pool of several servers, and what came back."""

    number: int = 2
    policy: PoolPolicy = PoolPolicy.FAILOVER
    patience: Patience = QUICK
    sockets: int = 2
    timeout_s: float = 0.5
    source: str | None = None
    aaa: list[Aaa] = field(default_factory=list)
    answers: list[tuple[str, str]] = field(default_factory=list)  # server and request
    late: int = 0
    lost: list[str] = field(default_factory=list)
    broken: bool = False  # what is called when nobody answers fails

    async def start(self) -> None:
        """Open everything."""
        self.meters = UpstreamMeters(CollectorRegistry())
        self.aaa = [await Aaa().open() for _ in range(self.number)]
        self.fleet: Fleet[str] = Fleet(a.Code.ACCESS_REQUEST, self, self.meters, Noise())
        self.take(range(self.number))

    def take(self, which: range, secret: bytes = SECRET) -> None:
        """A configuration with these servers."""
        servers = [
            Settings(
                pool="auth", name=f"aaa{place}", address=("127.0.0.1", self.aaa[place].port), secret=secret,
                source=self.source, timeout_s=self.timeout_s, sockets=self.sockets,
            )
            for place in which
        ]  # fmt: skip
        routing = Routing(PoolSettings("auth", servers, self.patience, self.policy, OnNoUpstream.SILENT))
        self.pool: Pool[str] = self.fleet.take(routing, self.fleet.open(routing)).default

    def server(self, place: int) -> Server[str]:
        """One of them."""
        return next(server for server in self.pool.servers if server.name == f"aaa{place}")

    def answered(self, server: Server[str], lane: Lane[str], replies: list[bytes], now: float) -> None:
        """As the pipeline does it."""
        for octets in replies:
            flight = lane.awaiting(octets)
            if flight is None:
                self.late += 1
            elif flight.context is None:
                self.late += 1
                server.late(flight, now)
            else:
                self.answers.append((server.name, flight.context))
                server.finish(flight, now)

    def expired(self, flight: Flight[str]) -> None:
        """Likewise."""
        if self.broken:
            raise RuntimeError("a bug")
        if flight.context is not None:
            self.lost.append(flight.context)

    def send(self, request: str, view: PacketView | None = None) -> Flight[str]:
        """A request."""
        flight = self.pool.take(request, view, now())
        flight.server.launch(flight, b"\1" + bytes((flight.identifier,)) + request.encode(), now())
        return flight

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until it is so."""
        async with asyncio.timeout(4):
            while not true():  # noqa: ASYNC110 -- many things may have to happen
                await asyncio.sleep(0.005)

    async def ask(self, request: str, view: PacketView | None = None) -> str:
        """A request, and who answered it."""
        self.send(request, view)
        await self.until(lambda: request in [asked for _, asked in self.answers])
        return next(name for name, asked in self.answers if asked == request)

    def stop(self) -> None:
        """Close everything."""
        self.fleet.close()
        for one in self.aaa:
            one.close()


def now() -> float:
    """Of the loop's clock."""
    return asyncio.get_running_loop().time()


def view_of(*attributes: bytes) -> PacketView:
    """An Access-Request with these attributes."""
    body = b"".join(attributes)
    return decode(b"\1\0" + (20 + len(body)).to_bytes(2, "big") + bytes(16) + body)


async def test_identifiers_grow_by_sockets_and_end_by_name() -> None:
    """256 on each socket; the last server's last one taken, the next request is refused, and all are given back."""
    bench = Bench(number=1, sockets=2)
    await bench.start()
    bench.aaa[0].silent = True
    flights = [bench.send(f"r{number}") for number in range(512)]
    with pytest.raises(IdentifierExhausted):
        bench.send("one too many")
    row = bench.fleet.rows()[0]
    bench.aaa[0].silent = False
    await bench.until(lambda: len(bench.lost) + len(bench.answers) == 512)
    freed = bench.fleet.rows()[0].in_flight
    bench.stop()

    assert (512, 512, 2) == (row.in_flight, row.most_in_flight, row.sockets)
    assert 512 == len({(id(flight.lane), flight.identifier) for flight in flights})
    assert 0 == freed


async def test_a_server_without_identifiers_left_gives_way_to_the_next() -> None:
    """Rather there than nowhere."""
    bench = Bench(sockets=1)
    await bench.start()
    bench.aaa[0].silent = True
    places = [bench.send(f"r{number}").server.name for number in range(257)]
    bench.stop()

    assert ["aaa0"] * 256 + ["aaa1"] == places


async def test_traffic_leaves_a_silent_server_and_returns_when_it_is_back() -> None:
    """Suspect first, then dead; requests try it until it has answered twice, then it has all of them."""
    bench = Bench()
    await bench.start()
    bench.aaa[0].silent = True
    bench.send("lost")
    await bench.until(lambda: bench.server(0).health.condition is Condition.SUSPECT)
    second = await bench.ask("second")
    await bench.until(lambda: bench.server(0).health.condition is Condition.DEAD)
    bench.aaa[0].silent = False
    tries = 0
    while bench.server(0).health.condition is not Condition.ALIVE:
        tries += 1
        await bench.ask(f"try{tries}")
        await asyncio.sleep(0.02)
    back = await bench.ask("back")
    row = bench.fleet.rows()[0]
    bench.stop()

    assert ("aaa1", "aaa0", ["lost"]) == (second, back, bench.lost)
    assert 2 <= sum(name == "aaa0" and asked.startswith("try") for name, asked in bench.answers)
    assert (1, Condition.ALIVE) == (row.timeouts, row.state)


async def test_probes_bring_a_server_back_without_spending_a_request() -> None:
    """Where they are on, no request goes to a suspect while others are alive."""
    probing = Patience(response_within_s=0.1, dead_after_s=5.0, alive_after=2, probing=True, probe_suspect_s=0.05)
    bench = Bench(patience=probing)
    await bench.start()
    bench.aaa[0].silent = True
    bench.send("lost")
    await bench.until(lambda: bench.server(0).health.condition is Condition.SUSPECT)
    for number in range(20):
        await bench.ask(f"r{number}")
    await bench.until(lambda: len([octets for octets in bench.aaa[0].seen if octets[0] == a.Code.STATUS_SERVER]) >= 2)
    bench.stop()

    assert {"aaa1"} == {name for name, _ in bench.answers}
    assert 80 == next(octets[20] for octets in bench.aaa[0].seen if octets[0] == a.Code.STATUS_SERVER)


async def test_nobody_listening_is_noticed_before_any_timeout() -> None:
    """The socket's error makes the server suspect; the request that met it waits for its retransmission."""
    bench = Bench(patience=Patience(response_within_s=3.0))
    await bench.start()
    bench.aaa[0].close()
    await asyncio.sleep(0)
    bench.send("lost")
    await bench.until(lambda: bench.server(0).health.condition is Condition.SUSPECT)
    answered_by = await bench.ask("next")
    bench.stop()

    assert "aaa1" == answered_by


async def test_the_second_transmission_goes_to_the_second_server_and_the_first_reply_wins() -> None:
    """Though the first is not even suspect yet; what it says later is counted as late, and frees its identifier."""
    bench = Bench(patience=Patience(response_within_s=3.0))
    await bench.start()
    bench.aaa[0].silent = True
    first = bench.send("one")
    other = bench.pool.again(first, "one", None, now())
    assert other is not None
    other.earlier = first
    other.server.launch(other, b"\1" + bytes((other.identifier,)), now())
    await bench.until(lambda: bool(bench.answers))
    other.over()
    bench.aaa[0].answer()
    await bench.until(lambda: bench.late == 1)
    rows = bench.fleet.rows()
    bench.stop()

    assert [("aaa1", "one")] == bench.answers
    assert ([0, 0], [1, 0]) == ([row.in_flight for row in rows], [row.late_replies for row in rows])
    assert [] == bench.lost


async def test_a_retransmission_goes_to_the_same_server_if_that_has_answered_something_since() -> None:
    """It is alive; the packet was lost. The same octets go out, and AAA knows the duplicate."""
    bench = Bench(patience=Patience(response_within_s=3.0))
    await bench.start()
    bench.aaa[0].silent = True
    first = bench.send("one")
    await bench.until(lambda: len(bench.aaa[0].seen) == 1)
    bench.aaa[0].kept.clear()
    bench.aaa[0].silent = False
    await bench.ask("two")
    other = bench.pool.again(first, "one", None, now())
    bench.pool.repeat(first, now())
    await bench.until(lambda: ("aaa0", "one") in bench.answers)
    bench.stop()

    assert None is other
    assert bench.aaa[0].seen[0] == bench.aaa[0].seen[2]


async def test_an_answer_since_counts_for_nothing_if_the_server_owes_others() -> None:
    """It died a moment after: its last answers came when this request had just been sent."""
    bench = Bench(patience=Patience(response_within_s=3.0))
    await bench.start()
    first = bench.send("one")
    await bench.until(lambda: bool(bench.answers))
    bench.aaa[0].silent = True
    bench.send("two")
    same = bench.pool.again(first, "one", None, now())
    other = bench.pool.again(first, "one", None, now() + 0.3)
    bench.stop()

    assert None is same
    assert other is not None
    assert "aaa1" == other.server.name


async def test_when_every_server_was_tried_copies_go_round() -> None:
    """The one that has waited longest for a copy gets it."""
    bench = Bench(patience=Patience(response_within_s=3.0))
    await bench.start()
    for one in bench.aaa:
        one.silent = True
    first = bench.send("one")
    other = bench.pool.again(first, "one", None, now())
    assert other is not None
    other.earlier = first
    started = now()
    other.server.launch(other, b"\1" + bytes((other.identifier,)), started + 0.01)
    nobody = bench.pool.again(other, "one", None, now())
    for later in (0.02, 0.03, 0.04):
        bench.pool.repeat(other, started + later)
    await bench.until(lambda: len(bench.aaa[0].seen) == 3)
    bench.stop()

    assert None is nobody
    assert [3, 2] == [len(one.seen) for one in bench.aaa]


async def test_while_all_are_dead_one_request_now_and_then_tries_one() -> None:
    """The others are refused by name at once; the first answer lets traffic through again."""
    bench = Bench(number=1)
    await bench.start()
    bench.aaa[0].silent = True
    bench.send("lost")
    await bench.until(lambda: not bench.pool.usable)
    bench.send("tries")
    refused = 0
    for number in range(10):
        try:
            bench.send(f"r{number}")
        except NoUpstream:
            refused += 1
    bench.aaa[0].silent = False
    bench.aaa[0].answer()
    await bench.until(lambda: bench.pool.usable)
    answered_by = await bench.ask("back")
    bench.stop()

    assert (10, "aaa0") == (refused, answered_by)


async def test_a_drained_server_ends_what_it_began_and_gets_nothing_new() -> None:
    """Conversations that it has issued a State for go on there; down means nothing at all, and up is as before."""
    bench = Bench()
    await bench.start()
    challenge = view_of(attribute(STATE, b"of-aaa0"))
    bench.pool.challenged(bench.server(0), challenge)
    found = []
    for admin in (Admin.DRAIN, Admin.DOWN, Admin.UP):
        assert bench.fleet.set_admin("aaa0", admin)
        found.append((bench.send("new").server.name, bench.send("goes on", challenge).server.name))
    bench.fleet.set_admin("auth/aaa1", Admin.DOWN)
    bench.fleet.set_admin("aaa0", Admin.DOWN)
    with pytest.raises(NoUpstream):
        bench.send("none left")
    bench.stop()

    assert [("aaa1", "aaa0"), ("aaa1", "aaa1"), ("aaa0", "aaa0")] == found
    assert not bench.fleet.set_admin("aaa9", Admin.UP)


async def test_a_balanced_pool_keeps_each_user_with_one_server_while_eap_lasts() -> None:
    """Everything else goes round; another replica, that has seen no State, finds the same server."""
    one, other = Bench(number=3, policy=PoolPolicy.LOAD_BALANCE), Bench(number=3, policy=PoolPolicy.LOAD_BALANCE)
    await one.start()
    await other.start()
    users = [
        (view_of(attribute(1, f"u{n}"), attribute(EAP, b"\2")), view_of(attribute(1, f"u{n}"), attribute(STATE, b"s")))
        for n in range(20)
    ]
    eap = [(one.send("e", view).server.name, other.send("e", further).server.name) for view, further in users]
    others = [one.send("p", view_of(attribute(1, "u"))).server.name for _ in range(30)]
    one.stop()
    other.stop()

    assert [first for first, _ in eap] == [second for _, second in eap]
    assert {"aaa0", "aaa1", "aaa2"} == {name for name, _ in eap}
    assert [10, 10, 10] == [others.count(name) for name in ("aaa0", "aaa1", "aaa2")]


async def test_a_retransmission_stays_with_a_drained_server_that_works() -> None:
    """It is to end what it has begun; asked twice, accounting would count twice."""
    bench = Bench(patience=Patience(response_within_s=3.0))
    await bench.start()
    first = bench.send("one")
    await bench.until(lambda: bool(bench.answers))
    bench.fleet.set_admin("aaa0", Admin.DRAIN)
    drained = bench.pool.again(first, "one", None, now())
    bench.fleet.set_admin("aaa0", Admin.DOWN)
    down = bench.pool.again(first, "one", None, now())
    bench.stop()

    assert None is drained
    assert down is not None
    assert "aaa1" == down.server.name


async def test_a_conversation_stays_with_its_server_though_that_is_slow() -> None:
    """Nobody else knows its State: another server would refuse a customer whom this one is about to accept."""
    bench = Bench()
    await bench.start()
    bench.aaa[0].silent = True
    goes_on, another = view_of(attribute(STATE, b"of-aaa0")), view_of(attribute(STATE, b"of-nobody"))
    bench.pool.challenged(bench.server(0), goes_on)
    flight = bench.send("one", goes_on)
    while_alive = bench.pool.again(flight, "one", goes_on, now() + 1.0)
    unknown = bench.pool.again(flight, "one", another, now() + 1.0)
    await bench.until(lambda: bench.server(0).health.condition is Condition.SUSPECT)
    while_suspect = bench.pool.again(flight, "one", goes_on, now() + 1.0)
    await bench.until(lambda: bench.server(0).health.condition is Condition.DEAD)
    when_dead = bench.pool.again(flight, "one", goes_on, now() + 1.0)
    bench.stop()

    assert (None, None) == (while_alive, while_suspect)
    assert ["aaa1", "aaa1"] == [other.server.name for other in (unknown, when_dead) if other is not None]


async def test_a_conversation_is_not_torn_apart_for_want_of_an_identifier() -> None:
    """It waits for its retransmission; what is in no conversation goes elsewhere."""
    bench = Bench(sockets=1)
    await bench.start()
    bench.aaa[0].silent = True
    goes_on = view_of(attribute(STATE, b"of-aaa0"))
    bench.pool.challenged(bench.server(0), goes_on)
    for number in range(256):
        bench.send(f"r{number}")
    with pytest.raises(IdentifierExhausted):
        bench.send("goes on", goes_on)
    elsewhere = bench.send("plain").server.name
    bench.stop()

    assert "aaa1" == elsewhere


@pytest.mark.parametrize("policy", list(PoolPolicy))
async def test_a_dead_server_is_tried_by_new_conversations_too(policy: PoolPolicy) -> None:
    """In a pool that sees nothing but EAP, and without probes, nothing else could bring it back; a conversation that is
    under way is no try.
    """
    bench = Bench(policy=policy)
    await bench.start()
    bench.aaa[0].silent = True
    begins, goes_on = view_of(attribute(1, "u"), attribute(EAP, b"\2")), view_of(attribute(STATE, b"of-aaa1"))
    bench.pool.challenged(bench.server(1), goes_on)
    lost = bench.server(0).take("lost")
    lost.server.launch(lost, b"\1\0", now())
    await bench.until(lambda: bench.server(0).health.condition is Condition.DEAD)
    await asyncio.sleep(QUICK.revive_s)
    under_way = [bench.send("under way", goes_on).server.name for _ in range(3)]
    new = [bench.send("new", begins).server.name for _ in range(3)]
    bench.stop()

    assert (["aaa1"] * 3, ["aaa0", "aaa1", "aaa1"]) == (under_way, new)


async def test_an_error_in_what_is_done_about_silence_does_not_stop_the_clock() -> None:
    """Requests behind it run out all the same, and the server is still looked after."""
    bench = Bench(number=1, timeout_s=0.05)
    await bench.start()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failed.append(context))
    failed: list[dict[str, object]] = []
    bench.aaa[0].silent = bench.broken = True
    bench.send("one")
    bench.send("two")
    await bench.until(lambda: len(failed) == 2)
    bench.broken = False
    bench.send("three")
    await bench.until(lambda: bool(bench.lost))
    await bench.until(lambda: bench.server(0).health.condition is Condition.SUSPECT)
    left = bench.fleet.in_flight
    bench.stop()

    assert (["three"], 0) == (bench.lost, left)


async def test_a_new_configuration_keeps_servers_that_stay_and_drains_those_that_go() -> None:
    """Health, sockets and the operator's wish stay, the secret is new; the others are heard out."""
    bench = Bench(number=3)
    await bench.start()
    bench.aaa[1].silent = True
    bench.fleet.set_admin("aaa0", Admin.DRAIN)
    bench.send("under way")
    before = bench.server(0)
    await bench.until(lambda: len(bench.aaa[1].seen) == 1)
    bench.take(range(0, 3, 2), b"another")
    names = [row.name for row in bench.fleet.rows()]
    waiting = bench.fleet.in_flight
    bench.aaa[1].answer()
    await bench.until(lambda: bool(bench.answers))
    next_one = bench.send("next").server.name
    bench.stop()

    assert (["aaa0", "aaa2"], 1, [("aaa1", "under way")]) == (names, waiting, bench.answers)
    assert before is bench.server(0)
    assert ("aaa2", Admin.DRAIN, b"another") == (next_one, before.admin, before.secret)


async def test_requests_leave_from_the_address_that_was_asked_for() -> None:
    """One that is not ours is told, with the server."""
    bench = Bench(number=1, source="127.0.0.77")
    await bench.start()
    await bench.ask("one")
    bench.source = "192.0.2.77"
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:\d+ from 192\.0\.2\.77"):
        bench.take(range(1))
    answered_by = await bench.ask("two")
    bench.stop()

    assert {"127.0.0.77"} == {host for host, _ in bench.aaa[0].sources}
    assert "aaa0" == answered_by


async def test_what_is_over_before_it_left_is_not_sent_and_the_rest_leaves_before_the_sockets_close() -> None:
    """Requests of one turn of the loop leave together at its end, or when the server is closed."""
    bench = Bench(number=1)
    await bench.start()
    over, kept = bench.send("over"), bench.send("kept")
    over.over()
    before = list(bench.aaa[0].seen)
    bench.fleet.close()
    await bench.until(lambda: bool(bench.aaa[0].seen))
    await asyncio.sleep(0.02)
    bench.stop()

    assert [] == before
    assert [kept.octets] == bench.aaa[0].seen
