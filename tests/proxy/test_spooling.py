"""The spool between pipeline, file, AAA and store: what is told to whom, when, and what a restart finds."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry

from bngcorr.accountant.spool import order
from bngcorr.accountant.spool.file import Bounds, SpoolFile
from bngcorr.accountant.spool.pace import BURST_S
from bngcorr.accountant.spool.row import Row
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import Outcome
from bngcorr.proxy.admit import describe
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.nas import NasTable
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.relearning import Reader
from bngcorr.proxy.remote_id import Numbers
from bngcorr.proxy.request import Request
from bngcorr.proxy.spooling import Spool
from bngcorr.proxy.upstream.fleet import Fleet
from bngcorr.proxy.upstream.health import Patience
from bngcorr.proxy.upstream.routes import Route, Way
from bngcorr.proxy.upstream.routing import PoolSettings, Routing
from bngcorr.proxy.upstream.settings import Settings
from bngcorr.store.lesson import Lesson, Restart, SessionChange, Sighting
from bngcorr.wire import attributes as a
from tests.lab_parts import nas
from tests.service.radius import (
    ACCOUNTING_ON,
    ACCOUNTING_RESPONSE,
    CONNECT_INFO,
    INTERIM,
    PROXY_STATE,
    Packet,
    accounting_fits,
    attribute,
    cpe,
    line,
    reply_to,
    v4_host,
)
from tests.wire.radius_packets import Piece, plain

from .families import NOKIA, profile, request

pytestmark = pytest.mark.asyncio

AAA_SECRET = b"between-proxy-and-aaa"
HOST = "192.0.2.1"
NOW = 1_800_000_000_000
BNG = nas("bng1", profile(NOKIA), domain="d1")
BOUNDS = Bounds(records=10_000, octets=1 << 26)
OWN = Verdict(outcome=Outcome.OWN, line="0" * 24)


class Writer:
    """Holds lessons until the test says what became of them."""

    def __init__(self) -> None:
        self.queue: list[Lesson] = []
        self.taken: list[Lesson] = []

    def put(self, lesson: Lesson) -> None:
        """Queue one."""
        self.queue.append(lesson)

    def waiting(self, domain: str) -> int:
        """All of them are of one domain."""
        assert domain == "d1"
        return len(self.queue)

    def write(self) -> list[Lesson]:
        """The store takes them all."""
        taken, self.queue = self.queue, []
        self.taken += taken
        return taken

    def sessions(self) -> list[str]:
        """Acct-Session-Ids of the steps that the store took, in order."""
        return [one.session_id.decode() for one in self.taken if isinstance(one, SessionChange)]


class Aaa(asyncio.DatagramProtocol):
    """On the loop of the test: answers accounting, or not, or wrongly."""

    def __init__(self) -> None:
        self.silent = False
        self.forging = False
        self.adds = b""  # attributes of its answers
        self.seen: list[Packet] = []
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Listening."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A request."""
        packet = Packet(data)
        assert accounting_fits(packet, AAA_SECRET)
        assert self._transport is not None
        self.seen.append(packet)
        if not self.silent:
            secret = b"somebody else's" if self.forging else AAA_SECRET
            self._transport.sendto(reply_to(packet, ACCOUNTING_RESPONSE, self.adds, secret), addr)

    def serials(self) -> list[str]:
        """Connect-Infos in the order in which they came."""
        return [packet.text(CONNECT_INFO) or "" for packet in self.seen]

    def close(self) -> None:
        """No longer listening."""
        if self._transport is not None:
            self._transport.close()


