"""The climb where lines come and go: sessions that were forgotten, what is remembered, VLAN pairs that are demoted."""

from __future__ import annotations

import pytest

from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.ladder import climb
from bngcorr.correlator.question import Rules
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, MacSource, Outcome, Rung, VlanModel
from bngcorr.store.recollection import Candidate, KeyRecord, Recollection

from .questions import DAY, FORGOTTEN, HOUR, NOT_REMEMBERED, NOW, RULES, candidate, live, question, recalled, ring

SHARED = ring()
PER_LINE = ring(model=VlanModel.PER_LINE)
NO_PORT = ring(None)
NO_MAC = ring(mac=None, source=None, model=VlanModel.PER_LINE)
CLAIMED = ring(source=MacSource.CLAIMED, model=VlanModel.PER_LINE)
MULTI = ring(multi_session_id=b"Y1")


def _climb(keys: Keyring, recollection: Recollection, *, rules: Rules = RULES) -> Verdict:
    return climb(question(keys, rules=rules), recollection, NOW)


# ---- sessions that were forgotten


@pytest.mark.parametrize(
    ("keys", "key", "same_mac", "fits"),
    [
        (PER_LINE, Key.ATTACHMENT_MAC, True, True),  # the same CPE on a VLAN pair of its own
        (PER_LINE, Key.ATTACHMENT, True, True),
        (PER_LINE, Key.ATTACHMENT, False, False),  # another CPE: maybe the next customer's
        (SHARED, Key.ATTACHMENT_MAC, True, False),
        (NO_PORT, Key.BNG_MAC, True, False),
        (MULTI, Key.SESSION, True, False),
    ],
)
def test_a_session_whose_stop_was_lost_does_not_take_the_next_customer(
    keys: Keyring, key: Key, same_mac: bool, fits: bool
) -> None:
    """Where another line's CPE could stand on the key by now, a session that was silent for long is not believed."""
    forgotten = candidate("A", attached=False, same_mac=same_mac, sessions=(FORGOTTEN,))
    verdict = _climb(keys, recalled(keys, {key: (forgotten,)}), rules=NOT_REMEMBERED)

    assert (Outcome.MATCHED if fits else Outcome.UNMATCHED) is verdict.outcome


@pytest.mark.parametrize(
    ("heard", "up", "fresh_ms", "fits"),
    [
        (-HOUR, True, HOUR, True),
        (-HOUR - 1, True, HOUR, False),
        (-HOUR - 1, True, DAY, True),
        (-DAY, False, HOUR, True),
    ],
)
def test_a_session_is_fresh_if_it_was_heard_of_lately(heard: int, up: bool, fresh_ms: int, fits: bool) -> None:
    """A word within the time that the operator sets, or an Accept that waits for its Start."""
    one = candidate("A", sessions=(live(heard=heard, up=up),))
    verdict = _climb(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (one,)}), rules=Rules(fresh_ms=fresh_ms))

    assert (Outcome.MATCHED if fits else Outcome.UNMATCHED) is verdict.outcome


# ---- what is remembered


def test_a_cpe_is_remembered_on_a_vlan_pair_of_its_own() -> None:
    """Hours after its last session the same CPE on the same VLAN pair is the same line."""
    one = candidate("A", sighted=-20 * HOUR)
    for key in (Key.ATTACHMENT_MAC, Key.ATTACHMENT):
        verdict = _climb(PER_LINE, recalled(PER_LINE, {key: (one,)}))

        assert ("A", Rung.REMEMBERED, key, None) == (verdict.line, verdict.rung, verdict.key, verdict.distance_ms)


@pytest.mark.parametrize(("ago", "fits"), [(DAY, True), (DAY + 1, False)])
def test_a_memory_lasts_as_long_as_configured(ago: int, fits: bool) -> None:
    """A day by default, counted from the last sighting of either family."""
    for one in (candidate("A", sighted=-ago), candidate("A", sighted=-DAY - HOUR, sighted_v6=-ago)):
        verdict = _climb(PER_LINE, recalled(PER_LINE, {Key.ATTACHMENT_MAC: (one,)}))

        assert (Outcome.MATCHED if fits else Outcome.UNMATCHED) is verdict.outcome


@pytest.mark.parametrize(
    ("keys", "key"),
    [(SHARED, Key.ATTACHMENT_MAC), (NO_PORT, Key.BNG_MAC), (PER_LINE, Key.BNG_MAC), (MULTI, Key.SESSION)],
)
def test_nothing_is_remembered_elsewhere(keys: Keyring, key: Key) -> None:
    """Not behind a shared VLAN, not by the MAC alone, not by a Multi-Session-Id."""
    known = recalled(keys, {key: (candidate("A", sighted=-HOUR, attached=False),)})

    assert Outcome.UNMATCHED is _climb(keys, known).outcome


def test_only_the_last_line_is_remembered() -> None:
    """A VLAN pair that was given to another line since is not remembered as the first one's."""
    lines = (candidate("OLD", sighted=-2 * HOUR), candidate("NEW", sighted=-HOUR))
    for order in (lines, lines[::-1]):
        assert "NEW" == _climb(PER_LINE, recalled(PER_LINE, {Key.ATTACHMENT: order})).line


