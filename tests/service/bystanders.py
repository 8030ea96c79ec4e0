"""Who asks while the store is not well: subscribers that name their line, and such that need a verdict."""

from __future__ import annotations

import math
import select
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count
from typing import Final

from tests.service.aaa import Aaa, wait_until
from tests.service.process import Json, Service, settle
from tests.service.radius import (
    ACCOUNTING_RESPONSE,
    ACCT_SESSION_ID,
    ACCT_STATUS_TYPE,
    START,
    STOP,
    Bng,
    Packet,
    access_request,
    accounting_request,
    attribute,
    line,
    prefixed,
    v4_host,
)
from tests.service.radius import reply_fits as fits
from tests.service.settings import SECRET, Cpe

AT_ONCE_S: Final = 0.45  # nobody waited for the store: every budget here is longer, and the machine may be busy
MOSTLY_S: Final = 0.1  # half of them are quicker than this
OWN: Final = 50
BURST: Final = 500
OUTSTANDING: Final = 100  # at a time, over SOURCES sockets
SOURCES: Final = 4
ANSWERED_WITHIN_S: Final = 5.0
API_BACK_WITHIN_S: Final = 5.0  # the first question after a fail-over may fail; it says when to ask again
REACHES_STORE_S: Final = 0.3  # a write behind the request path, if nothing keeps it

_numbers: Iterator[int] = count(1)


