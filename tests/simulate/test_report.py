"""Counting decisions, and the verdict on the product."""

from __future__ import annotations

from bngcorr.model.verdict import UNMATCHED, Verdict
from bngcorr.model.vocabulary import Key, Outcome, Rung
from bngcorr.simulate.decision import Decision
from bngcorr.simulate.oracle import Finding
from bngcorr.simulate.packet import Form
from bngcorr.simulate.population import Kind
from bngcorr.simulate.report import Tally, as_json
from bngcorr.simulate.screen import tables

from .scene import packet

MATCHED = Verdict(
    outcome=Outcome.MATCHED, rung=Rung.WINDOW, key=Key.ATTACHMENT_MAC, distance_ms=-30, line="0" * 24, held_ms=40
)
OWN = Verdict(outcome=Outcome.OWN)
POSSIBLE = Finding(attributable=True, why="place+MAC, window")
IMPOSSIBLE = Finding(attributable=False, why="nothing is known of the line")
TWINS = Finding(attributable=False, indistinguishable=True, why="the MAC is on two lines")


def _decision(
    verdict: Verdict, named: tuple[int, ...], finding: Finding | None, *, kludge: int | None = None
) -> Decision:
    form = Form.PLAIN if finding is None else Form.NONE
    return Decision(
        box="b",
        packet=packet(line=0, form=form, v6=finding is not None),
        kind=Kind.V6_SOON,
        at_ms=0,
        verdict=verdict,
        named=named,
        accepted=bool(named),
        finding=finding,
        kludge=kludge,
    )


def _tally(*decisions: Decision) -> Tally:
    tally = Tally()
    for decision in decisions:
        tally.add(decision)
    return tally


def test_a_match_is_right_only_if_aaa_saw_the_true_line() -> None:
    """What counts is the identity that left: the true line's alone is a match, another's is wrong, none is missed."""
    tally = _tally(
        _decision(MATCHED, (0,), POSSIBLE, kludge=0),
        _decision(UNMATCHED, (), POSSIBLE),
        _decision(MATCHED, (7,), POSSIBLE, kludge=7),
        _decision(MATCHED, (0, 7), POSSIBLE),
    )

    assert (4, 1, 3, 2) == (tally.attributable, tally.matched, tally.missed, tally.wrong)
    assert (1, 1) == (tally.kludge_matched, tally.kludge_wrong)


def test_a_request_of_its_own_can_be_wrong_through_a_strip() -> None:
    """A request that names its line is never attributable, but if another's name leaves, that is wrong."""
    tally = _tally(_decision(OWN, (0,), None), _decision(OWN, (7,), None))

    assert (2, 2, 0, 1) == (tally.requests, tally.own, tally.attributable, tally.wrong)


def test_twins_and_luck_are_reported_apart() -> None:
    """Indistinguishable requests are not attributable; a right match that nobody had to make is no match of those."""
    tally = _tally(
        _decision(Verdict(outcome=Outcome.AMBIGUOUS), (), TWINS),
        _decision(MATCHED, (0,), TWINS),
        _decision(MATCHED, (0,), IMPOSSIBLE),
    )

    assert (2, 1, 2) == (tally.indistinguishable, tally.indistinguishable_matched, tally.beyond)
    assert (0, 0, 0) == (tally.attributable, tally.matched, tally.wrong)


def test_the_verdict_wants_no_wrong_one_and_nearly_all_right_ones() -> None:
    """One wrong identity is too many; one missed request in 200 is just not."""
    right, missed = _decision(MATCHED, (0,), POSSIBLE), _decision(UNMATCHED, (), POSSIBLE)

    assert _tally(*[right] * 199, missed).ok
    assert not _tally(*[right] * 198, missed).ok
    assert not _tally(*[right] * 1000, _decision(MATCHED, (7,), IMPOSSIBLE)).ok


def test_parts_add_up() -> None:
    """What two processes counted is what one would have counted."""
    decisions = [_decision(MATCHED, (0,), POSSIBLE), _decision(OWN, (0,), None), _decision(UNMATCHED, (), TWINS)]
    whole = _tally(*decisions)
    parts = _tally(decisions[0])
    parts.merge(_tally(*decisions[1:]))

    assert whole == parts
    assert as_json(whole) == as_json(parts)


def test_the_last_line_has_the_figures_that_are_asked_for() -> None:
    """The JSON object names what was attributable, matched, missed and wrong, of the product and of the kludge."""
    told = as_json(_tally(_decision(MATCHED, (0,), POSSIBLE, kludge=0)))

    expected = {"attributable": 1, "matched": 1, "missed": 0, "wrong": 0, "kludge_matched": 1, "kludge_wrong": 0}
    assert expected == {name: told[name] for name in expected}
    assert {"window": 1} == told["by_rung"]


def test_tables_show_every_verdict_and_distance() -> None:
    """People get a row for each verdict, and the histogram tells which came first."""
    summary, verdicts, kinds, reasons, distances = tables(_tally(_decision(MATCHED, (0,), POSSIBLE)))

    assert (13, 1, len(Kind), 1, 1) == tuple(
        table.row_count for table in (summary, verdicts, kinds, reasons, distances)
    )