def test_a_cpe_that_comes_back_to_a_vlan_pair_of_another_line_is_not_remembered() -> None:
    """The pair is NEW's by now, with another CPE: that an old CPE was OLD's there once says nothing any more."""
    known: dict[Key, KeyRecord | tuple[Candidate, ...]] = {
        Key.ATTACHMENT_MAC: (candidate("OLD", sighted=-2 * HOUR),),
        Key.ATTACHMENT: (candidate("OLD", sighted=-2 * HOUR), candidate("NEW", sighted=-HOUR, same_mac=False)),
    }

    assert Outcome.UNMATCHED is _climb(PER_LINE, recalled(PER_LINE, known)).outcome


def test_of_two_lines_seen_last_at_one_instant_none_is_remembered() -> None:
    """Nobody can tell which of them came last."""
    lines = (candidate("A", sighted=-HOUR), candidate("B", sighted_v6=-HOUR))

    assert Outcome.UNMATCHED is _climb(PER_LINE, recalled(PER_LINE, {Key.ATTACHMENT: lines})).outcome


def test_a_foreign_cpe_is_not_remembered() -> None:
    """The line's own CPE was another one; a request without any MAC does not speak against it."""
    stranger = {Key.ATTACHMENT: (candidate("A", sighted=-HOUR, same_mac=False),)}

    assert Outcome.UNMATCHED is _climb(PER_LINE, recalled(PER_LINE, stranger)).outcome
    assert "A" == _climb(NO_MAC, recalled(NO_MAC, stranger)).line


# ---- VLAN pairs that are not one line after all


@pytest.mark.parametrize("keys", [PER_LINE, NO_MAC])
def test_a_demoted_vlan_pair_tells_no_line(keys: Keyring) -> None:
    """Two lines were live on it at a time: it is not the line any more, however well one of them fits."""
    one = (candidate("A", sighted=-10, sessions=(live(),)),)
    known = recalled(keys, {Key.ATTACHMENT: KeyRecord(candidates=one, shared=True)})

    assert Outcome.UNMATCHED is _climb(keys, known).outcome


def test_on_a_demoted_vlan_pair_the_cpe_still_tells_its_line() -> None:
    """As on any shared VLAN: in the window and while live, but nothing is remembered and nothing forgotten believed."""
    demoted = KeyRecord(shared=True)
    for one, rung in (
        (candidate("A", sighted=-10), Rung.WINDOW),
        (candidate("A", sessions=(live(),)), Rung.LIVE),
        (candidate("A", sighted=-HOUR), None),
        (candidate("A", sessions=(FORGOTTEN,)), None),
    ):
        known: dict[Key, KeyRecord | tuple[Candidate, ...]] = {Key.ATTACHMENT_MAC: (one,), Key.ATTACHMENT: demoted}

        assert rung is _climb(PER_LINE, recalled(PER_LINE, known)).rung


def test_on_a_demoted_vlan_pair_a_claimed_mac_tells_nothing() -> None:
    """Any of the customers behind it can claim the MAC of another."""
    known: dict[Key, KeyRecord | tuple[Candidate, ...]] = {
        Key.ATTACHMENT_MAC: (candidate("A", sighted=-10, sessions=(live(),)),),
        Key.ATTACHMENT: KeyRecord(shared=True),
    }

    assert "A" == _climb(CLAIMED, recalled(CLAIMED, {Key.ATTACHMENT_MAC: known[Key.ATTACHMENT_MAC]})).line
    assert Outcome.UNMATCHED is _climb(CLAIMED, recalled(CLAIMED, known)).outcome


# ---- the Multi-Session-Id


@pytest.mark.parametrize(
    ("keys", "one", "fits"),
    [
        (MULTI, candidate("A", sessions=(live(),)), True),
        (MULTI, candidate("A", same_mac=False, sessions=(live(),)), False),  # one id for everybody
        (MULTI, candidate("A", same_place=False, sessions=(live(),)), False),  # the CPE elsewhere: it moved
        (MULTI, candidate("A", same_place=False, attached=False, sessions=(live(),)), True),
        (ring(None, multi_session_id=b"Y1"), candidate("A", same_place=False, sessions=(live(),)), True),
        (
            ring(None, Mac(bytes.fromhex("020001000001")), multi_session_id=b"Y1"),
            candidate("A", same_place=False, sessions=(live(),)),
            False,  # a made-up MAC without a port
        ),
        (
            ring(model=VlanModel.PER_LINE, multi_session_id=b"Y1"),
            candidate("A", same_mac=False, sessions=(live(),)),
            True,  # the VLAN pair is the line
        ),
    ],
)
def test_a_multi_session_id_counts_only_with_the_same_cpe(keys: Keyring, one: Candidate, fits: bool) -> None:
    """There are BNGs that send one Acct-Multi-Session-Id for everybody."""
    verdict = _climb(keys, recalled(keys, {Key.SESSION: (one,)}))

    assert ((Outcome.MATCHED, Key.SESSION) if fits else (Outcome.UNMATCHED, None)) == (verdict.outcome, verdict.key)


def test_a_claimed_mac_makes_a_multi_session_id_count_only_where_the_vlan_pair_is_one_line() -> None:
    """On a pair that two lines were live on, any of its customers can claim the other's MAC."""
    claims = ring(source=MacSource.CLAIMED, model=VlanModel.PER_LINE, multi_session_id=b"Y1")
    alone: dict[Key, KeyRecord | tuple[Candidate, ...]] = {Key.SESSION: (candidate("A", sessions=(live(),)),)}
    demoted = {**alone, Key.ATTACHMENT: KeyRecord(shared=True)}

    assert "A" == _climb(claims, recalled(claims, alone)).line
    assert Outcome.UNMATCHED is _climb(claims, recalled(claims, demoted)).outcome
