"""Results that are remembered."""

from __future__ import annotations

from bngcorr.model.memo import Memo


def test_what_was_asked_for_last_is_known_and_there_is_never_more_than_twice_as_much() -> None:
    """Of six, the first two go; of those that are left over from before, the one that was asked for stays."""
    memo: Memo[int, str] = Memo(2)
    made = [memo.put(number, str(number)) for number in range(6)]
    most = len(memo)
    known = [memo.get(number) for number in (0, 1, 2)]
    memo.put(6, "6")
    after = [memo.get(number) for number in (3, 2, 6)]

    assert [str(number) for number in range(6)] == made
    assert 4 == most
    assert [None, None, "2"] == known
    assert [None, "2", "6"] == after
