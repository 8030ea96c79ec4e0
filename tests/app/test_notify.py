"""What systemd hears: sd_notify(3), on a socket of the test's."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bngcorr.app.notify import Notifier, beat

ABSTRACT = f"@bngcorr-test-{os.getpid()}"


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """The service manager's end, and what $NOTIFY_SOCKET says of it."""
    named = str(tmp_path / "notify") if request.param == "path" else ABSTRACT
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(named if named.startswith("/") else "\0" + named[1:])
        opened.settimeout(2.0)
        yield opened, named


def test_each_word_is_one_datagram(manager: tuple[socket.socket, str]) -> None:
    """Ready, reloading, stopping: the fields that systemd reads, in the order in which they were said."""
    opened, named = manager
    notifier = Notifier({"NOTIFY_SOCKET": named})
    notifier.ready("2 BNGs\nof any make")
    notifier.reloading()
    notifier.stopping("ending", 15.0)
    heard = [opened.recv(1024).decode().split("\n") for _ in range(3)]

    assert notifier.heard
    assert ["READY=1", "STATUS=2 BNGs of any make"] == heard[0]
    assert "RELOADING=1" == heard[1][0]
    assert heard[1][1].removeprefix("MONOTONIC_USEC=").isdecimal()
    assert ["STOPPING=1", "EXTEND_TIMEOUT_USEC=15000000", "STATUS=ending"] == heard[2]


def test_a_reload_that_the_end_overtakes_is_not_told_any_more(manager: tuple[socket.socket, str]) -> None:
    """Ready after stopping would make the manager take the process for one that serves."""
    opened, named = manager
    notifier = Notifier({"NOTIFY_SOCKET": named})
    notifier.stopping("ending", 15.0)
    notifier.reloading()
    notifier.ready("1 BNG")
    notifier.status("last")
    heard = [opened.recv(1024).decode().split("\n")[0] for _ in range(2)]

    assert ["STOPPING=1", "STATUS=last"] == heard


@pytest.mark.parametrize(
    "named", ["", "@", "vsock:2:1", "/nowhere/at/all", "@\udcff", "/" + "x" * 200, "@" + "x" * 200]
)
def test_nobody_listening_is_no_trouble(named: str) -> None:
    """Started by hand, or with a socket that is gone, the process says nothing and goes on."""
    Notifier({"NOTIFY_SOCKET": named}).ready("ready")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"WATCHDOG_USEC": "20000000"}, 20.0),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}, 0.5),
        ({"WATCHDOG_USEC": "500000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_or_it_is_not(environment: dict[str, str], expected: float | None) -> None:
    """Its time is known where it is set, and set for this process."""
    assert expected == Notifier(environment).watchdog_s


@pytest.mark.asyncio
async def test_the_watchdog_hears_beats_while_sockets_are_open_only(tmp_path: Path) -> None:
    """Twice in its time as long as the process serves; without sockets it hears the state and no beat, and so acts."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(str(tmp_path / "notify"))
        opened.setblocking(False)
        serves = True
        notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "40000"})
        task = asyncio.create_task(beat(notifier, lambda: serves, lambda: "well"))
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(5):
            beats = [await loop.sock_recv(opened, 1024) for _ in range(3)]
            serves = False
            while await loop.sock_recv(opened, 1024) != b"STATUS=well":
                pass
            silent = await loop.sock_recv(opened, 1024)
        task.cancel()

    assert [b"WATCHDOG=1\nSTATUS=well"] * 3 == beats
    assert b"STATUS=well" == silent
