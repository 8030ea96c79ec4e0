"""Which versions of bngcorr may work on a store: those that can read what is in it."""

from __future__ import annotations

import pytest

from bngcorr.store.lane import open_lane
from bngcorr.store.schema import KEY, OLDEST, VERSION, meet, refusal
from tests.store.servers.single import unix_valkey


def test_this_version_reads_what_it_writes() -> None:
    """And says nothing then."""
    assert OLDEST <= VERSION
    assert refusal(str(VERSION)) is None


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ("8", "written by a newer bngcorr (schema 8, this one knows 7): run the newer version"),
        ("4", "written by an older bngcorr (schema 4, this one reads 5 and newer)"),
        ("seven", "bngcorr:schema is no number"),
        ("-1", "bngcorr:schema is no number"),
        ("9" * 400, "bngcorr:schema is no number"),
    ],
)
def test_a_store_that_cannot_be_read_is_refused_with_what_to_do(found: str, told: str) -> None:
    """Newer, too old, or nothing of ours."""
    assert told in (refusal(found, version=7, oldest=5) or "")


@pytest.mark.parametrize("found", ["5", "6", "7"])
def test_what_can_be_read_is_taken(found: str) -> None:
    """From the oldest form that is known to the newest."""
    assert refusal(found, version=7, oldest=5) is None


@pytest.mark.asyncio
async def test_the_number_in_the_store_only_rises_and_only_where_it_may() -> None:
    """An empty store gets ours; a newer number, one that is too old, and what is no number stay as they are."""
    with unix_valkey() as server:
        lane = open_lane(server.url)
        try:

            async def left(before: str | None) -> tuple[str, str]:
                await lane.run([("DEL", KEY) if before is None else ("SET", KEY, before)], 5.0)
                found = await meet(lane, 5.0, version=7, oldest=5)
                (now,) = await lane.run([("GET", KEY)], 5.0)
                return found, now.decode()

            results = {before: await left(before) for before in (None, "5", "7", "8", "4", "other")}
        finally:
            await lane.close()

    assert {
        None: ("7", "7"), "5": ("5", "7"), "7": ("7", "7"), "8": ("8", "8"), "4": ("4", "4"),
        "other": ("other", "other"),
    } == results  # fmt: skip
