"""The paths of captures take whatever comes: a little of what the fuzzer does at length."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.captured import captured, seeds_of_captures


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
def test_any_octets_are_taken(octets: bytes) -> None:
    """Octets without any sense are captures, frames and packets that are refused by name."""
    captured(octets)


def test_damaged_seeds_are_taken() -> None:
    """Real frames and packets with a few octets changed, and cut anywhere."""
    chance = random.Random(7)
    seeds = list(seeds_of_captures())
    for _ in range(1500):
        octets = bytearray(chance.choice(seeds))
        for _ in range(chance.randint(0, 4)):
            octets[chance.randrange(len(octets))] = chance.randrange(256)
        captured(bytes(octets[: chance.randint(1, len(octets))]))

    assert len(seeds) > 300
