"""A request's own line id is checked against the plan and what is live there, not believed."""

from __future__ import annotations

import pytest

from bngcorr.correlator.judge import recall_of
from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.ladder import NO_RUNGS, climb
from bngcorr.correlator.own_id import line_to_ask_for
from bngcorr.correlator.question import Rules
from bngcorr.model.line import LineIds, contradict, line_key
from bngcorr.model.mac import Mac
from bngcorr.model.verdict import CONFLICT, Verdict
from bngcorr.model.vocabulary import Key, LineIdPolicy, MacSource, Outcome, Rung, VlanModel
from bngcorr.store.recollection import Candidate, KeyRecord, Recollection, alone

from .questions import FORGOTTEN, NAS, NOW, candidate, identity, live, question, recalled, ring

SHARED = ring()
PER_LINE = ring(model=VlanModel.PER_LINE)
CLAIMED = ring(source=MacSource.CLAIMED, model=VlanModel.PER_LINE)
MINE, OTHER = LineIds(b"MINE", b"eth 1"), LineIds(b"OTHER", b"eth 2")
OWN = Verdict(outcome=Outcome.OWN)


def _check(keys: Keyring, recollection: Recollection, own: LineIds = MINE) -> Verdict:
    return climb(question(keys, own=own), recollection, NOW, NO_RUNGS)


def _up(line: str, ids: LineIds) -> Candidate:
    return candidate(line, ids=ids, sessions=(live(),))


@pytest.mark.parametrize(
    ("keys", "key"), [(SHARED, Key.ATTACHMENT_MAC), (PER_LINE, Key.ATTACHMENT_MAC), (PER_LINE, Key.ATTACHMENT)]
)
def test_an_id_that_contradicts_the_live_line_is_a_conflict(keys: Keyring, key: Key) -> None:
    """Another line is live with this CPE on this port, or on this VLAN pair of its own: nothing is believed."""
    assert CONFLICT == _check(keys, recalled(keys, {key: (_up("OTHER", OTHER),)}))
    assert OWN == _check(keys, recalled(keys, {key: (_up("MINE", MINE),)}))
    assert OWN == _check(keys, recalled(keys))


@pytest.mark.parametrize(("keys", "key"), [(SHARED, Key.BNG_MAC), (ring(multi_session_id=b"Y1"), Key.SESSION)])
def test_what_is_live_elsewhere_is_no_contradiction(keys: Keyring, key: Key) -> None:
    """The CPE moved, or a BNG sends one Multi-Session-Id for everybody: only what is live here counts."""
    assert OWN == _check(keys, recalled(keys, {key: (_up("OTHER", OTHER),)}))


def test_an_id_that_contradicts_the_plan_is_a_conflict() -> None:
    """The operator planned another line for this port and its VLANs, live or not."""
    assert CONFLICT == _check(SHARED, recalled(SHARED, plan=OTHER))
    assert CONFLICT == _check(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (_up("MINE", MINE),)}, plan=OTHER))
    assert OWN == _check(SHARED, recalled(SHARED, plan=MINE))


def test_a_line_that_stands_alone_is_contradicted_by_the_plan_alone() -> None:
    """Nothing else is told of its keys, and nothing else is asked."""
    assert [OWN, OWN, CONFLICT] == [_check(PER_LINE, alone(plan)) for plan in (None, MINE, OTHER)]
    asked = question(SHARED, own=MINE, rules=Rules(rungs=frozenset(Rung) - {Rung.INVENTORY}))
    assert OWN == climb(asked, alone(OTHER), NOW)
    assert OWN == climb(question(SHARED, own=MINE), alone(OTHER), NOW, frozenset((Rung.INVENTORY,)))


REMOTE, CIRCUIT, BOTH = LineIdPolicy.REMOTE, LineIdPolicy.CIRCUIT, LineIdPolicy.BOTH


@pytest.mark.parametrize(
    ("own", "policies"),
    [
        (LineIds(b"R", b"C"), (REMOTE, BOTH)),
        (LineIds(b"R", None), (REMOTE, BOTH)),
        (LineIds(None, b"C"), (CIRCUIT, BOTH)),
        (LineIds(), ()),
    ],
)
def test_a_line_is_asked_for_if_what_is_known_of_it_cannot_contradict_it(
    own: LineIds, policies: tuple[LineIdPolicy, ...]
) -> None:
    """It is named by what it goes by, and whatever else it was seen with, that agrees with the request. A line that
    goes by its Circuit-Id may have been seen with another Remote-Id: all is asked for then.
    """
    seen = [LineIds(remote, circuit) for remote in (b"R", b"S", None) for circuit in (b"C", b"D", None)]
    for policy in LineIdPolicy:
        asked = line_to_ask_for(question(PER_LINE, own=own, rules=Rules(line_id=policy)))
        assert (line_key(own, policy) if policy in policies else None) == asked
        for other in LineIdPolicy:  # another BNG of the domain may go by another rule
            named = [ids for ids in seen if ids.names_line(other) and line_key(ids, other) == asked]
            assert not any(contradict(ids, own) for ids in named)


def test_a_line_is_not_asked_for_where_more_is_needed() -> None:
    """A request that climbs, one that is to be verified, one that is not compared, one that has no place to look at."""
    for asked in (
        question(PER_LINE),
        question(PER_LINE, own=MINE, suspect=b"x", value=b"MINE"),
        question(PER_LINE, own=MINE, checked=False),
        question(ring(None), own=MINE),
    ):
        assert line_to_ask_for(asked) is None
        assert recall_of(asked).line is None
    for keys in (PER_LINE, SHARED, ring(mac=None, model=VlanModel.PER_LINE)):
        assert line_key(MINE, BOTH) == recall_of(question(keys, own=MINE)).line


