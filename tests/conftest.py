"""Fixtures of the tests that run the real processes."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.service.aaa import Aaa
from tests.service.nursery import Nursery
from tests.service.nursery import nursery as open_nursery
from tests.service.ports import free_port
from tests.service.process import Service, Settings, Valkey

AAA_SECRET = b"between-proxy-and-aaa"
WAITING = ("service", "freeradius", "tap", "store", "contract", "demo")  # folders whose tests mostly wait for processes
LONG = ("browser", "packaging", "simulate", "cli", "web", "helm", "docs")  # of the others, those that come first


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that wait and files that compute come in turn, so that no core is idle; of both kinds those that take long
    come first, so that no worker is left alone with one in the end.
    """
    ranks = {folder: rank for rank, folder in enumerate((*WAITING, *LONG))}
    files = sorted(dict.fromkeys(map(_file, items)), key=lambda file: ranks.get(_folder(file), len(ranks)))
    places: dict[str, float] = {}
    for kind in ([file for file in files if (_folder(file) in WAITING) == waits] for waits in (False, True)):
        places |= {file: at / len(kind) for at, file in enumerate(kind)}
    items.sort(key=lambda item: places[_file(item)])  # stable: the order within a file stays


def pytest_collection_finish() -> None:
    """The thousands of tests are not looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


def _file(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


def _folder(file: str) -> str:
    return file.removeprefix("tests/").partition("/")[0]


@pytest.fixture(scope="session")
def free_udp_port() -> Callable[[], int]:
    """Gives a free port each time it is called."""
    return free_port


@pytest.fixture(scope="module")
def aaa() -> Iterator[Aaa]:
    """A tiny AAA; the module fails at its end if the proxy sent it anything improper."""
    server = Aaa(AAA_SECRET)
    yield server
    server.close()
    assert [] == server.faults


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """Forks processes of bngcorr."""
    with open_nursery() as one:
        yield one


@pytest.fixture(scope="module")
def start_service(
    tmp_path_factory: pytest.TempPathFactory, nursery: Nursery
) -> Iterator[Callable[[Settings], Service]]:
    """Starts `bngcorr serve` with these settings; everything is ended with the module."""
    services: list[Service] = []

    def start(settings: Settings) -> Service:
        service = Service(tmp_path_factory.mktemp("service"), settings, nursery)
        services.append(service)
        service.start()
        return service

    yield start
    for service in services:
        service.close()


@pytest.fixture(scope="module")
def start_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Valkey]]:
    """Starts a Valkey on a TCP port, for tests that kill it."""
    servers: list[Valkey] = []

    def start() -> Valkey:
        folder: Path = tmp_path_factory.mktemp("valkey")
        server = Valkey(folder)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.kill()


@pytest.fixture(scope="session")
def requires_freeradius() -> None:
    """Skips without FreeRADIUS and radclient; fails instead if BNGCORR_REQUIRE_FREERADIUS=1."""
    missing = [name for name in ("freeradius", "radclient") if shutil.which(name, path=_PATH) is None]
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)} (Debian: freeradius, freeradius-utils)"
    if os.environ.get("BNGCORR_REQUIRE_FREERADIUS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


_PATH = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"
