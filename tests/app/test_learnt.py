"""Who hears what the store said of lessons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from prometheus_client import CollectorRegistry

from bngcorr.app.learnt import Learnt
from bngcorr.correlator.judge import Judge
from bngcorr.model.vocabulary import Finding
from bngcorr.proxy.meters import Meters
from bngcorr.proxy.noise import Noise
from bngcorr.proxy.request import Request
from bngcorr.store.lesson import FAILED, NEW, FindingSeen, Lesson, NumberSeen

LOST = FindingSeen(domain="d", bng="bng1", finding=Finding.V6_LOST, subject="a" * 24, at_ms=0)
NUMBER = NumberSeen(domain="d", bng="bng1", number=637, at_ms=0)


class Waiting:
    """A judge with so many requests on hold."""

    def __init__(self, held: int) -> None:
        self.held = held
        self.told: list[Lesson] = []

    def sighted(self, lessons: Sequence[Lesson]) -> None:
        """Noted."""
        self.told += lessons


def hear(judge: Waiting, *said: tuple[Lesson, str]) -> tuple[CollectorRegistry, list[Lesson], list[FindingSeen]]:
    """Metrics, further lessons, and what is to be remedied after the store has said this."""
    registry, put, found = CollectorRegistry(), list[Lesson](), list[FindingSeen]()
    learnt = Learnt(cast("Judge[Request]", cast("Any", judge)), Meters(registry), Noise())
    learnt.attach(put.append, found.append, None)
    learnt.written([lesson for lesson, _ in said], [word for _, word in said])
    return registry, put, found


def test_a_finding_is_remedied_when_it_is_new_and_only_then() -> None:
    """One that is known has been looked at already; one that the store can't take is counted as lost, not as found."""
    registry, put, found = hear(Waiting(0), (LOST, NEW), (LOST, "known"), (LOST, f"{FAILED}: out of range"))

    assert [LOST] == found
    assert [] == put
    assert 1 == registry.get_sample_value("bngcorr_findings_total", {"bng": "bng1", "finding": "v6_lost"})
    assert 1 == registry.get_sample_value("bngcorr_store_failed_writes_total")


def test_what_a_lesson_shows_is_learnt_as_well() -> None:
    """A new enterprise number is a finding; the finding goes to the store like any lesson."""
    _, put, found = hear(Waiting(0), (NUMBER, NEW))

    assert [Finding.NEW_ENTERPRISE_NUMBER] == [one.finding for one in put if isinstance(one, FindingSeen)]
    assert [] == found


def test_who_is_on_hold_hears_of_what_was_written() -> None:
    """And nobody is woken where nobody waits."""
    one, none = Waiting(1), Waiting(0)
    for judge in (one, none):
        hear(judge, (NUMBER, "known"))

    assert ([NUMBER], []) == (one.told, none.told)
