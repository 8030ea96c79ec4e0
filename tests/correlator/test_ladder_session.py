"""The session rung: an identity that was fixed for an Acct-Session-Id, and when it is believed."""

from __future__ import annotations

import pytest

from bngcorr.correlator.keys import Keyring
from bngcorr.correlator.ladder import climb
from bngcorr.correlator.question import Rules
from bngcorr.model.attachment import Attachment
from bngcorr.model.line import LineIds
from bngcorr.model.verdict import Verdict
from bngcorr.model.vocabulary import Key, MacSource, Outcome, Rung, SessionState, VlanModel
from bngcorr.store.recollection import KeyRecord, Recollection, SessionIdentity

from .questions import NAS, NOW, OTHER_CPE, PORT, candidate, identity, question, recalled, ring

SHARED = ring()
PER_LINE = ring(model=VlanModel.PER_LINE)
NO_PORT = ring(None)
NO_MAC = ring(mac=None, source=None, model=VlanModel.PER_LINE)


def _climb(
    keys: Keyring,
    recollection: Recollection,
    *,
    accounting: bool = False,
    begins: bool | None = None,
    rules: Rules = Rules(),  # noqa: B008  # never changed
) -> Verdict:
    """`begins`: unless told, an Access-Request may begin a session and accounting goes on with one."""
    if begins is None:
        begins = not accounting
    return climb(question(keys, rules=rules, accounting=accounting, begins=begins), recollection, NOW)


def _identity(
    line: str | None,
    *,
    state: SessionState = SessionState.UP,
    epoch: int = 0,
    fingerprint: str = SHARED.fingerprint,
) -> SessionIdentity:
    return identity(line, fingerprint, state=state, epoch=epoch)


@pytest.mark.parametrize(("accounting", "begins"), [(False, True), (True, True), (True, False)])
def test_a_known_session_keeps_its_line(accounting: bool, begins: bool) -> None:
    """An Acct-Session-Id whose line was fixed at first sight has that line, whatever the keys say."""
    doubt = {Key.ATTACHMENT_MAC: (candidate("B", sighted=-5), candidate("C", sighted=-5))}
    verdict = _climb(SHARED, recalled(SHARED, doubt, session=_identity("A")), accounting=accounting, begins=begins)

    assert Verdict(outcome=Outcome.MATCHED, line="A", ids=LineIds(b"A"), rung=Rung.LIVE, key=Key.SESSION) == verdict


@pytest.mark.parametrize(("accounting", "begins"), [(False, True), (True, True), (True, False)])
def test_a_session_id_used_again_by_another_cpe_is_not_believed(accounting: bool, begins: bool) -> None:
    """The same Acct-Session-Id with another MAC or attachment is another session."""
    other_cpe = ring(mac=OTHER_CPE)
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


def test_a_mac_of_several_lines_does_not_show_whose_session_it_is() -> None:
    """Twins with one cloned MAC behind a shared VLAN, on a BNG that sends one Acct-Session-Id for everybody."""
    known = recalled(SHARED, mac_lines=2, session=_identity("A"))

    assert Outcome.AMBIGUOUS is _climb(SHARED, known).outcome
    assert "A" == _climb(SHARED, known, accounting=True).line  # what goes on has its line already


def test_a_claimed_mac_does_not_show_whose_session_it_is() -> None:
    """Behind a shared VLAN a DUID with somebody else's MAC must not reach that one's session."""
    claims = ring(source=MacSource.CLAIMED)

    assert Outcome.UNMATCHED is _climb(claims, recalled(claims, session=_identity("A"))).outcome


def test_a_demoted_vlan_pair_does_not_show_whose_session_it_is() -> None:
    """Only the MAC does, where two lines were live on one pair."""
    demoted = {Key.ATTACHMENT: KeyRecord(shared=True)}
    known = _identity("A", fingerprint=PER_LINE.fingerprint)

    assert "A" == _climb(NO_MAC, recalled(NO_MAC, session=known)).line
    assert Outcome.UNMATCHED is _climb(NO_MAC, recalled(NO_MAC, demoted, session=known)).outcome
    assert "A" == _climb(PER_LINE, recalled(PER_LINE, demoted, session=known)).line


def test_a_session_is_a_live_one_and_can_be_switched_off() -> None:
    """Without the rung `live` no identity is taken from a session."""
    windows = Rules(rungs=frozenset({Rung.WINDOW}))

    assert Outcome.UNMATCHED is _climb(SHARED, recalled(SHARED, session=_identity("A")), rules=windows).outcome


def test_what_was_fixed_for_a_session_is_not_changed_by_a_new_plan() -> None:
    """Billing sees one line from Start to Stop, also if the plan is replaced in between."""
    known = recalled(SHARED, session=_identity("A"), plan=LineIds(b"B"))

    assert "A" == _climb(SHARED, known, accounting=True).line
