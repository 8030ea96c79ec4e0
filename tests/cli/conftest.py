"""One canned API for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.canned import Canned, canned


@pytest.fixture(scope="module")
def _server() -> Iterator[Canned]:
    with canned() as stage:
        yield stage


@pytest.fixture
def api(_server: Canned, monkeypatch: pytest.MonkeyPatch) -> Canned:
    """One that has answered nothing so far; no token is in the environment."""
    monkeypatch.delenv("BNGCORR_TOKEN", raising=False)
    monkeypatch.delenv("BNGCORR_API", raising=False)
    _server.answers.clear()
    _server.asked.clear()
    return _server
