"""The proxies that are measured: how each is configured and started, and when it is ready."""

from __future__ import annotations

import re
import shutil
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import yaml

from benchmarks.bench.ground import HERE, Build, Cores, free_port, freeradius_library, pinned, program, python
from benchmarks.bench.process import Child

BNGS: Final = 200
BNG_SECRET: Final = "between-bng-and-proxy"  # noqa: S105 -- of the benchmark
AAA_SECRET: Final = "between-proxy-and-aaa"  # noqa: S105 -- of the benchmark
START_WITHIN_S: Final = 40.0
FREERADIUS: Final = ("freeradius", "radiusd")


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where everybody is, on 127.0.0.1; and where files go."""

    auth: int  # UDP ports of the proxy
    acct: int
    aaa_auth: int  # UDP ports of the sink
    aaa_acct: int
    store: int  # TCP port of the store
    folder: Path
    cores: Cores


def address_of(bng: int) -> str:
    """Source address of a BNG, as the load generator has it."""
    return f"127.10.{bng // 250}.{bng % 250 + 1}"


class Proxy(Protocol):
    """One way to do the job, or a part of it."""

    name: str
    title: str
    asks_store: bool

    def missing(self) -> str | None:
        """What has to be installed first; None if all is there."""
        ...

    def start(self, places: Places) -> Child | None:
        """Start it and wait until it is ready; None: BNGs ask the sink themselves. Raises RuntimeError."""
        ...

    def metrics(self) -> dict[str, float]:
        """Metrics by name, summed over their labels; none if it has none."""
        ...


class NoProxy:
    """The sink alone: the floor of one hop."""

    name = "sink"
    title = "sink alone"
    asks_store = False

    def missing(self) -> str | None:
        """Nothing."""
        return None

    def start(self, places: Places) -> Child | None:
        """Nothing to start."""
        del places
        return None

    def metrics(self) -> dict[str, float]:
        """None."""
        return {}


class RadSecProxy:
    """radsecproxy, UDP to UDP."""

    name = "radsecproxy"
    title = "radsecproxy, plain"
    asks_store = False

    def missing(self) -> str | None:
        """The program."""
        return None if program("radsecproxy") else "radsecproxy (Debian: apt-get install radsecproxy)"

    def start(self, places: Places) -> Child | None:
        """It says nothing when it is ready: its sockets do."""
        config = places.folder / "radsecproxy.conf"
        config.write_text(_filled((HERE / "peers" / "radsecproxy" / "plain.conf").read_text(), places, places.folder))
        command = [program("radsecproxy") or "radsecproxy", "-f", "-c", str(config)]
        child = Child(pinned(places.cores.proxy, command), places.folder / "proxy.log", folder=places.folder)
        _await(child, lambda: _is_bound(places.auth) and _is_bound(places.acct))
        return child

    def metrics(self) -> dict[str, float]:
        """None."""
        return {}


class FreeRadius:
    """FreeRADIUS 3.2, with one of the configurations in peers/freeradius."""

    def __init__(self, name: str, title: str, configuration: str) -> None:
        self.name = name
        self.title = title
        self.asks_store = configuration == "redis"
        self._configuration = configuration

    def missing(self) -> str | None:
        """The program and, for the whole job, its module."""
        if program(*FREERADIUS) is None:
            return "FreeRADIUS 3 (Debian: apt-get install freeradius freeradius-redis)"
        if self._configuration == "redis" and freeradius_library("rlm_redis") is None:
            return "the Redis module of FreeRADIUS (Debian: apt-get install freeradius-redis)"
        return None

    def start(self, places: Places) -> Child | None:
        """Its log says when it is ready."""
        configs, run = places.folder / "freeradius", places.folder / "run"
        shutil.copytree(HERE / "peers" / "freeradius", configs)
        for path in configs.glob("*/*.conf"):
            path.write_text(_filled(path.read_text(), places, configs))
        shutil.copy(configs / "common" / "dictionary", configs / self._configuration / "dictionary")
        command = [program(*FREERADIUS) or "", "-f", "-d", str(configs / self._configuration), "-n", "radiusd"]
        child = Child(pinned(places.cores.proxy, command), places.folder / "proxy.log", folder=places.folder)
        said = run / "radius.log"
        child.log = said
        _await(child, lambda: said.exists() and "Ready to process requests" in said.read_text(errors="replace"))
        return child

    def metrics(self) -> dict[str, float]:
        """None."""
        return {}


class Bngcorr:
    """`bngcorr serve` with its defaults: mode full, a BNG for each source address."""

    def __init__(self, name: str, build: Build, *, spool: bool = False) -> None:
        self.name = name
        self.asks_store = True
        self.title = f"bngcorr, {build.name}{', spool' if spool else ''}"
        self._build = build
        self._spool = spool
        self._health = 0

    def missing(self) -> str | None:
        """Nothing: it is what this is all about."""
        return None

    def start(self, places: Places) -> Child | None:
        """/readyz says when it is ready."""
        self._health = free_port(socket.SOCK_STREAM)
        settings: dict[str, object] = {
            "listen": {"auth": [f"127.0.0.1:{places.auth}"], "acct": [f"127.0.0.1:{places.acct}"], "lameduck": "0s"},
            "health": {"listen": f"127.0.0.1:{self._health}"},
            "store": {"url": f"redis://127.0.0.1:{places.store}/0"},
            "upstream": {
                kind: {"address": f"127.0.0.1:{port}", "secret": AAA_SECRET}
                for kind, port in (("auth", places.aaa_auth), ("acct", places.aaa_acct))
            },
            "bngs": [
                {"name": f"bng{bng:03d}", "address": address_of(bng), "secret": BNG_SECRET, "profile": "nokia-sros"}
                for bng in range(BNGS)
            ],
        }
        if self._spool:
            settings["spool"] = {"enabled": True, "path": str(places.folder / "spool.db"), "rate": 100_000}
        config = places.folder / "bngcorr.yaml"
        config.write_text(yaml.safe_dump(settings, sort_keys=False))
        command = pinned(places.cores.proxy, [python(), "-m", "bngcorr", "serve", "-c", str(config)])
        child = Child(
            command, places.folder / "proxy.log", folder=places.folder,
            environment={"PYTHONPATH": str(self._build.path)},
        )  # fmt: skip
        _await(child, lambda: self._get("/readyz") is not None)
        return child

    def metrics(self) -> dict[str, float]:
        """Asked over HTTP, which costs the process some milliseconds."""
        found: dict[str, float] = {}
        for line in (self._get("/metrics") or "").splitlines():
            sample = re.fullmatch(r"([a-z_]+)(?:\{.*\})? ([-+.0-9e]+)", line)
            if sample:
                found[sample[1]] = found.get(sample[1], 0.0) + float(sample[2])
        return found

    def _get(self, path: str) -> str | None:
        """None unless it answers with 200."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._health}{path}", timeout=10) as answer:
                text: str = answer.read().decode()
                return text
        except (urllib.error.URLError, OSError):
            return None


def _filled(text: str, places: Places, configs: Path) -> str:
    library = freeradius_library("rlm_always")
    words = {
        "LIBDIR": library or "/usr/lib/freeradius", "RUNDIR": places.folder / "run", "CONFDIR": configs,
        "AAA_AUTH_PORT": places.aaa_auth, "AAA_ACCT_PORT": places.aaa_acct, "AUTH_PORT": places.auth,
        "ACCT_PORT": places.acct, "STORE_PORT": places.store, "AAA_SECRET": AAA_SECRET, "BNG_SECRET": BNG_SECRET,
    }  # fmt: skip
    return re.sub(r"\b(" + "|".join(words) + r")\b", lambda found: str(words[found[1]]), text)


def _is_bound(port: int) -> bool:
    return f":{port:04X} " in Path("/proc/net/udp").read_text()


class _Ready(Protocol):
    def __call__(self) -> bool: ...


def _await(child: Child, ready: _Ready) -> None:
    began = time.monotonic()
    while child.alive and time.monotonic() - began < START_WITHIN_S:
        if ready():
            return
        time.sleep(0.05)
    told = child.told()
    child.end()
    raise RuntimeError(f"{child.name} did not start: {told}")
