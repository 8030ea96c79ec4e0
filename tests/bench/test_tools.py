"""The load generator and the sink: who asks from where, which answers count, and that both tell the same story."""

from __future__ import annotations

import json
import shutil
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import md5
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.bench.ground import NotReady, Tools, free_port, tools
from benchmarks.bench.process import Child
from benchmarks.bench.proxies import address_of

SECRET: Final = "of-the-test"
ACCOUNTING_RESPONSE: Final = 5
NAS_IP_ADDRESS: Final = 4

Started = Callable[..., Child]
Asked = list[tuple[bytes, tuple[str, int]]]


@pytest.fixture(scope="module")
def made() -> Tools:
    """Both programs, compiled."""
    if shutil.which("cc") is None:
        pytest.skip("no C compiler")
    try:
        return tools()
    except NotReady as error:
        if "install" in str(error):
            pytest.skip(str(error))
        raise


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Started]:
    """Programs that are heard to be ready, and end with the test."""
    children: list[Child] = []

    def start(program: Path, *arguments: object) -> Child:
        child = Child([str(program), *map(str, arguments)], tmp_path / "log", folder=tmp_path, talks=True)
        children.append(child)
        assert child.hear() == "ready\n"
        return child

    yield start
    for child in children:
        child.end()


@pytest.fixture
def aaa() -> Iterator[socket.socket]:
    """A server that says what the test makes it say."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        server.bind(("127.0.0.1", 0))
        server.settimeout(10)
        yield server


def asked(aaa: socket.socket, count: int) -> Asked:
    """The next requests, each with the address that it is from."""
    return [aaa.recvfrom(4096) for _ in range(count)]


def attribute(packet: bytes, kind: int) -> bytes:
    """Value of the first attribute of that type."""
    at = 20
    while packet[at] != kind:
        at += packet[at + 1]
    return packet[at + 2 : at + packet[at + 1]]


def response(request: bytes) -> bytes:
    """Accounting-Response without attributes (RFC 2866 §4.2)."""
    head = bytes((ACCOUNTING_RESPONSE, request[1], 0, 20))
    return head + md5(head + request[4:20] + SECRET.encode()).digest()


def test_each_bng_asks_from_its_own_address(made: Tools, start: Started, aaa: socket.socket) -> None:
    """They share sockets; the proxy sees what it would see if each had one, the 251st BNG in the next network."""
    load = start(made.loadgen, "-p", aaa.getsockname()[1], "-s", SECRET, "-m", "acct", "-b", 260, "-t", 200)
    load.say("burst 600")
    seen = asked(aaa, 600)
    request, asker = next(each for each in seen if each[1][0] == address_of(254))
    aaa.sendto(response(request), ("127.10.0.255", asker[1]))  # would be BNG 254 if the first network went on
    told = json.loads(load.hear())

    assert all(attribute(request, NAS_IP_ADDRESS) == socket.inet_aton(host) for request, (host, _) in seen)
    assert {host for _, (host, _) in seen} == {address_of(bng) for bng in range(260)}
    assert (told["sent"], told["lost"], told["unsent"], told["stray"]) == (600, 600, 0, 1)


def test_only_what_aaa_answers_to_the_asker_counts(made: Tools, start: Started, aaa: socket.socket) -> None:
    """Nothing is taken from another port, nor an answer to another BNG, nor one to an address that no BNG has."""
    load = start(made.loadgen, "-p", aaa.getsockname()[1], "-s", SECRET, "-m", "acct", "-b", 3, "-t", 400)
    load.say("burst 6")
    seen = asked(aaa, 6)
    with socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.1", 0))
        for request, asker in seen:
            stranger.sendto(response(request), asker)
    for request, (host, port) in seen:
        neighbour = address_of((int(host.rpartition(".")[2])) % 3)
        aaa.sendto(response(request), (neighbour, port))
        aaa.sendto(response(request), ("127.10.200.1", port))
    for request, asker in seen[:4]:
        aaa.sendto(response(request), asker)
        aaa.sendto(response(request), asker)
    told = json.loads(load.hear())

    assert (told["answered"], told["lost"], told["bad_code"]) == (4, 2, 0)
    assert told["stray"] == 6 + 6 + 4  # of the stranger, to nobody, and those that came twice
    assert told["bad_authenticator"] == 6  # the neighbour has asked with that identifier as well


def test_no_request_goes_out_twice(made: Tools, start: Started, aaa: socket.socket) -> None:
    """Where many lines are ambiguous one line asks again at once; each time it is another request."""
    load = start(made.loadgen, "-p", aaa.getsockname()[1], "-s", SECRET, "-b", 2, "-a", 900, "-t", 200)
    load.say("burst 256")
    seen = asked(aaa, 256)

    assert json.loads(load.hear())["sent"] == 256
    assert max(Counter(attribute(request, 77) for request, _ in seen).values()) > 1  # Connect-Info: line and kind
    assert len({(host, request[1]) for request, (host, _) in seen}) == 256
    assert len({request[4:20] for request, _ in seen}) == 256


def test_generator_and_sink_agree(made: Tools, start: Started) -> None:
    """Without a proxy between them every request is answered, verified, and seen as what it was sent as."""
    auth, acct = free_port(), free_port()
    sink = start(made.aaasink, "-p", auth, "-q", acct, "-s", SECRET)
    load = start(made.loadgen, "-p", auth, "-s", SECRET, "-b", 200, "-l", 8000)
    sent: Counter[str] = Counter()
    for phase in ("closed 32 0.4", "burst 2000", "open 2000 0.4"):
        load.say(phase)
        told: Any = json.loads(load.hear())
        assert told["sent"] == told["answered"] > 500, phase
        faults = ("lost", "unsent", "stray", "bad_authenticator", "unsigned", "bad_code")
        assert [told[fault] for fault in faults] == [0] * 6, phase
        sent.update({kind: figures["sent"] for kind, figures in told["kinds"].items()})
    sink.process.terminate()
    saw: Any = json.loads(sink.hear())

    assert saw["auth"] == sent.total()
    assert [saw[fault] for fault in ("malformed", "unsigned", "bad_authenticator", "bad_password", "no_truth")] == [
        0
    ] * 5
    assert saw["v4"]["right"] == sent["v4"]
    assert saw["v6"]["prefixed"] == sent["v6"]
    assert saw["bare"]["missed"] == sent["bare"] > 0
    assert saw["ambiguous"]["missed"] == sent["ambiguous"]
