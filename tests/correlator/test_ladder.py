"""The climb from what the store recalls to one verdict: every key and rung, and the doubts that end it."""

from __future__ import annotations

import itertools

import pytest

from bngcorr.correlator.keys import EVERY_KEY, Keyring
from bngcorr.correlator.ladder import NO_RUNGS, climb
from bngcorr.correlator.question import Rules
from bngcorr.model.line import LineIds, line_key
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, LineIdPolicy, MacSource, Outcome, Rung, VlanModel
from bngcorr.store.recollection import Candidate, KeyRecord, Recollection

from .questions import (
    HOUR,
    NAS,
    NOT_REMEMBERED,
    NOW,
    RULES,
    WINDOW,
    candidate,
    live,
    question,
    recalled,
    ring,
)

SHARED = ring()
PER_LINE = ring(model=VlanModel.PER_LINE)
NO_PORT = ring(None)
NO_MAC = ring(mac=None, source=None, model=VlanModel.PER_LINE)
CLAIMED = ring(source=MacSource.CLAIMED, model=VlanModel.PER_LINE)
MULTI = ring(multi_session_id=b"Y1")
CASES = [
    (MULTI, Key.SESSION),
    (SHARED, Key.ATTACHMENT_MAC),
    (SHARED, Key.BNG_MAC),
    (PER_LINE, Key.ATTACHMENT_MAC),
    (PER_LINE, Key.ATTACHMENT),
    (PER_LINE, Key.BNG_MAC),
    (NO_PORT, Key.BNG_MAC),
    (NO_MAC, Key.ATTACHMENT),
    (CLAIMED, Key.ATTACHMENT_MAC),
]
NEAR_CASES = [case for case in CASES if case[1] is not Key.SESSION]  # sightings do not carry that key's window
PLANNED = LineIds(b"PLANNED", b"eth 7")


def _climb(
    keys: Keyring,
    recollection: Recollection,
    *,
    rules: Rules = RULES,
    match_v6: bool = True,
    suspended: frozenset[Rung] = NO_RUNGS,
) -> Verdict:
    return climb(question(keys, rules=rules, match_v6=match_v6), recollection, NOW, suspended)


def _only(*rungs: Rung) -> Rules:
    return Rules(window_ms=WINDOW, rungs=frozenset(rungs))


# ---- rungs


@pytest.mark.parametrize(("keys", "key"), NEAR_CASES)
def test_a_sighting_in_the_window_matches(keys: Keyring, key: Key) -> None:
    """One line sighted on a key a second before is the line; the verdict names key, rung and signed distance."""
    verdict = _climb(keys, recalled(keys, {key: (candidate("A", sighted=-1_000, attached=False),)}))

    assert (
        Verdict(outcome=Outcome.MATCHED, line="A", ids=LineIds(b"A"), rung=Rung.WINDOW, key=key, distance_ms=-1_000)
        == verdict
    )


@pytest.mark.parametrize(("keys", "key"), CASES)
def test_a_live_session_matches_when_the_window_is_long_gone(keys: Keyring, key: Key) -> None:
    """v6 switched on an hour after boot: the sighting is too old, the v4 session is up."""
    one = candidate("A", sighted=-3_600_000, attached=False, sessions=(live(),))
    verdict = _climb(keys, recalled(keys, {key: (one,)}))

    assert (Outcome.MATCHED, "A", Rung.LIVE, key, None) == (
        verdict.outcome,
        verdict.line,
        verdict.rung,
        verdict.key,
        verdict.distance_ms,
    )


@pytest.mark.parametrize(("keys", "key"), CASES)
def test_a_line_without_sighting_or_session_does_not_fit(keys: Keyring, key: Key) -> None:
    """A line that was once on the key and has neither a near sighting nor a live session is not matched."""
    known = recalled(keys, {key: (candidate("A", sighted=-60_000),)})

    assert Outcome.UNMATCHED is _climb(keys, known, rules=NOT_REMEMBERED).outcome


