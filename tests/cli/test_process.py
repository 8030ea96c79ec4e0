"""The life of a long-running verb, and which process a verb speaks to."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from bngcorr.cli.process import _live, _Signals
from bngcorr.config.control import Control
from bngcorr.config.loading import control_of


class Process:
    """One whose start takes until a signal has come, and whose reload is a bug."""

    def __init__(self) -> None:
        self.did: list[str] = []
        self.reloaded = asyncio.Event()

    async def start(self) -> None:
        """Hung up on meanwhile."""
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0.01)
        self.did.append("started")

    async def reload(self) -> object:
        """Raises what nobody expects."""
        self.did.append("reloaded")
        self.reloaded.set()
        raise ZeroDivisionError

    async def retire(self, at_once: asyncio.Event) -> None:  # noqa: ARG002 -- at once anyway
        """Noted."""
        self.did.append("retired")

    async def stop(self, at_once: asyncio.Event) -> None:  # noqa: ARG002 -- at once anyway
        """Noted."""
        self.did.append("stopped")


@pytest.mark.asyncio
async def test_a_hangup_during_the_start_is_a_reload_after_it() -> None:
    """The file may have been read before it was changed. A reload that fails by a bug of ours ends nothing."""
    process = Process()
    living = asyncio.create_task(_live(process, _Signals()))
    async with asyncio.timeout(5):
        await process.reloaded.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await living
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(number)

    assert ["started", "reloaded", "retired", "stopped"] == process.did


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("control: {socket: /x.sock}\nstore: {data_dir: here}\nbngs: wrong\n", (Control(socket="/x.sock"), "here")),
        ("control: {socket: null}\n", (Control(socket=None), "var")),
        ("control: {socket: 7}\nstore: {data_dir: [7]}\n", (Control(), "var")),
        ("control: 7\nstore: 7\n", (Control(), "var")),
        ("- 7\n", (Control(), "var")),
        ("a: [\n", (Control(), "var")),
    ],
)  # fmt: skip
def test_the_control_socket_is_found_by_a_file_with_faults(
    tmp_path: Path, text: str, expected: tuple[Control, str]
) -> None:
    """The process is to judge the file: it has the environment, and the folder, that secrets are read from."""
    file = tmp_path / "bngcorr.yaml"
    file.write_text(text)

    assert (expected[0], Path(expected[1])) == control_of(file)
