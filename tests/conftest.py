"""Fixtures of the tests that run the real processes."""

from __future__ import annotations

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
LONG = ("packaging", "browser", "service", "freeradius", "simulate", "demo", "store", "contract", "cli", "web")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long come first, so that no worker is left alone with one in the end."""
    ranks = {folder: rank for rank, folder in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(_folder(item), len(LONG)))  # stable: the order within a folder stays


def _folder(item: pytest.Item) -> str:
    return item.nodeid.removeprefix("tests/").partition("/")[0]


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