@pytest.mark.parametrize(
    ("distance", "fits"),
    [(-WINDOW - 1, False), (-WINDOW, True), (-1, True), (0, True), (1, True), (WINDOW, True), (WINDOW + 1, False)],
)
def test_the_window_includes_its_edges(distance: int, fits: bool) -> None:
    """A sighting exactly one window before or after the request still fits, a millisecond more does not."""
    verdict = _climb(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (candidate("A", sighted=distance),)}))

    assert (Outcome.MATCHED if fits else Outcome.UNMATCHED) is verdict.outcome
    assert (distance if fits else None) == verdict.distance_ms


@pytest.mark.parametrize(("until", "fits"), [(1, True), (0, False), (-1, False)])
def test_a_session_counts_until_its_deadline(until: int, fits: bool) -> None:
    """A session that has not been heard of until its deadline is not live any more."""
    one = candidate("A", sessions=(live(until=until),))
    verdict = _climb(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (one,)}))

    assert (Outcome.MATCHED if fits else Outcome.UNMATCHED) is verdict.outcome


@pytest.mark.parametrize(("epoch", "fits"), [(0, False), (1, True), (2, False)])
def test_sessions_from_before_a_restart_are_not_live(epoch: int, fits: bool) -> None:
    """After an Accounting-On only sessions heard of since, in the present epoch of their NAS, count."""
    one = candidate("A", sessions=(live(epoch=epoch),))
    verdict = _climb(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (one,)}, epochs={NAS: 1}))

    assert (Outcome.MATCHED if fits else Outcome.UNMATCHED) is verdict.outcome


def test_a_restart_of_another_nas_does_not_matter() -> None:
    """Two NAS identities of a redundant pair have epochs of their own."""
    one = candidate("A", sessions=(live(epoch=0),))
    epochs = {"bng1|ffffffff": 3}

    assert Outcome.MATCHED is _climb(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (one,)}, epochs=epochs)).outcome


def test_one_live_session_of_several_is_enough() -> None:
    """Dual stack in host mode is several sessions; the line is live while one of them is."""
    one = candidate("A", sessions=(live(until=-5), live(epoch=7), live()))

    assert Rung.LIVE is _climb(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (one,)})).rung


def test_the_nearer_of_two_sightings_is_the_distance() -> None:
    """Of a line's v4 and v6 sightings the nearer one is told, also if it came after the request."""
    one = candidate("A", sighted=-4_000, sighted_v6=30)

    assert 30 == _climb(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (one,)})).distance_ms


# ---- what does not match


def test_a_request_proved_v4_is_not_matched_by_a_v6_sighting() -> None:
    """Unless the profile asks for it, only a sighting that was not v6 gives a DHCPv4 request its line."""
    v6_only = recalled(SHARED, {Key.ATTACHMENT_MAC: (candidate("A", sighted_v6=-100),)})
    both = recalled(SHARED, {Key.ATTACHMENT_MAC: (candidate("A", sighted=-900, sighted_v6=-100),)})

    assert Outcome.UNMATCHED is _climb(SHARED, v6_only, match_v6=False).outcome
    assert Outcome.MATCHED is _climb(SHARED, v6_only, match_v6=True).outcome
    assert -900 == _climb(SHARED, both, match_v6=False).distance_ms


def test_a_mac_elsewhere_on_the_bng_does_not_match() -> None:
    """With an attachment on both sides, a MAC that was seen on another one is another port: never a match."""
    seen_elsewhere = {Key.BNG_MAC: (candidate("A", sighted=-100, attached=True, sessions=(live(),)),)}

    assert Outcome.UNMATCHED is _climb(SHARED, recalled(SHARED, seen_elsewhere)).outcome


@pytest.mark.parametrize(("keys", "attached"), [(NO_PORT, True), (NO_PORT, False), (SHARED, False)])
def test_a_mac_matches_where_one_side_has_no_attachment(keys: Keyring, attached: bool) -> None:
    """If request or sighting has no port to compare, the same MAC on the BNG is the same CPE."""
    known = {Key.BNG_MAC: (candidate("A", sighted=-100, attached=attached),)}

    assert "A" == _climb(keys, recalled(keys, known)).line


def test_no_keys_match_nothing() -> None:
    """A request that has neither MAC nor attachment is unmatched."""
    empty = ring(None, None, None)

    assert Outcome.UNMATCHED is _climb(empty, recalled(empty)).outcome