@dataclass
class Bench:
    """A spool, everything around it, and what it told."""

    path: Path
    bounds: Bounds = BOUNDS
    table: NasTable = field(default_factory=lambda: NasTable([(ip_network(HOST), BNG)]))
    room: int = 100
    rate: int = 100_000
    timeout_s: float = 0.1
    aaa: Aaa = field(default_factory=Aaa)
    writer: Writer = field(default_factory=Writer)
    durable: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    async def start(self, *, sending: bool = True) -> None:
        """Open it."""
        self.meters = Meters(CollectorRegistry())
        self.spool = Spool(
            self.path, self.bounds, rate=self.rate, writer=self.writer, room=self.room,
            reader=Reader(self.table, Numbers(), 86_400_000, Noise()),
            meters=self.meters,
            noise=Noise(),
        )  # fmt: skip
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self.aaa, local_addr=("127.0.0.1", 0))
        await self.spool.open()
        server = Settings(
            pool="acct", name="aaa", address=("127.0.0.1", self.aaa.port), secret=AAA_SECRET, timeout_s=self.timeout_s,
            sockets=2,
        )  # fmt: skip
        routing = Routing(PoolSettings("acct", [server], Patience()))
        self.fleet: Fleet[Row] = Fleet(a.Code.ACCOUNTING_REQUEST, self.spool, self.meters.upstream, Noise())
        self.way = self.fleet.take(routing, self.fleet.open(routing))
        if sending:
            self.spool.deliver(self.way)

    async def stop(self) -> None:
        """Close it."""
        await self.spool.close()
        self.fleet.close()
        self.aaa.close()

    def tell(
        self, serial: str, session: str = "", *pieces: Piece, status: int = INTERIM, verdict: Verdict = OWN,
        attributes: bytes | None = None,
    ) -> None:  # fmt: skip
        """A judged record; `attributes` are those for AAA, if they are not as they came."""
        told = described(serial, session or serial, *pieces, status=status)
        told.verdict = verdict
        self.spool.take(told, told.view.octets[20:] if attributes is None else attributes, self._then)

    def _then(self, told: Request, durable: bool) -> None:
        (self.durable if durable else self.refused).append(told.view.text(CONNECT_INFO) or "")

    async def until(self, true: object) -> None:
        """Wait until a callable is true."""
        assert callable(true)
        async with asyncio.timeout(8):
            while not true():  # noqa: ASYNC110 -- many things may have to happen
                await asyncio.sleep(0.005)

    async def emptied(self) -> None:
        """Wait until AAA and store have everything."""

        def empty() -> bool:
            self.spool.written(self.writer.write())
            self.spool.refresh()
            return self.meters.registry.get_sample_value("bngcorr_spool_records") == 0

        await self.until(empty)

    def count(self, name: str) -> float | None:
        """A metric."""
        self.spool.refresh()
        return self.meters.registry.get_sample_value(f"bngcorr_spool_{name}")


def described(serial: str, session: str, *pieces: Piece, status: int) -> Request:
    """An Accounting-Request as it leaves the first stages."""
    body = attribute(40, status) + attribute(CONNECT_INFO, serial)
    if status != ACCOUNTING_ON:
        body += (
            attribute(44, session) + cpe("02:00:00:00:00:01", "1/1/4:100.20") + line(b"olt7/12") + v4_host("10.0.0.1")
        )
    view = request(*pieces, *_pieces(body), code=4)
    return describe(BNG, view, HOST, at_ms=NOW, authentic=True, numbers=Numbers())


def _pieces(body: bytes) -> Sequence[Piece]:
    pieces, at = [], 0
    while at < len(body):
        pieces.append(plain(body[at], body[at + 2 : at + body[at + 1]]))
        at += body[at + 1]
    return pieces


async def test_a_record_is_told_durable_when_it_is_and_reaches_aaa_and_store(tmp_path: Path) -> None:
    """Not before it is in the file; it leaves the file when both have it."""
    bench = Bench(tmp_path / "spool.db")
    await bench.start()
    bench.tell("1", "s1")
    at_once = list(bench.durable)
    await bench.until(lambda: bench.durable and bench.aaa.seen and bench.writer.queue)
    kept = bench.count("records")
    await bench.emptied()
    await bench.stop()

    assert ([], ["1"], 1) == (at_once, bench.durable, kept)
    assert ["1"] == bench.aaa.serials()
    assert ["s1"] == bench.writer.sessions()
    assert (1, 1, 0) == tuple(bench.count(f"{name}_total") for name in ("acknowledged", "sent", "resent"))
    assert 0 == SpoolFile(bench.path, BOUNDS).records


async def test_an_answer_with_a_foreign_proxy_state_is_none(tmp_path: Path) -> None:
    """A proxy behind us that mixes answers up has not shown that AAA has this record: it is sent again."""
    bench = Bench(tmp_path / "spool.db")
    await bench.start()
    bench.aaa.adds = attribute(PROXY_STATE, b"another's")
    bench.tell("1", "s1")
    await bench.until(lambda: len(bench.aaa.seen) == 2)
    sent = bench.count("sent_total")
    bench.aaa.adds = b""
    await bench.emptied()
    await bench.stop()

    assert 0 == sent
    assert 1 == bench.count("sent_total")


async def test_an_error_while_a_record_is_sent_does_not_forget_it(tmp_path: Path) -> None:
    """It is acknowledged: it goes when it can, and those behind it do not wait for that."""
    bench = Bench(tmp_path / "spool.db", timeout_s=5.0)
    await bench.start(sending=False)
    broken = Route(key=32, matches=cast(Any, re.compile("no octets")))
    bench.spool.deliver(Way(bench.way.default, [(broken, bench.way.default)]))
    bench.tell("1", "s1", plain(32, b"meets the broken route"))
    bench.tell("2", "s2")
    await bench.until(lambda: bench.aaa.serials() == ["2"])
    bench.spool.deliver(bench.way)
    await bench.emptied()
    await bench.stop()

    assert ["2", "1"] == bench.aaa.serials()


