"""A line through its days: boot, late v6, another CPE, another port, another BNG."""

from __future__ import annotations

import pytest

from bngcorr.correlator.question import Rules
from bngcorr.model.line import LineIds
from bngcorr.model.vocabulary import Finding, Key, Mode, OnUnmatched, Outcome, Rung, VlanModel
from tests.lab import Lab
from tests.lab_parts import nas
from tests.proxy.families import NOKIA, profile

from .boxes import INTERIM, START, STOP, Box, duid_ll

CPE, OTHER_CPE = "3c:a6:2f:00:00:17", "3c:a6:2f:00:00:18"
PORT, ELSEWHERE = "1/1/4:100.20", "1/1/4:100.21"
LINE, OTHER_LINE = LineIds(b"olt7/12"), LineIds(b"olt7/13")
SHARED, PER_LINE = VlanModel.SHARED, VlanModel.PER_LINE
each_model = pytest.mark.parametrize("model", [SHARED, PER_LINE])


def box(lab: Lab, name: str = "bng1", *, model: VlanModel = SHARED, domain: str | None = None) -> Box:
    """A BNG in service."""
    lab.add(nas(name, profile(NOKIA), vlan_model=model, domain=domain))
    return Box(lab=lab, name=name)


def up(bng: Box, *, session: str = "s4", mac: str = CPE, port: str = PORT, remote_id: str = "olt7/12") -> None:
    """A line with its v4 session up."""
    bng.discover(mac=mac, port=port, remote_id=remote_id, session=session)
    bng.lab.later(2_000)
    bng.account(START, session, mac=mac, port=port, remote_id=remote_id, v4="203.0.113.9")


@each_model
def test_a_solicit_after_the_window_is_matched_by_the_live_session(lab: Lab, model: VlanModel) -> None:
    """v6 switched on an hour after boot: the window is long gone, the v4 session is not."""
    bng = box(lab, model=model)
    lab.at("10:00:00")
    up(bng)
    lab.at("11:00:00")
    late = bng.solicit(mac=CPE, port=PORT)

    assert (LINE, Rung.LIVE, b"olt7/12") == (late.ids, late.rung, late.agent_remote_id)


@each_model
def test_a_solicit_within_the_window_is_matched_by_the_discover(lab: Lab, model: VlanModel) -> None:
    """What BNGs do themselves: the SOLICIT comes a second after the DISCOVER of the same CPE."""
    bng = box(lab, model=model)
    lab.at("10:00:00")
    bng.discover(mac=CPE, port=PORT, remote_id="olt7/12")
    lab.later(1_000)
    soon = bng.solicit(mac=CPE, port=PORT)

    assert soon.verdict is not None
    assert (LINE, Rung.WINDOW, Key.ATTACHMENT_MAC, -1_000) == (soon.ids, soon.rung, soon.key, soon.verdict.distance_ms)


@pytest.mark.parametrize("shows_options", [True, False])
def test_v6_that_comes_first_is_held_for_its_discover(lab: Lab, shows_options: bool) -> None:
    """30 ms ahead of the DISCOVER, as a CPE does that starts both: it waits that long and no longer."""
    bng = box(lab)
    bng.shows_options = shows_options
    lab.at("10:00:00")
    first = bng.solicit(mac=CPE, port=PORT)
    assert first.waits
    lab.at("10:00:00.030")
    bng.discover(mac=CPE, port=PORT, remote_id="olt7/12")

    assert first.verdict is not None
    assert (LINE, Rung.WINDOW, 30, b"olt7/12") == (
        first.ids, first.rung, first.verdict.distance_ms, first.agent_remote_id,
    )  # fmt: skip


def test_a_hold_ends_and_the_request_goes_on(lab: Lab) -> None:
    """No DISCOVER comes: after 300 ms the SOLICIT goes on as it came, and AAA decides."""
    bng = box(lab)
    lab.at("10:00:00")
    alone = bng.solicit(mac=CPE, port=PORT)
    lab.at("10:00:00.299")
    assert alone.waits
    lab.at("10:00:00.300")

    assert (Outcome.UNMATCHED, None, True) == (alone.outcome, alone.agent_remote_id, alone.accepted)


