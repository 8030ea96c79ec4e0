"""How a server is, told from its answers and its silence."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.model.vocabulary import Condition
from bngcorr.proxy.upstream.health import NEXT, Health, Patience, Stimulus

PATIENCE = Patience(response_within_s=1.5, dead_after_s=10.0, alive_after=3, revive_s=30.0)
PROBING = Patience(response_within_s=1.5, dead_after_s=10.0, alive_after=3, probing=True)


def silent(for_s: float, patience: Patience = PATIENCE) -> Health:
    """A server that was sent something at 0, and has said nothing since."""
    health = Health(patience, 0.0)
    health.sent(0.0)
    for tenth in range(round(for_s * 10) + 1):
        health.look(tenth / 10)
    return health


def test_the_table_knows_every_stimulus_in_every_condition() -> None:
    """No combination is left to chance, and only a server that answers is ever trusted more than before."""
    rank = {Condition.ALIVE: 0, Condition.SUSPECT: 1, Condition.DEAD: 2}

    assert set(NEXT) == set(product(Condition, Stimulus))
    assert {Stimulus.GOOD, Stimulus.PROVEN} == {
        stimulus for (before, stimulus), after in NEXT.items() if rank[after] < rank[before]
    }


@pytest.mark.parametrize(
    ("for_s", "expected"),
    [(1.4, Condition.ALIVE), (1.5, Condition.SUSPECT), (9.9, Condition.SUSPECT), (10.0, Condition.DEAD)],
)
def test_silence_after_a_request_makes_a_server_suspect_and_then_dead(for_s: float, expected: Condition) -> None:
    """Counted from the first thing that was sent since it was heard of last."""
    assert expected is silent(for_s).condition


def test_a_server_that_is_asked_nothing_stays_as_it_is() -> None:
    """Silence counts only where an answer is owed."""
    health = Health(PATIENCE, 0.0)
    health.sent(0.0)
    health.heard(0.0, 0.1)

    assert not health.look(1000.0)
    assert Condition.ALIVE is health.condition


def test_a_server_that_answers_others_is_not_suspected_for_one_that_it_ignores() -> None:
    """One slow realm must not take the whole server out."""
    health = Health(PATIENCE, 0.0)
    for second in range(20):
        health.sent(float(second))  # the first of them is never answered
        health.sent(second + 0.2)
        health.heard(second + 0.2, second + 0.3)
        assert not health.look(second + 0.9)


def test_a_socket_error_makes_it_suspect_at_once() -> None:
    """Nobody listens there: no need to wait for silence."""
    health = Health(PATIENCE, 0.0)

    assert health.refused(0.5)
    assert Condition.SUSPECT is health.condition


def test_it_is_trusted_again_after_several_answers_in_a_row() -> None:
    """One answer of a dead server makes it suspect, the third makes it alive."""
    health, seen = silent(10.0), []
    for second in (11.0, 12.0, 13.0):
        health.sent(second)
        health.heard(second, second + 0.1)
        seen.append(health.condition)

    assert [Condition.SUSPECT, Condition.SUSPECT, Condition.ALIVE] == seen


def test_silence_between_answers_starts_the_count_anew() -> None:
    """A server that flaps is not trusted."""
    health = silent(2.0)
    for second in (10.0, 20.0, 30.0, 40.0):
        health.sent(second)
        health.heard(second, second + 0.1)
        health.sent(second + 1.0)
        health.heard(second + 1.0, second + 1.1)
        health.sent(second + 2.0)
        health.look(second + 5.0)

    assert Condition.SUSPECT is health.condition


def test_answers_to_what_was_sent_before_it_was_suspected_prove_nothing() -> None:
    """A server that stood still answers all at once what had queued up there."""
    health = silent(2.0)
    for _ in range(10):
        health.heard(0.0, 2.1)

    assert Condition.SUSPECT is health.condition


def test_without_probes_a_suspect_is_tried_soon_and_a_dead_server_now_and_then() -> None:
    """A trial that is answered lets the next one go at once, one that is not makes a pause."""
    suspect, dead = silent(1.5), silent(10.0)
    tried = (suspect.trial_at, dead.trial_at)
    dead.tried(40.0)
    paused = dead.trial_at
    dead.sent(40.0)
    dead.heard(40.0, 40.2)

    assert (3.0, 40.0) == tried
    assert (70.0, 40.2) == (paused, dead.trial_at)


@pytest.mark.parametrize(("for_s", "expected"), [(1.5, [1.5, 3.5]), (10.0, [10.0, 20.0])])
def test_probes_come_at_two_cadences(for_s: float, expected: list[float]) -> None:
    """A suspect is asked at a quicker pace than a dead server; no request is ever spent on either."""
    health = silent(for_s, PROBING)
    at = for_s + (2.0 if for_s < 10 else 10.0)
    due = health.probe_due(at), health.probe_due(at - 0.1)
    health.probed(at)

    assert (True, False) == due
    assert expected[1] == at
    assert float("inf") == health.trial_at


def test_a_server_that_is_alive_is_probed_only_when_nobody_heard_of_it() -> None:
    """Its answers to requests are probe enough."""
    health = Health(PROBING, 0.0)
    health.sent(20.0)
    health.heard(20.0, 20.1)

    assert [False, False, True] == [health.probe_due(at) for at in (29.9, 31.0, 50.2)]


def test_a_server_taken_back_into_use_is_not_held_to_its_old_silence() -> None:
    """What it left unanswered before it was taken out says nothing about now."""
    health = silent(2.0)
    health.resume(100.0)

    assert not health.look(200.0)
    assert 100.0 == health.trial_at


@settings(max_examples=40)
@given(st.lists(st.tuples(st.sampled_from(["sent", "heard", "refused", "look"]), st.floats(0.01, 8.0)), max_size=40))
def test_alive_means_heard_of_lately_or_nothing_owed(steps: list[tuple[str, float]]) -> None:
    """Whatever happens in whatever order: a server that owes an answer for `dead_after` is dead when looked at."""
    health, now = Health(PATIENCE, 0.0), 0.0
    owed_since: float | None = None
    for step, after_s in steps:
        now += after_s
        if step == "sent":
            health.sent(now)
            owed_since = now if owed_since is None else owed_since
        elif step == "heard":
            health.heard(now - 0.005, now)
            owed_since = None
        elif step == "refused":
            health.refused(now)
        else:
            health.look(now)
            if owed_since is not None and now - owed_since >= 10.0:
                assert Condition.DEAD is health.condition
            elif owed_since is not None and now - owed_since >= 1.5:
                assert Condition.ALIVE is not health.condition
