"""Timelines as they are stored."""

from __future__ import annotations

import msgpack

from bngcorr.store import verdicts
from bngcorr.store.memory import MemoryStore
from bngcorr.store.timeline import Entry, ring

from .scene import Scene
from .subjects import NOW, line

ABOUT, MOMENT = verdicts.told(Scene(MemoryStore()).verdict(7, of=1))
OTHER = msgpack.packb([1, "of another version"])


def _ring(abouts: list[bytes], *moments: tuple[int, bytes]) -> bytes:
    parts = [bytes((len(abouts), len(moments)))]
    parts += [len(one).to_bytes(2, "big") + one for one in abouts]
    parts += [bytes((place,)) + len(one).to_bytes(2, "big") + one for place, one in moments]
    return b"".join(parts)


def _read(packed: bytes) -> list[Entry]:
    return ring("metro", line(1), packed)


def test_entries_share_what_they_are_about() -> None:
    """One about serves any number of moments."""
    entries = _read(_ring([ABOUT], (1, MOMENT), (1, MOMENT)))

    assert [NOW, NOW] == [entry.at_ms for entry in entries]


def test_an_entry_of_another_version_is_left_out_of_a_timeline() -> None:
    """What can't be read hides nothing else, whichever part it is."""
    packed = _ring([OTHER, ABOUT], (1, MOMENT), (2, b"\xc1"), (2, MOMENT), (2, OTHER))

    assert 1 == len(_read(packed))


def test_a_timeline_that_is_cut_short_tells_what_is_left() -> None:
    """No octets make reading fail."""
    packed = _ring([ABOUT], (1, MOMENT), (1, MOMENT))

    assert {0, 1, 2} == {len(_read(packed[:size])) for size in range(len(packed) + 1)}
    assert [] == _read(b"\x01\x01\x00\x00\x09\x00\x00")