def test_where_the_first_stack_decides_a_rejected_solicit_leaves_it_to_the_discover(lab: Lab) -> None:
    """`on_unmatched: reject`: AAA never sees the SOLICIT, the DISCOVER authenticates, the next SOLICIT has its line."""
    lab.add(nas("bng1", profile(NOKIA), on_unmatched=OnUnmatched.REJECT))
    bng = Box(lab=lab, name="bng1")
    lab.at("10:00:00")
    refused = bng.solicit(mac=CPE, port=PORT)
    lab.at("10:00:01")
    assert (Outcome.UNMATCHED, False, None) == (refused.outcome, refused.accepted, refused.sent)
    assert [] == lab.aaa.requests
    first = bng.discover(mac=CPE, port=PORT, remote_id="olt7/12")
    again = bng.solicit(mac=CPE, port=PORT)

    assert (True, True) == (first.accepted, again.accepted)
    assert LINE == again.ids


def test_one_request_for_all_stacks_shows_its_line_in_accounting(lab: Lab) -> None:
    """`ipoe-session`: the SOLICIT asks for everything, and Option 82 is first seen in the Accounting-Start."""
    bng = box(lab)
    bng.shows_options = False
    lab.at("17:04:30.128")
    first = bng.solicit(mac=CPE, port=PORT, session="i1")
    lab.at("17:04:31.239")
    assert Outcome.UNMATCHED is first.outcome
    start = bng.account(START, "i1", mac=CPE, port=PORT, remote_id="olt7/12", v4="203.0.113.9")
    interim = bng.account(INTERIM, "i1", mac=CPE, port=PORT, pd="2001:db8:1::/56")
    (found,) = lab.findings()

    assert (LINE, LINE) == (start.ids, interim.ids)
    assert (Finding.LATE_IDENTITY, start.verdict and start.verdict.line) == (found.finding, found.subject)
    lab.at("18:00:00")
    assert LINE == bng.solicit(mac=CPE, port=PORT, session="i2").ids  # from now on its requests are matched


def test_an_expected_session_answers_until_its_start(lab: Lab) -> None:
    """AAA accepted the DISCOVER and nothing more came yet: a SOLICIT beyond the window is matched all the same."""
    bng = box(lab)
    lab.at("10:00:00")
    bng.discover(mac=CPE, port=PORT, remote_id="olt7/12", session="s4")
    lab.at("10:01:59")

    assert (LINE, Rung.LIVE) == ((told := bng.solicit(mac=CPE, port=PORT)).ids, told.rung)


def test_an_expected_session_that_never_starts_expires(lab: Lab) -> None:
    """Two minutes after the Accept without a Start the line is live no more."""
    bng = box(lab)
    lab.at("10:00:00")
    bng.discover(mac=CPE, port=PORT, remote_id="olt7/12", session="s4")
    lab.at("10:02:01")
    late = bng.solicit(mac=CPE, port=PORT)
    lab.later(1_000)

    assert Outcome.UNMATCHED is late.outcome


@pytest.mark.parametrize("without_session_id", [True, False])
def test_a_session_ends_with_its_stop(lab: Lab, without_session_id: bool) -> None:
    """After the Stop nothing is live; behind a shared VLAN nothing is remembered either."""
    bng = box(lab)
    lab.at("10:00:00")
    up(bng)
    lab.at("11:00:00")
    bng.account(STOP, "s4", mac=CPE, port=PORT, remote_id="olt7/12")
    lab.at("11:00:10")
    later = bng.solicit(mac=CPE, port=PORT, session=None if without_session_id else "s6")
    lab.later(1_000)

    assert Outcome.UNMATCHED is later.outcome


def test_a_line_of_its_own_vlan_is_remembered_for_a_day(lab: Lab) -> None:
    """The CPE was off overnight and sends its SOLICIT first: nothing is live, the pair and the CPE are the same."""
    bng = box(lab, model=PER_LINE)
    lab.at("20:00:00")
    up(bng)
    lab.at("22:00:00")
    bng.account(STOP, "s4", mac=CPE, port=PORT)
    lab.at("07:00:00", day=1)
    morning = bng.solicit(mac=CPE, port=PORT)
    stranger = bng.solicit(mac=OTHER_CPE, port=PORT)
    lab.later(1_000)

    assert (LINE, Rung.REMEMBERED) == (morning.ids, morning.rung)
    assert Outcome.UNMATCHED is stranger.outcome
    lab.at("20:00:10", day=2)
    next_day = bng.solicit(mac=CPE, port=PORT)
    lab.later(1_000)
    assert Outcome.UNMATCHED is next_day.outcome


def test_a_cpe_on_another_port_is_not_matched_by_its_mac(lab: Lab) -> None:
    """The CPE moved: its v6 comes first on the new port, where nothing tells whose line that is."""
    bng = box(lab)
    lab.at("10:00:00")
    up(bng)
    lab.at("12:00:00")
    moved = bng.solicit(mac=CPE, port=ELSEWHERE)
    lab.later(1_000)
    assert Outcome.UNMATCHED is moved.outcome
    bng.discover(mac=CPE, port=ELSEWHERE, remote_id="olt7/13", session="s5")
    again = bng.solicit(mac=CPE, port=ELSEWHERE)
    lab.later(1_000)

    assert (Finding.MOVED, CPE) in lab.open_findings  # the CPE was on another line before
    assert Outcome.AMBIGUOUS is again.outcome  # a MAC of two lines is no key, and this VLAN is not one line


