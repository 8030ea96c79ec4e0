"""Results that are remembered."""

from __future__ import annotations

from bngcorr.model.memo import Memo


def test_what_was_put_is_found_until_it_is_full() -> None:
    """The one that finds no room has all of it to itself."""
    memo: Memo[int, str] = Memo(3)
    made = [memo.put(number, str(number)) for number in range(3)]
    before = [memo.get(number) for number in range(4)]
    memo.put(3, "3")
    after = [memo.get(number) for number in range(4)]

    assert ["0", "1", "2"] == made
    assert ["0", "1", "2", None] == before
    assert [None, None, None, "3"] == after
    assert 1 == len(memo)
