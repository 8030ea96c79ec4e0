"""Where a profile finds what it asks for, by the layout of a packet."""

from __future__ import annotations

from dataclasses import replace

from bngcorr.model.vocabulary import PenPolicy
from bngcorr.profiles.profile import READINGS
from bngcorr.wire.radius import Layout, Span
from tests.proxy.families import NOKIA, profile

REMOTE_ID, USER_NAME, PORT_ID = 3561 << 8 | 2, 1, 87


def layout(*keys: int, shared: bool = True) -> Layout:
    """Attributes of ten octets each, one behind the other."""
    spans = [Span(key, at, at + 10, at, at + 10) for at, key in zip(range(20, 4000, 10), keys, strict=False)]
    return Layout(spans, shared=shared)


def test_what_a_profile_asks_for_is_found_wherever_it_stands() -> None:
    """Every place of every carrier, and nothing of what is not there."""
    of = profile(NOKIA)
    where = layout(REMOTE_ID, PORT_ID, 4, REMOTE_ID, USER_NAME)
    reading = of.reading(where)

    assert [where.spans[0], where.spans[3]] == [span for _, span in reading.remote_ids]
    assert [where.spans[1]] == [span for _, span in reading.ports]
    assert [where.spans[4]] == [span for _, span in reading.macs]
    assert ((), (), ()) == (reading.circuit_ids, reading.signals, reading.proofs)


def test_a_layout_is_read_once_by_each_profile() -> None:
    """A profile that differs in anything reads for itself; what no other packet has is not remembered."""
    of, where, alone = profile(NOKIA), layout(REMOTE_ID), layout(REMOTE_ID, shared=False)
    other = replace(of, pen=PenPolicy.NEVER)

    assert of.reading(where) is of.reading(where)
    assert (of, other) == (of.reading(where).profile, other.reading(where).profile)
    assert of.reading(alone) is not of.reading(alone)


def test_readings_are_not_remembered_for_ever() -> None:
    """Whoever makes up layouts fills a bounded table."""
    of = replace(profile(NOKIA))
    for number in range(3 * READINGS):
        of.reading(layout(number % 250 + 1))

    assert len(of.readings) <= 2 * READINGS
