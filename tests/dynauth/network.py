"""A BNG on a UDP socket of this process, a store that knows what it is told, and the parts under test between them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from ipaddress import IPv4Address
from typing import Any

from prometheus_client import CollectorRegistry

from bngcorr.correlator.keys import session_hash
from bngcorr.errors import StoreError
from bngcorr.model.vocabulary import DropReason
from bngcorr.proxy.dynauth.acts import Acts
from bngcorr.proxy.dynauth.lookup import Lookup
from bngcorr.proxy.dynauth.remedy import Remedies
from bngcorr.proxy.dynauth.sender import Sender
from bngcorr.proxy.dynauth.service import DynauthProxy
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.sockets import Datagram, NasSocket
from bngcorr.store.rows import SessionQuery, SessionRow
from bngcorr.store.terms import address_term, line_terms
from tests.dynauth.parts import AAA_SECRET, DISCONNECT, DISCONNECT_ACK, NOW_MS, dictionary, policies, reply

Answer = Callable[[bytes], bytes | None]


def acknowledge(octets: bytes) -> bytes:
    """ACK whatever comes, Proxy-States returned."""
    states = b""
    rest = octets[20:]
    while rest:
        states += rest[: rest[1]] if rest[0] == 33 else b""
        rest = rest[rest[1] :]
    return reply(octets, DISCONNECT_ACK if octets[0] == DISCONNECT else 44, states)


class Box(asyncio.DatagramProtocol):
    """What a BNG gets, and what it answers."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.answer: Answer = acknowledge
        self.transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        """Bound."""
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Note it, and answer."""
        self.seen.append(data)
        answer = self.answer(data)
        if answer is not None and self.transport is not None:
            self.transport.sendto(answer, addr)


class Store:
    """Sessions as the store would find them."""

    def __init__(self, *rows: SessionRow) -> None:
        self.rows = list(rows)
        self.away = False
        self.asked = 0

    def _ask(self) -> None:
        self.asked += 1
        if self.away:
            raise StoreError("away")

    async def sessions(self, query: SessionQuery) -> tuple[list[SessionRow], str | None]:
        """By index terms."""
        self._ask()
        wanted = {(domain, bng) for domain, bngs in query.domains for bng in bngs}
        found = [
            row
            for row in self.rows
            if (row.domain, row.bng) in wanted
            and {
                *line_terms(row.ids, row.address),
                *(address_term(host.split("|", 2)[2]) for host in row.hosts),
            }.intersection(query.terms)
        ]
        return found, None

    async def session_rows(self, pairs: Sequence[tuple[str, str]]) -> list[SessionRow]:
        """By name."""
        self._ask()
        return [
            row
            for row in self.rows
            if (row.domain, session_hash(row.nas, row.session_id)) in pairs or (row.domain, row.session) in pairs
        ]

    async def boxes(self, domains: Sequence[str]) -> list[tuple[str, str]]:
        """Of all sessions."""
        self._ask()
        return list(dict.fromkeys((row.domain, row.nas) for row in self.rows if row.domain in domains))

    async def line(self, domains: Sequence[str], line: str) -> list[SessionRow]:
        """Of one line."""
        self._ask()
        return [row for row in self.rows if row.domain in domains and row.line == line]


class _Clock:
    def now_ms(self) -> int:
        return NOW_MS


class Network:
    """bng1 at 127.0.0.1, further BNGs as they are told, AAA at 127.0.0.1 as well."""

    def __init__(self, *rows: SessionRow, bng: dict[str, object] | None = None, **dynauth: object) -> None:
        self._settings = (bng or {}, dynauth)
        self.store = Store(*rows)
        self.box = Box()
        self.registry = CollectorRegistry()
        self.drops: list[tuple[DropReason, str]] = []
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()

    async def __aenter__(self) -> Network:
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self.box, local_addr=("127.0.0.1", 0))
        assert self.box.transport is not None
        port = self.box.transport.get_extra_info("sockname")[1]
        bng, dynauth = self._settings
        client = {"name": "aaa1", "address": "127.0.0.1", "secret": AAA_SECRET.decode()}
        way = {"port": port} if "address" in bng else {"address": "127.0.0.1", "port": port}
        told = policies({"dynauth": way, **bng}, clients=[client], **dynauth)
        meters = Meters(self.registry)
        self.sender = Sender((IPv4Address("127.0.0.1"),), lambda reason, host: self.drops.append((reason, host)))
        lookup = Lookup(self.store, self.store)
        self.proxy = DynauthProxy(
            told.rules, sender=self.sender, lookup=lookup, hidden=dictionary().hidden, clock=_Clock(), meters=meters,
            noise=Noise(),
        )  # fmt: skip
        remedies = Remedies(per_minute=told.per_minute, once_in_s=told.once_in_s)
        self.acts = Acts(
            told.rules.directory, told.remedied, remedies, sender=self.sender, lookup=lookup, clock=_Clock(),
            meters=meters,
        )  # fmt: skip
        self._listener = NasSocket("127.0.0.1", 0, receive_buffer=65_536, number=0)
        self._listener.start(self._carry)
        aaa, _ = await loop.create_datagram_endpoint(
            lambda: _Aaa(self.answers), remote_addr=("127.0.0.1", self._listener.port)
        )
        self._aaa = aaa
        return self

    def _carry(self, socket: NasSocket, vector: list[Datagram]) -> None:
        self.proxy.carry(socket, vector)

    def send(self, octets: bytes) -> None:
        """From AAA."""
        self._aaa.sendto(octets)

    async def ask(self, octets: bytes, within_s: float = 2.0) -> bytes:
        """From AAA, and what it gets back."""
        self.send(octets)
        return await asyncio.wait_for(self.answers.get(), within_s)

    def metric(self, name: str, **labels: str) -> float:
        """A sample, 0 if there is none."""
        return self.registry.get_sample_value(name, labels) or 0.0

    async def __aexit__(self, *_: object) -> None:
        await self.acts.close()
        await self.proxy.close()
        self.sender.close()
        await self._listener.stop()
        self._listener.close()
        self._aaa.close()
        assert self.box.transport is not None
        self.box.transport.close()


class _Aaa(asyncio.DatagramProtocol):
    def __init__(self, answers: asyncio.Queue[bytes]) -> None:
        self._answers = answers

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:  # noqa: ARG002 -- asyncio's
        self._answers.put_nowait(data)