def test_an_id_that_is_only_to_be_verified_is_contradicted_by_nobody() -> None:
    """A request that nothing marks as v6 keeps its own line, whoever is live or planned there."""
    asked = question(PER_LINE, own=MINE, suspect=b"x", value=b"MINE", checked=False)
    known = recalled(PER_LINE, {Key.ATTACHMENT: (_up("OTHER", OTHER),)}, plan=OTHER)

    assert OWN == climb(asked, known, NOW, NO_RUNGS)


def test_a_plan_that_is_not_asked_contradicts_nobody() -> None:
    """Where the rung `inventory` is switched off, what is planned says nothing."""
    asked = question(SHARED, own=MINE, rules=Rules(rungs=frozenset(Rung) - {Rung.INVENTORY}))

    assert OWN == climb(asked, recalled(SHARED, plan=OTHER), NOW, NO_RUNGS)


@pytest.mark.parametrize(
    ("known", "own"),
    [
        (LineIds(b"MINE"), LineIds(b"MINE", b"eth 1")),
        (LineIds(b"MINE", b"eth 1"), LineIds(b"MINE")),
        (LineIds(b"MINE", b"eth 1"), LineIds(b"MINE", b"interface 1")),  # Circuit-Id and Interface-Id differ by nature
        (LineIds(None, b"eth 1"), LineIds(b"MINE", b"eth 1")),
        (LineIds(None, b"eth 1"), LineIds(b"MINE")),
    ],
)
def test_ids_of_different_completeness_are_no_contradiction(known: LineIds, own: LineIds) -> None:
    """v4 may bring both ids and v6 only one: what one side lacks says nothing."""
    assert OWN == _check(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (_up("KNOWN", known),)}), own)
    assert OWN == _check(SHARED, recalled(SHARED, plan=known), own)


@pytest.mark.parametrize(
    ("known", "own"),
    [
        (LineIds(b"OTHER"), LineIds(b"MINE")),
        (LineIds(b"OTHER", b"eth 1"), LineIds(b"MINE", b"eth 1")),
        (LineIds(None, b"eth 2"), LineIds(None, b"eth 1")),
        (LineIds(None, b"eth 2"), LineIds(b"MINE", b"eth 1")),
    ],
)
def test_ids_that_both_have_and_that_differ_are_a_contradiction(known: LineIds, own: LineIds) -> None:
    """A Remote-Id, else a Circuit-Id, that both have and that is not the same."""
    assert CONFLICT == _check(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (_up("KNOWN", known),)}), own)


def test_a_line_that_was_renamed_is_no_conflict() -> None:
    """Both names are live on the same CPE while the old session runs out: the request is one of the two."""
    known = {Key.ATTACHMENT_MAC: (_up("OLD", OTHER), _up("NEW", MINE))}

    assert OWN == _check(SHARED, recalled(SHARED, known))


@pytest.mark.parametrize(
    "gone",
    [
        candidate("OTHER", ids=OTHER, sighted=-10),  # seen, not live
        candidate("OTHER", ids=OTHER, sessions=(live(until=0),)),
        candidate("OTHER", ids=OTHER, sessions=(live(epoch=0),)),  # its BNG restarted
        candidate("OTHER", ids=OTHER, sessions=(FORGOTTEN,)),
    ],
)
def test_what_is_not_live_does_not_contradict(gone: Candidate) -> None:
    """A line that was seen there, ended, or may have been forgotten does not stop the next one."""
    assert OWN == _check(SHARED, recalled(SHARED, {Key.ATTACHMENT_MAC: (gone,)}, epochs={NAS: 1}))


def test_a_mac_of_several_lines_contradicts_nobody() -> None:
    """A cloned MAC behind a shared VLAN must not keep its twin from its own line."""
    known = {Key.ATTACHMENT_MAC: (_up("OTHER", OTHER),)}

    assert OWN == _check(SHARED, recalled(SHARED, known, mac_lines=2))


def test_on_a_demoted_vlan_pair_only_the_seen_cpe_contradicts() -> None:
    """Two lines are live behind the pair: neither the pair nor a claimed MAC says that the request is the other's."""
    demoted = KeyRecord(candidates=(_up("OTHER", OTHER),), shared=True)
    pair: dict[Key, KeyRecord | tuple[Candidate, ...]] = {
        Key.ATTACHMENT_MAC: (_up("OTHER", OTHER),),
        Key.ATTACHMENT: demoted,
    }

    assert OWN == _check(PER_LINE, recalled(PER_LINE, {Key.ATTACHMENT: demoted}))
    assert CONFLICT == _check(PER_LINE, recalled(PER_LINE, pair))
    assert OWN == _check(CLAIMED, recalled(CLAIMED, pair))


def test_a_session_does_not_overrule_what_a_request_says() -> None:
    """A request that names its line is not given another one by its Acct-Session-Id."""
    assert OWN == _check(SHARED, recalled(SHARED, session=identity("OTHER", SHARED.fingerprint)))


def test_a_conflict_ends_the_test_of_the_enterprise_number() -> None:
    """Where another line is live, it is not asked whether the rest of the value is known here."""
    mac = Mac(bytes.fromhex("3ca62f000017"))
    keys = ring(mac=mac)
    asked = question(keys, own=LineIds(b"\0\0\x07\xdbMINE"), suspect=b"MINE", value=b"\0\0\x07\xdbMINE")
    known = (
        candidate("OTHER", ids=OTHER, sessions=(live(),)),
        candidate("MINE", ids=LineIds(b"MINE"), v4_evident=True),
    )

    assert CONFLICT == climb(asked, recalled(keys, {Key.ATTACHMENT_MAC: known}), NOW)
    assert climb(asked, recalled(keys, {Key.ATTACHMENT_MAC: known[1:]}), NOW).verified
