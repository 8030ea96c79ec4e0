"""A rolling update on Kubernetes, played out with real processes behind one address: nothing is lost."""

from __future__ import annotations

import select
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.service.aaa import Aaa
from tests.service.process import Service, Settings, Valkey, settle
from tests.service.radius import CONNECT_INFO, START, Bng, Packet, reply_fits, v4_host
from tests.service.settings import SECRET, Cpe, one_bng
from tests.service.virtual_address import VirtualAddress

SOCKETS = 16  # ports that the BNG sends from
AGAIN_AFTER_S = 0.8  # sooner than BNGs do, so that the test is short
TRIES = 4
REST_S = 0.01
KUBE_PROXY_S = 0.25  # until nodes know that a pod is about to end
LAMEDUCK_S = 0.8


@dataclass(slots=True)
class Load:
    """Access-Requests and Starts in turn, each sent again until it is answered or given up."""

    bngs: list[Bng]
    asked: dict[str, int] = field(default_factory=dict)  # serial: sent so often
    started: set[str] = field(default_factory=set)  # serials of Starts that were acknowledged
    lost: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """A thread for all of them."""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask nothing new, and await what is asked."""
        self._stop.set()
        assert self._thread is not None
        self._thread.join(10)

    @property
    def again(self) -> int:
        """How many had to be sent more than once."""
        return sum(times > 1 for times in self.asked.values())

    def _next(self, bng: Bng, number: int) -> tuple[str, Packet]:
        cpe = Cpe(1_000 + number)
        serial = f"{'start' if number % 2 else 'access'}-{number}"
        if not number % 2:
            return serial, cpe.access(bng, serial, cpe.line)
        address = f"10.7.{number // 250}.{number % 250 + 1}"
        return serial, bng.account(START, f"session-{number}", cpe.attributes(serial) + cpe.line + v4_host(address))

    def _run(self) -> None:
        waiting: dict[Bng, tuple[str, Packet, float]] = {}
        due = dict.fromkeys(self.bngs, 0.0)
        number = 0
        while waiting or not self._stop.is_set():
            now = time.monotonic()
            for bng in self.bngs:
                if bng not in waiting and due[bng] <= now and not self._stop.is_set():
                    serial, request = self._next(bng, number)
                    number += 1
                    bng.send(request.octets)
                    waiting[bng], self.asked[serial] = (serial, request, now), 1
            for bng, (serial, request, sent_at) in list(waiting.items()):
                if now - sent_at < AGAIN_AFTER_S:
                    continue
                if self.asked[serial] == TRIES:
                    self.lost.append(serial)
                    del waiting[bng]
                    continue
                bng.send(request.octets)
                waiting[bng] = (serial, request, now)
                self.asked[serial] += 1
            by_socket = {bng._socket: bng for bng in waiting}
            for opened in select.select(list(by_socket), [], [], REST_S)[0]:
                bng = by_socket[opened]
                serial, request, _ = waiting[bng]
                if reply_fits(Packet(opened.recv(4097)), request, SECRET):
                    if serial.startswith("start"):
                        self.started.add(serial)
                    del waiting[bng]
                    due[bng] = time.monotonic() + REST_S


@pytest.fixture
def pod(
    aaa: Aaa, start_service: Callable[[Settings], Service], start_valkey: Callable[[], Valkey]
) -> Callable[[], Service]:
    """Starts one more, at the store of all of them; it is ready then."""
    settings = {**one_bng(aaa), "listen": {"lameduck": f"{LAMEDUCK_S}s"}, "store": {"url": start_valkey().url}}
    return lambda: start_service(settings)


@pytest.fixture
def service(pod: Callable[[], Service]) -> Iterator[tuple[VirtualAddress, list[Service]]]:
    """The address, and the two pods behind it."""
    pods = [pod(), pod()]
    address = VirtualAddress(pods)
    yield address, pods
    address.close()


@pytest.fixture
def bngs(service: tuple[VirtualAddress, list[Service]]) -> Iterator[list[Bng]]:
    """Ports of one BNG, which never change."""
    ports = {"auth_port": service[0].auth_port, "acct_port": service[0].acct_port}
    opened = [Bng("127.0.0.1", SECRET, **ports) for _ in range(SOCKETS)]
    yield opened
    for bng in opened:
        bng.close()


def test_a_rolling_update_under_load_loses_no_request_and_no_record(
    aaa: Aaa, service: tuple[VirtualAddress, list[Service]], pod: Callable[[], Service], bngs: list[Bng]
) -> None:
    """Each pod gets a successor first, then SIGTERM; it answers until the nodes have turned to the others, and longer.
    All that was asked is answered, AAA has every record, and the ledger every session once.
    """
    address, pods = service
    aaa.delay_s = 0.02  # so that something is always under way
    load = Load(bngs)
    load.start()
    settle(0.3)
    exits = []
    for old in list(pods):
        new = pod()
        pods.append(new)
        address.use(*pods)
        assert old.serve is not None
        old.serve.send_signal(signal.SIGTERM)
        pods.remove(old)
        settle(KUBE_PROXY_S)
        address.use(*pods)
        exits.append(old.serve.wait(8))
    settle(0.3)
    load.stop()
    aaa.delay_s = 0.0
    for left in pods:
        left.written()

    recorded = {packet.text(CONNECT_INFO) for packet in aaa.seen()}
    assert ([], [0, 0]) == (load.lost, exits)
    assert SOCKETS <= address.moved  # flows that had to find another pod
    assert set() == load.asked.keys() - recorded
    assert set(filter(lambda serial: serial.startswith("start"), load.asked)) == load.started
    assert len(load.started) == pods[0].usage("bng1").sessions
    assert load.again <= SOCKETS * 4


def test_without_lameduck_requests_are_lost_at_their_first_sending(
    aaa: Aaa, pod: Callable[[], Service], bngs: list[Bng], service: tuple[VirtualAddress, list[Service]]
) -> None:
    """What the test above would show if a pod went before the nodes knew: retransmissions are then needed."""
    address, pods = service
    load = Load(bngs)
    load.start()
    settle(0.2)
    pods[0].kill()
    settle(KUBE_PROXY_S)
    address.use(pods[1])
    load.stop()

    assert load.again > 0
    assert [] == load.lost
