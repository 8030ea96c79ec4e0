"""How many processes and shards: what docs/scaling.md says is what is computed."""

from __future__ import annotations

import pytest

from benchmarks.scaling import GIB, MEASURED, PAGE, STEPS, Network, Room, page, peak, size


def test_the_page_has_the_tables_as_they_are_computed() -> None:
    """Else: python -m benchmarks.scaling --write."""
    assert page() == PAGE.read_text("utf-8")


@pytest.mark.parametrize("lines", STEPS)
def test_a_size_bears_what_it_is_for(lines: int) -> None:
    """With a full BNG coming back and one process away: cores half full, no shard above its memory."""
    found, room = size(lines), Room()

    assert found.process_cores <= room.core * (found.processes - 1)
    assert found.store_cores <= room.core * found.shards
    assert found.gib <= room.shard_gib * found.shards
    assert found.gib * GIB > lines * (MEASURED.line_octets + MEASURED.timeline_octets)


def test_a_full_bng_that_comes_back_asks_twice_a_line_and_accounts_four_times() -> None:
    """A request, a Start and an Interim for each family, by all lines within the time."""
    assert (20.0, 40.0) == peak(Network(full_bng_lines=1_000, bng_back_within_s=100))
