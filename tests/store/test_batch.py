"""Lessons as one call carries them, and the script's words on them."""

from __future__ import annotations

from struct import pack

import msgpack

from bngcorr.errors import StoreError
from bngcorr.store.batch import Batch
from bngcorr.store.lesson import AWAY, FAILED, Lesson
from bngcorr.store.memory import MemoryStore

from .scene import Scene
from .subjects import EXPECTED, INTERIM, NOW

HEAD = 10  # octets in front of the lessons of a domain
HERE, THERE = Scene(MemoryStore()), Scene(MemoryStore())


def _batch() -> Batch:
    return Batch([
        HERE.sighting(1, attachment="k"), THERE.restart(at=1), HERE.verdict(1), HERE.change(INTERIM, "s1"),
        HERE.change(EXPECTED, "s2"),
    ])  # fmt: skip


def test_lessons_go_by_domain_each_in_its_order() -> None:
    """How many there are of each domain stands in front of them; verdicts for people go another way."""
    lessons: list[Lesson] = [
        HERE.sighting(1, attachment="k"), HERE.change(INTERIM, "s1", digest="d0"), HERE.change(EXPECTED, "s2"),
        THERE.restart(at=1), HERE.verdict(1),
    ]  # fmt: skip
    batch = Batch([lessons[index] for index in (0, 3, 4, 1, 2)])
    rows = [Batch([lesson]).packed([lesson.domain], NOW)[HEAD:] for lesson in lessons[:-1]]

    assert [HERE.domain, THERE.domain] == batch.domains
    assert pack(">HQ", 3, NOW) + b"".join(rows[:3]) + pack(">HQ", 1, NOW + 1) + rows[3] == batch.packed(
        batch.domains, NOW, {THERE.domain: NOW + 1}
    )
    assert [4, 33, 32, 34] == [row[0] for row in rows]  # what each lesson is; of a sighting what keys it has
    assert [HERE.verdict(1)] == batch.events


def test_each_word_goes_to_the_lesson_that_it_is_about() -> None:
    """Lessons are counted in the order of domains, and words are given back in that of the lessons."""
    batch = _batch()
    said = [1, b"moved", 2, [b"applied,late", [b"v4||192.0.2.1"], []], 3, b"known", 4, b"stale"]
    batch.take(batch.domains, msgpack.packb(said))

    assert ["moved", "stale", "ok", "applied,late", "known"] == batch.words
    assert [(3, HERE.domain, [b"v4||192.0.2.1"], [])] == [
        (move.index, move.domain, move.came, move.went) for move in batch.moves
    ]


def test_words_that_go_without_saying_are_not_said() -> None:
    """A sighting or Accept that is told like most is left out; the others count all the same."""
    batch = Batch([
        HERE.sighting(1, attachment="k"), HERE.change(EXPECTED, "s1"), THERE.change(EXPECTED, "s2"),
        THERE.sighting(1, attachment="k"), HERE.sighting(2, attachment="k"),
    ])  # fmt: skip
    batch.take(batch.domains, msgpack.packb([]))

    assert ["ok", "applied", "applied", "ok", "ok"] == batch.words

    batch.take(batch.domains, msgpack.packb([3, b"shared", 4, b"late"]))

    assert ["ok", "applied", "late", "ok", "shared"] == batch.words


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

    assert ["ok", "ok", AWAY, "ok", "applied"] == batch.words