def someone() -> Cpe:
    """A subscriber whom no test has seen before."""
    return Cpe(next(_numbers))


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a request without ids."""

    took_s: float
    remote_ids: list[bytes]  # at AAA


class Bystanders:
    """Subscribers of one BNG."""

    def __init__(self, service: Service, aaa: Aaa, source: str = "127.0.0.1") -> None:
        self.service = service
        self.aaa = aaa
        self.source = source
        self.bng: Bng = service.bng(source, SECRET)
        self._waiter: Bng = service.bng(source, SECRET)  # another socket of the same BNG

    # ---- who names his line

    def own(self) -> float:
        """Seconds that a request with a v4 line id took."""
        cpe = someone()
        return self.bng.timed(cpe.access(self.bng, f"own-{cpe.number}", cpe.line))

    def owns(self, number: int = OWN) -> list[float]:
        """Seconds that so many took, rising."""
        return sorted(self.own() for _ in range(number))

    def burst(self, number: int = BURST) -> int:
        """How many of a burst of requests with line ids AAA answered."""
        answered = 0
        with ExitStack() as ends:
            sockets = [ends.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(SOURCES)]
            for opened in sockets:
                opened.bind((self.source, 0))
            for first in range(0, number, OUTSTANDING):
                answered += self._volley(sockets, min(OUTSTANDING, number - first))
        return answered

    def starts(self, number: int, outstanding: int) -> tuple[int, float]:
        """How many of so many Starts of new v4 sessions were answered, and the longest time in seconds that one took.

        So many of them are `outstanding` all the time, and none is sent twice.
        """
        pending: dict[tuple[int, int], tuple[Packet, float]] = {}
        sent, took_s, deadline = 0, [0.0], time.monotonic() + ANSWERED_WITHIN_S
        with ExitStack() as ends:
            sockets = [ends.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in range(SOURCES)]
            for opened in sockets:
                opened.bind((self.source, 0))
            while (sent < number or pending) and time.monotonic() < deadline:
                while sent < number and len(pending) < outstanding:
                    at, identifier = sockets[sent % SOURCES], sent // SOURCES % 256
                    record = _start(someone(), identifier)
                    pending[at.fileno(), identifier] = record, time.monotonic()
                    at.sendto(record.octets, ("127.0.0.1", self.service.acct_port))
                    sent += 1
                for opened in select.select(sockets, [], [], ANSWERED_WITHIN_S)[0]:
                    reply, deadline = Packet(opened.recv(4097)), time.monotonic() + ANSWERED_WITHIN_S
                    record, sent_at = pending[opened.fileno(), reply.identifier]
                    if fits(reply, record, SECRET):
                        took_s.append(time.monotonic() - sent_at)
                        del pending[opened.fileno(), reply.identifier]
        return sent - len(pending), max(took_s)

    def _volley(self, sockets: list[socket.socket], number: int) -> int:
        pending: dict[tuple[int, int], Packet] = {}
        for index in range(number):
            cpe, at = someone(), index % SOURCES
            octets = access_request(index // SOURCES, cpe.attributes("burst") + cpe.line, SECRET)
            pending[sockets[at].fileno(), index // SOURCES] = Packet(octets)
            sockets[at].sendto(octets, ("127.0.0.1", self.service.auth_port))
        deadline = time.monotonic() + ANSWERED_WITHIN_S
        while pending and (left := deadline - time.monotonic()) > 0:
            for opened in select.select(sockets, [], [], left)[0]:
                reply = Packet(opened.recv(4097))
                if fits(reply, pending[opened.fileno(), reply.identifier], SECRET):
                    del pending[opened.fileno(), reply.identifier]
        return number - len(pending)

    # ---- who needs a verdict

    def seen(self, cpe: Cpe) -> None:
        """The CPE asks with its line, as DHCPv4 does; the sighting is on its way to the store."""
        self.bng.ask(cpe.access(self.bng, f"seen-{cpe.number}", cpe.line))

    def bare(self, cpe: Cpe) -> Told:
        """The CPE asks without ids."""
        return self._bare(self.bng, cpe)

    def _bare(self, bng: Bng, cpe: Cpe) -> Told:
        serial = f"bare-{cpe.number}-{next(_numbers)}"
        took_s = bng.timed(cpe.access(bng, serial))
        return Told(took_s, self.aaa.one(serial).remote_ids)

    def own_while_bare(self, cpe: Cpe) -> Told:
        """A request without ids; those that name their line from the same instant on do not wait, by p99 and median."""
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(self._bare, self._waiter, cpe)
            took_s = self.owns()
            told = waiting.result()
        assert p99(took_s) < AT_ONCE_S
        assert took_s[len(took_s) // 2] < MOSTLY_S
        return told

    def own_v6(self, cpe: Cpe) -> Told:
        """The CPE asks with a DHCPv6 line id, enterprise number and all."""
        serial = f"v6-{cpe.number}-{next(_numbers)}"
        ids = line(prefixed(cpe.remote_id), cpe.circuit_id)
        took_s = self.bng.timed(cpe.access(self.bng, serial, ids))
        return Told(took_s, self.aaa.one(serial).remote_ids)

    def correlates(self) -> bool:
        """Whether a CPE seen a moment ago is put on its line; to be asked when nothing else is under way."""
        cpe = someone()
        self.seen(cpe)
        self.service.written()
        return self.bare(cpe).remote_ids == [cpe.remote_id]

    def notices_nothing(self) -> bool:
        """The same in three tenths of a second, whatever other BNGs are under."""
        cpe = someone()
        self.seen(cpe)
        settle(REACHES_STORE_S)
        told = self.bare(cpe)
        return told.took_s < AT_ONCE_S and told.remote_ids == [cpe.remote_id]

    # ---- accounting

    def account(self, status: int, cpe: Cpe, at: int | None = None) -> None:
        """Start or Stop of a v4 session that names its line; acknowledged at once."""
        name = f"session-{cpe.number}"
        body = cpe.attributes(name) + cpe.line + v4_host(f"198.51.{100 + cpe.number // 256 % 100}.{cpe.number % 256}")
        reply = self.bng.ask(self.bng.account(status, name, body, at=at), AT_ONCE_S)
        assert ACCOUNTING_RESPONSE == reply.code

    def live_and_over(self) -> tuple[Cpe, Cpe]:
        """Two sessions that begin now; the second ends again."""
        live, over = someone(), someone()
        self.account(START, live)
        self.account(START, over)
        self.account(STOP, over)
        return live, over

    def sessions(self, cpe: Cpe) -> list[tuple[Json, Json]]:
        """Line and state of each session that the API knows of a CPE as an accounted one."""
        wait_until(lambda: self.service.api("/v1/sessions").status == 200, API_BACK_WITHIN_S, "the API answers")
        items = self.service.items(f"/v1/sessions?mac={cpe.mac}")
        return [(item["remote_id"]["text"], item["state"]) for item in items if item["state"] != "expected"]

    def hosts(self) -> int:
        """IPv4 hosts in use, by the ledger."""
        return sum(int(item["usage"]["v4"]) for item in self.service.items("/v1/bngs"))


def _start(cpe: Cpe, identifier: int) -> Packet:
    name = f"start-{cpe.number}"
    host = v4_host(f"198.51.{100 + cpe.number // 256 % 100}.{cpe.number % 256}")
    head = attribute(ACCT_STATUS_TYPE, START) + attribute(ACCT_SESSION_ID, name)
    return Packet(accounting_request(identifier, head + cpe.attributes(name) + cpe.line + host, SECRET))


def p99(rising: list[float]) -> float:
    """By nearest rank."""
    return rising[math.ceil(0.99 * len(rising)) - 1]
