"""Sightings that wait for the store, laid over what it recalls."""

from __future__ import annotations

from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.ladder import NO_RUNGS, climb
from bngcorr.correlator.overlay import IN_DOUBT, MOST_LAID, verdict_over
from bngcorr.correlator.question import Question
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, Outcome, Rung, VlanModel
from bngcorr.store.lesson import Sighting
from bngcorr.store.recollection import Candidate, KeyRecord, Recollection

from .questions import DAY, NOW, OTHER_CPE, candidate, live, question, recalled, ring

PAIR = Key.ATTACHMENT_MAC
OWN = Verdict(outcome=Outcome.OWN)
OTHER_PORT = Attachment("1/1/4", 100, 21)


def _seen(keys: Keyring, line: str, *, ago: int = 200, v6: bool = False, ids: LineIds | None = None) -> Sighting:
    return Sighting(
        domain="bng1", bng="bng1", attachment_mac=keys.attachment_mac, attachment=keys.attachment, bng_mac=keys.bng_mac,
        multi_session=keys.session, mac=keys.mac, claimed=keys.claimed, line=line, ids=ids or LineIds(line.encode()),
        at_ms=NOW - ago, v6=v6, v4_evident=not v6, attached=keys.attached, place=keys.place, until_ms=NOW - ago + DAY,
    )  # fmt: skip


def _judged(asked: Question, known: Recollection, *pending: Sighting) -> Verdict:
    return verdict_over(asked, known, pending, NOW, NO_RUNGS)


def test_two_lines_on_one_mac_and_port_are_told_before_the_store_knows_of_the_second() -> None:
    """What the store knows would match the first one's line: the wrong one."""
    keys = ring()
    known = recalled(keys, {PAIR: (candidate("A", sighted=-1_300),)})

    assert "A" == climb(question(keys), known, NOW).line
    assert Outcome.AMBIGUOUS is _judged(question(keys), known, _seen(keys, "B")).outcome


def test_a_pending_sighting_matches_at_once() -> None:
    """As it will when it is written: with its ids, by its key, at its distance."""
    keys = ring()
    expected = Verdict(
        outcome=Outcome.MATCHED, line="A", ids=LineIds(b"A"), rung=Rung.WINDOW, key=PAIR, distance_ms=-200
    )
    assert expected == _judged(question(keys), recalled(keys, mac_lines=0), _seen(keys, "A"))


def test_a_line_that_is_known_is_seen_later_and_the_question_before_stays_so() -> None:
    """The instant moves on; what the store recalled for somebody else is not changed by it."""
    keys = ring()
    known = recalled(keys, {PAIR: (candidate("A", sighted=-60_000, sessions=(live(),)),)})
    verdict = _judged(question(keys), known, _seen(keys, "A"))

    assert (Rung.WINDOW, -200) == (verdict.rung, verdict.distance_ms)
    assert Rung.LIVE is climb(question(keys), known, NOW).rung


def test_a_sighting_that_the_store_has_taken_meanwhile_changes_nothing() -> None:
    """Even if a session came to be live there since, against which it would not stand now."""
    keys = ring()
    lines = (candidate("A", sighted=-200), candidate("B", sessions=(live(),)))
    known = recalled(keys, {PAIR: lines}, mac_lines=1)

    assert climb(question(keys), known, NOW) == _judged(question(keys), known, _seen(keys, "A"))


def test_one_that_is_contradicted_says_only_that_the_mac_is_not_one_lines() -> None:
    """Another line is live there, or planned: the store will not believe it."""
    keys = ring()
    known = recalled(keys, {PAIR: (candidate("A", sessions=(live(),)),)})
    planned = recalled(keys, mac_lines=0, plan=LineIds(b"A"))
    not_planned = question(keys, own=LineIds(b"B"))

    assert Outcome.AMBIGUOUS is _judged(question(keys), known, _seen(keys, "B")).outcome
    assert Outcome.CONFLICT is _judged(not_planned, planned, _seen(keys, "B")).outcome


def test_whose_session_speaks_no_more_is_disputed_by_a_pending_sighting() -> None:
    """Another line is live and contradicts it: who was there before does not count any longer, on either key."""
    keys = ring(model=VlanModel.PER_LINE)
    before = (candidate("C", sighted=-2_000), candidate("A", sessions=(live(),)), candidate("B", sighted=-9_000))
    known = recalled(keys, {PAIR: before, Key.ATTACHMENT: before}, mac_lines=0)

    assert Outcome.AMBIGUOUS is climb(question(keys), known, NOW).outcome
    assert "A" == _judged(question(keys), known, _seen(keys, "B")).line


def test_a_line_whose_sessions_are_not_seen_leaves_it_in_doubt() -> None:
    """It may be live on the key where it is new, and then stands beside the other, even where IPv6 does not count."""
    keys = ring()
    here = recalled(keys, {PAIR: (candidate("A", sighted=-1_000),)}, mac_lines=0)
    against = recalled(keys, {PAIR: (candidate("A", sessions=(live(),)),)}, mac_lines=0)
    claimed = _seen(keys, "B", v6=True)
    claimed.claimed = True

    assert IN_DOUBT is _judged(question(keys, match_v6=False), here, claimed)
    assert IN_DOUBT is _judged(question(keys), against, claimed)


