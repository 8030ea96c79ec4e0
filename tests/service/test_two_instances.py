"""Two packet processes on one port and one store: one can be restarted under load, and nobody notices."""

from __future__ import annotations

import select
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.service.aaa import Aaa
from tests.service.ports import free_port
from tests.service.process import Service, Settings, Valkey, settle
from tests.service.radius import Bng, Packet, reply_fits
from tests.service.settings import SECRET, Cpe, one_bng

SOCKETS = 12  # of BNGs; the kernel spreads them
AGAIN_AFTER_S = 2.0  # as BNGs do
TRIES = 3
REST_S = 0.01  # between two requests of a socket


@dataclass(slots=True)
class Load:
    """BNGs that ask without a pause until they are told to stop, and send again what is not answered."""

    bngs: list[Bng]
    answered: int = 0
    again: int = 0
    lost: list[int] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """A thread for all of them."""
        self._threads = [threading.Thread(target=self._run, daemon=True)]
        self._threads[0].start()

    def stop(self) -> None:
        """Ask nothing new, and await what is asked."""
        self._stop.set()
        self._threads[0].join(10)

    def _run(self) -> None:
        waiting: dict[Bng, tuple[Packet, float, int]] = {}
        due = dict.fromkeys(self.bngs, 0.0)
        cpes = iter(range(1_000, 1_000_000))
        while waiting or not self._stop.is_set():
            now = time.monotonic()
            for bng in self.bngs:
                if bng not in waiting and due[bng] <= now and not self._stop.is_set():
                    cpe = Cpe(next(cpes))
                    request = cpe.access(bng, "load", cpe.line)
                    bng.send(request.octets)
                    waiting[bng] = (request, now, 1)
            for bng, (request, sent_at, tries) in list(waiting.items()):
                if now - sent_at >= AGAIN_AFTER_S:
                    if tries == TRIES:
                        self.lost.append(request.identifier)
                        del waiting[bng]
                        continue
                    self.again += 1
                    bng.send(request.octets)
                    waiting[bng] = (request, now, tries + 1)
            by_socket = {bng._socket: bng for bng in waiting}
            for opened in select.select(list(by_socket), [], [], REST_S)[0]:
                bng = by_socket[opened]
                reply = Packet(opened.recv(4097))
                if reply_fits(reply, waiting[bng][0], SECRET):
                    self.answered += 1
                    del waiting[bng]
                    due[bng] = time.monotonic() + REST_S


@pytest.fixture(scope="module")
def port() -> int:
    """What both listen on."""
    return free_port()


@pytest.fixture(scope="module")
def instances(
    aaa: Aaa, start_service: Callable[[Settings], Service], start_valkey: Callable[[], Valkey], port: int
) -> tuple[Service, Service]:
    """Alike, but for their health listeners and control sockets."""
    settings = {
        **one_bng(aaa),
        "listen": {"auth": [f"127.0.0.1:{port}"], "acct": [], "reuse_port": True, "lameduck": "300ms"},
        "store": {"url": start_valkey().url},
    }
    return start_service(settings), start_service(settings)


@pytest.fixture
def bngs(port: int) -> Iterator[list[Bng]]:
    """Sockets of one BNG."""
    opened = [Bng("127.0.0.1", SECRET, auth_port=port, acct_port=0) for _ in range(SOCKETS)]
    yield opened
    for bng in opened:
        bng.close()


def requests(service: Service) -> float:
    """Those that this instance took since its start."""
    return service.metric("bngcorr_radius_requests_total")


def test_a_restart_of_one_of_two_loses_nothing(instances: tuple[Service, Service], bngs: list[Bng]) -> None:
    """Every request is answered at its first sending: before, while and after one instance is away. Both take part."""
    one, other = instances
    load = Load(bngs)
    load.start()
    settle(0.5)
    shares = [requests(one), requests(other)]
    assert 0 == one.stop()
    left_at = load.answered
    settle(0.3)
    back_at = load.answered
    one.start()
    settle(0.5)
    load.stop()
    shares += [requests(one), requests(other)]

    assert ([], 0) == (load.lost, load.again)
    assert 0 < left_at < back_at < load.answered
    assert min(shares) > 0


def test_what_one_instance_learns_the_others_know(
    aaa: Aaa, instances: tuple[Service, Service], bngs: list[Bng]
) -> None:
    """Whichever instance the kernel gives a request to, it finds the line that another has seen."""
    cpe = Cpe(1)
    bngs[0].ask(cpe.access(bngs[0], "learnt", cpe.line))
    for instance in instances:
        instance.written()
    for number, bng in enumerate(bngs):
        bng.ask(cpe.access(bng, f"known-{number}"))

    assert [[cpe.remote_id]] * SOCKETS == [aaa.one(f"known-{number}").remote_ids for number in range(SOCKETS)]
    assert min(map(requests, instances)) > 0
