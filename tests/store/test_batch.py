"""Lessons as one call carries them, and the script's words on them."""

from __future__ import annotations

import msgpack

from bngcorr.errors import StoreError
from bngcorr.store.batch import Batch
from bngcorr.store.lesson import AWAY, FAILED
from bngcorr.store.memory import MemoryStore

from .scene import Scene
from .subjects import EXPECTED, INTERIM, NOW

HERE, THERE = Scene(MemoryStore()), Scene(MemoryStore())


def _batch() -> Batch:
    return Batch([
        HERE.sighting(1, attachment="k"), THERE.restart(at=1), HERE.verdict(1), HERE.change(INTERIM, "s1"),
        HERE.change(EXPECTED, "s2"),
    ])  # fmt: skip


def test_lessons_go_by_domain_each_in_its_order() -> None:
    """How many there are of each domain stands in front of them; verdicts for people go another way."""
    batch = _batch()
    rows = msgpack.unpackb(batch.packed(batch.domains, NOW, {THERE.domain: NOW + 1}), raw=True)

    assert [HERE.domain, THERE.domain] == batch.domains
    assert [3, NOW, 1, NOW + 1] == [*rows[:2], *rows[-4:-2]]
    assert [1, 4, 3, 5] == [rows[2], rows[11], rows[13], rows[-2]]  # what each lesson is
    assert [HERE.verdict(1)] == batch.events


def test_each_word_goes_to_the_lesson_that_it_is_about() -> None:
    """Words come in the order of domains, and are given back in that of the lessons."""
    batch = _batch()
    batch.take(batch.domains, msgpack.packb([b"moved", [b"applied,late", [b"v4||192.0.2.1"], []], b"known", b"stale"]))

    assert ["moved", "stale", "ok", "applied,late", "known"] == batch.words
    assert [(3, HERE.domain, [b"v4||192.0.2.1"], [])] == [
        (move.index, move.domain, move.came, move.went) for move in batch.moves
    ]


def test_a_call_that_fails_fails_its_domains() -> None:
    """A server that does not answer is told again; a call that it can't carry out is not."""
    batch = _batch()
    batch.take([HERE.domain], StoreError("no answer"))
    batch.take([THERE.domain], ValueError("what is this"))

    assert [AWAY, f"{FAILED} what is this", "ok", AWAY, AWAY] == batch.words


def test_verdicts_that_were_not_taken_are_away() -> None:
    """They have a call of their own."""
    batch = _batch()
    batch.away()

    assert ["ok", "ok", AWAY, "ok", "ok"] == batch.words
