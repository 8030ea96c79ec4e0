"""What a run of the look-up benchmark comes to."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from benchmarks import lookups
from bngcorr.web.guess import guesses


def figures(*, look_up: float | None = 10.0, page: float | None = 40.0, slower: float = 1.2, **wrong: int) -> Any:
    """Of a run that is good enough, but for what is told."""
    took = {"look-up": {"p99_ms": look_up}, "page": {"p99_ms": page}}
    return {"wrong": wrong, "meanwhile": took, "slower": slower}


def test_a_run_that_is_good_enough_has_no_faults() -> None:
    """Each limit counts for itself."""
    assert [] == lookups.faults(figures())


@pytest.mark.parametrize(
    ("run", "fault"),
    [
        (figures(look_up=50.1), "a look-up takes 50.1 ms (p99), more than 50"),
        (figures(page=101.0), "a page takes 101.0 ms (p99), more than 100"),
        (figures(page=None), "a page takes None ms (p99), more than 100"),
        (figures(slower=2.1), "requests take 2.1 times as long (p99) meanwhile"),
        (figures(MAC=3), "not found: MAC, 3 times"),
    ],
)
def test_what_is_not_good_enough_is_named(run: Any, fault: str) -> None:
    """Too slow, too disturbing, or not found; what was never asked is not good enough either."""
    assert [fault] == lookups.faults(run)


def test_every_kind_of_key_is_asked_for_in_turn() -> None:
    """What is typed can be understood, and pages are asked for between look-ups."""
    some = list(itertools.islice(lookups.questions(["bng1"], 100, random.Random(1)), 120))
    texts = [one.path.partition("?q=")[2] for one in some if "?q=" in one.path]

    assert {"MAC", "Remote-Id, hex", "User-Name", "IPv6 in a prefix", "Acct-Session-Id", "BNG and port"} <= {
        one.kind for one in some
    }
    assert {"look-up", "page"} == {one.sort for one in some}
    assert all(guesses(text, ["bng1"]) for text in texts)