def test_a_cpe_that_moved_to_a_vlan_pair_of_its_own_is_matched_by_the_pair(lab: Lab) -> None:
    """Its MAC is tainted by two lines; where the pair is the line, that is enough."""
    bng = box(lab, model=PER_LINE)
    lab.at("10:00:00")
    up(bng)
    lab.at("12:00:00")
    bng.discover(mac=CPE, port=ELSEWHERE, remote_id="olt7/13", session="s5")
    told = bng.solicit(mac=CPE, port=ELSEWHERE)

    assert (OTHER_LINE, Key.ATTACHMENT) == (told.ids, told.key)


def test_a_line_that_moved_to_another_port_is_told(lab: Lab) -> None:
    """The line itself, with its CPE, shows up on another VLAN pair."""
    bng = box(lab, model=PER_LINE)
    lab.at("10:00:00")
    up(bng)
    lab.at("12:00:00")
    moved = bng.discover(mac=CPE, port=ELSEWHERE, remote_id="olt7/12", session="s5")
    told = bng.solicit(mac=CPE, port=ELSEWHERE)

    assert moved.verdict is not None
    assert {(Finding.MOVED, moved.verdict.line)} == lab.open_findings
    assert LINE == told.ids


@pytest.mark.parametrize("same_domain", [True, False])
def test_a_line_moves_to_another_bng(lab: Lab, same_domain: bool) -> None:
    """The access node was swung over: the new BNG's ports are its own; v6 that comes first there finds nothing."""
    old = box(lab, "bng1", domain="metro")
    new = box(lab, "bng2", domain="metro" if same_domain else "rural")
    lab.at("10:00:00")
    up(old)
    lab.at("12:00:00")
    first = new.solicit(mac=CPE, port=PORT)
    lab.later(1_000)
    assert Outcome.UNMATCHED is first.outcome
    new.discover(mac=CPE, port=PORT, remote_id="olt7/12", session="n4")
    told = new.solicit(mac=CPE, port=PORT)

    assert (LINE, Rung.WINDOW) == (told.ids, told.rung)
    assert ({Finding.MOVED} if same_domain else set()) == {kind for kind, _ in lab.open_findings}
    new.account(START, "n4", mac=CPE, port=PORT, remote_id="olt7/12", v4="203.0.113.9")
    old.account(STOP, "s4", mac=CPE, port=PORT)
    lab.at("13:00:00")
    assert LINE == new.solicit(mac=CPE, port=PORT).ids  # the old BNG's Stop is not the new one's


def test_another_duid_with_the_same_mac_is_the_same_cpe(lab: Lab) -> None:
    """A factory reset changes the DUID; the frame's source, which the BNG reports, is what counts."""
    bng = box(lab)
    lab.at("10:00:00")
    up(bng)
    lab.at("11:00:00")
    before = bng.solicit(mac=CPE, port=PORT, options=duid_ll("3c:a6:2f:aa:aa:01"))
    after = bng.solicit(mac=CPE, port=PORT, options=duid_ll("3c:a6:2f:bb:bb:02"))

    assert LINE == before.ids == after.ids


@each_model
def test_a_new_cpe_on_the_line(lab: Lab, model: VlanModel) -> None:
    """The customer swaps the CPE while the old session is up: a VLAN pair of its own tells, a shared one can't."""
    bng = box(lab, model=model)
    lab.at("10:00:00")
    up(bng)
    lab.at("10:30:00")
    swapped = bng.solicit(mac=OTHER_CPE, port=PORT)
    lab.later(1_000)
    assert (LINE if model is PER_LINE else None) == swapped.ids
    bng.discover(mac=OTHER_CPE, port=PORT, remote_id="olt7/12", session="s5")

    assert LINE == bng.solicit(mac=OTHER_CPE, port=PORT).ids


def test_twins_behind_a_shared_vlan_are_never_mixed_up(lab: Lab) -> None:
    """Two CPEs with one cloned MAC behind one VLAN: neither is given the other's line, whatever is live."""
    bng = box(lab)
    lab.at("10:00:00")
    up(bng, session="a")
    up(bng, session="b", remote_id="olt7/13")
    lab.at("10:00:05")
    for session in (None, "a", "c"):
        told = bng.solicit(mac=CPE, port=PORT, session=session)
        assert (Outcome.AMBIGUOUS, None, None) == (told.outcome, told.ids, told.agent_remote_id)

    assert (Finding.MOVED, CPE) in lab.open_findings