async def test_a_restart_finds_what_was_not_sent_and_what_was_not_learnt(tmp_path: Path) -> None:
    """The identity is as it was first written, the lessons are as they were first taught, down to their instants."""
    matched = Verdict(outcome=Outcome.MATCHED, line="1" * 24, ids=LineIds(b"olt7/99"))
    first = Bench(tmp_path / "spool.db")
    await first.start(sending=False)
    first.tell("1", "s1", verdict=matched, attributes=attribute(CONNECT_INFO, "1") + line(b"olt7/99"))
    first.tell("2", "s2")
    first.tell("3", status=ACCOUNTING_ON, verdict=UNMATCHED)
    await first.until(lambda: len(first.durable) == 3)
    taught = list(first.writer.queue)
    await first.stop()
    again = Bench(tmp_path / "spool.db")
    await again.start()
    await again.emptied()
    await again.stop()

    assert ["3", "1", "2"] == again.aaa.serials()
    assert [[], [b"olt7/99"], [b"olt7/12"]] == [packet.remote_ids for packet in again.aaa.seen]
    assert taught == again.writer.taken
    assert {SessionChange, Sighting, Restart} == {type(lesson) for lesson in taught}


async def test_a_record_of_a_bng_that_is_gone_is_sent_and_teaches_nothing(tmp_path: Path) -> None:
    """It was acknowledged, so AAA gets it as it would have got it; it does not block the others."""
    first = Bench(tmp_path / "spool.db")
    await first.start(sending=False)
    first.tell("1", attributes=attribute(CONNECT_INFO, "1") + line(b"as it was written"))
    await first.until(lambda: first.durable)
    await first.stop()
    again = Bench(tmp_path / "spool.db", table=NasTable([]))
    await again.start()
    await again.emptied()
    await again.stop()

    assert [[b"as it was written"]] == [packet.remote_ids for packet in again.aaa.seen]
    assert [] == again.writer.taken


async def test_lessons_that_the_writer_gave_up_are_told_again_in_order(tmp_path: Path) -> None:
    """Nothing that a spooled record teaches is lost because the store was away for long."""
    bench = Bench(tmp_path / "spool.db", room=1_000)
    await bench.start()
    for serial in range(20):
        bench.tell(str(serial), f"s{serial}")
    await bench.until(lambda: len(bench.writer.queue) == 40)
    given_up = [lesson for lesson in bench.writer.queue if isinstance(lesson, SessionChange)][3:9]
    bench.writer.queue = [lesson for lesson in bench.writer.queue if lesson not in given_up]
    bench.spool.lost(given_up)
    await bench.emptied()
    await bench.stop()

    assert {f"s{serial}" for serial in range(20)} == set(bench.writer.sessions())
    assert [f"s{serial}" for serial in range(3, 9)] == bench.writer.sessions()[-6:]


async def test_while_the_writer_has_no_room_lessons_wait_on_disk(tmp_path: Path) -> None:
    """The writer holds no more than its room, acknowledgements go on, and all of it is told in the order it came."""
    bench = Bench(tmp_path / "spool.db", room=20)
    await bench.start()
    most = 0
    for serial in range(200):
        bench.tell(str(serial), f"s{serial}")
        if serial % 10 == 9:
            await bench.until(lambda serial=serial: len(bench.durable) == serial + 1)
        most = max(most, len(bench.writer.queue))
    await bench.emptied()
    await bench.stop()

    assert most <= 20 + 2
    assert [f"s{serial}" for serial in range(200)] == bench.writer.sessions()


async def test_what_does_not_fit_into_memory_is_read_page_by_page(tmp_path: Path) -> None:
    """AAA away for long: memory is bounded, each session stays in order, a restart overtakes what is on disk."""
    bench = Bench(tmp_path / "spool.db", room=10_000)
    bench.aaa.silent = True
    await bench.start()
    few = bench.spool._delivery
    few._most_rows, few._stuck, few._page = 30, 1, 10
    for serial in range(300):
        bench.tell(str(serial), f"s{serial % 7}")
    bench.tell("on", status=ACCOUNTING_ON, verdict=UNMATCHED)
    bench.tell("after", "s1")
    await bench.until(lambda: len(bench.durable) == 302)
    in_memory = len(bench.spool._delivery._kept)
    bench.aaa.silent = False
    tried = len(bench.aaa.seen)
    await bench.emptied()
    await bench.stop()
    order = list(dict.fromkeys(bench.aaa.serials()[tried:]))

    assert in_memory <= 31
    assert 302 == len(order)
    assert order.index("on") < 40
    assert order.index("after") > order.index("295")
    for session in range(7):
        mine = [int(serial) for serial in order if serial.isdigit() and int(serial) % 7 == session]
        assert sorted(mine) == mine


