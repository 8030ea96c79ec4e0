"""How many records may be with AAA, and how fast they go."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.accountant.spool.pace import BURST_S, LEAST, MOST, Pace

RATE = 100


@settings(max_examples=30)
@given(st.lists(st.floats(0.0, 0.2), min_size=1, max_size=60))
def test_while_older_ones_wait_the_rate_is_kept(gaps: list[float]) -> None:
    """In any stretch of time no more go than the rate allows, but for one short burst."""
    pace, now, went = Pace(RATE), 0.0, []
    for gap in gaps:
        now += gap
        while pace.allows(now, 0, backlog=True):
            pace.launched()
            went.append(now)

    for first, start in enumerate(went):
        for last in range(first, len(went)):
            assert last - first + 1 <= (went[last] - start) * RATE + RATE * BURST_S + 1e-6 + 1


def test_without_a_backlog_only_the_window_counts() -> None:
    """Records that go as they come are not slowed down."""
    pace = Pace(1)
    went = 0
    while pace.allows(0.0, went, backlog=False):
        pace.launched()
        went += 1

    assert pace.window == went


def test_the_window_grows_with_answers_and_is_bounded() -> None:
    """An AAA that keeps up gets more at a time."""
    pace = Pace(RATE)
    before = pace.window
    for _ in range(1_000):
        pace.answered(1.0)
    grown = pace.window
    for _ in range(int(MOST**2)):
        if pace.window == MOST:
            break
        pace.answered(1.0)

    assert before < grown < MOST
    assert MOST == pace.window


def test_an_aaa_that_answers_nothing_gets_a_handful() -> None:
    """Silence shows when a record runs out and nothing was answered since it was sent; the first answer ends it."""
    pace = Pace(RATE)
    for _ in range(500):
        pace.answered(1.0)
    assert not pace.unanswered(7.0, 2.0)
    silent = (pace.silent, pace.window)

    assert (True, int(LEAST)) == silent
    assert pace.answered(8.0)
    assert not pace.silent
    assert not pace.answered(8.1)


def test_a_single_loss_shrinks_the_window_once() -> None:
    """Many losses of one moment are one sign; a record that is always ignored costs little."""
    pace = Pace(RATE)
    for _ in range(500):
        pace.answered(10.0)
    before = pace.window
    assert pace.unanswered(10.5, 9.0)
    once = pace.window
    assert pace.unanswered(10.6, 9.0)

    assert before > once == pace.window
    assert not pace.silent