def test_a_mac_of_two_lines_is_clean_after_a_month(lab: Lab) -> None:
    """The CPE was sold from one customer to the other: for thirty days its MAC is no key, then it is the second's."""
    bng = box(lab)
    lab.at("10:00:00")
    up(bng)
    bng.account(STOP, "s4", mac=CPE, port=PORT, remote_id="olt7/12")
    found = []
    for day in (10, 29, 31, 62):
        lab.at("10:00:00", day=day)
        up(bng, session=f"d{day}", port=ELSEWHERE, remote_id="olt7/13")
        found.append(bng.solicit(mac=CPE, port=ELSEWHERE).ids)

    assert [None, None, OTHER_LINE, OTHER_LINE] == found


def test_observing_tells_every_verdict_and_changes_nothing(lab: Lab) -> None:
    """`mode: observe`: the same verdicts, without holding anybody, and AAA sees what the BNG sent."""
    lab.add(nas("bng1", profile(NOKIA), mode=Mode.OBSERVE))
    bng = Box(lab=lab, name="bng1")
    lab.at("10:00:00")
    first = bng.solicit(mac=CPE, port=PORT)
    up(bng)
    then = bng.solicit(mac=CPE, port=PORT)
    own = bng.solicit(mac=CPE, port=PORT, remote_id=b"\x00\x00\x07\xdbolt7/12")

    assert (Outcome.UNMATCHED, False) == (first.outcome, first.waits)
    assert (LINE, None) == (then.ids, then.agent_remote_id)
    assert (LINE, b"\x00\x00\x07\xdbolt7/12") == (own.ids, own.agent_remote_id)


def test_many_lines_behind_one_mac_are_never_mixed_up(lab: Lab) -> None:
    """A MAC that a whole batch of CPEs has: more lines than a key can hold are no line."""
    bng = box(lab)
    lab.at("10:00:00")
    for number in range(8):
        bng.discover(mac=CPE, port=PORT, remote_id=f"olt7/{number}", session=f"s{number}")

    assert Outcome.AMBIGUOUS is bng.solicit(mac=CPE, port=PORT).outcome


def test_the_plan_tells_the_line_before_anything_was_seen(lab: Lab) -> None:
    """An imported line plan answers the first SOLICIT ever, and stands against what a v6 request says of itself."""
    bng = box(lab)
    lab.plan("bng1", {PORT: LINE})
    lab.at("10:00:00")
    first = bng.solicit(mac=CPE, port=PORT)
    wrong = bng.solicit(mac=CPE, port=PORT, remote_id=b"\x00\x00\x07\xdbolt7/13")
    right = bng.solicit(mac=CPE, port=PORT, remote_id=b"\x00\x00\x07\xdbolt7/12")

    assert (LINE, Rung.INVENTORY, b"olt7/12") == (first.ids, first.rung, first.agent_remote_id)
    assert (Outcome.CONFLICT, b"\x00\x00\x07\xdbolt7/13") == (wrong.outcome, wrong.agent_remote_id)
    assert (LINE, b"olt7/12") == (right.ids, right.agent_remote_id)
    assert {Finding.CONFLICT} == {kind for kind, _ in lab.open_findings}


def test_the_window_alone_is_the_bngs_own_model(lab: Lab) -> None:
    """With one rung and a window of five seconds, v6 that starts ten seconds late is nobody's."""
    lab.add(nas("bng1", profile(NOKIA), rules=Rules(window_ms=5_000, rungs=frozenset({Rung.WINDOW}))))
    bng = Box(lab=lab, name="bng1")
    lab.at("10:00:00")
    up(bng)
    lab.at("10:00:06")
    soon = bng.solicit(mac=CPE, port=PORT)
    lab.at("10:00:20")
    late = bng.solicit(mac=CPE, port=PORT)
    lab.later(1_000)

    assert (LINE, None) == (soon.ids, late.ids)


def test_while_the_clock_is_unsteady_the_window_rests(lab: Lab) -> None:
    """After a jump of the clock nobody can say what is near; what is live still says whose request it is."""
    bng = box(lab)
    lab.suspended = frozenset({Rung.WINDOW})
    lab.at("10:00:00")
    bng.discover(mac=CPE, port=PORT, remote_id="olt7/12", session="s4")
    told = bng.solicit(mac=CPE, port=PORT)

    assert (LINE, Rung.LIVE) == (told.ids, told.rung)
