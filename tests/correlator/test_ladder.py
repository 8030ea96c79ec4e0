"""The climb from what the store recalls to one verdict: every key and rung, and the doubts that end it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.ladder import climb
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, MacSource, Outcome, Rung, SessionState, VlanModel
from bngcorr.store.contract import Candidate, KeyRecord, LiveSession, Recollection, SessionIdentity

from .questions import CPE, NAS, NOW, PORT, WINDOW, candidate, live, question, recalled, ring

SHARED = ring()
PER_LINE = ring(model=VlanModel.PER_LINE)
NO_PORT = ring(None)
NO_MAC = ring(mac=None, source=None, model=VlanModel.PER_LINE)
CASES = [
    (SHARED, Key.ATTACHMENT_MAC),
    (SHARED, Key.BNG_MAC),
    (PER_LINE, Key.ATTACHMENT_MAC),
    (PER_LINE, Key.ATTACHMENT),
    (PER_LINE, Key.BNG_MAC),
    (NO_PORT, Key.BNG_MAC),
    (NO_MAC, Key.ATTACHMENT),
]


def _climb(
    keys: Keyring,
    recollection: Recollection,
    *,
    match_v6: bool = True,
    accounting: bool = False,
    begins: bool | None = None,
) -> Verdict:
    """`begins`: unless told, an Access-Request may begin a session and accounting goes on with one."""
    if begins is None:
        begins = not accounting
    return climb(question(keys, match_v6=match_v6, accounting=accounting, begins=begins), recollection, NOW)


def _identity(
    line: str | None,
    *,
    state: SessionState = SessionState.UP,
    epoch: int = 0,
    fingerprint: str = SHARED.fingerprint,
) -> SessionIdentity:
    return SessionIdentity(
        line=line,
        ids=None if line is None else LineIds(line.encode()),
        state=state,
        epoch=epoch,
        nas=NAS,
        fingerprint=fingerprint,
    )


# ---- rungs


@pytest.mark.parametrize(("keys", "key"), CASES)
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
    assert Outcome.UNMATCHED is _climb(keys, recalled(keys, {key: (candidate("A", sighted=-60_000),)})).outcome


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


@pytest.mark.parametrize(("keys", "key"), CASES)
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


# ---- the session rung


@pytest.mark.parametrize(("accounting", "begins"), [(False, True), (True, True), (True, False)])
def test_a_known_session_keeps_its_line(accounting: bool, begins: bool) -> None:
    """An Acct-Session-Id whose line was fixed at first sight has that line, whatever the keys say."""
    doubt = {Key.ATTACHMENT_MAC: (candidate("B", sighted=-5), candidate("C", sighted=-5))}
    verdict = _climb(SHARED, recalled(SHARED, doubt, session=_identity("A")), accounting=accounting, begins=begins)

    assert Verdict(outcome=Outcome.MATCHED, line="A", ids=LineIds(b"A"), rung=Rung.LIVE, key=Key.SESSION) == verdict


@pytest.mark.parametrize(("accounting", "begins"), [(False, True), (True, True), (True, False)])
def test_a_session_id_used_again_by_another_cpe_is_not_believed(accounting: bool, begins: bool) -> None:
    """The same Acct-Session-Id with another MAC or attachment is another session."""
    other_cpe = ring(mac=type(CPE)(bytes.fromhex("3ca62f000018")))
    other_port = ring(Attachment("1/1/4", 100, 21))
    for keys in (other_cpe, other_port):
        known = recalled(keys, session=_identity("A"))
        assert Outcome.UNMATCHED is _climb(keys, known, accounting=accounting, begins=begins).outcome


def test_an_interim_that_shows_less_than_its_start_is_believed() -> None:
    """An Interim or Stop without port or MAC does not contradict what its Start had."""
    for keys in (NO_PORT, ring(PORT, None, None), ring(None, None, None)):
        assert "A" == _climb(keys, recalled(keys, session=_identity("A")), accounting=True).line
    assert "A" == _climb(SHARED, recalled(SHARED, session=_identity("A", fingerprint="")), accounting=True).line


@pytest.mark.parametrize("accounting", [False, True])
@pytest.mark.parametrize(
    ("keys", "fingerprint", "believed"),
    [
        (SHARED, SHARED.fingerprint, True),
        (NO_PORT, SHARED.fingerprint, True),  # the MAC is the same
        (NO_MAC, PER_LINE.fingerprint, True),  # the VLAN is the line, and the same
        (ring(PORT, None, None), SHARED.fingerprint, False),  # many lines behind one VLAN
        (ring(None, None, None), SHARED.fingerprint, False),
        (SHARED, "", False),
        (ring(None, None, None), ring(None, None, None).fingerprint, False),
    ],
)
def test_a_request_that_may_begin_a_session_must_show_the_same_cpe(
    keys: Keyring, fingerprint: str, believed: bool, accounting: bool
) -> None:
    """A BNG may send one Acct-Session-Id for everybody: without a common MAC or line VLAN the id proves nothing."""
    known = recalled(keys, session=_identity("A", fingerprint=fingerprint))
    verdict = _climb(keys, known, accounting=accounting, begins=True)

    assert (Outcome.MATCHED if believed else Outcome.UNMATCHED) is verdict.outcome


def test_a_start_follows_its_access_request() -> None:
    """The Accounting-Start of an expected session is believed even if it shows neither port nor MAC."""
    bare = ring(None, None, None)
    known = recalled(bare, session=_identity("A", state=SessionState.EXPECTED))

    assert "A" == _climb(bare, known, accounting=True, begins=True).line
    assert Outcome.UNMATCHED is _climb(bare, known, accounting=False, begins=True).outcome


@pytest.mark.parametrize("state", [SessionState.STOPPED, SessionState.EXPIRED])
def test_a_session_that_ended_does_not_lend_its_line_to_the_next(state: SessionState) -> None:
    """After its Stop an Acct-Session-Id may be given out anew; late Interims of the old session still agree with it."""
    known = recalled(SHARED, session=_identity("A", state=state))

    assert Outcome.UNMATCHED is _climb(SHARED, known, accounting=False, begins=True).outcome
    assert Outcome.UNMATCHED is _climb(SHARED, known, accounting=True, begins=True).outcome
    assert "A" == _climb(SHARED, known, accounting=True, begins=False).line


@pytest.mark.parametrize(("accounting", "begins"), [(False, True), (True, True), (True, False)])
def test_a_session_from_before_a_restart_is_not_believed(accounting: bool, begins: bool) -> None:
    """Acct-Session-Ids may be given out anew after an Accounting-On."""
    known = recalled(SHARED, session=_identity("A"), epochs={NAS: 1})

    assert Outcome.UNMATCHED is _climb(SHARED, known, accounting=accounting, begins=begins).outcome


@pytest.mark.parametrize("state", [SessionState.UP, SessionState.STOPPED])
def test_a_session_whose_start_had_no_line_keeps_none(state: SessionState) -> None:
    """Billing sees Start, Interims and Stop alike: what went on without identity goes on without."""
    near = {Key.ATTACHMENT_MAC: (candidate("A", sighted=-10),)}
    known = recalled(SHARED, near, session=_identity(None, state=state))

    assert Outcome.UNMATCHED is _climb(SHARED, known, accounting=True).outcome
    assert "A" == _climb(SHARED, known, accounting=False).line


def test_an_expected_session_without_line_may_find_it_at_its_start() -> None:
    """Until Accounting-Start nothing has been billed, so the Start is asked on the keys."""
    near = {Key.ATTACHMENT_MAC: (candidate("A", sighted=-10),)}
    known = recalled(SHARED, near, session=_identity(None, state=SessionState.EXPECTED))

    assert "A" == _climb(SHARED, known, accounting=True, begins=True).line


# ---- any recollection at all

lines = st.sampled_from("ABCD")
sessions = st.builds(
    LiveSession,
    nas=st.sampled_from((NAS, "bng1|ffffffff")),
    epoch=st.integers(0, 2),
    until_ms=st.sampled_from((NOW - 1, NOW, NOW + 1, NOW + 60_000)),
)
instants = st.sampled_from(
    (0, NOW - 86_400_000, NOW - WINDOW - 1, NOW - WINDOW, NOW - 30, NOW, NOW + WINDOW, NOW + WINDOW + 1)
)
candidates = st.lists(
    st.builds(
        Candidate,
        line=lines,
        ids=st.just(LineIds(b"x")),
        sighted_ms=instants,
        sighted_v6_ms=instants,
        attached=st.booleans(),
        sessions=st.lists(sessions, max_size=2).map(tuple),
    ),
    max_size=4,
    unique_by=lambda one: one.line,
)
records = st.builds(KeyRecord, candidates=candidates.map(tuple), crowded=st.sampled_from((False, False, False, True)))
rings = st.sampled_from(
    (
        SHARED,
        PER_LINE,
        NO_PORT,
        NO_MAC,
        ring(source=MacSource.CLAIMED, model=VlanModel.PER_LINE),
        ring(None, None, None),
    )
)


@st.composite
def recollections(draw: st.DrawFn) -> tuple[Keyring, Recollection]:
    """What a store might know of some request."""
    keys = draw(rings)
    return keys, Recollection(
        records={one.hash: draw(records) for one in keys.handles},
        mac_lines=draw(st.sampled_from((0, 1, 1, 1, 2, 5))),
        session=None,
        epochs=draw(st.dictionaries(st.sampled_from((NAS, "bng1|ffffffff")), st.integers(0, 2))),
    )


def _fitting(keys: Keyring, known: Recollection, *, match_v6: bool) -> tuple[set[str], bool]:
    """The lines that fit on the first key where any does, and whether a crowded key came first: told anew."""
    for one in keys.handles:
        record = known.records[one.hash]
        if one.with_mac and known.mac_lines > 1:
            continue
        if record.crowded:
            return set(), True
        fitting = set()
        for other in record.candidates:
            seen = [other.sighted_ms, *([other.sighted_v6_ms] if match_v6 else [])]
            near = any(NOW - WINDOW <= at <= NOW + WINDOW for at in seen)
            up = any(s.until_ms > NOW and s.epoch == known.epochs.get(s.nas, 0) for s in other.sessions)
            moved = one.key is Key.BNG_MAC and keys.attached and other.attached
            if (near or up) and not moved:
                fitting.add(other.line)
        if fitting:
            return fitting, False
    return set(), False


@settings(max_examples=600, deadline=None)
@given(recollections(), st.booleans())
def test_a_line_is_given_only_if_exactly_one_fits(known: tuple[Keyring, Recollection], match_v6: bool) -> None:
    """The verdict is a line if and only if one single line fits on the first key that has any that fits."""
    keys, recollection = known
    verdict = _climb(keys, recollection, match_v6=match_v6)
    fitting, crowded = _fitting(keys, recollection, match_v6=match_v6)

    if not crowded and len(fitting) == 1:
        assert (Outcome.MATCHED, fitting) == (verdict.outcome, {verdict.line})
        assert (verdict.rung is Rung.WINDOW) == (verdict.distance_ms is not None)
    else:
        assert verdict.outcome in (Outcome.UNMATCHED, Outcome.AMBIGUOUS)
        assert verdict.line is None
        assert verdict.ids is None
        assert verdict.outcome is Outcome.AMBIGUOUS or not (crowded or fitting)


@settings(max_examples=250, deadline=None)
@given(recollections(), st.data())
def test_the_order_of_candidates_never_matters(known: tuple[Keyring, Recollection], data: st.DataObject) -> None:
    """However the store lists the lines of a key and their sessions, the verdict is the same."""
    keys, recollection = known
    shuffled = Recollection(
        records={
            name: KeyRecord(candidates=tuple(data.draw(st.permutations(record.candidates))), crowded=record.crowded)
            for name, record in recollection.records.items()
        },
        mac_lines=recollection.mac_lines,
        session=None,
        epochs=recollection.epochs,
    )

    assert _climb(keys, recollection) == _climb(keys, shuffled)
