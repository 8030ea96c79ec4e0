"""Reloads asked for at once, at the end, and those that meet a bug."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
import yaml
from prometheus_client import CollectorRegistry

from bngcorr.app.policies import Policies
from bngcorr.app.reload import EndingError, Reloader
from bngcorr.config import loading
from bngcorr.config.loading import Loaded, load_with_digest
from bngcorr.proxy.meters import ConfigMeters
from tests.dynauth.parts import dictionary

SERVER = {"address": "192.0.2.10:1812", "secret": "example"}
BNG = {"name": "bng1", "address": "192.0.2.1", "secret": "example"}


class Running:
    """A reloader with a file of its own, and what it had taken."""

    def __init__(self, folder: Path, take: Callable[[Policies], None]) -> None:
        self.file = folder / "bngcorr.yaml"
        self.write("1s")
        self.registry = CollectorRegistry()
        self.reloader = Reloader(
            self.file, load_with_digest(self.file), dictionary(), ConfigMeters(self.registry), take
        )

    def write(self, window: str) -> None:
        """Another window for its BNG."""
        settings = {"upstream": {"auth": SERVER, "acct": SERVER}, "bngs": [{**BNG, "window": window}]}
        self.file.write_text(yaml.safe_dump(settings))

    @property
    def successful(self) -> float | None:
        """Of the last reload."""
        return self.registry.get_sample_value("bngcorr_config_last_reload_successful")


@pytest.mark.asyncio
async def test_who_asks_before_the_file_is_read_shares_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred at once are two readings: the one under way may have read before the last change, the next has not."""
    windows: list[float] = []
    running = Running(tmp_path, lambda policies: windows.append(policies.config.bngs[0].window))
    reading, go_on = threading.Event(), threading.Event()

    def slow(path: Path) -> Loaded:
        loaded = load_with_digest(path)
        reading.set()
        assert go_on.wait(5)
        return loaded

    monkeypatch.setattr("bngcorr.app.reload.load_with_digest", slow)
    running.write("2s")
    first = asyncio.create_task(running.reloader.reload())
    await asyncio.to_thread(reading.wait, 5)
    running.write("3s")
    others = [asyncio.create_task(running.reloader.reload()) for _ in range(100)]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(first, *others)

    assert [2.0, 3.0] == windows


@pytest.mark.asyncio
async def test_a_reload_that_the_end_overtakes_changes_nothing(tmp_path: Path) -> None:
    """Parts that are closed already must not be opened anew."""

    def take(_: Policies) -> None:
        raise EndingError("the process is about to end")

    running = Running(tmp_path, take)
    digest = running.reloader.running.digest
    running.write("2s")
    with pytest.raises(EndingError):
        await running.reloader.reload()

    assert (digest, 1.0) == (running.reloader.running.digest, running.reloader.config.bngs[0].window)
    assert 0 == running.successful


@pytest.mark.asyncio
async def test_a_bug_in_a_reload_is_told_and_the_next_one_is_a_fresh_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not swallowed by whoever asked, and no lock is left behind."""
    running = Running(tmp_path, lambda _: None)

    def broken(_: object) -> object:
        raise ZeroDivisionError

    with monkeypatch.context() as patched, structlog.testing.capture_logs() as logs:
        patched.setattr(loading, "parse", broken)
        with pytest.raises(ZeroDivisionError):
            await running.reloader.reload()
        assert 0 == running.successful
    await running.reloader.reload()

    assert [("error", "internal error, new configuration not taken")] == [
        (one["log_level"], one["event"]) for one in logs
    ]
    assert 1 == running.successful
