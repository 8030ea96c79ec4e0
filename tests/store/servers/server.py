"""One server process: started, asked, stopped in its tracks, killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.service.ports import free_port

from .certificates import Certificates

START_WITHIN_S: Final = 15.0
LOOK_FIRST_S: Final = 0.005
LOOK_EVERY_S: Final = 0.05  # later: every look may be many connections

# nothing is written to disk, DEBUG is allowed, and a replica is sent its master's data at once
_PLAIN: Final = (
    *("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction", "--enable-debug-command", "yes"),
    *("--repl-diskless-sync-delay", "0"),
)


class Server:
    """A server on a port of loopback (with TLS if it has certificates), not started yet. `start` may follow `kill`."""

    def __init__(
        self,
        program: Path,
        folder: Path,
        options: Sequence[str] = (),
        *,
        certificates: Certificates | None = None,
        login: tuple[str, str] | None = None,
    ) -> None:
        """`login` is user and password for `ask`, if the server wants them."""
        self.program = program
        self.folder = folder
        self.options = tuple(options)
        self.certificates = certificates
        self.login = login
        self.port = free_port()
        self.pid = 0
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Where it listens, as host:port."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process; `ready` waits for it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        listen: tuple[str, ...] = ("--port", str(self.port))
        if self.certificates is not None:
            listen = ("--port", "0", "--tls-port", str(self.port), *self.certificates.server_options())
        log = (self.folder / "log").open("ab")
        self._process = subprocess.Popen(
            [self.program, *self._arguments(), *listen, "--bind", "127.0.0.1", "--dir", self.folder, *self.options],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        self.pid = self._process.pid

    def _arguments(self) -> Sequence[str]:
        return _PLAIN

    def ready(self) -> None:
        """Wait until it answers."""

        def answers() -> bool:
            assert self._process is not None
            assert self._process.poll() is None, f"{self.program.name} ended: {(self.folder / 'log').read_text()}"
            try:
                return bool(self.ask("PING"))
            except redis.RedisError:
                return False

        wait_for(answers, START_WITHIN_S)

    def ask(self, *words: str | bytes | int) -> Any:  # redis-py's replies are whatever the command gives
        """Reply to one command, over a connection of its own. Raises redis.RedisError."""
        user, password = self.login or (None, None)
        options: dict[str, Any] = {"username": user, "password": password, "socket_timeout": 2.0}
        if self.certificates is not None:
            options |= self.certificates.client_options()
        kind = redis.Connection if self.certificates is None else redis.SSLConnection
        connection = kind(
            host="127.0.0.1",
            port=self.port,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
            driver_info=None,
            **options,
        )
        try:
            connection.connect()  # type: ignore[no-untyped-call]
            connection.send_command(*words)  # type: ignore[no-untyped-call]
            return connection.read_response()
        finally:
            connection.disconnect()  # type: ignore[no-untyped-call]

    def info(self, section: str) -> dict[str, str]:
        """One section of INFO."""
        return dict(line.split(":", 1) for line in str(self.ask("INFO", section)).splitlines() if ":" in line)

    @property
    def alive(self) -> bool:
        """Whether the process runs; one that was stopped in its tracks does."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """SIGSTOP: it keeps its connections and answers nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def cont(self) -> None:
        """SIGCONT: it goes on where it was stopped."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """End the process at once, if it runs; its port refuses connections then."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def wait_for(met: Callable[[], bool], within_s: float) -> None:
    """Look ever more seldom until `met()` is true; fails after `within_s`."""
    deadline = time.monotonic() + within_s
    pause = LOOK_FIRST_S
    while not met():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {met.__qualname__}"
        time.sleep(pause)
        pause = min(1.5 * pause, LOOK_EVERY_S)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder with a path short enough for Unix sockets, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="bc"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(servers: Sequence[Server]) -> Iterator[None]:
    """Start all of them side by side, wait for all, and kill them at the end."""
    with ExitStack() as ends:
        for server in servers:
            ends.callback(server.kill)
            server.start()
        for server in servers:
            server.ready()
        yield
