"""Parts in C: each is what its model is in Python, and keeps within its bounds."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from bngcorr.store import batch, row_core
from bngcorr.wire import core, radius_auth

from .extension import sanitized, tried


@pytest.mark.parametrize(
    ("chosen", "user", "extension", "model"),
    [
        (core, radius_auth, "bngcorr.wire._core", "bngcorr.wire.octets"),
        (row_core, batch, "bngcorr.store._rows", "bngcorr.store.row_octets"),
    ],
)
def test_it_is_c_where_the_request_path_is_compiled(
    chosen: ModuleType, user: ModuleType, extension: str, model: str
) -> None:
    """A build whose modules are compiled has the extension, and uses it."""
    compiled = not str(user.__file__).endswith(".py")

    assert {extension if compiled else model} == {getattr(chosen, name).__module__ for name in chosen.__all__}


@pytest.mark.parametrize(
    ("source", "trial", "rounds"),
    [
        ("bngcorr/wire/_core.c", "tests.wire.core_trial", 100),
        ("bngcorr/store/_rows.c", "tests.store.rows_trial", 15),
    ],
)
def test_it_is_its_model_and_keeps_within_bounds(tmp_path: Path, source: str, trial: str, rounds: int) -> None:
    """Right arguments give what the model gives, wrong ones are refused, and the sanitizers find nothing."""
    extension = sanitized(source, tmp_path)
    for seed in (1, 2):
        done = tried(trial, extension, seed, rounds)

        assert 0 == done.returncode, done.stdout + done.stderr
