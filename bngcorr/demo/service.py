"""The service under demonstration: its configuration, and its two processes as children of this one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from bngcorr.demo.network import HOLD_MS, WINDOW_MS, BngSpec

_TAIL_LINES = 30
_GRACE_S = 4.0


class DemoError(Exception):
    """The demonstration cannot go on; the message is for the person at the terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the service listens, all on 127.0.0.1 but ``http``."""

    auth: int
    acct: int
    health: int
    http: tuple[str, int]


def choose_ports(http: str) -> Ports:
    """Free ports; ``http`` is "host:port", port 0 for a free one too. Raises DemoError if that one is taken."""
    host, _, port = http.rpartition(":")
    host = host.strip("[]")
    if not port.isdigit() or not host:
        raise DemoError(f"{http!r} is no address:port to serve HTTP on")
    web = _free(socket.SOCK_STREAM, host, int(port))
    auth = _free(socket.SOCK_DGRAM)
    return Ports(
        auth=auth,
        acct=next(other for other in iter(lambda: _free(socket.SOCK_DGRAM), None) if other != auth),
        health=next(other for other in iter(lambda: _free(socket.SOCK_STREAM), None) if other != web),
        http=(host, web),
    )


def write_config(
    path: Path, *, ports: Ports, data_dir: Path, aaa_ports: tuple[int, int], aaa_secret: str, bngs: Iterable[BngSpec]
) -> None:
    """The service's configuration file; it holds secrets, so only its owner may read it."""
    upstream = {
        name: {"address": f"127.0.0.1:{port}", "secret": aaa_secret, "timeout": "3s"}
        for name, port in zip(("auth", "acct"), aaa_ports, strict=True)
    }
    config = {
        "listen": {"auth": [f"127.0.0.1:{ports.auth}"], "acct": [f"127.0.0.1:{ports.acct}"], "lameduck": "0s"},
        "health": {"listen": f"127.0.0.1:{ports.health}"},
        "web": {"listen": _address(*ports.http)},
        # a desk with a busy processor is no data centre: one late answer of the store must not spoil the show
        "store": {"url": "embedded", "data_dir": str(data_dir), "budget": "500ms"},
        "upstream": upstream,
        "bngs": [_bng(spec) for spec in bngs],
        "log": {"level": "warning", "format": "json"},
    }
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


class Service:
    """``bngcorr serve`` and ``bngcorr web``, started from this installation."""

    def __init__(self, config: Path, *, ports: Ports, data_dir: Path) -> None:
        self.config, self.ports, self.data_dir = config, ports, data_dir
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self.ended: asyncio.Future[DemoError] = asyncio.get_running_loop().create_future()
        self._stopping = False

    @property
    def health(self) -> str:
        """Base URL of the packet process."""
        return f"http://127.0.0.1:{self.ports.health}"

    @property
    def http(self) -> str:
        """Base URL of the web process."""
        return f"http://{_address(*self.ports.http)}"

    @property
    def store_pid_file(self) -> Path:
        """Where ``serve`` notes the process id of the embedded store."""
        return self.data_dir / "valkey.pid"

    async def start(self) -> None:
        """Start both processes; `ended` tells when one is gone."""
        for verb in ("serve", "web"):
            with self.log(verb).open("wb") as output:
                child = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    "bngcorr",
                    verb,
                    "-c",
                    str(self.config),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                )
            self._children[verb] = child
            self._watchers.append(asyncio.create_task(self._watch(verb, child)))

    def log(self, verb: str) -> Path:
        """Where that process writes. A file, not a pipe: the store inherits it and may live on for a moment."""
        return self.data_dir / f"{verb}.log"

    async def stop(self) -> None:
        """End both by SIGTERM, and by SIGKILL if they have not gone after a while."""
        self._stopping = True
        for child in self._children.values():
            _signal(child, signal.SIGTERM)
        if self._watchers:
            _, late = await asyncio.wait(self._watchers, timeout=_GRACE_S)
            if late:
                for child in self._children.values():
                    _signal(child, signal.SIGKILL)
                self._end_store()
                await asyncio.wait(late, timeout=1.0)
        self.ended.cancel()

    def _end_store(self) -> None:
        """A killed ``serve`` could not take its store along."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self.store_pid_file.read_text())
            if b"valkey" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGTERM)

    async def _watch(self, verb: str, child: asyncio.subprocess.Process) -> None:
        code = await child.wait()
        if not self._stopping and not self.ended.done():
            written = self.log(verb).read_text(errors="replace").splitlines()[-_TAIL_LINES:]
            tail = "\n".join(written) or "(it wrote nothing)"
            self.ended.set_result(DemoError(f"bngcorr {verb} ended by itself with code {code}:\n{tail}"))


def _bng(spec: BngSpec) -> dict[str, object]:
    entry: dict[str, object] = {
        "name": spec.name,
        "address": [spec.address],
        "secret": spec.secret,
        "profile": spec.profile,
        "mode": "full",
        "vlan_model": "per_line" if spec.per_line else "shared",
        "window": f"{WINDOW_MS}ms",
        "hold": f"{HOLD_MS}ms",
        "v4_always_has_id": spec.v4_always_has_id,
        "cost_table": spec.cost_table,
    }
    if spec.domain is not None:
        entry["domain"] = spec.domain
    if spec.host_resources is not None:
        entry["limits"] = {"host_resources": spec.host_resources}
    return entry


def _free(kind: socket.SocketKind, host: str = "127.0.0.1", port: int = 0) -> int:
    """That port, or a free one for 0; raises DemoError if it is in use."""
    try:
        family = socket.getaddrinfo(host, port, type=kind)[0][0]
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    except OSError as error:
        raise DemoError(
            f"{_address(host, port)} cannot be used: {error.strerror or error}. Is something else running there?"
        ) from error


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _signal(child: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(number)