# ---- doubts


@pytest.mark.parametrize(("keys", "key"), NEAR_CASES)
@pytest.mark.parametrize("rungs", list(itertools.product(("window", "live"), repeat=2)), ids="+".join)
def test_two_lines_that_fit_are_ambiguous_in_either_order(keys: Keyring, key: Key, rungs: tuple[str, str]) -> None:
    """Two lines on one key, each near in time or live, end the climb: nothing is injected."""
    first, second = (
        candidate(line, attached=False, sighted=-10)
        if rung == "window"
        else candidate(line, attached=False, sessions=(live(),))
        for line, rung in zip("AB", rungs, strict=True)
    )
    for order in ((first, second), (second, first)):
        verdict = _climb(keys, recalled(keys, {key: order}))

        assert Outcome.AMBIGUOUS is verdict.outcome
        assert verdict.line is None
        assert verdict.ids is None


def test_a_second_line_that_does_not_fit_is_no_doubt() -> None:
    """A line from last week on the same key does not stand in the way."""
    lines = (candidate("OLD", sighted=-600_000), candidate("A", sighted=-50))

    assert "A" == _climb(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: lines})).line


@pytest.mark.parametrize(("keys", "key"), CASES)
def test_a_crowded_key_is_ambiguous(keys: Keyring, key: Key) -> None:
    """A key on which more lines were seen than can be kept can't tell any of them."""
    record = KeyRecord(candidates=(candidate("A", sighted=-10, attached=False),), crowded=True)

    assert Outcome.AMBIGUOUS is _climb(keys, recalled(keys, {key: record})).outcome


@pytest.mark.parametrize("keys", [SHARED, NO_PORT])
def test_a_mac_of_two_lines_matches_nothing(keys: Keyring) -> None:
    """A cloned MAC is ambiguous, however well one of the lines fits."""
    known: dict[Key, KeyRecord | tuple[Candidate, ...]] = {
        one.key: (candidate("A", sighted=-10, attached=False),) for one in keys.handles
    }

    assert Outcome.AMBIGUOUS is _climb(keys, recalled(keys, known, mac_lines=2)).outcome


def test_a_cloned_mac_does_not_harm_a_vlan_that_is_the_line() -> None:
    """With one line per VLAN pair, the attachment still tells the line of a CPE whose MAC is cloned."""
    one = (candidate("A", sighted=-10),)
    known: dict[Key, KeyRecord | tuple[Candidate, ...]] = {
        Key.ATTACHMENT_MAC: (candidate("B", sighted=-10),),
        Key.ATTACHMENT: one,
    }
    verdict = _climb(PER_LINE, recalled(PER_LINE, known, mac_lines=2))

    assert ("A", Key.ATTACHMENT) == (verdict.line, verdict.key)
    assert Outcome.UNMATCHED is _climb(PER_LINE, recalled(PER_LINE, mac_lines=2)).outcome


def test_a_fit_on_a_stronger_key_ends_the_climb() -> None:
    """What the same CPE on the same VLAN says is not put in doubt by weaker keys."""
    known: dict[Key, KeyRecord | tuple[Candidate, ...]] = {
        Key.ATTACHMENT_MAC: (candidate("A", sessions=(live(),)),),
        Key.ATTACHMENT: (candidate("A", sighted=-5), candidate("B", sighted=-5)),
        Key.BNG_MAC: KeyRecord(crowded=True),
    }

    assert ("A", Key.ATTACHMENT_MAC) == (
        _climb(PER_LINE, recalled(PER_LINE, known)).line,
        _climb(PER_LINE, recalled(PER_LINE, known)).key,
    )


def test_a_doubt_on_a_stronger_key_ends_the_climb() -> None:
    """What is ambiguous with the same CPE on the same VLAN is not decided by a weaker key."""
    known: dict[Key, KeyRecord | tuple[Candidate, ...]] = {
        Key.ATTACHMENT_MAC: (candidate("A", sighted=-5), candidate("B", sighted=-5)),
        Key.ATTACHMENT: (candidate("A", sighted=-5),),
    }

    assert Outcome.AMBIGUOUS is _climb(PER_LINE, recalled(PER_LINE, known)).outcome