async def test_a_record_that_is_not_answered_is_sent_again_with_its_age(tmp_path: Path) -> None:
    """Another Identifier, Acct-Delay-Time raised, all else as it was; an answer that is not AAA's changes nothing."""
    bench = Bench(tmp_path / "spool.db")
    bench.aaa.forging = True
    await bench.start()
    bench.tell("1", "s1", plain(55, (NOW // 1000).to_bytes(4, "big")), plain(41, b"\0\0\0\5"))
    await bench.until(lambda: len(bench.aaa.seen) == 2)
    waiting = bench.count("records")
    bench.aaa.forging = False
    await bench.emptied()
    await bench.stop()
    first, second = bench.aaa.seen[:2]
    delays = [int.from_bytes(packet.all(41)[0], "big") for packet in (first, second)]

    assert 1 == waiting
    assert first.identifier != second.identifier
    assert delays[0] == 5 < delays[1] <= 7
    assert first.all(55) == second.all(55)
    assert [kind for kind, _ in first.attributes()] == [kind for kind, _ in second.attributes()]


async def test_an_aaa_that_is_back_is_not_met_by_everything_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While older records wait, no more than `rate` go out in a second."""
    monkeypatch.setattr(order, "OLD_S", -1.0)  # whatever waits is old
    bench = Bench(tmp_path / "spool.db", rate=40)
    await bench.start()
    started = asyncio.get_running_loop().time()
    for serial in range(24):
        bench.tell(str(serial))
    await bench.until(lambda: len(bench.aaa.seen) == 24)
    took_s = asyncio.get_running_loop().time() - started
    await bench.emptied()
    await bench.stop()

    assert took_s >= (24 - 40 * BURST_S) / 40 - 0.05
    assert [str(serial) for serial in range(24)] == bench.aaa.serials()


async def test_a_full_spool_refuses_and_still_teaches(tmp_path: Path) -> None:
    """The BNG keeps what is not acknowledged; the ledger goes on; there is room again when something has gone."""
    bench = Bench(tmp_path / "spool.db", bounds=Bounds(records=3, octets=1 << 26))
    bench.aaa.silent = True
    await bench.start()
    for serial in range(5):
        bench.tell(str(serial), f"s{serial}")
    await bench.until(lambda: len(bench.durable) == 3)
    state, full = bench.spool.state, bench.count("full")
    bench.aaa.silent = False
    await bench.emptied()
    bench.tell("5", "s5")
    await bench.until(lambda: "5" in bench.durable)
    await bench.emptied()
    await bench.stop()

    assert ("full: max_records 3 reached", 1) == (state, full)
    assert (["3", "4"], ["0", "1", "2", "5"]) == (bench.refused, bench.durable)
    assert {f"s{serial}" for serial in range(6)} == set(bench.writer.sessions())
    assert ("ok", 0) == (bench.spool.state, bench.count("full"))


async def test_records_for_a_dead_pool_do_not_keep_those_for_others(tmp_path: Path) -> None:
    """Each pool's servers are on their own; what nobody takes waits in the file."""
    bench = Bench(tmp_path / "spool.db")
    await bench.start(sending=False)
    nobody = Settings(pool="acct", name="nobody", address=("127.0.0.1", 9), secret=AAA_SECRET, timeout_s=0.1)
    live = Settings(pool="live", name="aaa", address=("127.0.0.1", bench.aaa.port), secret=AAA_SECRET)
    routing = Routing(
        PoolSettings("acct", [nobody], Patience(response_within_s=0.05, dead_after_s=0.1)),
        [(Route(key=CONNECT_INFO, matches=re.compile(b"^live")), PoolSettings("live", [live], Patience()))],
    )
    bench.spool.deliver(bench.fleet.take(routing, bench.fleet.open(routing)))
    for serial in range(80):
        bench.tell(f"dead{serial}", f"d{serial}")
    for serial in range(5):
        bench.tell(f"live{serial}", f"l{serial}")
    await bench.until(lambda: len(bench.aaa.seen) == 5)
    bench.spool.written(bench.writer.write())
    waiting = bench.count("records")
    await bench.stop()

    assert {f"live{serial}" for serial in range(5)} == set(bench.aaa.serials())
    assert 80 <= (waiting or 0)