def test_what_is_seen_on_a_key_that_was_not_asked_about_is_not_taken_for_known() -> None:
    """About a request's own id only the keys of its attachment are asked. What was just seen of its line elsewhere, on
    the key of BNG and MAC, is the latest word on that line's ids all the same, and may be what it goes by now.
    """
    keys = ring()
    mine = LineIds(b"MINE", b"C")
    asked = question(keys, own=mine)
    there = Candidate(line="C", ids=mine, sighted_ms=NOW - DAY, same_mac=True, sessions=(live(),))
    every = recalled(keys, {PAIR: (there,)})
    here = recalled(keys, {PAIR: every.records[keys.attachment_mac or ""]})
    del here.records[keys.bng_mac or ""]
    seen = _seen(ring(OTHER_PORT), "C", ids=LineIds(b"OTHER", b"C"))

    assert Outcome.OWN is climb(asked, here, NOW).outcome
    assert [Outcome.CONFLICT] * 2 == [_judged(asked, known, seen).outcome for known in (every, here)]


def test_too_many_lines_on_a_key_crowd_it() -> None:
    """A fifth line on a key is one too many, as it is in the store."""
    keys = ring()
    pending = [_seen(keys, line, v6=True) for line in "ABCDE"]
    asked = question(keys, match_v6=False)
    crowded = recalled(keys, {PAIR: KeyRecord(crowded=True)}, mac_lines=0)

    assert climb(asked, crowded, NOW) == _judged(asked, recalled(keys, mac_lines=0), *pending)


def test_a_vlan_pair_that_shows_two_lines_in_turn_is_none() -> None:
    """A line heard of again after another live one: their VLAN pair tells neither of them."""
    keys = ring(mac=None, model=VlanModel.PER_LINE)
    first = Candidate(line="A", ids=LineIds(b"A"), first_ms=NOW - DAY, sighted_ms=NOW - DAY)
    second = Candidate(line="B", ids=LineIds(b"B"), first_ms=NOW - 9_000, sighted_ms=NOW - 9_000, sessions=(live(),))
    known = recalled(keys, {Key.ATTACHMENT: (first, second)}, mac_lines=0)
    seen = _seen(keys, "A")
    seen.attachment_mac = ring(model=VlanModel.PER_LINE).attachment_mac

    assert "B" == climb(question(keys), known, NOW).line
    assert Outcome.MATCHED is not _judged(question(keys), known, seen).outcome


def test_a_cpe_that_moved_is_in_doubt_until_the_store_says_whose_its_mac_was() -> None:
    """The one line that the MAC was on may be this one, or another: only the store knows."""
    keys = ring()

    assert IN_DOUBT is _judged(question(keys), recalled(keys, mac_lines=1), _seen(keys, "A"))
    assert "A" == _judged(question(keys), recalled(keys, mac_lines=0), _seen(keys, "A")).line


def test_a_sighting_elsewhere_matches_only_what_nobody_there_could_deny() -> None:
    """A request without a port: whether a plan denies what was seen at the port is not known yet."""
    keys = ring(attachment=None)
    pending = _seen(ring(), "A")
    pending.attached = False
    unplanned = _seen(ring(), "A")
    unplanned.place = None

    assert IN_DOUBT is _judged(question(keys), recalled(keys, mac_lines=0), pending)
    assert "A" == _judged(question(keys), recalled(keys, mac_lines=0), unplanned).line


def test_what_is_in_doubt_takes_nothing_from_what_is_sure() -> None:
    """Whether the sighting on another port counts or not, the line is the same."""
    keys = ring(attachment=None)
    known = recalled(keys, {Key.BNG_MAC: (candidate("A", sighted=-1_000),)})

    assert "A" == _judged(question(keys), known, _seen(ring(), "A")).line


def test_a_line_seen_here_with_another_mac_may_have_been_seen_with_this_one() -> None:
    """Where the VLAN pair is a line, a line that nothing is recalled of leaves the other one in doubt."""
    keys = ring(model=VlanModel.PER_LINE)
    here = (candidate("A", sessions=(live(),)),)
    known = recalled(keys, {PAIR: here, Key.ATTACHMENT: here}, mac_lines=2)
    pending = _seen(ring(mac=OTHER_CPE, model=VlanModel.PER_LINE), "A2")
    pending.attachment_mac = None

    assert "A" == climb(question(keys), known, NOW).line
    assert IN_DOUBT is _judged(question(keys), known, pending)


def test_an_own_id_is_checked_against_what_is_pending_too() -> None:
    """The id behind four octets was seen there 200 ms ago: they are an enterprise number."""
    keys = ring()
    asked = question(keys, own=LineIds(b"\0\0\x0d\xe9A"), suspect=b"A", value=b"\0\0\x0d\xe9A")
    seen = _seen(keys, "A")

    assert OWN == climb(asked, recalled(keys, mac_lines=0), NOW)
    assert _judged(asked, recalled(keys, mac_lines=0), seen).verified
    seen.place = ring(OTHER_PORT).place
    assert OWN == _judged(asked, recalled(keys, mac_lines=0), seen)


def test_an_own_id_that_may_be_denied_is_a_conflict() -> None:
    """A MAC that is another line's, too, takes the session there out of the comparison: only the store knows."""
    keys = ring()
    known = recalled(keys, {PAIR: (candidate("A", same_mac=False, sessions=(live(),)),)})
    asked = question(keys, own=LineIds(b"B"))

    assert Outcome.CONFLICT is climb(asked, known, NOW).outcome
    assert Outcome.CONFLICT is _judged(asked, known, _seen(keys, "B")).outcome


def test_a_flood_is_not_laid_out() -> None:
    """More sightings on one key than anybody needs: a request waits, one that names its line goes by the store."""
    keys = ring()
    flood = [_seen(keys, str(number)) for number in range(MOST_LAID + 1)]

    assert IN_DOUBT is _judged(question(keys), recalled(keys), *flood)
    assert OWN == _judged(question(keys, own=LineIds(b"A")), recalled(keys), *flood)