# ---- the plan


@pytest.mark.parametrize("keys", [SHARED, PER_LINE, NO_MAC, CLAIMED, ring(mac=None, source=None), MULTI])
def test_the_plan_comes_first(keys: Keyring) -> None:
    """What the operator planned for a port and its VLANs is the line, whatever was seen or is live there."""
    known: dict[Key, KeyRecord | tuple[Candidate, ...]] = {
        one.key: (candidate("A", sighted=-10, sessions=(live(),)),) for one in keys.handles
    }
    verdict = _climb(keys, recalled(keys, known, plan=PLANNED, mac_lines=2))

    assert (
        Verdict(
            outcome=Outcome.MATCHED,
            line=line_key(PLANNED, LineIdPolicy.BOTH),
            ids=PLANNED,
            rung=Rung.INVENTORY,
            key=Key.ATTACHMENT,
        )
        == verdict
    )


def test_a_planned_line_is_known_by_the_ids_that_count() -> None:
    """Under `line_id: remote` it has the key of a request that brings that Remote-Id; without one it names no line."""
    remote = Rules(window_ms=WINDOW, line_id=LineIdPolicy.REMOTE)

    assert (
        line_key(LineIds(b"PLANNED"), LineIdPolicy.REMOTE)
        == _climb(SHARED, recalled(SHARED, plan=PLANNED), rules=remote).line
    )
    nameless = recalled(SHARED, plan=LineIds(None, b"eth 7"))
    assert Outcome.UNMATCHED is _climb(SHARED, nameless, rules=remote).outcome


# ---- the order of rungs and keys, and those that are switched off


def test_rungs_are_climbed_in_order() -> None:
    """On one key: the plan, then the window, then a live session, then what is remembered; each alone will do."""
    one = candidate("A", sighted=-10, sessions=(live(),))
    known = recalled(PER_LINE, {Key.ATTACHMENT_MAC: (one,)}, plan=LineIds(b"A"))
    left = list(Rung)
    found = []
    while left:
        verdict = _climb(PER_LINE, known, rules=_only(*left))
        found.append(verdict.rung)
        left.pop(0)

    assert list(Rung) == found
    assert Outcome.UNMATCHED is _climb(PER_LINE, known, rules=_only()).outcome


def test_keys_are_asked_strongest_first() -> None:
    """Each key knows another line: the strongest one that was computed tells it."""
    asked = list(Key)
    found = []
    while asked:
        keys = ring(model=VlanModel.PER_LINE, multi_session_id=b"Y1", asked=frozenset(asked))
        lines = {key: (candidate(str(key), attached=False, sessions=(live(),)),) for key in asked}
        verdict = _climb(keys, recalled(keys, lines))
        found.append((verdict.line, verdict.key))
        asked.pop(0)

    assert EVERY_KEY == set(Key)
    assert [(str(key), key) for key in Key] == found


def test_the_window_alone_is_what_bngs_do() -> None:
    """With no other rung a SOLICIT a few seconds after the DISCOVER matches, and one an hour later does not."""
    soon = candidate("A", sighted=-3_000, sessions=(live(),))
    late = candidate("A", sighted=-HOUR, sessions=(live(),))
    alone = _only(Rung.WINDOW)

    assert (
        Rung.WINDOW
        is _climb(PER_LINE, recalled(PER_LINE, {Key.ATTACHMENT_MAC: (soon,)}, plan=PLANNED), rules=alone).rung
    )
    assert (
        Outcome.UNMATCHED
        is _climb(PER_LINE, recalled(PER_LINE, {Key.ATTACHMENT_MAC: (late,)}, plan=PLANNED), rules=alone).outcome
    )


def test_a_suspended_rung_is_not_used() -> None:
    """While nobody knows what time it is the window is left out, and the live session says it instead."""
    one = candidate("A", sighted=-10, sessions=(live(),))
    verdict = _climb(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (one,)}), suspended=frozenset({Rung.WINDOW}))

    assert (Rung.LIVE, None) == (verdict.rung, verdict.distance_ms)
