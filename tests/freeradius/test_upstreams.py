"""Pools of real FreeRADIUS servers: stopped, killed, back again, flapping, all gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.freeradius.server import FreeRadius
from tests.service.aaa import wait_until
from tests.service.ports import free_port
from tests.service.process import Service, Settings, settle
from tests.service.radius import (
    ACCESS_ACCEPT,
    ACCESS_REJECT,
    START,
    USER_NAME,
    Packet,
    attribute,
    cpe,
    line,
    reply_fits,
    v4_host,
)

pytestmark = [pytest.mark.freeradius, pytest.mark.usefixtures("requires_freeradius")]

BNG_SECRET, AAA_SECRET = b"between-bng-and-proxy", "between-proxy-and-aaa"
USERS = "DEFAULT Auth-Type := Accept\n"
AGAIN_S = 1.2  # the BNG's own timeout
TRANSMISSIONS = 3
RATE = 80  # requests a second

# who asks which pool
PROBED, BALANCED, REJECTING, SILENT = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"


@dataclass
class Told:
    """What became of a load."""

    asked: int = 0
    transmissions: list[int] = field(default_factory=list)  # of each request that was answered

    @property
    def lost(self) -> int:
        """Requests without an answer."""
        return self.asked - len(self.transmissions)

    @property
    def most(self) -> int:
        """Transmissions that one of them took."""
        return max(self.transmissions)


class Load:
    """BNG-like: each request is sent again after a while, the same octets, until it is answered."""

    def __init__(self, service: Service, source: str, *, accounting: bool = False) -> None:
        self._bngs = [service.bng(source, BNG_SECRET) for _ in range(4)]
        self._accounting = accounting
        self._open: dict[tuple[int, int], tuple[Packet, float, int]] = {}
        self._told = Told()
        self._number = 0

    def run(self, for_s: float, events: dict[float, Callable[[], None]], rate: int = RATE) -> Told:
        """`events`: what happens so many seconds after the start. Ends when everything is answered or given up."""
        told = self._told = Told()
        started = time.monotonic()
        due = sorted(events.items())
        while True:
            now = time.monotonic() - started
            while due and due[0][0] <= now:
                due.pop(0)[1]()
            while told.asked < min(now, for_s) * rate:
                self._ask()
            self._receive()
            self._send_again()
            if now > for_s and not self._open and not due:
                return told
            time.sleep(0.004)

    def _ask(self) -> None:
        self._told.asked += 1
        self._number += 1
        which = self._number % len(self._bngs)
        bng, number = self._bngs[which], self._number
        body = attribute(USER_NAME, f"user{number}") + line(f"olt7/{number}".encode())
        body += cpe(f"02:00:00:00:{number // 256 % 256:02x}:{number % 256:02x}", f"1/1/4:{number}")
        if self._accounting:
            request = bng.account(START, f"s{number}", body + v4_host(f"10.1.{number // 256 % 256}.{number % 256}"))
        else:
            request = bng.access(body)
        self._open[which, request.identifier] = (request, time.monotonic(), 1)
        bng.send(request.octets)

    def _receive(self) -> None:
        for which, bng in enumerate(self._bngs):
            while (reply := bng.received()) is not None:
                found = self._open.get((which, reply.identifier))
                if found is not None and reply_fits(reply, found[0], BNG_SECRET):
                    del self._open[which, reply.identifier]
                    self._told.transmissions.append(found[2])

    def _send_again(self) -> None:
        now = time.monotonic()
        for key, (request, sent_at, times) in list(self._open.items()):
            if now - sent_at < AGAIN_S:
                continue
            if times == TRANSMISSIONS:
                del self._open[key]
            else:
                self._open[key] = (request, now, times + 1)
                self._bngs[key[0]].send(request.octets)


@pytest.fixture(scope="module")
def servers(requires_freeradius: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[FreeRadius]]:
    """Two of them."""
    both = [FreeRadius(tmp_path_factory.mktemp("freeradius"), AAA_SECRET, USERS) for _ in range(2)]
    for server in both:
        server.start()
    yield both
    for server in both:
        server.thaw()
        server.stop()


@pytest.fixture(scope="module")
def service(servers: list[FreeRadius], start_service: Callable[[Settings], Service]) -> Service:
    """bngcorr with pools of both, by either policy, and pools of servers that are not there."""

    def pool(kind: str, **more: object) -> Settings:
        entries = [
            {"name": name, "address": f"127.0.0.1:{getattr(server, f'{kind}_port')}", "secret": AAA_SECRET}
            for name, server in zip(("one", "two"), servers, strict=True)
        ]
        return {
            "servers": [{**entry, "timeout": "3s"} for entry in entries],
            "response_within": "400ms", "dead_after": "1500ms", "revive": "500ms", **more,
        }  # fmt: skip

    nobody = {"address": f"127.0.0.1:{free_port()}", "secret": AAA_SECRET, "response_within": "50ms"}
    bngs = {"probed": PROBED, "balanced": BALANCED, "rejecting": REJECTING, "silent": SILENT}
    return start_service({
        "upstream": {
            "auth": pool("auth", probe={"enabled": True, "suspect": "200ms", "dead": "300ms"}),
            "acct": pool("acct"),
            "pools": {
                "both": pool("auth", policy="load_balance"),
                "rejecting": {**nobody, "dead_after": "50ms", "on_no_upstream": "reject"},
                "silent": {**nobody, "dead_after": "50ms"},
            },
            "routes": [
                {"bng": "balanced", "auth": "both"},
                {"bng": ["rejecting"], "auth": "rejecting"},
                {"bng": "silent", "attribute": "User-Name", "matches": "^nobody", "auth": "silent"},
            ],
        },
        "bngs": [
            {"name": name, "address": address, "secret": BNG_SECRET.decode(), "hold": "0s"}
            for name, address in bngs.items()
        ],
    })  # fmt: skip


def trusted(service: Service, server: str, pool: str = "auth") -> bool:
    """Whether bngcorr thinks that a server is alive."""
    return service.metric("bngcorr_upstream_state", pool=pool, server=server, state="alive") == 1


def requests(service: Service, server: str, pool: str = "auth") -> float:
    """Requests sent to a server."""
    return service.metric("bngcorr_upstream_requests_total", pool=pool, server=server)


def test_a_primary_that_stands_still_costs_nobody_more_than_one_retransmission(
    servers: list[FreeRadius], service: Service
) -> None:
    """SIGSTOP under load; when it runs again its late replies are counted, probes find it, and traffic returns."""
    load = Load(service, PROBED)
    told = load.run(2.2, {0.3: servers[0].freeze})
    while_frozen = trusted(service, "one")
    servers[0].thaw()
    wait_until(lambda: trusted(service, "one"), 5, "the primary is trusted again")
    before = requests(service, "one")
    after = load.run(0.3, {})

    assert (0, 2) == (told.lost, told.most)
    assert not while_frozen
    assert 1 <= service.metric("bngcorr_upstream_late_replies_total", pool="auth", server="one")
    assert (0, 1, after.asked) == (after.lost, after.most, requests(service, "one") - before)


def test_a_primary_that_is_killed_costs_nobody_more_than_one_retransmission(
    servers: list[FreeRadius], service: Service
) -> None:
    """The kernel says that nobody listens: traffic is elsewhere at once, and back when the server is."""
    load = Load(service, PROBED)
    told = load.run(1.2, {0.3: servers[0].kill})
    servers[0].start()
    wait_until(lambda: trusted(service, "one"), 5, "the primary is trusted again")

    assert 0 == told.lost
    assert told.most <= 2
    assert sum(times > 1 for times in told.transmissions) < 0.2 * told.asked


def test_accounting_goes_on_while_one_server_stands_still(servers: list[FreeRadius], service: Service) -> None:
    """Without probes: a request now and then tries the server that is silent, and its retransmission goes elsewhere."""
    load = Load(service, PROBED, accounting=True)
    told = load.run(1.2, {0.2: servers[0].freeze})
    servers[0].thaw()
    wait_until(lambda: load.run(0.1, {}).lost == 0 and trusted(service, "one", "acct"), 6, "traffic is back")

    assert 0 == told.lost
    assert told.most <= 2


def test_a_flapping_server_gets_little_to_lose(servers: list[FreeRadius], service: Service) -> None:
    """Stopped and running again and again: nothing is lost, and it is not trusted between two spells of work."""
    load = Load(service, BALANCED)
    spells: dict[float, Callable[[], None]] = {}
    for turn in range(3):
        spells[0.1 + 0.8 * turn] = servers[1].freeze
        spells[0.7 + 0.8 * turn] = servers[1].thaw
    told = load.run(2.4, spells, rate=50)
    asked = requests(service, "two", "both")
    wait_until(lambda: load.run(0.1, {}).lost == 0 and trusted(service, "two", "both"), 6, "it is trusted again")

    assert 0 == told.lost
    assert asked < 0.5 * told.asked


def test_when_all_are_dead_the_policy_decides(service: Service) -> None:
    """Access-Reject at once where the operator wants it, else silence, counted by name; other BNGs notice nothing."""
    answers = {}
    for source, user in ((REJECTING, "nobody"), (SILENT, "nobody"), (SILENT, "somebody")):
        bng = service.bng(source, BNG_SECRET)
        asked = [bng.access(attribute(USER_NAME, f"{user}{serial}") + line(b"olt7/9")) for serial in range(4)]
        for request in asked[:2]:
            bng.send(request.octets)
            settle(0.15)  # its servers are found dead
        for request in asked[2:]:  # the first of them may try one of the dead
            bng.send(request.octets)
        reply = bng.receive(asked[3], 0.5)
        answers[source, user] = None if reply is None else reply.code

    expected = {(REJECTING, "nobody"): ACCESS_REJECT, (SILENT, "nobody"): None, (SILENT, "somebody"): ACCESS_ACCEPT}
    assert expected == answers
    assert 1 <= service.metric("bngcorr_radius_discards_total", reason="no-upstream")
