"""Many datagrams at a time, compiled and one by one: the same octets, the same errors."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sysconfig
from collections.abc import Iterator
from contextlib import ExitStack
from errno import EAGAIN, ECONNREFUSED, EMSGSIZE
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bngcorr.proxy import datagrams
from bngcorr.proxy.datagrams import DATAGRAM_OCTETS, MOST, address_of, receive, receive_from, send_each
from tests.service.ports import has_ipv6

SOURCE = Path(__file__).parents[2] / "bngcorr" / "proxy" / "_datagrams.c"
HOSTS = ["127.0.0.1", *(["::1"] if has_ipv6() else [])]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The extension, made from its source with every warning an error."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    include = sysconfig.get_paths()["include"]
    if compiler is None or not Path(include, "Python.h").is_file():
        pytest.skip("no C compiler, or no headers of Python (Debian: apt-get install gcc libc6-dev python3-dev)")
    made = tmp_path_factory.mktemp("datagrams") / "_datagrams.so"
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", f"-I{include}"]
    subprocess.run([compiler, *flags, str(SOURCE), "-o", str(made)], check=True)
    spec = importlib.util.spec_from_file_location("bngcorr.proxy._datagrams", made)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["compiled", "one by one"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways, one after the other."""
    if not datagrams.__file__.endswith(".py"):
        pytest.skip("the package is compiled, and goes one way only")
    fast: Any = request.getfixturevalue("compiled") if request.param == "compiled" else None
    monkeypatch.setattr(datagrams, "_FAST", fast)


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    """Whatever a test opens is closed with it."""
    with ExitStack() as stack:
        yield stack


def opened(ends: ExitStack, host: str) -> socket.socket:
    """A socket on a port of its own."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = ends.enter_context(socket.socket(family, socket.SOCK_DGRAM))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.setblocking(False)
    made.bind((host, 0))
    return made


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("host", HOSTS)
def test_what_comes_goes_back_to_who_sent_it(ends: ExitStack, host: str) -> None:
    """Each datagram is read once, with its sender, in order; too long ones are cut where the excess shows."""
    ours, senders = opened(ends, host), [opened(ends, host) for _ in range(3)]
    sent = [bytes((number,)) * size for number, size in enumerate((0, 1, 300, 4096, 5000))]
    for sender in senders:
        for octets in sent:
            sender.sendto(octets, ours.getsockname())
    some, _ = receive_from(ours, 4)
    rest, ended = receive_from(ours, MOST)
    got = some + rest
    back = send_each(ours, [octets for octets, _ in got], [origin for _, origin in got])
    echoed = [receive(sender, MOST)[0] for sender in senders]

    assert (4, 11) == (len(some), len(rest))
    assert [octets[:DATAGRAM_OCTETS] for octets in sent] * 3 == [octets for octets, _ in got]
    assert [sender.getsockname() for sender in senders for _ in sent] == [address_of(origin) for _, origin in got]
    assert 3 == len({origin for _, origin in got})
    assert None is back
    assert [[octets[:DATAGRAM_OCTETS] for octets in sent]] * 3 == echoed
    assert ended in (0, EAGAIN)
    assert ([], EAGAIN) == receive_from(ours, 1)
    assert ([], EAGAIN) == receive(ours, MOST)


@pytest.mark.usefixtures("way")
def test_one_that_cannot_be_sent_holds_up_no_other(ends: ExitStack) -> None:
    """More than one call's worth of them, the two that are too long told by their errors."""
    ours, theirs = opened(ends, "127.0.0.1"), opened(ends, "127.0.0.1")
    ours.connect(theirs.getsockname())
    wanted = [number.to_bytes(2, "big") for number in range(2 * MOST + 5)]
    wanted[3] = wanted[MOST] = bytes(70_000)
    errors = send_each(ours, wanted, None)
    got: list[bytes] = []
    while some := receive(theirs, MOST)[0]:
        got += some

    assert [EMSGSIZE if len(octets) > 2 else 0 for octets in wanted] == errors
    assert [octets for octets in wanted if len(octets) == 2] == got
    assert None is send_each(ours, [], None)


@pytest.mark.usefixtures("way")
def test_a_refusal_is_told_once(ends: ExitStack) -> None:
    """ICMP's word on what was sent before comes with the next call, and what waits can be read behind it."""
    ours = opened(ends, "127.0.0.1")
    gone = opened(ends, "127.0.0.1")
    ours.connect(gone.getsockname())
    gone.close()
    ours.send(b"to nobody")
    told = receive(ours, MOST), receive(ours, MOST)
    ours.send(b"to nobody")
    errors = send_each(ours, [b"1", b"2"], None)

    assert (([], ECONNREFUSED), ([], EAGAIN)) == told
    assert ECONNREFUSED == (errors or [0])[0]


def test_nonsense_is_refused(ends: ExitStack, compiled: ModuleType) -> None:
    """Before anything is read or sent."""
    ours = opened(ends, "127.0.0.1").fileno()
    for most in (0, -1, MOST + 1):
        with pytest.raises(ValueError, match="from 1 to 64"):
            compiled.receive(ours, most)
    for datagrams_, origins in (([b"1", "2"], None), ([b"1"], ["127.0.0.1"]), (("x",), None), ([b"1"], b"x")):
        with pytest.raises(TypeError):
            compiled.send_each(ours, datagrams_, origins)
    with pytest.raises(ValueError, match="an origin for each"):
        compiled.send_each(ours, [b"1", b"2"], [b"x"])
