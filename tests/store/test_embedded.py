"""The embedded store: a real Valkey that is started, supervised and stopped by us."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bngcorr.errors import StoreError
from bngcorr.store.embedded import EmbeddedValkey, socket_path, url
from bngcorr.store.lane import Lane

pytestmark = pytest.mark.asyncio


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data directory whose name is short enough for a socket."""
    path = Path(tempfile.mkdtemp(prefix="vk"))
    yield path / "data"
    shutil.rmtree(path)


async def _pid(lane: Lane) -> int:
    (reply,) = await lane.run([("INFO", "server")], 2.0)
    info = dict(row.split(b":", 1) for row in reply.splitlines() if b":" in row)
    return int(info[b"process_id"])


async def test_it_survives_its_server(folder: Path) -> None:
    """Killed, the server is started again within seconds, with what was written."""
    embedded = EmbeddedValkey(folder)
    await embedded.start()
    lane = Lane(url(folder))
    await lane.run([("SET", "kept", "yes")], 2.0)
    first = await _pid(lane)
    await asyncio.sleep(1.1)  # appendfsync everysec
    os.kill(first, signal.SIGKILL)
    second = first
    async with asyncio.timeout(15):
        while second == first:
            await asyncio.sleep(0.1)
            try:
                second = await _pid(lane)
            except StoreError:
                continue

    assert [b"yes"] == await lane.run([("GET", "kept")], 2.0)
    await lane.close()
    await embedded.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)


async def test_a_second_process_shares_the_server(folder: Path) -> None:
    """Of two with one data directory only the first looks after the server: the second leaves it running."""
    first, second = EmbeddedValkey(folder), EmbeddedValkey(folder)
    await first.start()
    await second.start()
    lane = Lane(url(folder))
    pid = await _pid(lane)
    await second.stop()
    assert pid == await _pid(lane)
    await lane.close()
    await first.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_data_outlive_a_stop(folder: Path) -> None:
    """Stopped in order and started again, the store knows what it knew."""
    for expected in (None, b"1", b"2"):
        embedded = EmbeddedValkey(folder)
        await embedded.start()
        lane = Lane(url(folder))
        assert [expected] == await lane.run([("GET", "count")], 2.0)
        await lane.run([("INCR", "count")], 2.0)
        await lane.close()
        await embedded.stop()


async def test_nobody_else_may_read_what_it_writes(folder: Path) -> None:
    """Not even where the folder was there before, open to all."""
    folder.mkdir(mode=0o755)
    embedded = EmbeddedValkey(folder)
    await embedded.start()
    files = list((folder / "appendonlydir").iterdir())
    await embedded.stop()

    assert files
    assert [0] * len(files) == [file.stat().st_mode & 0o077 for file in files]


async def test_a_folder_that_cannot_hold_a_socket_is_named() -> None:
    """A data directory whose socket path is too long is refused with the reason."""
    with pytest.raises(StoreError, match="too long for a Unix socket"):
        await EmbeddedValkey(Path("/tmp") / ("x" * 100)).start()  # noqa: S108  # never created


async def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    """A data directory that can't be created is refused with its name."""
    folder.parent.joinpath("file").write_text("")
    with pytest.raises(StoreError, match=r"store\.data_dir"):
        await EmbeddedValkey(folder.parent / "file" / "data").start()


async def test_the_server_listens_on_its_socket_only(folder: Path) -> None:
    """No TCP port is opened, and nobody but the owner may use the socket."""
    embedded = EmbeddedValkey(folder)
    await embedded.start()
    lane = Lane(url(folder))
    (port,) = await lane.run([("CONFIG", "GET", "port")], 2.0)
    await lane.close()
    mode = socket_path(folder).stat().st_mode & 0o777
    await embedded.stop()

    assert b"0" in (port.values() if isinstance(port, dict) else port)
    assert 0o700 == mode
